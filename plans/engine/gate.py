"""Step 5: the measured criteria that end each phase, and the goals of the plan.

A criterion is in a plan when it applies: its baseline was abnormal or its cause is used; strength, endurance and
control gates only with a cause of that category (phases file, section 3). Each carries its baseline and target.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from plans.engine.draft import ExitCriterion, PlanGoal, Reason
from plans.engine.evidence import ScoredCause
from plans.engine.knowledge import Criterion, Goal
from plans.engine.operators import shown_reading
from plans.engine.picture import Picture

PERSISTENT_DAYS = 84
HABIT_CATEGORIES = frozenset({"load_management", "systemic", "psychosocial"})
SPASM_COUNTS = ("hist.spasm_frequency_per_week", "hist.nocturnal_cramps_per_week")


@dataclass(frozen=True, slots=True)
class GateContext:
    picture: Picture
    causes: Sequence[ScoredCause]

    @property
    def categories(self) -> frozenset[str]:
        return frozenset(c.cause.category for c in self.causes)

    @property
    def persistent(self) -> bool:
        return (self.picture.number("hist.symptom_duration_days") or 0) > PERSISTENT_DAYS

    def goals(self, prefix: str, by: str | None = None) -> tuple[Goal, ...]:
        found = (g for c in self.causes for g in c.cause.goals if g.metric.startswith(prefix))
        return tuple(dict.fromkeys(g for g in found if by is None or g.by == by))


Measured = tuple[object, object] | None  # baseline, target; None = the criterion does not apply


def exit_criteria(
    picture: Picture, causes: Sequence[ScoredCause], criteria: Sequence[Criterion]
) -> tuple[ExitCriterion, ...]:
    context = GateContext(picture, causes)
    found = []
    for criterion in criteria:
        rule = APPLIES.get(criterion.key, _always)
        measured = rule(context)
        if measured is not None:
            baseline, target = measured
            reason = Reason(f"gate.{criterion.kind}", criterion.text, (criterion.key,), criterion.basis)
            found.append(ExitCriterion(criterion.key, criterion.kind, criterion.text, baseline, target, (reason,)))
    return tuple(found)


def _always(context: GateContext) -> Measured:
    return None, None


def _phase1_pain(context: GateContext) -> Measured:
    worst = context.picture.number("pain.nprs_worst_24h")
    if worst is None:
        return None, {"pain.nprs_worst_24h": "<= 4"}
    if worst <= 4:
        return worst, {"pain.nprs_worst_24h": f"<= {min(worst, 3):g}"}
    return worst, {"pain.nprs_worst_24h": f"<= {min(4.0, max(worst - 2, worst * 0.7)):g}"}


def _irritability(context: GateContext) -> Measured:
    return context.picture.value("hist.irritability"), {"hist.irritability": "low or moderate"}


def _spasm_halved(context: GateContext) -> Measured:
    count = context.picture.number("hist.spasm_frequency_per_week")
    if not count:
        return None
    return count, {"hist.spasm_frequency_per_week": f"<= {max(2.0, count / 2):g}"}


def _limited_movement(context: GateContext) -> Measured:
    lowest = _extreme(context, "rompct.", min)
    if lowest is None or lowest[1] >= 90:
        return None
    return {lowest[0]: lowest[1]}, {lowest[0]: ">= 60"}


def _tone(context: GateContext) -> Measured:
    highest = _extreme(context, "palp.", max)
    if highest is None or highest[1] < 2:
        return None
    return {highest[0]: highest[1]}, {highest[0]: f"<= {max(1.0, highest[1] - 2):g}"}


def _extreme(context: GateContext, prefix: str, choose: Callable[..., tuple[str, float]]) -> tuple[str, float] | None:
    """The worst finding of a namespace at the symptom regions (at any region when none lies there)."""
    picture = context.picture
    found = {
        path: value
        for path in picture.findings
        if path.startswith(prefix) and (value := picture.number(path)) is not None
    }
    regions = picture.index.finding_regions
    near = {p: v for p, v in found.items() if regions.get(p) in picture.regions}
    pool = near or found
    return choose(pool.items(), key=lambda item: item[1]) if pool else None


def _phase2_pain(context: GateContext) -> Measured:
    worst = context.picture.number("pain.nprs_worst_24h")
    if context.persistent and worst is not None:
        return worst, {"pain.nprs_worst_24h": f"<= 2, or <= {min(4.0, worst / 2):g} (persistent pain)"}
    return worst, {"pain.nprs_worst_24h": "<= 2 on 2 visits 7 days apart"}


def _few_spasms(context: GateContext) -> Measured:
    counts = {path: value for path in SPASM_COUNTS if (value := context.picture.number(path))}
    complaint = context.picture.value("hist.chief_complaint") in ("spasm", "cramp")
    if not counts and not complaint:
        return None
    return counts or None, {"episodes_in_2_weeks": "<= 1"}


def _function(context: GateContext) -> Measured:
    mean = context.picture.number("func.psfs_avg")
    if mean is not None and mean >= 7:
        return mean, {"func.psfs_avg": f">= 9 or >= {mean + 1:g}"}
    return mean, {"func.psfs_avg": f">= {max(7.0, (mean or 0) + 2):g}"}


def _range(context: GateContext) -> Measured:
    targets = [g.metric for g in context.goals("rompct.")]
    low = {p: v for p in dict.fromkeys(targets) if (v := context.picture.number(p)) is not None and v < 90}
    return (low, dict.fromkeys(low, ">= 90")) if low else None


def _length(context: GateContext) -> Measured:
    targets = dict.fromkeys(g.metric for g in context.goals("len."))
    short = {p: context.picture.value(p) for p in targets if context.picture.is_short(p)}
    return (short, dict.fromkeys(short, "passes")) if short else None


def _strength(context: GateContext) -> Measured:
    return _gate_for(context, "strength_deficit", "mmt.", ">= 4.3")


def _endurance(context: GateContext) -> Measured:
    return _gate_for(context, "endurance_deficit", "endur.", ">= 80 % of norm or not flagged")


def _gate_for(context: GateContext, category: str, prefix: str, target: str) -> Measured:
    own = [c for c in context.causes if c.cause.category == category]
    if not own:
        return None
    goals = [g.metric for c in own for g in c.cause.goals if g.metric.startswith(prefix)]
    found = [line.finding for c in own for line in c.supporting if line.finding.startswith(prefix)]
    paths = dict.fromkeys((*goals, *found))
    return {p: context.picture.value(p) for p in paths}, dict.fromkeys(paths, target)


def _control(context: GateContext) -> Measured:
    own = [c for c in context.causes if c.cause.category == "motor_control"]
    faults = dict.fromkeys(line.finding for c in own for line in c.supporting if line.finding.startswith("move."))
    return (dict.fromkeys(faults, True), dict.fromkeys(faults, "absent in 5 of 5")) if own else None


def _habits(context: GateContext) -> Measured:
    if HABIT_CATEGORIES.isdisjoint(context.categories):
        return None
    habits = [g for c in context.causes if c.cause.category in HABIT_CATEGORIES for g in c.cause.goals]
    drivers = {g.metric: f"{g.op} {g.target}" for g in habits if g.metric.startswith("hist.")}
    return {p: context.picture.value(p) for p in drivers}, drivers


def _capacity(context: GateContext) -> Measured:
    goals = [g for p in ("endur.", "mmt.") for g in context.goals(p, "phase3_exit")]
    if not goals:
        return None
    return {g.metric: context.picture.value(g.metric) for g in goals}, {g.metric: f"{g.op} {g.target}" for g in goals}


def _activity(context: GateContext) -> Measured:
    minutes = context.picture.number("hist.activity_min_per_week")
    return minutes, {"hist.activity_min_per_week": ">= 150 or the agreed target"}


APPLIES: Mapping[str, Callable[[GateContext], Measured]] = {
    "p1_pain": _phase1_pain,
    "p1_irritability": _irritability,
    "p1_spasm": _spasm_halved,
    "p1_rom": _limited_movement,
    "p1_tone": _tone,
    "p2_pain": _phase2_pain,
    "p2_spasm": _few_spasms,
    "p2_function": _function,
    "p2_rom": _range,
    "p2_length": _length,
    "p2_strength": _strength,
    "p2_endurance": _endurance,
    "p2_control": _control,
    "p2_habits": _habits,
    "p3_spasm": _few_spasms,
    "p3_capacity": _capacity,
    "p3_activity": _activity,
}


def plan_goals(picture: Picture, causes: Sequence[ScoredCause]) -> tuple[PlanGoal, ...]:
    """Goals of the used causes in cause order; the first cause's target stands, later causes are named with it."""
    goals: dict[tuple[str, str], PlanGoal] = {}
    for cause in causes:
        for goal in cause.cause.goals:
            key = (goal.metric, goal.op)
            known = goals.get(key)
            if known is None:
                goals[key] = _goal(picture, goal, cause)
            elif cause.key not in known.causes:
                goals[key] = replace(known, causes=(*known.causes, cause.key))
    return tuple(goals.values())


def _goal(picture: Picture, goal: Goal, cause: ScoredCause) -> PlanGoal:
    finding = picture.recorded(goal.metric)
    reading = None if finding is None else shown_reading(finding, picture.spec(goal.metric))
    baseline = None if reading is None else reading.value
    side = "" if reading is None else reading.side
    return PlanGoal(goal.metric, goal.op, goal.target, goal.by, baseline, side, (cause.key,))

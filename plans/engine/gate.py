"""Step 5: the measured criteria that end each phase, and the goals of the plan.

A criterion is in a plan when it applies: its baseline was abnormal or its cause is used; strength, endurance and
control gates only with a cause of that category (phases file, section 3). Each carries its baseline and target.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from plans.engine.draft import ExitCriterion, PlanGoal, Reason
from plans.engine.evidence import ScoredCause
from plans.engine.knowledge import Criterion, Goal
from plans.engine.operators import fitting_threshold, shown_reading
from plans.engine.picture import Picture

PERSISTENT_DAYS = 84
HABIT_CATEGORIES = frozenset({"load_management", "systemic", "psychosocial"})
WORST = "pain.nprs_worst_24h"
EPISODES = "spasm.episodes_2w"
ADHERENCE = "func.adherence_pct"
FLUID_GOALS = frozenset({"hist.urine_colour", "hist.fluid_intake_l_day"})
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
        found = (g for c in self.causes for g in usable_goals(self.picture, c) if g.metric.startswith(prefix))
        return tuple(dict.fromkeys(g for g in found if by is None or g.by == by))


Measured = tuple[object, Mapping[str, str]] | None  # baseline, metric -> "op value"; None = does not apply
LUNGE_ERROR_CM = 1.5
ANGLE_ERROR_DEG = 5.0
STRENGTH_CODE = 4.3


def exit_criteria(
    picture: Picture, causes: Sequence[ScoredCause], criteria: Sequence[Criterion]
) -> tuple[ExitCriterion, ...]:
    """The criteria of a phase that apply, with baseline and targets written as ``op value`` per metric."""
    context = GateContext(picture, causes)
    found = []
    for criterion in criteria:
        rule = APPLIES.get(criterion.key)
        measured = (None, CHECKS.get(criterion.key, {})) if rule is None else rule(context)
        if measured is not None:
            baseline, target = measured
            reason = Reason(f"gate.{criterion.kind}", criterion.text, (criterion.key,), criterion.basis)
            found.append(
                ExitCriterion(
                    criterion.key, criterion.kind, criterion.text, baseline, dict(target), (reason,), criterion.waivable
                )
            )
    return tuple(found)


def _phase1_pain(context: GateContext) -> Measured:
    worst = context.picture.number("pain.nprs_worst_24h")
    if worst is None:
        return None, {WORST: "<= 4"}
    limit = min(worst, 3.0) if worst <= 4 else min(4.0, max(worst - 2, worst * 0.7))
    return worst, {WORST: f"<= {limit:g}"}


def _irritability(context: GateContext) -> Measured:
    return context.picture.value("hist.irritability"), {"hist.irritability": "in low,moderate"}


def _spasm_halved(context: GateContext) -> Measured:
    count = context.picture.number("hist.spasm_frequency_per_week")
    if not count:
        return None
    return count, {"hist.spasm_frequency_per_week": f"<= {max(2.0, count / 2):g}"}


def _limited_movement(context: GateContext) -> Measured:
    lowest = _extreme(context, "rompct.", lowest=True)
    if lowest is None or lowest[1] >= 90:
        return None
    return {lowest[0]: lowest[1]}, {lowest[0]: ">= 60"}


def _tone(context: GateContext) -> Measured:
    highest = _extreme(context, "palp.", lowest=False)
    if highest is None or highest[1] < 2:
        return None
    return {highest[0]: highest[1]}, {highest[0]: f"<= {max(1.0, highest[1] - 2):g}"}


def _extreme(context: GateContext, prefix: str, lowest: bool) -> tuple[str, float] | None:
    """The worst finding of a namespace at the symptom regions (at any region when none lies there)."""
    picture = context.picture
    paths = picture.by_namespace.get(prefix[:-1], ())
    found = {path: value for path in paths if (value := picture.number(path)) is not None}
    near = {p: v for p, v in found.items() if picture.index.finding_regions.get(p) in picture.regions}
    pool = near or found
    if not pool:
        return None
    choose = min if lowest else max
    return choose(pool.items(), key=lambda item: item[1])


def _phase2_pain(context: GateContext) -> Measured:
    worst = context.picture.number("pain.nprs_worst_24h")
    limit = 2.0 if worst is None or not context.persistent else max(2.0, min(4.0, worst / 2))
    return worst, {WORST: f"<= {limit:g}"}


def _few_spasms(context: GateContext) -> Measured:
    counts = {path: value for path in SPASM_COUNTS if (value := context.picture.number(path))}
    complaint = context.picture.value("hist.chief_complaint") in ("spasm", "cramp")
    if not counts and not complaint:
        return None
    return counts or None, {EPISODES: "<= 1"}


def _function(context: GateContext) -> Measured:
    mean = context.picture.number("func.psfs_avg")
    if mean is not None and mean >= 7:
        return mean, {"func.psfs_avg": f">= {min(9.0, mean + 1):g}"}
    return mean, {"func.psfs_avg": f">= {max(7.0, (mean or 0) + 2):g}"}


def _range(context: GateContext) -> Measured:
    targets = [g.metric for g in context.goals("rompct.")]
    low = {p: v for p in dict.fromkeys(targets) if (v := context.picture.number(p)) is not None and v < 90}
    return (low, dict.fromkeys(low, ">= 90")) if low else None


def _length(context: GateContext) -> Measured:
    targets = dict.fromkeys(g.metric for g in context.goals("len."))
    short = {p: context.picture.value(p) for p in targets if context.picture.is_short(p)}
    limits = {p: limit for p in short if (limit := _pass_limit(context, p))}
    return (short, limits) if limits else None


def _pass_limit(context: GateContext, path: str) -> str:
    """The pass rule less the measurement error (5 degrees, 1.5 cm for the lunge)."""
    spec = context.picture.spec(path)
    rule = None if spec is None else spec.pass_rule
    if spec is None or rule is None:
        return ""
    error = LUNGE_ERROR_CM if path == "len.wblt_cm" else ANGLE_ERROR_DEG if spec.unit == "deg" else 0.0
    limit = rule.limit + error if rule.op in ("<", "<=") else rule.limit - error
    return f"{rule.op} {limit:g}"


def _strength(context: GateContext) -> Measured:
    paths = _measured_by(context, "strength_deficit", "mmt.")
    if paths is None:
        return None
    return {p: context.picture.value(p) for p in paths}, dict.fromkeys(paths, f">= {STRENGTH_CODE:g}")


def _endurance(context: GateContext) -> Measured:
    paths = _measured_by(context, "endurance_deficit", "endur.")
    if paths is None:
        return None
    return {p: context.picture.value(p) for p in paths}, {p: _endurance_limit(context, p) for p in paths}


def _measured_by(context: GateContext, category: str, prefix: str) -> tuple[str, ...] | None:
    """Findings and goals of the causes of a category; None when there is no such cause."""
    own = [c for c in context.causes if c.cause.category == category]
    if not own:
        return None
    goals = [g.metric for c in own for g in c.cause.goals if g.metric.startswith(prefix)]
    found = [line.finding for c in own for line in c.supporting if line.finding.startswith(prefix)]
    recorded = [p for p in (*goals, *found) if context.picture.recorded(p) is not None]
    return tuple(dict.fromkeys(recorded))


def _endurance_limit(context: GateContext, path: str) -> str:
    """80 % of the goal, or the level at which the test is no longer flagged, whichever is reached first."""
    goals = [g.target for g in context.goals(path) if isinstance(g.target, (int, float))]
    spec = context.picture.spec(path)
    age, sex = context.picture.number("hist.age_years"), context.picture.value("hist.sex_at_birth")
    rule = fitting_threshold(spec.flag_rules, age, str(sex)) if spec is not None else None
    limits = [0.8 * float(goal) for goal in goals] + ([rule.limit] if rule is not None else [])
    return f">= {min(limits):g}" if limits else ">= 0"


def _control(context: GateContext) -> Measured:
    own = [c for c in context.causes if c.cause.category == "motor_control"]
    faults = dict.fromkeys(line.finding for c in own for line in c.supporting if line.finding.startswith("move."))
    return (dict.fromkeys(faults, True), dict.fromkeys(faults, "== false")) if own else None


def _habits(context: GateContext) -> Measured:
    if HABIT_CATEGORIES.isdisjoint(context.categories):
        return None
    habits = [
        g for c in context.causes if c.cause.category in HABIT_CATEGORIES for g in usable_goals(context.picture, c)
    ]
    drivers = {g.metric: f"{g.op} {g.target}" for g in habits if g.metric.startswith("hist.")}
    return {p: context.picture.value(p) for p in drivers}, drivers


def _discharge_function(context: GateContext) -> Measured:
    change = 3 if context.persistent else 5
    return context.picture.number("func.psfs_avg"), {"func.psfs_avg": ">= 8", "func.groc": f">= {change}"}


def _capacity(context: GateContext) -> Measured:
    goals = [g for p in ("endur.", "mmt.") for g in context.goals(p, "phase3_exit")]
    if not goals:
        return None
    return {g.metric: context.picture.value(g.metric) for g in goals}, {g.metric: f"{g.op} {g.target}" for g in goals}


def _activity(context: GateContext) -> Measured:
    return context.picture.number("hist.activity_min_per_week"), {"hist.activity_min_per_week": ">= 150"}


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
    "p3_pain": _phase2_pain,
    "p3_spasm": _few_spasms,
    "p3_function": _discharge_function,
    "p3_capacity": _capacity,
    "p3_activity": _activity,
}

# Criteria that apply always; what a person checks at the visit is recorded as check.<what>.
CHECKS: Mapping[str, Mapping[str, str]] = {
    "p1_function": {"check.basic_function": "== true"},
    "p1_neuro": {"check.neuro_unchanged": "== true"},
    "p1_flags": {"check.flags_clear": "== true"},
    "p1_homework": {"check.shows_exercises": "== true", ADHERENCE: ">= 50"},
    "p2_load": {"check.reduced_load": "== true"},
    "p2_adherence": {ADHERENCE: ">= 75"},
    "p3_independent": {ADHERENCE: ">= 75"},
    "p3_flare_plan": {"check.flare_plan": "== true"},
}


def usable_goals(picture: Picture, cause: ScoredCause) -> tuple[Goal, ...]:
    """Goals of a cause. No fluid goal for a person to whom a condition forbids fluid advice."""
    if not any(goal.metric in FLUID_GOALS for goal in cause.cause.goals) or not _fluids_barred(picture):
        return cause.cause.goals
    return tuple(goal for goal in cause.cause.goals if goal.metric not in FLUID_GOALS)


def _fluids_barred(picture: Picture) -> bool:
    effects = picture.index.technique_effects
    return any(
        technique == "ed_hydration" and effect.level == "contraindicated"
        for state in picture.conditions.values()
        if state.state == "true"
        for technique, effect in effects.get(state.key, ())
    )


def plan_goals(picture: Picture, causes: Sequence[ScoredCause]) -> tuple[PlanGoal, ...]:
    """Goals of the used causes in cause order; the first cause's target stands, later causes are named with it."""
    goals: dict[tuple[str, str], PlanGoal] = {}
    for cause in causes:
        for goal in usable_goals(picture, cause):
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

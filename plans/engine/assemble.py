"""Put a phase together from what was selected, with a reason on every line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from plans.engine.dose import Dosing, dose_dict, technique_dose
from plans.engine.draft import (
    CauseResult,
    CauseState,
    Excluded,
    PhasePlan,
    PlannedExercise,
    PlannedTechnique,
    Reason,
    SafetyLevel,
)
from plans.engine.education import education_blocks, phase_education
from plans.engine.eligibility import Eligibility
from plans.engine.evidence import ScoredCause
from plans.engine.exclude import Excluder, PhaseContent
from plans.engine.facts import Site
from plans.engine.gate import exit_criteria
from plans.engine.knowledge import RootCause
from plans.engine.overlap import merge_sides
from plans.engine.reason import Selection
from plans.engine.screen import Block, Screen, precautions
from plans.engine.select import (
    Choice,
    ExerciseSelector,
    PhaseExercises,
    PhaseTechniques,
    RankedTechnique,
    minutes_budget,
    rank_techniques,
)

EQUAL_WITHIN = 2
Modifications = dict[tuple[str, str], tuple[str, ...]]  # (condition, what to change) -> items


@dataclass(frozen=True, eq=False)
class BuiltPhase:
    plan: PhasePlan
    exercises: PhaseExercises
    techniques: PhaseTechniques
    education_removed: Mapping[str, tuple[Block, ...]]


class PhaseBuilder:
    """Builds the phases of one draft. With every symptom region closed it builds education only."""

    def __init__(self, eligibility: Eligibility, selection: Selection, closed: bool) -> None:
        causes = selection.selected
        self.selection = selection
        self.eligibility = eligibility
        self.picture = eligibility.picture
        self.screen = eligibility.screen
        self.knowledge = eligibility.knowledge
        self.causes = causes
        self.by_key = {c.key: c for c in causes}
        self.cause_reasons = {c.key: _cause_reason(c) for c in causes}
        self.closed = closed
        self.dosing = Dosing(self.picture, self.screen, self.knowledge.phases)
        self.available = self.picture.number("hist.exercise_time_min_day")

    def phase(self, number: int, scheduled: bool, locked: bool) -> BuiltPhase:
        treated = () if self.closed else self.causes
        rules = self.knowledge.phases[number]
        budget = minutes_budget(self.available, number)
        exercises = ExerciseSelector(self.eligibility, self.dosing, number, rules.home_items_max, budget).run(treated)
        techniques = rank_techniques(self.eligibility, self.knowledge, treated, number)
        home_tens = any(r.technique.key == "es_tens_conventional" for r in techniques.planned)
        home_tens = home_tens and "tens_unit" in self.picture.choices("hist.home_equipment")
        education = phase_education(self.picture, self.screen, self.causes, number, home_tens)
        plan = PhasePlan(
            number=number,
            techniques=tuple(self._technique(r, number) for r in (*techniques.planned, *techniques.self_release)),
            exercises=tuple(self._exercise(c, number, locked) for c in exercises.chosen.values()),
            education=() if self.closed and number > 1 else education.topics,
            exit=() if self.closed else exit_criteria(self.picture, self.causes, rules.exit),
            scheduled=scheduled and not (self.closed and number > 1),
            locked=locked,
            minutes_per_day=exercises.minutes,
            minutes_budget=budget,
        )
        return BuiltPhase(plan, exercises, techniques, dict(education.removed))

    # --- lines -------------------------------------------------------------------------------------------------

    def _exercise(self, choice: Choice, phase: int, locked: bool) -> PlannedExercise:
        exercise = choice.exercise
        warnings = [b.reason for b in precautions(self.screen.exercise(exercise.key))]
        reasons = [*(self.cause_reasons[key] for key in choice.causes), *self._substitution(choice)]
        return PlannedExercise(
            key=exercise.key,
            technique=exercise.technique,
            region=exercise.region,
            side=self._exercise_side(choice),
            dose=dose_dict(choice.dosed.dosage),
            minutes_per_day=choice.dosed.minutes_per_day,
            causes=tuple(choice.causes),
            reasons=(*reasons, *choice.dosed.reasons, *warnings),
            safety="precaution" if warnings else "clear",
            locked=locked,
        )

    def _substitution(self, choice: Choice) -> list[Reason]:
        return [
            Reason("substitution", f"in place of {key}, which needs equipment or the floor", (key,), "selection 6")
            for key in choice.replaces
        ]

    def _exercise_side(self, choice: Choice) -> str:
        """Union of the sides of the symptom sites it acts on and of the findings that scored."""
        places = self.picture.index.places[choice.exercise.key].regions
        own = [s.side for s in self.picture.sites if s.region in places] or [s.side for s in self.picture.sites]
        found = [side for key in choice.causes for line in self.by_key[key].supporting for side in line.sides]
        return merge_sides((*own, *found))

    def _technique(self, ranked: RankedTechnique, phase: int) -> PlannedTechnique:
        technique, treatable = ranked.technique, ranked.treatable
        warnings = [b.reason for b in treatable.blocks]
        site: Site = treatable.sites[0]
        reasons = [self.cause_reasons[key] for key in ranked.causes]
        reasons.append(
            Reason(
                "indication",
                f"indicated by {', '.join(treatable.indication.paths) or 'the plan'}",
                treatable.indication.paths,
            )
        )
        reasons += self._region_reasons(ranked)
        if technique.evidence_note:
            reasons.append(Reason("evidence", technique.evidence_note, (technique.key,), "techniques, section 4"))
        return PlannedTechnique(
            key=technique.key,
            category=technique.category,
            region=site.region,
            side=site.side,
            dose=technique_dose(technique, phase),
            causes=ranked.causes,
            rank_score=ranked.score,
            reasons=(*reasons, *warnings),
            safety=_safety([*warnings, *(r for r in reasons if r.rule == "region.precaution")]),
            phase=phase,
        )

    def _region_reasons(self, ranked: RankedTechnique) -> list[Reason]:
        technique, treatable = ranked.technique, ranked.treatable
        regions = [site.region for site in treatable.sites]
        found = [
            Reason("region.precaution", f"{row.region}: {row.reason}", (row.region,), row.source)
            for row in technique.restrictions
            if row.level == "precaution" and row.region in regions
        ]
        if len(regions) > 1:
            found.append(Reason("region.also", f"also at {', '.join(regions[1:])}", tuple(regions)))
        if treatable.withheld:
            found.append(Reason("region.withheld", f"not at {', '.join(treatable.withheld)}", treatable.withheld))
        return found

    # --- beside the phases -------------------------------------------------------------------------------------

    def alternatives(self, phases: Mapping[int, BuiltPhase]) -> tuple[PlannedTechnique, ...]:
        return tuple(self._technique(r, n) for n, built in phases.items() for r in built.techniques.alternatives)

    def excluded(self, phases: Mapping[int, BuiltPhase]) -> tuple[Excluded, ...]:
        excluder = Excluder(self.eligibility)
        return tuple(
            entry for n, built in phases.items() for entry in excluder.phase(_content(n, built, self._set_aside(n)))
        )

    def _set_aside(self, phase: int) -> dict[str, Reason]:
        """Items that only causes list which a referral, a red flag or a closed region keeps out of the plan."""
        found: dict[str, Reason] = {}
        for cause, why in self._idle_causes():
            for key in (*cause.exercises.get(phase, ()), *cause.techniques.get(phase, ())):
                text = f"{key} is listed by {cause.key}, {why}"
                found.setdefault(key, Reason("precedence", text, (cause.key,), "root causes, precedence"))
        return found

    def _idle_causes(self) -> Iterator[tuple[RootCause, str]]:
        if self.closed:
            for scored in self.causes:
                yield scored.cause, "and every symptom region is closed until the referral is answered"
        for cause, flag in self.selection.closed:
            yield cause, f"which red flag {flag} closes"
        leading = ", ".join(c.key for c in self.causes)
        for scored in self.selection.secondary:
            yield scored.cause, f"which is set aside until the referral of {leading} is answered"


def _cause_reason(cause: ScoredCause) -> Reason:
    text = f"serves {cause.cause.label} ({cause.label}, score {cause.score:g})"
    return Reason("cause", text, tuple(dict.fromkeys(cause.positive_findings())), "root causes, selection 3")


def _content(number: int, built: BuiltPhase, set_aside: Mapping[str, Reason]) -> PhaseContent:
    plan = built.plan
    used = {t.key for t in plan.techniques} | {e.technique for e in plan.exercises}
    used |= {r.technique.key for r in built.techniques.alternatives}
    return PhaseContent(
        phase=number,
        exercises=frozenset(e.key for e in plan.exercises),
        techniques=frozenset(used),
        education=frozenset(plan.education),
        failures={**built.techniques.failures, **built.exercises.failures},
        set_aside=set_aside,
        education_removed=built.education_removed,
    )


def _safety(warnings: Sequence[Reason]) -> SafetyLevel:
    return "precaution" if warnings else "clear"


def cause_results(scored: Sequence[ScoredCause], selection: Selection) -> tuple[CauseResult, ...]:
    """Every shown cause in order, with what it is used for and the evidence for and against it."""
    selected = {c.key for c in selection.selected}
    secondary = {c.key for c in selection.secondary}
    blocked = {c.key: flag for c, flag in selection.blocked}
    results = []
    previous: float | None = None
    for item in scored:
        flag = blocked.get(item.key)
        reason = Reason("cause.blocked", f"closed by red flag {flag}", (f"flag.{flag}",))
        results.append(
            CauseResult(
                key=item.key,
                label=item.label,
                score=item.score,
                category=item.cause.category,
                title=item.cause.label,
                explanation=item.cause.explanation,
                supporting=item.supporting,
                against=item.against,
                missing=item.missing,
                state=_state(item.key, blocked, selected, secondary),
                equal_to_previous=previous is not None and previous - item.score <= EQUAL_WITHIN,
                reasons=(reason,) if flag else (),
            )
        )
        previous = item.score
    return tuple(results)


def _state(key: str, blocked: Mapping[str, str], selected: set[str], secondary: set[str]) -> CauseState:
    if key in blocked:
        return "blocked"
    if key in selected:
        return "selected"
    return "secondary" if key in secondary else "shown"


def offered_regions(techniques: Sequence[PlannedTechnique]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for technique in techniques:
        found[technique.key] = tuple(dict.fromkeys((*found.get(technique.key, ()), technique.region)))
    return found


def modifications(screen: Screen, plans: Sequence[PhasePlan], techniques: Sequence[PlannedTechnique]) -> Modifications:
    """What conditions ask to change, with the offered techniques, exercises and topics it applies to."""
    found: Modifications = {}
    for technique in techniques:
        site = Site(technique.region, technique.side)  # type: ignore[arg-type]
        _collect(found, technique.key, screen.technique(technique.key, site))
    for plan in plans:
        for exercise in plan.exercises:
            _collect(found, exercise.key, screen.exercise(exercise.key))
        for topic in plan.education:
            _collect(found, topic, education_blocks(screen, topic))
    return found


def _collect(found: Modifications, item: str, blocks: Sequence[Block]) -> None:
    for block in precautions(blocks):
        if block.modification:
            place = (block.key, block.modification)
            found[place] = tuple(dict.fromkeys((*found.get(place, ()), item)))


def removed_items(phases: Mapping[int, BuiltPhase]) -> dict[str, tuple[str, ...]]:
    """Condition or flag -> the candidates of the used causes that it removed."""
    found: dict[str, tuple[str, ...]] = {}
    for built in phases.values():
        failures = {**built.techniques.failures, **built.exercises.failures}
        for item, failure in failures.items():
            for block in failure.blocks:
                found[block.key] = tuple(dict.fromkeys((*found.get(block.key, ()), item)))
    return found

"""From the engine's answer to the rows of a plan version. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from clinic.errors import Conflict
from exercises.models import Exercise
from plans.actions.checking import Item, check_row
from plans.engine.draft import CauseResult, Draft, PhasePlan, PlannedExercise, PlannedTechnique, Reason, Refusal
from plans.engine.facts import Finding
from plans.engine.knowledge import Knowledge
from plans.models import (
    EducationTopic,
    PlanCause,
    PlanCriterion,
    PlanEducation,
    PlanExercise,
    PlanGoal,
    PlanPhase,
    PlanTechnique,
    PlanVersion,
    Safety,
    SafetyCheck,
    Technique,
)
from plans.snapshot import plain
from plans.wording import evidence_sentence

DOSE_FIELDS = ("sets", "reps", "hold_s", "duration_min", "per_day", "days_per_week", "rest_s")


@dataclass(frozen=True, slots=True)
class KnowledgeRows:
    """Primary keys of the knowledge rows that plan items point to, by key."""

    techniques: Mapping[str, int]
    exercises: Mapping[str, int]
    topics: Mapping[str, int]

    @classmethod
    def read(cls) -> KnowledgeRows:
        return cls(_keys(Technique), _keys(Exercise), _keys(EducationTopic))


def _keys(model: type[Model]) -> dict[str, int]:
    return dict(model._default_manager.values_list("key", "pk"))


def row_of(known: Mapping[str, int], key: str) -> int:
    """The primary key of a knowledge row. Raises Conflict when the knowledge was not loaded completely."""
    if key not in known:
        raise Conflict(
            "knowledge_incomplete", f"“{key}” is not in the clinical knowledge. Load the knowledge, then draft."
        )
    return known[key]


def start_phase_number(answer: Draft | Refusal) -> int | None:
    """1, 2 or 3; None when no phase may begin."""
    return int(answer.start_phase) if answer.start_phase in ("1", "2", "3") else None


def answer_to_json(answer: Draft | Refusal) -> dict[str, Any]:
    """The engine's whole answer as kept with the version."""
    return {"kind": "draft" if isinstance(answer, Draft) else "refusal", **plain(answer)}


def reasons_to_json(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    return [plain(reason) for reason in reasons]


def dose_columns(dose: Mapping[str, Any]) -> dict[str, Any]:
    """The engine's exercise dose as columns; hold or minutes stay empty when the dose has none."""
    low, high = dose["rpe"]
    return {name: dose.get(name) for name in DOSE_FIELDS} | {"rpe_low": low, "rpe_high": high}


def write_content(
    version: PlanVersion,
    answer: Draft | Refusal,
    *,
    knowledge: Knowledge,
    findings: Mapping[str, Finding],
) -> None:
    """Causes, phases, items, education, criteria and goals of a version that holds none of them.

    What a person added to a phase stays: an item that is there already is not written again. A refusal leaves causes
    only: no phase, technique, exercise or dose is written.
    """
    _write_causes(version, answer.causes, findings, knowledge)
    if isinstance(answer, Refusal):
        return
    rows = KnowledgeRows.read()
    phases = _write_phases(version, answer, knowledge)
    checks = _write_techniques(version, phases, answer, rows) + _write_exercises(version, phases, answer, rows)
    SafetyCheck.objects.bulk_create(checks)
    _write_education(phases, answer, rows)
    _write_criteria(phases, answer)
    _write_goals(version, answer)


def _write_causes(
    version: PlanVersion, causes: Iterable[CauseResult], findings: Mapping[str, Finding], knowledge: Knowledge
) -> None:
    PlanCause.objects.bulk_create(
        PlanCause(
            version=version,
            key=cause.key,
            title=cause.title[:160],
            explanation=cause.explanation,
            patient_text=knowledge.root_causes[cause.key].patient_text,
            label=cause.label,
            score=round(cause.score, 1),
            state=cause.state,
            evidence={
                "for": [evidence_sentence(line, findings) for line in cause.supporting],
                "against": [evidence_sentence(line, findings) for line in cause.against],
                "missing": [evidence_sentence(line, findings) for line in cause.missing],
                "equal": cause.equal_to_previous,
            },
            position=position,
        )
        for position, cause in enumerate(causes)
    )


def _write_phases(version: PlanVersion, answer: Draft, knowledge: Knowledge) -> dict[int, PlanPhase]:
    """The rows of the phases by number; those that are there with what a person added are brought up to date."""
    there = {row.number: row for row in version.phases.all()}
    kept = list(there.values())
    for number, phase in sorted(answer.phases.items()):
        row = there.setdefault(number, PlanPhase(version=version, number=number))
        for name, value in _phase_columns(phase, knowledge).items():
            setattr(row, name, value)
    for row in kept:
        row.save()
    PlanPhase.objects.bulk_create(row for row in there.values() if row not in kept)
    return there


def _phase_columns(phase: PhasePlan, knowledge: Knowledge) -> dict[str, Any]:
    rules = knowledge.phases[phase.number]
    return {
        "aim": rules.aim[:300],
        "usual_duration": rules.usual_duration[:120],
        "visits": rules.visits[:120],
        "is_scheduled": phase.scheduled,
        "is_locked": phase.locked,
        "minutes_budget": round(phase.minutes_budget, 1),
    }


def _drafted_check(version: PlanVersion, phase: PlanPhase, item: Item, key: str) -> SafetyCheck:
    """The engine screens every item it proposes: its verdict is the first check."""
    return check_row(
        version,
        item,
        key=key,
        phase=phase.number,
        rests_on=(version.facts_hash, version.knowledge_revision),
        verdict=item.safety,
        reasons=[] if item.safety == Safety.CLEAR else item.reasons,
        by_id=version.created_by_id,
    )


def _write_techniques(
    version: PlanVersion, phases: Mapping[int, PlanPhase], answer: Draft, rows: KnowledgeRows
) -> list[SafetyCheck]:
    there = _kept(PlanTechnique, "technique__key", phases)
    items: dict[tuple[int, str], PlanTechnique] = {}
    for number, phase in answer.phases.items():
        others = [item for item in answer.alternatives if item.phase == number]
        for item, is_alternative in [(t, False) for t in phase.techniques] + [(t, True) for t in others]:
            place = (number, item.key)
            if place not in there and place not in items:
                position = sum(known == number for known, _ in items)
                items[place] = technique_row(
                    phases[number], item, rows, is_alternative=is_alternative, position=position
                )
    PlanTechnique.objects.bulk_create(items.values())
    return [_drafted_check(version, phases[number], item, key) for (number, key), item in items.items()]


def _kept(model: type[Model], key: str, phases: Mapping[int, PlanPhase]) -> set[tuple[int, str]]:
    """(phase, key) of the items that a person added before."""
    found = model._default_manager.filter(phase__in=[row.pk for row in phases.values()])
    return set(found.values_list("phase__number", key))


def technique_row(
    phase: PlanPhase, item: PlannedTechnique, rows: KnowledgeRows, *, is_alternative: bool, position: int
) -> PlanTechnique:
    return PlanTechnique(
        phase=phase,
        technique_id=row_of(rows.techniques, item.key),
        region=item.region,
        side=item.side,
        dose=plain(item.dose),
        position=position,
        safety=item.safety,
        causes=list(item.causes),
        reasons=reasons_to_json(item.reasons),
        is_alternative=is_alternative,
    )


def _write_exercises(
    version: PlanVersion, phases: Mapping[int, PlanPhase], answer: Draft, rows: KnowledgeRows
) -> list[SafetyCheck]:
    there = _kept(PlanExercise, "exercise__key", phases)
    items: dict[tuple[int, str], PlanExercise] = {}
    for number, phase in answer.phases.items():
        fresh = {item.key: item for item in phase.exercises if (number, item.key) not in there}
        for position, item in enumerate(fresh.values()):
            items[number, item.key] = exercise_row(phases[number], item, rows, position=position)
    PlanExercise.objects.bulk_create(items.values())
    return [_drafted_check(version, phases[number], item, key) for (number, key), item in items.items()]


def exercise_row(phase: PlanPhase, item: PlannedExercise, rows: KnowledgeRows, *, position: int) -> PlanExercise:
    return PlanExercise(
        phase=phase,
        exercise_id=row_of(rows.exercises, item.key),
        region=item.region,
        side=item.side,
        position=position,
        safety=item.safety,
        causes=list(item.causes),
        reasons=reasons_to_json(item.reasons),
        minutes_per_day=round(item.minutes_per_day, 1),
        **dose_columns(item.dose),
    )


def _write_education(phases: Mapping[int, PlanPhase], answer: Draft, rows: KnowledgeRows) -> None:
    PlanEducation.objects.bulk_create(
        PlanEducation(phase=phases[number], topic_id=row_of(rows.topics, key), position=position)
        for number, phase in answer.phases.items()
        for position, key in enumerate(dict.fromkeys(phase.education))
    )


def _write_criteria(phases: Mapping[int, PlanPhase], answer: Draft) -> None:
    PlanCriterion.objects.bulk_create(
        PlanCriterion(
            phase=phases[number],
            key=criterion.key,
            kind=criterion.kind,
            text=criterion.text[:500],
            baseline=plain(criterion.baseline),
            target=plain(criterion.target),
            position=position,
        )
        for number, phase in answer.phases.items()
        for position, criterion in enumerate(phase.exit)
    )


def _write_goals(version: PlanVersion, draft: Draft) -> None:
    PlanGoal.objects.bulk_create(
        PlanGoal(
            version=version,
            metric=goal.metric,
            op=goal.op,
            target=plain(goal.target),
            baseline=plain(goal.baseline),
            side=goal.side,
            by=goal.by,
            position=position,
        )
        for position, goal in enumerate(draft.goals)
    )

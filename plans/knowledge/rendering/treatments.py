"""Techniques with their bounds, and the exercises in short."""

from __future__ import annotations

from collections.abc import Iterator

from plans.knowledge import schema
from plans.knowledge.crosscheck import Parsed
from plans.knowledge.rendering.words import VERIFY, table, test_says, words


def techniques(parsed: Parsed) -> Iterator[str]:
    """Each technique: what for, who, when, dose."""
    yield "## Techniques"
    for technique in parsed.techniques.techniques:
        yield ""
        yield f"### {technique.name}"
        yield ""
        yield f"`{technique.key}`, phases {words(technique.phases)}. {technique.aim[0].upper()}{technique.aim[1:]}." + (
            VERIFY if technique.verify else ""
        )
        yield ""
        yield f"- needs: {words(technique.credentials)}; consent {technique.consent}"
        yield f"- when one of: {'; '.join(test_says(test) for test in technique.indications)}"
        if technique.gate:
            yield f"- only if all: {'; '.join(test_says(test) for test in technique.gate)}"
        if technique.extra_rule:
            yield f"- also: {technique.extra_rule}"
        if technique.evidence:
            yield f"- evidence: {technique.evidence}"
        if technique.dosage:
            yield ""
            yield from table(("dose", "default", "least", "most", "unit", "note"), map(_dose, technique.dosage))


def _dose(dose: schema.DoseParameter) -> tuple[object, ...]:
    return (
        f"{dose.label}{VERIFY if dose.verify else ''}",
        dose.default,
        dose.min,
        dose.max,
        dose.unit,
        dose.note,
    )


def exercises(parsed: Parsed) -> Iterator[str]:
    """One line for each exercise."""
    rows = parsed.exercises.exercises
    yield "## Exercises"
    yield ""
    yield f"{len(rows)} exercises. Doses by phase as sets x repetitions (or minutes), times a day, days a week, effort."
    yield ""
    yield from table(
        ("exercise", "kind", "region", "dose", "load tags", "easier, harder"), (_exercise(row) for row in rows)
    )


def _exercise(row: schema.Exercise) -> tuple[object, ...]:
    doses = [f"{phase}: {_dosage(dose)}" for phase in (1, 2, 3) if (dose := row.dosage.of(phase)) is not None]
    steps = f"{row.regression or 'none'}, {row.progression or 'none'}"
    return (
        f"{row.name} (`{row.key}`)",
        row.kind.replace("_", " "),
        row.region.replace("_", " "),
        "; ".join(doses),
        words(row.load_tags),
        steps.replace("_", " "),
    )


def _dosage(dose: schema.Dosage) -> str:
    amount = f"{dose.duration_min:g} min" if dose.duration_min is not None else f"{dose.sets}x{dose.reps}"
    hold = f" hold {dose.hold_s} s" if dose.hold_s else ""
    return f"{amount}{hold}, {dose.per_day}/day, {dose.days_per_week}/week, RPE {dose.rpe[0]}-{dose.rpe[1]}"

"""One dose for many exercises of a phase: all of them, or none."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import uuid4

from django.db import transaction

from clinic.errors import DomainError, Invalid, ManyProblems
from clinic.models import User
from plans.actions.drafting import usable_knowledge
from plans.actions.editing import checker_for, dose_of, limits_of, set_dose
from plans.actions.guards import locked_draft, record, stated
from plans.doses import Bound, checked_exercise_dose
from plans.models import PlanExercise, PlanPhase

BULK_FIELDS = ("sets", "reps", "hold_s", "per_day", "days_per_week", "rpe_low", "rpe_high")


@transaction.atomic
def change_phase_doses(
    phase: PlanPhase,
    by: User,
    *,
    values: Mapping[str, object],
    only: Collection[int] | None = None,
    reason: str,
    today: date,
) -> tuple[str, ...]:
    """Set the filled values on every exercise of the phase (or on those in ``only``); returns the names changed.

    Each keeps its own bounds. When one cannot take a value nothing changes at all, and ManyProblems names every such
    exercise with its range. An exercise without a hold takes no hold, one that is timed takes no repetitions.
    """
    version = locked_draft(phase.version_id)
    why = stated(reason)
    wanted = {name: values[name] for name in BULK_FIELDS if str(values.get(name) or "").strip()}
    if not wanted:
        raise Invalid("bulk_empty", "Fill in at least one value.", field="sets")
    rows = [row for row in phase.planexercises.select_related("exercise", "phase") if only is None or row.pk in only]
    if not rows:
        raise Invalid("bulk_nothing", "Choose at least one exercise.", field="only")
    checker = checker_for(version, usable_knowledge(), today=today)
    before = {row.pk: dose_of(row) for row in rows}
    problems: list[DomainError] = []
    for row in rows:
        try:
            _take(row, wanted, limits_of(row.exercise.key, phase.number, checker))
        except DomainError as error:
            problems += _named(row, error)
    if problems:
        raise ManyProblems("bulk", "No dose was changed.", tuple(problems))
    changed = [row for row in rows if dose_of(row) != before[row.pk]]
    batch = uuid4()
    for row in changed:
        row.save()
        was, now = before[row.pk], dose_of(row)
        record(
            version, by, "dose", row.exercise.key, phase=phase.number, before=was, after=now, reason=why, batch=batch
        )
    return tuple(row.exercise.name for row in changed)


def _take(row: PlanExercise, wanted: Mapping[str, object], bounds: Mapping[str, Bound]) -> None:
    """Put the values that this exercise has into its dose, or raise what its bounds say."""
    current = dose_of(row)
    timed = row.duration_min is not None
    skipped = {"hold_s"} if row.hold_s is None else set()
    skipped |= {"reps", "hold_s"} if timed else set()
    values: dict[str, Any] = {name: current[name] for name in bounds}
    if row.hold_s is None and not timed:
        values["hold_s"] = 0  # "no hold" is below no bound; it stays empty below
    values |= {name: value for name, value in wanted.items() if name in bounds and name not in skipped}
    checked = checked_exercise_dose(values, bounds)
    if row.hold_s is None:
        checked["hold_s"] = None
    set_dose(row, {**current, **checked})


def _named(row: PlanExercise, error: DomainError) -> list[DomainError]:
    problems = error.problems if isinstance(error, ManyProblems) else (error,)
    return [Invalid(p.code, f"{row.exercise.name}: {p.message}", field=p.field) for p in problems]

"""What a new note carries over: the phase of the signed version, overlaid with what the last visit really used.

Everything carried is marked until a person touches or confirms it; nothing carried is ever read as done.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from plans.actions.editing import dose_of
from plans.engine.knowledge import Knowledge
from plans.models import NoteExercise, NoteTechnique, PlanPhase, PlanVersion, TreatmentNote
from plans.visits.bounds import carried_parameters

# A supervised bout: what is counted in the room. How often a week belongs to the home programme.
NOTE_DOSE = ("sets", "reps", "hold_s", "duration_min")


def last_signed(plan_id: int, *, before: TreatmentNote | None = None) -> TreatmentNote | None:
    """The latest signed note of the plan."""
    notes = TreatmentNote.objects.for_page().filter(plan_id=plan_id, state=TreatmentNote.State.SIGNED)
    if before is not None:
        notes = notes.exclude(pk=before.pk).filter(visit_on__lte=before.visit_on)
    found: TreatmentNote | None = notes.first()
    return found


def fill(note: TreatmentNote, version: PlanVersion, knowledge: Knowledge) -> None:
    """Write the carried rows of a new note. ``version`` comes with its page rows."""
    phase = next((p for p in version.phases.all() if p.number == note.phase), None)
    if phase is None:
        return
    last = last_signed(note.plan_id)
    NoteTechnique.objects.bulk_create(_techniques(note, phase, last, knowledge))
    NoteExercise.objects.bulk_create(_exercises(note, phase, last))


def _techniques(
    note: TreatmentNote, phase: PlanPhase, last: TreatmentNote | None, knowledge: Knowledge
) -> Iterable[NoteTechnique]:
    before = {row.technique_id: row for row in last.notetechniques.all() if row.done} if last else {}
    planned = [
        t for t in phase.plantechniques.all() if not t.is_alternative and t.technique.key in knowledge.techniques
    ]
    for position, item in enumerate(planned):
        old = before.get(item.technique_id)
        dose = {**item.dose, **(old.parameters if old else {})}
        parameters = carried_parameters(knowledge.techniques[item.technique.key], note.phase, dose)
        muscles = list(old.muscles) if old else []
        yield NoteTechnique(
            note=note,
            technique=item.technique,
            planned=item,
            position=position,
            region=old.region if old else item.region,
            side=old.side if old else item.side,
            muscles=muscles,
            parameters=parameters,
            carried=["region", "side", *(["muscles"] if muscles else []), *(f"p.{name}" for name in parameters)],
            carried_from=_day(last) if old else None,
        )


def _exercises(note: TreatmentNote, phase: PlanPhase, last: TreatmentNote | None) -> Iterable[NoteExercise]:
    before = {row.exercise_id: row for row in last.noteexercises.all() if row.done} if last else {}
    for position, item in enumerate(phase.planexercises.all()):
        old = before.get(item.exercise_id)
        dose = supervised_dose({**dose_of(item), **(old.dose if old else {})})
        yield NoteExercise(
            note=note,
            exercise=item.exercise,
            planned=item,
            position=position,
            region=item.region,
            side=item.side,
            dose=dose,
            carried=[f"d.{name}" for name in dose],
            carried_from=_day(last) if old else None,
        )


def supervised_dose(dose: dict[str, Any]) -> dict[str, Any]:
    """The counted part of a dose; what the exercise does not have is left out."""
    return {name: dose[name] for name in NOTE_DOSE if dose.get(name) is not None}


def _day(last: TreatmentNote | None) -> date | None:
    return last.visit_on if last else None

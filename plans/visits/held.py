"""Techniques that wait for a person before they may be used again in this plan."""

from __future__ import annotations

from clinic.readers import facts_unsettled
from plans.models import AdverseEvent, ItemHold, NoteTechnique, Plan, PlanExercise, PlanTechnique, TreatmentNote

UNSCREENED = "held until the facts that are new have been checked"


def held_techniques(plan: Plan, *, note: TreatmentNote | None = None) -> dict[int, str]:
    """Technique id to the reason of its hold: a new fact that makes it unsafe, or an adverse event not reviewed yet.

    Events of ``note`` itself hold the next visits, not the one that is recorded.
    """
    held = _by_facts(plan)
    open_events = AdverseEvent.objects.filter(plan=plan, reviewed_at__isnull=True, technique__isnull=False)
    if note is not None:
        open_events = open_events.exclude(note=note)
    for event in open_events.order_by("reported_at"):
        if event.technique_id is not None:
            held[event.technique_id] = f"held since an adverse event on {event.reported_at:%d %b}: {event.what}"
    return held


def held_exercises(plan: Plan) -> dict[int, str]:
    """Exercise id to the reason of its hold by a new fact; every planned one while new facts are not screened yet."""
    if facts_unsettled(plan.episode.patient_id):
        planned = PlanExercise.objects.filter(phase__version__plan=plan).values_list("exercise_id", flat=True)
        return dict.fromkeys(planned, UNSCREENED)
    rows = ItemHold.objects.filter(plan=plan, released_at__isnull=True, exercise_item__isnull=False)
    return {
        hold.exercise_item.exercise_id: f"held since {hold.opened_at:%d %b}: {_reason(hold)}"
        for hold in rows.select_related("exercise_item")
        if hold.exercise_item is not None
    }


def _by_facts(plan: Plan) -> dict[int, str]:
    """Items that a new fact holds; everything that was planned or noted while new facts are not screened yet."""
    if facts_unsettled(plan.episode.patient_id):
        planned = PlanTechnique.objects.filter(phase__version__plan=plan).values_list("technique_id", flat=True)
        noted = NoteTechnique.objects.filter(note__plan=plan).values_list("technique_id", flat=True)
        return dict.fromkeys({*planned, *noted}, UNSCREENED)
    rows = ItemHold.objects.filter(plan=plan, released_at__isnull=True, technique_item__isnull=False)
    return {
        hold.technique_item.technique_id: f"held since {hold.opened_at:%d %b}: {_reason(hold)}"
        for hold in rows.select_related("technique_item")
        if hold.technique_item is not None
    }


def _reason(hold: ItemHold) -> str:
    first = hold.reasons[0].get("text", "") if hold.reasons else ""
    return first or "a new fact makes it unsafe"

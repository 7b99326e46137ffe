"""Techniques that wait for a person before they may be used again in this plan."""

from __future__ import annotations

from clinic.readers import facts_unsettled
from plans.models import AdverseEvent, ItemHold, Plan, PlanTechnique, TreatmentNote


def held_techniques(plan: Plan, *, note: TreatmentNote | None = None) -> dict[int, str]:
    """Technique id to the reason of its hold. Events of ``note`` itself hold the next visits, not the one recorded."""
    open_events = AdverseEvent.objects.filter(plan=plan, reviewed_at__isnull=True, technique__isnull=False)
    if note is not None:
        open_events = open_events.exclude(note=note)
    return {
        event.technique_id: f"held since an adverse event on {event.reported_at:%d %b}: {event.what}"
        for event in open_events.order_by("reported_at")
        if event.technique_id is not None
    } | _held_by_facts(plan)


def _held_by_facts(plan: Plan) -> dict[int, str]:
    """Techniques of the signed version that a new fact made unsafe; all of them while a new fact waits."""
    if facts_unsettled(plan.episode.patient_id):
        planned = PlanTechnique.objects.filter(phase__version__plan=plan, phase__version__state="signed")
        return dict.fromkeys(planned.values_list("technique_id", flat=True), "held while a new fact is being checked")
    rows = ItemHold.objects.filter(plan=plan, released_at__isnull=True, technique_item__isnull=False)
    return {
        pk: f"held since {opened:%d %b}: {rule.replace('_', ' ')}"
        for pk, opened, rule in rows.values_list("technique_item__technique_id", "opened_at", "rule")
    }

"""Techniques that wait for a person before they may be used again in this plan."""

from __future__ import annotations

from plans.models import AdverseEvent, Plan, TreatmentNote


def held_techniques(plan: Plan, *, note: TreatmentNote | None = None) -> dict[int, str]:
    """Technique id to the reason of its hold. Events of ``note`` itself hold the next visits, not the one recorded."""
    open_events = AdverseEvent.objects.filter(plan=plan, reviewed_at__isnull=True, technique__isnull=False)
    if note is not None:
        open_events = open_events.exclude(note=note)
    return {
        event.technique_id: f"held since an adverse event on {event.reported_at:%d %b}: {event.what}"
        for event in open_events.order_by("reported_at")
        if event.technique_id is not None
    }

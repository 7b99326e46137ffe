"""Adverse events: stop that technique, record, do not repeat until reviewed (phases reference, section 4)."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from clinic.errors import Conflict, DomainError, Invalid, ManyProblems
from clinic.models import User
from plans.actions.guards import licensed, stated
from plans.actions.worklist import close_alerts, raise_alert
from plans.models import AdverseEvent, NoteTechnique, TreatmentNote

RULE = "adverse_event"
TEXT_MAX = 500


@transaction.atomic
def record_adverse_event(
    note: TreatmentNote, by: User, *, row: NoteTechnique | None, what: str, severity: str, action: str
) -> AdverseEvent:
    """Record what happened after a technique of this note (None: not one of them); the technique is held.

    A signed note may still get one: a bruise shows the day after. Raises ManyProblems, each naming its field.
    """
    if row is not None and row.note_id != note.pk:
        raise Invalid("row", "Choose a technique of this visit.", field="row")
    said, did = _described(what, severity, action)
    event = AdverseEvent.objects.create(
        note=note,
        plan=note.plan,
        technique=row.technique if row else None,
        what=said,
        severity=severity,
        action=did,
        reported_by=by,
    )
    named = row.technique.name if row else "Treatment"
    raise_alert(
        note.plan.episode.patient,
        RULE,
        key=f"event:{event.pk}",
        text=f"Adverse event after {named}: {said}"[:500],
        suggestion="Review it: release the technique with a reason, or take it out of the plan.",
        severity="urgent" if severity == AdverseEvent.Severity.SEVERE else "high",
        plan=note.plan,
    )
    return event


def _described(what: str, severity: str, action: str) -> tuple[str, str]:
    problems: list[DomainError] = []
    texts = []
    for field, text in (("what", what), ("action", action)):
        try:
            texts.append(stated(text, field=field, longest=TEXT_MAX))
        except Invalid as problem:
            message = "Say what happened." if field == "what" else "Say what was done."
            problems.append(Invalid(problem.code, message if len(text) < 3 else problem.message, field=field))
    if severity not in AdverseEvent.Severity.values:
        problems.append(Invalid("severity", "Choose how severe it was.", field="severity"))
    if problems:
        raise ManyProblems("event", "The adverse event was not recorded.", tuple(problems))
    return texts[0], texts[1]


@transaction.atomic
def review_adverse_event(event: AdverseEvent, by: User, *, reason: str, today: date) -> AdverseEvent:
    """A licensed person judges it; the hold of the technique ends with the reason given."""
    locked = (
        AdverseEvent.objects.select_for_update(of=("self",)).select_related("plan__episode__patient").get(pk=event.pk)
    )
    if locked.reviewed_at is not None:
        raise Conflict("reviewed", "This event was reviewed already.")
    locked.reviewed_by = licensed(by, today=today)
    locked.review_reason = stated(reason, longest=TEXT_MAX)
    locked.reviewed_at = timezone.now()
    locked.save(update_fields=["reviewed_by", "review_reason", "reviewed_at"])
    close_alerts(
        locked.plan.episode.patient, RULE, key=f"event:{locked.pk}", outcome=f"Reviewed: {locked.review_reason}"
    )
    return locked

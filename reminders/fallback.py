"""The next way: what is planned when a message could certainly not be delivered the way it was first tried.

Never when it may have arrived (``unknown``): that would be knowingly risking a second message.
"""

from __future__ import annotations

from datetime import datetime

from reminders.models import OutboxMessage, Reason, State
from reminders.reach import read_reach

# This way is closed, and says nothing about the message itself: another way may be open.
FALLS = {
    State.FAILED: frozenset({Reason.REFUSED, Reason.BOUNCED, Reason.GONE, Reason.GAVE_UP, Reason.NOT_SET_UP}),
    State.SUPPRESSED: frozenset({Reason.NO_ADDRESS, Reason.OPTED_OUT}),
}


def falls(state: str, reason: str) -> bool:
    """Whether a message that ended like this is worth another way."""
    return reason in FALLS.get(state, frozenset())  # type: ignore[call-overload]


def fall_back(row: OutboxMessage, *, now: datetime) -> OutboxMessage | None:
    """Plan the next way for a message that has ended; call it in the transaction that writes the end.

    Returns the new row, or None: not that kind of end, too late, no further way that the patient wants, or done
    before. At most one successor per row and one row per way, by the database; so twice is once. The new row is
    checked again like any other when it is sent: a patient who has logged meanwhile hears nothing.
    """
    if not falls(row.state, row.reason) or now > row.not_after:
        return None
    same = OutboxMessage.objects.filter(
        patient=row.patient_id, kind=row.kind, subject=row.subject, occurrence=row.occurrence
    )
    tried = set(same.values_list("channel", flat=True))
    reach = read_reach([row.patient_id])
    way = next((way for way in reach.ways(row.patient, row.kind) if way not in tried), None)
    if way is None:
        return None
    fresh = OutboxMessage(
        patient_id=row.patient_id,
        kind=row.kind,
        subject=row.subject,
        occurrence=row.occurrence,
        channel=way,
        fallback_of=row,
        due_at=now,
        not_after=row.not_after,
    )
    OutboxMessage.objects.bulk_create([fresh], ignore_conflicts=True)
    found: OutboxMessage | None = OutboxMessage.objects.filter(fallback_of=row, uid=fresh.uid).first()
    return found

"""Addresses that do not work: seen from what became of the messages that went there, so no second list is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clinic.models import Patient
from reminders.models import Channel, OutboxMessage, Reason, State

WENT = (State.SENT, State.DELIVERED)
BACK = (Reason.BOUNCED, Reason.REFUSED, Reason.GONE)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Messages to this address do not arrive. ``since`` is the newest that came back."""

    channel: str
    address: str
    since: datetime

    @property
    def is_email(self) -> bool:
        return self.channel == Channel.EMAIL


def troubles_in(rows: list[OutboxMessage]) -> list[Trouble]:
    """One per channel whose newest message with an outcome came back; ``rows`` newest first, of one patient."""
    newest: dict[str, OutboxMessage] = {}
    for row in rows:
        if row.address and (row.state in WENT or (row.state == State.FAILED and row.reason in BACK)):
            newest.setdefault(row.channel, row)
    found = [row for row in newest.values() if row.state == State.FAILED]
    return [Trouble(row.channel, row.address, row.sent_at or row.due_at) for row in found]


def still_used(trouble: Trouble, patient: Patient) -> bool:
    """An e-mail address that was corrected meanwhile is no trouble any more."""
    return not trouble.is_email or trouble.address in (patient.email, patient.guardian_email)

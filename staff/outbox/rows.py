"""Messages as staff see them: what it was, where it stands, and no more than the role may know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from clinic.models import Patient, User
from clinic.permissions import Permission, may
from reminders.models import Kind, OutboxMessage, Reason, State
from reminders.troubles import BACK, Trouble, still_used, troubles_in

# What a kind is called for people who do not see clinical content: a visit is theirs to know, the rest is a message.
DESK_KINDS: dict[str, str] = {kind.value: str(kind.label) for kind in (Kind.APPOINTMENT, Kind.WAIT_LIST)}
OTHER = "Message"
# Why it did not go, where that tells nothing about the treatment.
DESK_REASONS = frozenset(
    {
        Reason.NO_CONSENT,
        Reason.NO_ADDRESS,
        Reason.VISIT_CANCELLED,
        Reason.VISIT_MOVED,
        Reason.TOO_LATE,
        Reason.RETRY,
        Reason.QUIET,
        Reason.CAP,
        Reason.REFUSED,
        Reason.BOUNCED,
        Reason.GONE,
        Reason.NOT_SET_UP,
        Reason.GAVE_UP,
        Reason.LEASE_LOST,
        Reason.NO_ANSWER,
        Reason.BROKEN,
        Reason.BAD_ZONE,
        Reason.BY_HAND,
    }
)
TIMELINE = 6
LOOKED_AT = 40


@dataclass(frozen=True, slots=True)
class Line:
    """One message; ``kind`` and ``reason`` in words for this reader, ``settles`` when it is theirs to decide."""

    message: OutboxMessage
    kind: str
    reason: str
    settles: bool
    came_back: bool


def kinds_for(user: User) -> list[tuple[str, str]]:
    """By which kinds this reader may narrow the list."""
    return list(Kind.choices) if may(user, Permission.CLINICAL_VIEW) else list(DESK_KINDS.items())


def lines_for(user: User, rows: Iterable[OutboxMessage]) -> list[Line]:
    clinical, settles = may(user, Permission.CLINICAL_VIEW), may(user, Permission.MESSAGES_SETTLE)
    return [
        Line(
            row,
            row.get_kind_display() if clinical else DESK_KINDS.get(row.kind, OTHER),
            row.get_reason_display() if clinical or row.reason in DESK_REASONS else "",
            settles and row.state in (State.UNKNOWN, State.FAILED),
            row.state == State.FAILED and row.reason in BACK,
        )
        for row in rows
    ]


def timeline_of(user: User, patient: Patient) -> dict[str, Any]:
    """The newest messages to a patient and the addresses that do not work, in one query."""
    if not may(user, Permission.MESSAGES_VIEW):
        return {}
    rows = list(OutboxMessage.objects.filter(patient=patient).order_by("-due_at", "-pk")[:LOOKED_AT])
    troubles: list[Trouble] = [found for found in troubles_in(rows) if still_used(found, patient)]
    return {"message_lines": lines_for(user, rows[:TIMELINE]), "troubles": troubles}

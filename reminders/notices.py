"""Notices in the portal: messages that wait there until they are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic.models import Clinic, Patient
from clinic.pieces import Piece
from reminders.channels.letters import facts_of
from reminders.channels.wording import path_for, words_for
from reminders.models import Channel, OutboxMessage, State
from reminders.querysets import MessageQuerySet

KEPT = timedelta(days=90)
MOST = 50


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice in the language that is active."""

    pk: int
    text: str
    path: str
    at: datetime
    unread: bool


def notices_of(patient: Patient, clinic: Clinic, *, now: datetime) -> list[Notice]:
    """The notices of the last three months, newest first, in one query."""
    rows = _arrived(patient).filter(due_at__gt=now - KEPT).order_by("-sent_at", "-pk")[:MOST]
    return [_notice(row, clinic) for row in rows]


def open_notice(patient: Patient, pk: int, *, now: datetime) -> str | None:
    """Mark one of the patient's own notices as read; the page it leads to, or None when there is no such notice."""
    row: OutboxMessage | None = _arrived(patient).filter(pk=pk).first()
    if row is None:
        return None
    OutboxMessage.objects.filter(pk=row.pk, seen_at__isnull=True).update(seen_at=now)
    return path_for(row.kind)


def mark_all_seen(patient: Patient, *, now: datetime) -> int:
    """Mark everything as read; how many were not."""
    return _arrived(patient).filter(seen_at__isnull=True).update(seen_at=now)


def _arrived(patient: Patient) -> MessageQuerySet:
    return OutboxMessage.objects.filter(
        patient=patient, channel=Channel.PORTAL, state__in=(State.SENT, State.DELIVERED)
    )


def _notice(row: OutboxMessage, clinic: Clinic) -> Notice:
    words = words_for(row.kind, facts_of(row, clinic, None))
    return Notice(row.pk, words.line, path_for(row.kind), row.sent_at or row.due_at, row.seen_at is None)


# How many notices of the last weeks wait to be read. Parameter: ``patient``.
UNREAD = Piece(
    """SELECT to_json(count(*)) FROM reminders_outboxmessage
        WHERE patient_id = %(patient)s AND channel = 'portal' AND state IN ('sent', 'delivered')
          AND seen_at IS NULL AND due_at > now() - interval '90 days'""",
    int,
)

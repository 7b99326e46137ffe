"""What providers tell afterwards: delivered, came back, or the person wants no more. Safe to hear twice, in any order.

Every move goes by the table of :mod:`reminders.outbox` as one conditional update; what the table does not know is
ignored, so that "delivered" after "came back" changes nothing.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from reminders.actions import opt_out
from reminders.fallback import fall_back
from reminders.models import Channel, ContactRules, OutboxMessage, Reason, State

STOP_WORDS = frozenset(
    {
        "stop",
        "stopall",
        "stop all",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "arret",
        "arrêt",
        "desabonner",
        "désabonner",
    }
)
_UID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class Event(StrEnum):
    """What a provider may report."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"


class Taken(StrEnum):
    """What a report led to."""

    APPLIED = "applied"
    NOTHING = "nothing"  # known already, or overtaken
    UNKNOWN = "unknown"  # no such message
    LATER = "later"  # the message is with the provider at this moment: tell us again


SOURCES = {Event.COMPLAINED: "complaint", Event.UNSUBSCRIBED: "link"}
REASONS = {Event.BOUNCED: Reason.BOUNCED, Event.FAILED: Reason.REFUSED}


def uid_in(reference: str) -> uuid.UUID | None:
    """Our id out of a Message-ID or a reference; None when there is none."""
    found = _UID.search(reference[:400].lower())
    return uuid.UUID(found.group()) if found else None


def take(channel: str, reference: str, event: Event, *, now: datetime) -> Taken:
    """Apply one report about one message of this channel."""
    uid = uid_in(reference)
    row = OutboxMessage.objects.filter(uid=uid, channel=channel).first() if uid else None
    if row is None:
        return Taken.UNKNOWN
    if event in SOURCES:
        opt_out(row.patient, row.kind, row.channel, now=now, source=SOURCES[event])
        return Taken.APPLIED
    if row.state in (State.CLAIMED, State.SENDING):
        return Taken.LATER
    return _delivered(row, now) if event == Event.DELIVERED else _failed(row, REASONS[event], now)


def _delivered(row: OutboxMessage, now: datetime) -> Taken:
    """It is there; a doubtful one is doubtful no more."""
    _settle_doubt(row)
    held = OutboxMessage.objects.filter(pk=row.pk, state=State.SENT)
    moved = held.update(state=State.DELIVERED, delivered_at=now, reason=Reason.NONE, detail="")
    return Taken.APPLIED if moved else Taken.NOTHING


def _settle_doubt(row: OutboxMessage) -> None:
    if row.state == State.UNKNOWN:
        sent_at = row.sending_at or row.due_at
        OutboxMessage.objects.filter(pk=row.pk, state=State.UNKNOWN).update(
            state=State.SENT, sent_at=sent_at, token=None, lease_until=None
        )


@transaction.atomic
def _failed(row: OutboxMessage, reason: str, now: datetime) -> Taken:
    """It came back: the row says so, and the next channel gets its turn, both or neither."""
    held = OutboxMessage.objects.filter(pk=row.pk, state__in=(State.SENT, State.DELIVERED, State.UNKNOWN))
    if not held.update(state=State.FAILED, reason=reason, detail="", token=None, lease_until=None):
        return Taken.NOTHING
    row.refresh_from_db()
    fall_back(row, now=now)
    return Taken.APPLIED


def is_stop(text: str) -> bool:
    """Whether a text message asks for an end, in English or French, however it is written."""
    return " ".join(text[:200].casefold().split()).strip(" .!\"'") in STOP_WORDS


def stop_number(number: str, *, now: datetime) -> int:
    """No more text messages to this number; how many people it stands for."""
    patients = {row.patient for row in _texted(number)} | {row.patient for row in _registered(number)}
    for patient in patients:
        opt_out(patient, None, Channel.SMS, now=now, source="stop")
    return len(patients)


def _texted(number: str) -> Iterable[OutboxMessage]:
    rows = OutboxMessage.objects.filter(channel=Channel.SMS, address=number).order_by("patient_id", "-pk")
    return rows.distinct("patient_id").select_related("patient")


def _registered(number: str) -> Iterable[ContactRules]:
    return ContactRules.objects.filter(sms_number=number).select_related("patient")

"""The state machine of the outbox: one table of moves, and conditional updates that are the only way through it.

A worker holds a message by its ``token``. Each update names the state it expects and the token, so that a worker
whose lease ran out writes nothing. ``sending`` is committed before the message is handed to the provider: whoever
dies in between leaves a row that says so.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from clinic.pieces import planned_once
from reminders.models import Channel, OutboxMessage, Reason, State

LEASE = timedelta(seconds=120)
# While one message is with the provider; longer than the provider's own time-out.
SENDING_LEASE = timedelta(seconds=60)

MOVES: dict[str, frozenset[str]] = {
    State.PLANNED: frozenset({State.CLAIMED, State.CANCELLED}),
    State.CLAIMED: frozenset(
        {State.SENDING, State.PLANNED, State.SUPPRESSED, State.CANCELLED, State.EXPIRED, State.FAILED}
    ),
    State.SENDING: frozenset({State.SENT, State.PLANNED, State.FAILED, State.UNKNOWN}),
    State.SENT: frozenset({State.DELIVERED, State.FAILED}),
    State.DELIVERED: frozenset({State.FAILED}),  # a late bounce knows better
    # A person settles it, or the sender that was only slow comes back with the answer.
    State.UNKNOWN: frozenset({State.SENT, State.PLANNED, State.CANCELLED, State.FAILED}),
    State.FAILED: frozenset({State.PLANNED, State.CANCELLED}),
    State.SUPPRESSED: frozenset(),
    State.EXPIRED: frozenset(),
    State.CANCELLED: frozenset(),
}
TABLE = OutboxMessage._meta.db_table

_BEGIN = f"""
    UPDATE {TABLE} SET state = 'sending', sending_at = %(now)s, lease_until = %(lease)s, address = %(address)s,
        attempts = attempts + 1, reason = '', detail = ''
    WHERE id = %(id)s AND state = 'claimed' AND token = %(token)s AND lease_until > %(now)s
"""  # noqa: S608 - the only thing put into the text is the table's own name
# One commit both writes down that the last message went and that the next one is about to.
_SENT_THEN_BEGIN = f"""
    UPDATE {TABLE} SET
        state = CASE WHEN id = %(done)s THEN 'sent' ELSE 'sending' END,
        sent_at = CASE WHEN id = %(done)s THEN %(now)s ELSE sent_at END,
        provider_id = CASE WHEN id = %(done)s THEN %(provider_id)s ELSE provider_id END,
        sending_at = CASE WHEN id = %(done)s THEN sending_at ELSE %(now)s END,
        lease_until = CASE WHEN id = %(done)s THEN NULL ELSE %(lease)s END,
        address = CASE WHEN id = %(done)s THEN address ELSE %(address)s END,
        attempts = CASE WHEN id = %(done)s THEN attempts ELSE attempts + 1 END,
        reason = '', detail = ''
    WHERE (id = %(done)s AND token = %(done_token)s AND state IN ('sending', 'unknown'))
       OR (id = %(id)s AND token = %(token)s AND state = 'claimed' AND lease_until > %(now)s)
    RETURNING id
"""  # noqa: S608 - the only thing put into the text is the table's own name


def allowed(state: str, new: str) -> bool:
    """True when a message in ``state`` may be moved to ``new``."""
    return new in MOVES.get(state, frozenset())


def claim(ids: Iterable[int], *, now: datetime) -> list[OutboxMessage]:
    """Take those of the due messages that nobody else is taking; each comes back with a fresh token and lease."""
    token = uuid.uuid4()
    with transaction.atomic():
        found = OutboxMessage.objects.due(now).filter(pk__in=list(ids))
        rows: list[OutboxMessage] = list(found.select_for_update(skip_locked=True))
        changes = {"state": State.CLAIMED, "token": token, "lease_until": now + LEASE}
        OutboxMessage.objects.filter(pk__in=[row.pk for row in rows]).update(**changes)
    for row in rows:
        row.state, row.token, row.lease_until = State.CLAIMED, token, now + LEASE
    return rows


def move(row: OutboxMessage, new: str, *, reason: str = "", **values: Any) -> bool:
    """Move a held message on, if it is still held and where we believe it is. Returns whether it was.

    A move that the table does not know is a mistake of the program: ``ValueError``.
    """
    if not allowed(row.state, new):
        raise ValueError(f"no move from {row.state} to {new}")
    held = OutboxMessage.objects.filter(pk=row.pk, state=row.state, token=row.token)
    changes = {"state": new, "reason": reason, "lease_until": None, **values}
    if not held.update(**changes):
        return False
    for name, value in changes.items():
        setattr(row, name, value)
    return True


def hand_back(rows: Iterable[OutboxMessage]) -> int:
    """Give claimed messages back unbegun, in one go. They are due as before; returns how many were still held."""
    rows = list(rows)
    held = OutboxMessage.objects.filter(pk__in=[row.pk for row in rows], state=State.CLAIMED)
    tokens = {row.token for row in rows}
    for row in rows:
        row.state = State.PLANNED
    return held.filter(token__in=tokens).update(state=State.PLANNED, token=None, lease_until=None)


def begin_sending(row: OutboxMessage, address: str, *, now: datetime) -> bool:
    """Commit that the message is about to be handed over; False when it is no longer ours."""
    with planned_once() as cursor:
        cursor.execute(_BEGIN, _begin_values(row, address, now))
        begun = cursor.rowcount == 1
    return _mark_begun(row, begun)


def sent_then_begin(
    done: OutboxMessage, provider_id: str, row: OutboxMessage, address: str, *, now: datetime
) -> tuple[bool, bool]:
    """Write down that ``done`` went and that ``row`` is about to, in one commit. Tells which of the two held."""
    values = _begin_values(row, address, now) | {
        "done": done.pk,
        "done_token": done.token,
        "provider_id": provider_id[:200],
    }
    with planned_once() as cursor:
        cursor.execute(_SENT_THEN_BEGIN, values)
        written = {pk for (pk,) in cursor.fetchall()}
    if done.pk in written:
        done.state, done.sent_at = State.SENT, now
    return done.pk in written, _mark_begun(row, row.pk in written)


def mark_sent(done: OutboxMessage, provider_id: str, *, now: datetime) -> bool:
    """Write down that the message went; also when the lease ran out meanwhile and nobody has settled it."""
    held = OutboxMessage.objects.filter(pk=done.pk, token=done.token, state__in=(State.SENDING, State.UNKNOWN))
    return bool(
        held.update(
            state=State.SENT,
            sent_at=now,
            provider_id=provider_id[:200],
            lease_until=None,
            reason=Reason.NONE,
            detail="",
        )
    )


def deliver_notices(rows: Iterable[OutboxMessage], *, now: datetime) -> int:
    """A notice in the portal has arrived as soon as it is written down."""
    notices = [row.pk for row in rows if row.channel == Channel.PORTAL]
    there = OutboxMessage.objects.filter(pk__in=notices, state=State.SENT)
    return there.update(state=State.DELIVERED, delivered_at=now) if notices else 0


def recover(*, now: datetime) -> tuple[int, int]:
    """Give back what a lost worker had taken: (returned to planned, become doubtful)."""
    lost = OutboxMessage.objects.filter(lease_until__lte=now)
    back = lost.filter(state=State.CLAIMED).update(state=State.PLANNED, token=None, lease_until=None)
    doubtful = lost.filter(state=State.SENDING).update(state=State.UNKNOWN, reason=Reason.LEASE_LOST, lease_until=None)
    return back, doubtful


def _begin_values(row: OutboxMessage, address: str, now: datetime) -> dict[str, Any]:
    return {"id": row.pk, "token": row.token, "address": address, "now": now, "lease": now + SENDING_LEASE}


def _mark_begun(row: OutboxMessage, begun: bool) -> bool:
    if begun:
        row.state = State.SENDING
        row.attempts += 1
    return begun

"""A week of reminders that the demo clinic has sent, held back or lost track of."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from exercises.models import Prescription
from reminders.models import Channel, Kind, OutboxMessage, Reason, State
from reminders.planner import DEFAULT_TIME, PROGRAMME

DAYS = 7
LATE = timedelta(hours=3)


def seed_letters(today: date, dice: random.Random) -> int:
    """One digest per patient and day of the last week, most of them sent; two doubtful ones to settle."""
    rows: list[OutboxMessage] = []
    wanted = Prescription.objects.filter(state="active").select_related("patient").order_by("patient_id", "starts_on")
    first = {row.patient_id: row for row in reversed(wanted)}
    for order in first.values():
        for back in range(DAYS, 0, -1):
            day = today - timedelta(days=back)
            if order.starts_on <= day:
                rows.append(_digest(order, day, dice))
    for row in rows[-40::25]:
        row.state, row.reason, row.sent_at = State.UNKNOWN, Reason.NO_ANSWER, None
    for row in rows[5:30:12]:
        row.state, row.reason, row.detail, row.sent_at = State.FAILED, Reason.BOUNCED, "", None
    for order in list(first.values())[:25]:
        rows += _notices(order, today)
    return len(OutboxMessage.objects.bulk_create(rows))


def _digest(order: Prescription, day: date, dice: random.Random) -> OutboxMessage:
    due = datetime.combine(day, DEFAULT_TIME, tzinfo=ZoneInfo(order.patient.time_zone)).astimezone(UTC)
    logged = dice.random() < 0.15
    return OutboxMessage(
        patient=order.patient,
        kind=Kind.EXERCISES,
        subject=PROGRAMME,
        occurrence=f"{datetime.combine(day, DEFAULT_TIME):%Y-%m-%dT%H:%M}",
        due_at=due,
        not_after=due + LATE,
        state=State.SUPPRESSED if logged else State.SENT,
        reason=Reason.LOGGED if logged else Reason.NONE,
        attempts=0 if logged else 1,
        address="" if logged else order.patient.email,
        created_at=datetime.combine(day, time(5), tzinfo=UTC),
        sent_at=None if logged else due + timedelta(seconds=dice.randint(2, 12)),
    )


def _notices(order: Prescription, today: date) -> list[OutboxMessage]:
    """What waits in a patient's portal: one read, one new."""
    seen_at = datetime.combine(today - timedelta(days=2), time(18), tzinfo=UTC)
    return [
        _notice(order, Kind.PLAN_CHANGED, today - timedelta(days=3), seen_at),
        _notice(order, Kind.REASSESSMENT, today - timedelta(days=1), None),
    ]


def _notice(order: Prescription, kind: str, day: date, seen_at: datetime | None) -> OutboxMessage:
    at = datetime.combine(day, time(9, 30), tzinfo=UTC)
    return OutboxMessage(
        patient=order.patient,
        kind=kind,
        subject=f"{kind}:{day:%Y-%m-%d}",
        occurrence=f"{at:%Y-%m-%dT%H:%M}",
        channel=Channel.PORTAL,
        due_at=at,
        not_after=at + timedelta(days=7),
        state=State.DELIVERED,
        attempts=1,
        created_at=at,
        sent_at=at,
        delivered_at=at,
        seen_at=seen_at,
    )

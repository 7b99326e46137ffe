"""Figures of the outbox in the text format that Prometheus and its kin read. Counts only: nothing about anybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Count

from reminders.models import OutboxMessage
from reminders.readers import Health, health
from reminders.switch import read_switch

Row = tuple[str, str, str, int]


def exposition(*, now: datetime) -> str:
    """All figures, in three queries."""
    counted = OutboxMessage.objects.order_by().values_list("channel", "kind", "state").annotate(n=Count("pk"))
    return render(health(now=now), read_switch().paused, sorted(counted))


def render(state: Health, paused: bool, rows: Iterable[Row]) -> str:
    """The figures as text."""
    age = state.oldest_due.total_seconds()
    stuck = int(state.stuck and not paused)
    lines = [
        *_gauge("reminders_oldest_due_seconds", "Age of the oldest message that is due", age),
        *_gauge("reminders_due", "Messages that are due and not picked up", state.due),
        *_gauge("reminders_stuck", "1 when the oldest is older than two minutes, unless paused", stuck),
        *_gauge("reminders_paused", "1 while sending is paused", int(paused)),
        *_gauge("reminders_doubtful", "Messages that may have gone, waiting for a person", state.doubtful),
        "# HELP kineplan_reminders_messages Messages by channel, kind and state",
        "# TYPE kineplan_reminders_messages gauge",
        *_counts(rows),
    ]
    return "\n".join(lines) + "\n"


def _gauge(name: str, text: str, value: float) -> Iterator[str]:
    yield f"# HELP kineplan_{name} {text}"
    yield f"# TYPE kineplan_{name} gauge"
    yield f"kineplan_{name} {value:g}"


def _counts(rows: Iterable[Row]) -> Iterator[str]:
    for channel, kind, state, number in rows:
        yield f'kineplan_reminders_messages{{channel="{channel}",kind="{kind}",state="{state}"}} {number}'

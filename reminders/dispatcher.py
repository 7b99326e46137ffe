"""One tick of sending: give back what was lost, look what is due, wake workers up. Harmless to run twice or never."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from reminders import outbox
from reminders.models import OutboxMessage
from reminders.switch import pause_if_restored

BATCH = 250
# More than this waits for the next tick; what is queued twice is claimed once.
MOST = 5000


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick did."""

    due: int = 0
    returned: int = 0
    doubtful: int = 0
    paused: bool = False


def tick(wake: Callable[[list[int]], object], *, now: datetime) -> Tick:
    """Recover lost leases, then call ``wake`` with the ids of each batch of due messages, oldest first."""
    returned, doubtful = outbox.recover(now=now)
    if pause_if_restored():
        return Tick(returned=returned, doubtful=doubtful, paused=True)
    ids = list(OutboxMessage.objects.due(now).values_list("pk", flat=True)[:MOST])
    for first in range(0, len(ids), BATCH):
        wake(ids[first : first + BATCH])
    return Tick(due=len(ids), returned=returned, doubtful=doubtful)

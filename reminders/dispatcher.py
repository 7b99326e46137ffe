"""One tick of sending: give back what was lost, look what is due, wake workers up. Harmless to run twice or never."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from reminders import outbox
from reminders.models import Channel, OutboxMessage
from reminders.switch import pause_if_restored

# What a gateway takes slowly comes in smaller batches, and every batch is of one channel: a worker is soon free again.
BATCHES = {Channel.EMAIL: 250, Channel.SMS: 25, Channel.PUSH: 50, Channel.PORTAL: 250}
# More than this of a channel waits for the next tick; what is queued twice is claimed once.
MOST = 5000


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick did."""

    due: int = 0
    returned: int = 0
    doubtful: int = 0
    paused: bool = False


def tick(wake: Callable[[list[int]], object], *, now: datetime) -> Tick:
    """Recover lost leases, then call ``wake`` with the ids of each batch of due messages, oldest first.

    A batch holds messages of one channel.
    """
    returned, doubtful = outbox.recover(now=now)
    if pause_if_restored():
        return Tick(returned=returned, doubtful=doubtful, paused=True)
    lanes = {channel: _due(channel, now) for channel in Channel.values}
    for ids in taking_turns([_cut(ids, BATCHES[Channel(channel)]) for channel, ids in lanes.items()]):
        wake(ids)
    return Tick(due=sum(map(len, lanes.values())), returned=returned, doubtful=doubtful)


def taking_turns(lanes: list[list[list[int]]]) -> list[list[int]]:
    """The first of each lane, then the second of each: ten thousand mails do not stand before one text message."""
    return [each for row in zip_longest(*lanes) for each in row if each is not None]


def _due(channel: str, now: datetime) -> list[int]:
    return list(OutboxMessage.objects.due(now).filter(channel=channel).values_list("pk", flat=True)[:MOST])


def _cut(ids: list[int], size: int) -> list[list[int]]:
    return [ids[first : first + size] for first in range(0, len(ids), size)]

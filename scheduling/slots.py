"""Free-slot arithmetic: pure functions over half-open intervals. No Django, no clock.

All instants are aware; windows are turned into UTC first, so that a day with a clock change has its true length.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A half-open stretch of time ``[start, end)``; never empty."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("an interval ends after it starts")

    def overlaps(self, other: Interval) -> bool:
        """True when the two share an instant; touching ends do not."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Interval) -> bool:
        """True when the other lies wholly inside."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours of one weekday (Monday is 0), in the clinic's wall time."""

    weekday: int
    starts: time
    ends: time


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Overlapping and touching intervals joined, in order."""
    joined: list[Interval] = []
    for item in sorted(intervals):
        if joined and item.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, item.end))
        else:
            joined.append(item)
    return joined


def subtract(windows: Iterable[Interval], busy: Iterable[Interval]) -> list[Interval]:
    """What is left of the windows when the busy time is taken out, in order."""
    taken = merge(busy)
    left: list[Interval] = []
    for window in merge(windows):
        left.extend(_gaps(window, taken))
    return left


def _gaps(window: Interval, taken: Sequence[Interval]) -> Iterable[Interval]:
    at = window.start
    for item in taken:
        if item.end <= at:
            continue
        if item.start >= window.end:
            break
        if item.start > at:
            yield Interval(at, item.start)
        at = max(at, item.end)
    if at < window.end:
        yield Interval(at, window.end)


def windows_on(hours: Iterable[Hours], day: date, zone: tzinfo) -> list[Interval]:
    """The working windows of one calendar day as instants in UTC."""
    found = []
    for item in hours:
        if item.weekday == day.weekday() and item.starts < item.ends:
            start = datetime.combine(day, item.starts, tzinfo=zone).astimezone(UTC)
            end = datetime.combine(day, item.ends, tzinfo=zone).astimezone(UTC)
            if start < end:
                found.append(Interval(start, end))
    return merge(found)


def windows_between(hours: Sequence[Hours], first: date, days: int, zone: tzinfo) -> list[Interval]:
    """The working windows of several days in a row."""
    return [window for n in range(days) for window in windows_on(hours, first + timedelta(days=n), zone)]


def free_slots(
    windows: Iterable[Interval], busy: Iterable[Interval], *, length: timedelta, step: timedelta, earliest: datetime
) -> list[Interval]:
    """Every slot of ``length`` inside the windows that is free, at steps counted from the start of each window."""
    taken = merge(busy)
    found = []
    for window in merge(windows):
        gaps = list(_gaps(window, taken))
        for start in _grid(window, length, step):
            slot = Interval(start, start + length)
            if start >= earliest and any(gap.contains(slot) for gap in gaps):
                found.append(slot)
    return found


def _grid(window: Interval, length: timedelta, step: timedelta) -> Iterable[datetime]:
    at = window.start
    while at + length <= window.end:
        yield at
        at += step


def nearest(slots: Sequence[Interval], wanted: datetime, limit: int) -> tuple[Interval, ...]:
    """The ``limit`` slots closest to the wanted start, told in order of time."""
    closest = sorted(slots, key=lambda slot: (abs(slot.start - wanted), slot.start))[:limit]
    return tuple(sorted(closest))

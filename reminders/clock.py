"""Wall time and instants: pure functions over zoneinfo. No Django, no clock.

Rules where the clock changes: a wall time that does not exist moves forward by the gap, one that exists twice counts
the first time, a day that a zone leaves out has no times, and two wall times that meet in one instant count once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
NUDGE_AFTER = 8 * 60
NUDGE_APART = 2 * 60


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """One moment: the instant in UTC and the wall time that was asked for (naive, the patient's own)."""

    at: datetime
    wall: datetime

    @property
    def key(self) -> str:
        """Names the occurrence in the outbox: the wall time, so that a change of the clock cannot double it."""
        return self.wall.isoformat(timespec="minutes")


def to_instant(day: date, at: time, zone: tzinfo) -> datetime | None:
    """The instant at which the wall clock of the zone shows the time, or None when the zone leaves the day out."""
    wall = datetime.combine(day, at.replace(fold=0), tzinfo=zone)
    instant = wall.astimezone(UTC)
    return instant if instant.astimezone(zone).date() == day else None


def local_date(now: datetime, zone: tzinfo) -> date:
    """The calendar date on the wall of the zone."""
    return now.astimezone(zone).date()


def week_minute(weekday: int, at: time) -> int:
    """Minutes since Monday 00:00; seconds are dropped."""
    return weekday * DAY_MINUTES + at.hour * 60 + at.minute


def from_week_minute(minute: int) -> tuple[int, time]:
    """Weekday (Monday is 0) and time of a minute of the week."""
    weekday, rest = divmod(minute % WEEK_MINUTES, DAY_MINUTES)
    return weekday, time(*divmod(rest, 60))


def occurrences(week_minutes: Iterable[int], zone: tzinfo, start: datetime, end: datetime) -> list[Occurrence]:
    """The moments in ``[start, end)`` at which the weekly times fall, in order, each instant once."""
    times = sorted({from_week_minute(minute) for minute in week_minutes})
    found: dict[datetime, Occurrence] = {}
    day, last = local_date(start, zone) - timedelta(days=1), local_date(end, zone)
    while day <= last:
        for at in (at for weekday, at in times if weekday == day.weekday()):
            instant = to_instant(day, at, zone)
            if instant is not None and start <= instant < end:
                found.setdefault(instant, Occurrence(instant, datetime.combine(day, at)))
        day += timedelta(days=1)
    return sorted(found.values())


def nudge_time(times: Iterable[time], quiet_from: time, quiet_until: time) -> time | None:
    """When, on a day with these reminder times, one more word is in place if nothing was logged. Wall time.

    Eight hours after the first reminder, at least two after the last, and an hour before the quiet hours begin at the
    latest. None when the day leaves no such moment.
    """
    minutes = sorted(at.hour * 60 + at.minute for at in times)
    if not minutes:
        return None
    quiet = quiet_from.hour * 60 + quiet_from.minute
    latest = quiet - 60 if quiet_from != quiet_until and quiet > minutes[-1] else DAY_MINUTES - 60
    wanted = min(max(minutes[0] + NUDGE_AFTER, minutes[-1] + NUDGE_APART), latest)
    at = time(*divmod(wanted, 60))
    return None if wanted < minutes[-1] + NUDGE_APART or is_quiet(at, quiet_from, quiet_until) else at


def nudges(
    week_minutes: Iterable[int], zone: tzinfo, start: datetime, end: datetime, *, quiet_from: time, quiet_until: time
) -> list[Occurrence]:
    """The moments in ``[start, end)`` of the one nudge that each day may have."""
    by_day: dict[int, list[time]] = {}
    for minute in week_minutes:
        weekday, at = from_week_minute(minute)
        by_day.setdefault(weekday, []).append(at)
    times = {day: nudge_time(of_day, quiet_from, quiet_until) for day, of_day in by_day.items()}
    return occurrences([week_minute(day, at) for day, at in times.items() if at is not None], zone, start, end)


def hourly(weekdays: Iterable[int], first: time, last: time, every: int) -> list[int]:
    """Minutes of the week of a prompt that comes every so many minutes, from ``first`` to ``last`` (inclusive)."""
    begin, end = first.hour * 60 + first.minute, last.hour * 60 + last.minute
    return [weekday * DAY_MINUTES + at for weekday in sorted(set(weekdays)) for at in range(begin, end + 1, every)]


def is_quiet(at: time, quiet_from: time, quiet_until: time) -> bool:
    """True inside the quiet hours, which may run past midnight; equal ends mean that there are none."""
    if quiet_from <= quiet_until:
        return quiet_from <= at < quiet_until
    return at >= quiet_from or at < quiet_until


def quiet_end(now: datetime, zone: tzinfo, quiet_from: time, quiet_until: time) -> datetime | None:
    """When the quiet hours that hold at ``now`` end, or None outside of them."""
    local = now.astimezone(zone)
    at = local.time().replace(tzinfo=None, fold=0)
    if not is_quiet(at, quiet_from, quiet_until):
        return None
    first = local.date() + timedelta(days=int(at >= quiet_until))
    for days in range(3):
        for fold in (0, 1):
            end = _end_on(first + timedelta(days=days), quiet_until, zone, fold)
            if end is not None and end > now:
                return end
    raise ValueError("no end of quiet hours within three days")


def _end_on(day: date, at: time, zone: tzinfo, fold: int) -> datetime | None:
    if fold == 0:
        return to_instant(day, at, zone)
    return datetime.combine(day, at.replace(fold=1), tzinfo=zone).astimezone(UTC)


def allowed_from(wanted: datetime, zone: tzinfo, quiet_from: time, quiet_until: time) -> datetime:
    """The wanted instant, or the end of the quiet hours it falls into."""
    return quiet_end(wanted, zone, quiet_from, quiet_until) or wanted


def end_of_day(now: datetime, zone: tzinfo) -> datetime:
    """The instant at which the local day of ``now`` ends."""
    day = local_date(now, zone)
    for days in range(1, 4):
        end = to_instant(day + timedelta(days=days), time(), zone)
        if end is not None:
            return end
    raise ValueError("a zone without days")

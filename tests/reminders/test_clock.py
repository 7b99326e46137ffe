"""Wall time against tables, on both edges of the clock change, in zones with odd ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from reminders.clock import (
    allowed_from,
    end_of_day,
    from_week_minute,
    hourly,
    is_quiet,
    nudge_time,
    nudges,
    occurrences,
    quiet_end,
    to_instant,
    week_minute,
)


@pytest.mark.parametrize(
    ("zone", "day", "at", "utc"),
    [
        # Edmonton, from -7 to -6 on 8 March 2026 at 02:00, back on 1 November at 02:00.
        ("America/Edmonton", "2026-03-07", "08:30", "2026-03-07T15:30"),
        ("America/Edmonton", "2026-03-08", "02:30", "2026-03-08T09:30"),  # does not exist: 03:30
        ("America/Edmonton", "2026-03-08", "08:30", "2026-03-08T14:30"),
        ("America/Edmonton", "2026-11-01", "01:30", "2026-11-01T07:30"),  # exists twice: the first
        ("America/Edmonton", "2026-11-01", "08:30", "2026-11-01T15:30"),
        # London, from 0 to +1 on 29 March 2026 at 01:00, back on 25 October at 02:00.
        ("Europe/London", "2026-03-29", "01:30", "2026-03-29T01:30"),  # does not exist: 02:30
        ("Europe/London", "2026-03-29", "08:00", "2026-03-29T07:00"),
        ("Europe/London", "2026-10-25", "01:30", "2026-10-25T00:30"),  # exists twice: the first
        ("Europe/London", "2026-10-25", "08:00", "2026-10-25T08:00"),
        # Lord Howe moves by half an hour: +11 to +10:30 on 5 April 2026 at 02:00, back on 4 October at 02:00.
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45"),  # exists twice: the first
        ("Australia/Lord_Howe", "2026-04-05", "08:00", "2026-04-04T21:30"),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:45"),  # does not exist: 02:45
        ("Australia/Lord_Howe", "2026-10-04", "08:00", "2026-10-03T21:00"),
        # Apia: summer time until 2021, and the day that it left out when it crossed the date line.
        ("Pacific/Apia", "2021-04-04", "03:30", "2021-04-03T13:30"),  # exists twice: the first
        ("Pacific/Apia", "2020-09-27", "03:30", "2020-09-26T14:30"),  # does not exist: 04:30
        ("Pacific/Apia", "2011-12-29", "09:00", "2011-12-29T19:00"),
        ("Pacific/Apia", "2011-12-30", "09:00", None),
        ("Pacific/Apia", "2011-12-31", "09:00", "2011-12-30T19:00"),
        # Phoenix keeps its clock all year.
        ("America/Phoenix", "2026-03-08", "02:30", "2026-03-08T09:30"),
        ("America/Phoenix", "2026-11-01", "01:30", "2026-11-01T08:30"),
    ],
)
def test_wall_time_becomes_one_instant(zone: str, day: str, at: str, utc: str | None) -> None:
    expected = datetime.fromisoformat(utc).replace(tzinfo=UTC) if utc else None
    assert to_instant(date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone)) == expected


@pytest.mark.hazard("H-16")
@pytest.mark.parametrize(
    ("zone", "first", "days"),
    [
        ("America/Edmonton", date(2026, 3, 6), 5),
        ("America/Edmonton", date(2026, 10, 30), 5),
        ("Europe/London", date(2026, 3, 27), 5),
        ("Europe/London", date(2026, 10, 23), 5),
        ("Australia/Lord_Howe", date(2026, 4, 3), 5),
        ("Australia/Lord_Howe", date(2026, 10, 2), 5),
        ("America/Phoenix", date(2026, 3, 6), 5),
    ],
)
@pytest.mark.parametrize("at", [time(1, 30), time(2, 15), time(8, 30), time(23, 59)])
def test_every_day_has_its_reminder_exactly_once(zone: str, first: date, days: int, at: time) -> None:
    """Minute by minute, as ticks would: the windows are asked one after the other and every day comes up once."""
    place = ZoneInfo(zone)
    daily = [week_minute(weekday, at) for weekday in range(7)]
    start = to_instant(first, time(), place)
    assert start is not None
    found = []
    for hour in range(24 * days + 2):
        begin = start + timedelta(hours=hour)
        found += occurrences(daily, place, begin, begin + timedelta(hours=1))
    walls = [item.wall.date() for item in found if item.wall.date() < first + timedelta(days=days)]
    assert walls == [first + timedelta(days=n) for n in range(days)]


def test_the_day_that_apia_left_out_has_no_reminder() -> None:
    daily = [week_minute(weekday, time(9)) for weekday in range(7)]
    start = datetime(2011, 12, 29, tzinfo=UTC)
    found = occurrences(daily, ZoneInfo("Pacific/Apia"), start, start + timedelta(days=3))
    assert [item.key for item in found] == ["2011-12-29T09:00", "2011-12-31T09:00", "2012-01-01T09:00"]


def test_two_times_that_meet_in_the_gap_count_once() -> None:
    times = [week_minute(6, time(2, 30)), week_minute(6, time(3, 30))]
    start = datetime(2026, 3, 8, tzinfo=UTC)
    found = occurrences(times, ZoneInfo("America/Edmonton"), start, start + timedelta(days=1))
    assert [item.key for item in found] == ["2026-03-08T02:30"]


def test_times_of_the_week_are_kept_per_weekday() -> None:
    times = [week_minute(0, time(9)), week_minute(3, time(18, 45))]
    start = datetime(2026, 11, 23, tzinfo=UTC)
    found = occurrences(times, ZoneInfo("Europe/London"), start, start + timedelta(days=7))
    assert [item.key for item in found] == ["2026-11-23T09:00", "2026-11-26T18:45"]
    assert from_week_minute(week_minute(3, time(18, 45))) == (3, time(18, 45))


@pytest.mark.parametrize(
    ("at", "quiet_from", "quiet_until", "quiet"),
    [
        ("20:00", "20:00", "08:00", True),
        ("19:59", "20:00", "08:00", False),
        ("07:59", "20:00", "08:00", True),
        ("08:00", "20:00", "08:00", False),
        ("13:00", "12:00", "14:00", True),
        ("14:00", "12:00", "14:00", False),
        ("03:00", "00:00", "00:00", False),
    ],
)
def test_quiet_hours(at: str, quiet_from: str, quiet_until: str, quiet: bool) -> None:
    assert is_quiet(*(time.fromisoformat(text) for text in (at, quiet_from, quiet_until))) is quiet


@pytest.mark.parametrize(
    ("zone", "now", "end"),
    [
        ("Europe/London", "2026-11-24T21:00", "2026-11-25T08:00"),
        ("Europe/London", "2026-11-24T03:00", "2026-11-24T08:00"),
        ("Europe/London", "2026-11-24T12:00", None),
        ("Europe/London", "2026-03-28T22:00", "2026-03-29T07:00"),  # one hour less to wait
        ("Europe/London", "2026-10-24T22:00", "2026-10-25T08:00"),
        ("America/Edmonton", "2026-11-24T03:30", "2026-11-24T15:00"),
    ],
)
def test_quiet_hours_end_on_the_wall_clock(zone: str, now: str, end: str | None) -> None:
    begin = datetime.fromisoformat(now).replace(tzinfo=UTC)
    expected = datetime.fromisoformat(end).replace(tzinfo=UTC) if end else None
    assert quiet_end(begin, ZoneInfo(zone), time(20), time(8)) == expected
    assert allowed_from(begin, ZoneInfo(zone), time(20), time(8)) == (expected or begin)


def test_quiet_hours_that_end_inside_the_doubled_hour_lie_ahead() -> None:
    zone = ZoneInfo("Europe/London")
    second_pass = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 01:10 for the second time
    assert quiet_end(second_pass, zone, time(22), time(1, 30)) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_the_day_ends_where_the_next_one_begins() -> None:
    eve = datetime(2011, 12, 30, 5, tzinfo=UTC)
    assert end_of_day(eve, ZoneInfo("Pacific/Apia")) == datetime(2011, 12, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "quiet_from", "nudge"),
    [
        (["09:00"], "20:00", "17:00"),
        (["06:30"], "20:00", "14:30"),
        (["09:00", "16:00"], "20:00", "18:00"),  # two hours after the last one
        (["14:00"], "20:00", "19:00"),  # an hour before the quiet hours
        (["17:30"], "20:00", None),  # no moment is left
        (["21:00"], "23:30", None),
        (["18:00"], "00:00", "23:00"),  # quiet hours from midnight to midnight: none
        ([], "20:00", None),
    ],
)
def test_the_one_nudge_of_a_day(times: list[str], quiet_from: str, nudge: str | None) -> None:
    quiet_until = time(0) if quiet_from == "00:00" else time(6)
    found = nudge_time([time.fromisoformat(at) for at in times], time.fromisoformat(quiet_from), quiet_until)
    assert found == (time.fromisoformat(nudge) if nudge else None)


EDGES = [
    ("America/Edmonton", date(2026, 3, 6)),
    ("America/Edmonton", date(2026, 10, 30)),
    ("Europe/London", date(2026, 3, 27)),
    ("Europe/London", date(2026, 10, 23)),
    ("Australia/Lord_Howe", date(2026, 4, 3)),
    ("Australia/Lord_Howe", date(2026, 10, 2)),
    ("Pacific/Apia", date(2021, 4, 2)),
    ("Pacific/Apia", date(2020, 9, 25)),
    ("America/Phoenix", date(2026, 3, 6)),
]


@pytest.mark.hazard("H-16")
@pytest.mark.parametrize(("zone", "first"), EDGES)
@pytest.mark.parametrize("at", [time(0, 15), time(9), time(11, 45)])
def test_every_day_has_one_nudge_at_the_right_wall_time(zone: str, first: date, at: time) -> None:
    place = ZoneInfo(zone)
    daily = [week_minute(weekday, at) for weekday in range(7)]
    start = to_instant(first, time(), place)
    assert start is not None
    found = []
    for hour in range(24 * 5):
        begin = start + timedelta(hours=hour)
        end = begin + timedelta(hours=1)
        found += nudges(daily, place, begin, end, quiet_from=time(22), quiet_until=time(7))
    wanted = nudge_time([at], time(22), time(7))
    assert wanted is not None
    assert [item.wall for item in found] == [datetime.combine(first + timedelta(days=n), wanted) for n in range(5)]
    assert {item.at.astimezone(place).time() for item in found} == {wanted}


@pytest.mark.hazard("H-16")
@pytest.mark.parametrize(("zone", "first"), EDGES)
def test_hourly_prompts_over_the_change_of_the_clock(zone: str, first: date) -> None:
    """From 01:00 to 04:00, where clocks change: each wall time at most once, no two at one instant, none lost."""
    place = ZoneInfo(zone)
    prompts = hourly(range(7), time(1), time(4), 60)
    start = to_instant(first, time(), place)
    assert start is not None
    found = occurrences(prompts, place, start, start + timedelta(days=5))
    for day in (first + timedelta(days=n) for n in range(4)):
        instants = {to_instant(day, time(hour), place) for hour in range(1, 5)}
        of_day = [item for item in found if item.wall.date() == day]
        assert {item.at for item in of_day} == instants
        assert len(of_day) == len(instants)
        assert 3 <= len(of_day) <= 4  # two of them meet where an hour is left out


def test_hours_of_a_prompt() -> None:
    assert hourly([0], time(9), time(11), 60) == [540, 600, 660]
    assert hourly([6, 6], time(9), time(11, 59), 90) == [6 * 1440 + 540, 6 * 1440 + 630]
    assert hourly([], time(9), time(17), 60) == []
    assert hourly([0], time(17), time(9), 60) == []


@pytest.mark.parametrize(
    ("zone", "now", "end"),
    [
        ("America/Edmonton", "2026-03-08T04:00", "2026-03-08T14:00"),  # 21:00 the evening before; one hour less
        ("America/Edmonton", "2026-11-01T04:00", "2026-11-01T15:00"),
        ("Australia/Lord_Howe", "2026-04-04T11:00", "2026-04-04T21:30"),  # half an hour more
        ("Australia/Lord_Howe", "2026-10-03T11:00", "2026-10-03T21:00"),
        ("Pacific/Apia", "2011-12-30T08:00", "2011-12-30T18:00"),  # over the day that was left out
        ("America/Phoenix", "2026-03-08T04:00", "2026-03-08T15:00"),
    ],
)
def test_quiet_hours_over_the_change_of_the_clock(zone: str, now: str, end: str) -> None:
    begin, expected = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, end))
    assert quiet_end(begin, ZoneInfo(zone), time(20), time(8)) == expected

"""Free-slot arithmetic against tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduling.slots import Hours, Interval, free_slots, merge, nearest, subtract, windows_on

LONDON = ZoneInfo("Europe/London")


def span(start: str, end: str) -> Interval:
    return Interval(_at(start), _at(end))


def _at(text: str) -> datetime:
    hour, minute = text.split(":")
    return datetime(2026, 11, 24, int(hour), int(minute), tzinfo=UTC)


def test_an_interval_is_never_empty_or_reversed() -> None:
    for end in ("09:00", "08:00"):
        with pytest.raises(ValueError, match="ends after"):
            span("09:00", end)


@pytest.mark.parametrize(
    ("busy", "left"),
    [
        ([], [("09:00", "12:00")]),
        ([("09:00", "12:00")], []),
        ([("08:00", "13:00")], []),
        ([("10:00", "10:30")], [("09:00", "10:00"), ("10:30", "12:00")]),
        ([("10:00", "11:00"), ("10:30", "11:30")], [("09:00", "10:00"), ("11:30", "12:00")]),
        ([("10:00", "11:00"), ("11:00", "12:00")], [("09:00", "10:00")]),
        ([("08:00", "09:00"), ("12:00", "13:00")], [("09:00", "12:00")]),
    ],
)
def test_subtract(busy: list[tuple[str, str]], left: list[tuple[str, str]]) -> None:
    assert subtract([span("09:00", "12:00")], [span(*b) for b in busy]) == [span(*w) for w in left]


def test_touching_intervals_merge() -> None:
    assert merge([span("10:00", "11:00"), span("09:00", "10:00")]) == [span("09:00", "11:00")]


def test_slots_are_free_fit_the_window_and_begin_on_the_grid() -> None:
    found = free_slots(
        [span("09:00", "10:30")],
        [span("09:20", "09:40")],
        length=timedelta(minutes=30),
        step=timedelta(minutes=15),
        earliest=_at("09:00"),
    )
    assert found == [span("09:45", "10:15"), span("10:00", "10:30")]


def test_no_slot_begins_before_the_earliest() -> None:
    half = timedelta(minutes=30)
    found = free_slots([span("09:00", "10:00")], [], length=half, step=half, earliest=_at("09:01"))
    assert found == [span("09:30", "10:00")]


@pytest.mark.parametrize(
    ("day", "starts", "ends", "hours"),
    [
        (date(2026, 3, 29), time(0), time(12), 11),  # clocks go forward at 01:00
        (date(2026, 10, 25), time(0), time(12), 13),  # clocks go back at 02:00
        (date(2026, 11, 29), time(0), time(12), 12),
    ],
)
def test_windows_have_their_true_length_where_the_clock_changes(
    day: date, starts: time, ends: time, hours: int
) -> None:
    (window,) = windows_on([Hours(6, starts, ends)], day, LONDON)
    assert window.end - window.start == timedelta(hours=hours)


def test_nearest_tells_the_closest_in_order_of_time() -> None:
    slots = [span("09:00", "09:30"), span("10:00", "10:30"), span("11:00", "11:30"), span("15:00", "15:30")]
    assert nearest(slots, _at("10:30"), 2) == (slots[1], slots[2])

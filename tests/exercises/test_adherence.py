"""Expected doses, day states, adherence and streak, as tables. No database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from exercises.adherence import (
    Adherence,
    DayState,
    Entry,
    Order,
    Pause,
    adherence,
    day_state,
    expected_doses,
    is_due_day,
    programme_day,
    streak,
)

START = date(2026, 11, 2)  # a Monday


def days(count: int, first: date = START) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


def done(key: int, *on: date, bout: int = 1, state: str = "done") -> list[Entry]:
    return [Entry(key, day, bout, state) for day in on]


@pytest.mark.parametrize(
    ("per_week", "due"),
    [
        (7, [0, 1, 2, 3, 4, 5, 6]),
        (6, [0, 2, 3, 4, 5, 6]),
        (5, [0, 2, 3, 5, 6]),
        (4, [0, 2, 4, 6]),
        (3, [0, 3, 5]),
        (2, [0, 4]),
        (1, [0]),
    ],
)
def test_days_of_the_week_are_spread_evenly_from_the_first_day(per_week: int, due: list[int]) -> None:
    order = Order(1, START, days_per_week=per_week)
    assert [n for n, day in enumerate(days(7)) if is_due_day(order, day)] == due
    assert [n for n, day in enumerate(days(7, START + timedelta(days=7))) if is_due_day(order, day)] == due


@pytest.mark.parametrize(
    ("order", "day", "expected"),
    [
        (Order(1, START, per_day=3), START, 3),
        (Order(1, START, per_day=3), START - timedelta(days=1), 0),
        (Order(1, START, ends_on=START), START, 1),
        (Order(1, START, ends_on=START), START + timedelta(days=1), 0),
        (Order(1, START, days_per_week=3), START + timedelta(days=1), 0),
        (Order(1, START, days_per_week=3), START + timedelta(days=3), 1),
        (Order(1, START, pauses=(Pause(START, START),)), START, 0),
        (Order(1, START, pauses=(Pause(START, START),)), START + timedelta(days=1), 1),
        (Order(1, START, pauses=(Pause(START),)), START + timedelta(days=400), 0),
    ],
)
def test_expected_doses(order: Order, day: date, expected: int) -> None:
    assert expected_doses(order, day) == expected


@pytest.mark.parametrize(
    ("order", "entries", "state"),
    [
        (Order(1, START), [], DayState.NOT_LOGGED),
        (Order(1, START), ["done"], DayState.DONE),
        (Order(1, START), ["part"], DayState.PART),
        (Order(1, START), ["skipped"], DayState.SKIPPED),
        (Order(1, START, per_day=3), ["done"], DayState.PART),
        (Order(1, START, per_day=3), ["done", "done", "done"], DayState.DONE),
        (Order(1, START, per_day=3), ["done", "done", "skipped"], DayState.PART),
        (Order(1, START, per_day=2), ["skipped", "skipped"], DayState.SKIPPED),
        (Order(1, START, pauses=(Pause(START),)), [], DayState.PAUSED),
        (Order(1, START - timedelta(days=1), days_per_week=3), [], DayState.REST),
        (Order(1, START - timedelta(days=1), days_per_week=3), ["done"], DayState.DONE),
        (Order(1, START + timedelta(days=1)), [], DayState.REST),
    ],
)
def test_day_state(order: Order, entries: list[str], state: DayState) -> None:
    logged = [Entry(1, START, bout, entry) for bout, entry in enumerate(entries, start=1)]
    assert day_state(order, START, logged) is state


UNTIL = START + timedelta(days=13)


@pytest.mark.parametrize(
    ("orders", "entries", "expected", "credited", "percent"),
    [
        pytest.param([], [], 0, 0, None, id="nothing asked is no figure, not 0"),
        pytest.param([Order(1, START)], [], 14, 0, 0, id="silence counts as missed"),
        pytest.param([Order(1, START)], done(1, *days(14)), 14, 14, 100, id="all done"),
        pytest.param([Order(1, START)], done(1, *days(7)), 14, 7, 50, id="half done"),
        pytest.param([Order(1, START)], done(1, *days(14), state="part"), 14, 7, 50, id="a part counts half"),
        pytest.param([Order(1, START)], done(1, *days(14), state="skipped"), 14, 0, 0, id="skipped counts none"),
        pytest.param(
            [Order(1, START, per_day=2)],
            [*done(1, *days(7)), *done(1, *days(7), bout=2)],
            28, 14, 50, id="two bouts a day",
        ),
        pytest.param(
            [Order(1, START)],
            [*done(1, START), *done(1, START, bout=2), *done(1, START, bout=3)],
            14, 1, 7, id="three times on one day does not make up for two others",
        ),
        pytest.param(
            [Order(1, START, days_per_week=3)],
            done(1, *(START + timedelta(days=n) for n in (1, 2, 4, 8, 9, 11))),
            6, 6, 100, id="another day of the week is as good",
        ),
        pytest.param(
            [Order(1, START, days_per_week=3)], done(1, *days(14)), 6, 6, 100, id="more than asked is not over 100",
        ),
        pytest.param(
            [Order(1, START), Order(2, START)], done(1, *days(14)), 28, 14, 50, id="one of two exercises",
        ),
        pytest.param(
            [Order(1, START, days_per_week=1), Order(2, START)],
            done(1, *days(14)),
            16, 2, 12, id="extra of one exercise does not pay for another",
        ),
        pytest.param(
            [Order(1, START, pauses=(Pause(START, START + timedelta(days=6)),))],
            done(1, *days(7, START + timedelta(days=7))),
            7, 7, 100, id="a pause expects nothing",
        ),
        pytest.param(
            [Order(1, START, pauses=(Pause(START),))], done(1, *days(14)), 0, 0, None, id="all on hold, no figure",
        ),
        pytest.param([Order(1, UNTIL)], done(1, UNTIL), 1, 1, 100, id="begun on the last day"),
        pytest.param([Order(1, START, ends_on=START)], [], 1, 0, 0, id="ended on the first day"),
        pytest.param(
            [Order(1, START)], done(1, START - timedelta(days=1)), 14, 0, 0, id="before the window is not counted",
        ),
    ],
)  # fmt: skip
def test_adherence_over_fourteen_days(
    orders: list[Order], entries: list[Entry], expected: int, credited: float, percent: int | None
) -> None:
    result = adherence(orders, entries, until=UNTIL)
    assert (result.expected, result.credited, result.percent) == (expected, credited, percent)


def test_percent_is_never_rounded_up() -> None:
    assert Adherence(1000, 749.9).percent == 74


def test_states_are_counted_so_that_silence_is_visible() -> None:
    entries = [*done(1, START), *done(1, START + timedelta(days=1), state="part")]
    result = adherence([Order(1, START)], entries, until=UNTIL)
    assert result.states == {DayState.DONE: 1, DayState.PART: 1, DayState.NOT_LOGGED: 12}


@pytest.mark.parametrize(
    ("orders", "entries", "state"),
    [
        ([], [], DayState.REST),
        ([Order(1, START), Order(2, START)], [], DayState.NOT_LOGGED),
        ([Order(1, START), Order(2, START)], done(1, START), DayState.PART),
        ([Order(1, START), Order(2, START)], [*done(1, START), *done(2, START)], DayState.DONE),
        ([Order(1, START), Order(2, START)], done(1, START, state="skipped"), DayState.SKIPPED),
        ([Order(1, START, pauses=(Pause(START),))], [], DayState.PAUSED),
        ([Order(1, START, pauses=(Pause(START),)), Order(2, START)], done(2, START), DayState.DONE),
    ],
)
def test_programme_day(orders: list[Order], entries: list[Entry], state: DayState) -> None:
    assert programme_day(orders, entries, START) is state


TODAY = START + timedelta(days=9)


@pytest.mark.parametrize(
    ("order", "logged", "expected"),
    [
        pytest.param(Order(1, START), [], 0, id="nothing"),
        pytest.param(Order(1, START), range(10), 10, id="every day, today as well"),
        pytest.param(Order(1, START), range(9), 9, id="today is not over: no loss"),
        pytest.param(Order(1, START), range(8), 0, id="a whole missed day ends it"),
        pytest.param(Order(1, START), [*range(5), 6, 7, 8, 9], 4, id="counts since the gap"),
        pytest.param(
            Order(1, START, pauses=(Pause(START + timedelta(days=5), START + timedelta(days=6)),)),
            [*range(5), 7, 8, 9], 8, id="a pause keeps it",
        ),
        pytest.param(Order(1, START, days_per_week=3), [0, 3, 5, 7], 4, id="rest days keep it"),
    ],
)  # fmt: skip
def test_streak(order: Order, logged: list[int], expected: int) -> None:
    entries = done(1, *(START + timedelta(days=n) for n in logged))
    assert streak([order], entries, today=TODAY) == expected


def test_half_of_the_day_keeps_the_streak() -> None:
    orders = [Order(1, START, per_day=2)]
    assert streak(orders, done(1, *days(10)), today=TODAY) == 10
    assert streak([Order(1, START, per_day=3)], done(1, *days(10)), today=TODAY) == 0

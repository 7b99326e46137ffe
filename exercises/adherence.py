"""How much of the home programme was done: expected doses per patient-local date, and what became of them.

Pure: plain values in, plain values out; every date is a date of the patient's own calendar. Three decisions, so that
the figure cannot flatter and does not punish:

- Expected doses come from the prescription, never from what was logged: silence counts as missed.
- With fewer than seven days a week the days are spread evenly, but a session done on another day of the window counts
  as well: Tuesday instead of Monday is not a miss. More than was asked for never makes up for another day's dose.
- A part counts half. A day that has not ended is not judged: callers ask up to yesterday.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

WINDOW_DAYS = 14
PART_CREDIT = 0.5
# A day counts for the streak when at least half of what was asked for was done (technique rule "adherence >= 50 %").
STREAK_SHARE = 0.5


class DayState(StrEnum):
    """What became of one day of one prescription (or of the whole programme)."""

    DONE = "done"
    PART = "part"
    SKIPPED = "skipped"
    NOT_LOGGED = "not_logged"
    PAUSED = "paused"
    REST = "rest"  # nothing was asked for


@dataclass(frozen=True, slots=True)
class Pause:
    """Days, both inclusive, on which nothing is expected; an open pause has no end."""

    starts_on: date
    ends_on: date | None = None

    def covers(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class Order:
    """A prescription: bouts a day, days a week, first and last day (inclusive), pauses."""

    key: int
    starts_on: date
    per_day: int = 1
    days_per_week: int = 7
    ends_on: date | None = None
    pauses: tuple[Pause, ...] = ()

    def in_force(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)

    def paused(self, day: date) -> bool:
        return any(pause.covers(day) for pause in self.pauses)


@dataclass(frozen=True, slots=True)
class Entry:
    """A logged bout; ``state`` is done, part or skipped."""

    key: int
    on: date
    bout: int
    state: str


@dataclass(frozen=True, slots=True)
class Adherence:
    """Doses expected and credited in a window. ``percent`` is None when nothing was expected (which is not 0)."""

    expected: int
    credited: float
    states: Mapping[DayState, int] = field(default_factory=dict)

    @property
    def percent(self) -> int | None:
        """Whole per cent, rounded down, so that 74.9 never passes for 75."""
        return int(self.credited * 100 // self.expected) if self.expected else None


@dataclass(frozen=True, slots=True)
class Figure:
    """One prescription on one day: its state, bouts asked for and bouts credited (never more than a day's doses).

    These are what is stored once the day has ended; every figure over several days is a sum of them.
    """

    key: int
    day: date
    state: DayState
    asked: int
    credited: float


def is_due_day(order: Order, day: date) -> bool:
    """True when the even spread of ``days_per_week`` over the week from the first day falls on this day.

    Three days a week fall on days 0, 3 and 5 of each week, so that strength work keeps about 48 hours between bouts.
    """
    offset = (day - order.starts_on).days % 7
    return offset * order.days_per_week % 7 < order.days_per_week


def expected_doses(order: Order, day: date) -> int:
    """Bouts asked for on that day: 0 outside the prescription, in a pause and on a rest day."""
    if not order.in_force(day) or order.paused(day) or not is_due_day(order, day):
        return 0
    return order.per_day


def day_state(order: Order, day: date, entries: Sequence[Entry]) -> DayState:
    """The state of one prescription on one day, from the entries of that prescription and day."""
    asked = expected_doses(order, day)
    states = Counter(entry.state for entry in entries)
    if not entries:
        if order.in_force(day) and order.paused(day):
            return DayState.PAUSED
        return DayState.NOT_LOGGED if asked else DayState.REST
    if states["done"] >= max(asked, 1):
        return DayState.DONE
    if states["done"] or states["part"]:
        return DayState.PART
    return DayState.SKIPPED


def figure(order: Order, day: date, entries: Sequence[Entry]) -> Figure:
    """What became of one day of one prescription, from the entries of that prescription and day."""
    counts = order.in_force(day) and not order.paused(day)
    credited = _credit(order, entries) if counts else 0.0
    return Figure(order.key, day, day_state(order, day, entries), expected_doses(order, day), credited)


def figures_of(orders: Iterable[Order], entries: Iterable[Entry], days: Sequence[date]) -> Iterator[Figure]:
    """The figures of every prescription on each of the days on which it was in force."""
    by_key = _group(entries)
    for order in orders:
        own = by_key.get(order.key, {})
        yield from (figure(order, day, own.get(day, ())) for day in days if order.in_force(day))


def sum_of(figures: Iterable[Figure]) -> Adherence:
    """Adherence of the days that the figures cover. One exercise done more often never makes up for another."""
    asked, credited, states = Counter[int](), dict[int, float](), Counter[DayState]()
    for entry in figures:
        asked[entry.key] += entry.asked
        credited[entry.key] = credited.get(entry.key, 0.0) + entry.credited
        states[entry.state] += 1
    done = sum(min(worth, asked[key]) for key, worth in credited.items())
    return Adherence(asked.total(), done, dict(states))


def adherence(orders: Iterable[Order], entries: Iterable[Entry], *, until: date, days: int = WINDOW_DAYS) -> Adherence:
    """Adherence over ``days`` whole days ending with ``until`` (inclusive, normally yesterday)."""
    return sum_of(figures_of(orders, entries, tuple(_days_back(until, days))))


def programme_day(orders: Iterable[Order], entries: Iterable[Entry], day: date) -> DayState:
    """The state of the whole programme on one day."""
    return state_of_day(entry.state for entry in figures_of(orders, (e for e in entries if e.on == day), (day,)))


def state_of_day(of_exercises: Iterable[DayState]) -> DayState:
    """Done when everything asked for is, part when something is; pauses and rest days are not judged."""
    states = tuple(of_exercises)
    judged = [state for state in states if state not in (DayState.REST, DayState.PAUSED)]
    if not judged:
        return DayState.PAUSED if DayState.PAUSED in states else DayState.REST
    if all(state is DayState.DONE for state in judged):
        return DayState.DONE
    if any(state in (DayState.DONE, DayState.PART) for state in judged):
        return DayState.PART
    return DayState.SKIPPED if DayState.SKIPPED in judged else DayState.NOT_LOGGED


def streak(orders: Sequence[Order], entries: Iterable[Entry], *, today: date, days: int = 60) -> int:
    """Days in a row on which at least half of what was asked for was done.

    No punishment: rest days and pauses keep the streak, and today counts as soon as it is reached but never against.
    """
    by_key = _group(entries)
    count = 0
    for day in reversed(tuple(_days_back(today, days))):
        asked = sum(expected_doses(order, day) for order in orders)
        done = sum(_credit(order, by_key.get(order.key, {}).get(day, ())) for order in orders)
        if asked and done >= asked * STREAK_SHARE:
            count += 1
        elif asked and day != today:
            break
    return count


def _credit(order: Order, entries: Sequence[Entry]) -> float:
    worth = sum(1.0 if e.state == "done" else PART_CREDIT if e.state == "part" else 0.0 for e in entries)
    return min(worth, float(order.per_day))


def _days_back(until: date, days: int) -> Iterator[date]:
    return (until - timedelta(days=back) for back in range(days - 1, -1, -1))


def _group(entries: Iterable[Entry]) -> dict[int, dict[date, list[Entry]]]:
    grouped: dict[int, dict[date, list[Entry]]] = {}
    for entry in entries:
        grouped.setdefault(entry.key, {}).setdefault(entry.on, []).append(entry)
    return grouped

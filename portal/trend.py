"""The last two weeks as the progress page shows them. Silence stays visible; pain 0 is a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from exercises.adherence import WINDOW_DAYS, DayState
from exercises.programme import Programme

WORDS: dict[DayState, str | Promise] = {
    DayState.DONE: _("done"),
    DayState.PART: _("in part"),
    DayState.SKIPPED: _("not done"),
    DayState.NOT_LOGGED: _("nothing ticked"),
    DayState.PAUSED: _("on hold"),
    DayState.REST: _("rest day"),
}
SYMBOLS = {
    DayState.DONE: "check",
    DayState.PART: "circle-dot",
    DayState.SKIPPED: "minus",
    DayState.NOT_LOGGED: "help-circle",
    DayState.PAUSED: "player-pause",
    DayState.REST: "moon",
}


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the strip."""

    on: date
    state: str
    words: str | Promise
    symbol: str


@dataclass(frozen=True, slots=True)
class PainDay:
    """The worst pain given on a day, with the bar's place in a picture 140 wide and 100 high."""

    on: date
    value: int
    x: int
    y: int
    height: int


def strip_of(programme: Programme) -> list[Day]:
    """Two weeks, oldest first, today last; days before the plan are no rest days."""
    orders = [programme.order(row) for row in programme.prescriptions]
    days = programme.strip()
    return [
        Day(on, state.value, WORDS[state], SYMBOLS[state])
        if any(order.in_force(on) for order in orders)
        else Day(on, "none", _("before your plan"), "")
        for on, state in days
    ]


def pain_by_day(programme: Programme) -> list[PainDay]:
    """The worst pain of each day on which an answer was given; days without one are left out, not drawn as 0."""
    first = programme.today - timedelta(days=WINDOW_DAYS - 1)
    worst: dict[date, int] = {}
    for log in programme.logs:
        if log.pain is not None and log.on >= first:
            worst[log.on] = max(worst.get(log.on, 0), log.pain)
    return [_bar(on, value, (on - first).days) for on, value in sorted(worst.items())]


def _bar(on: date, value: int, position: int) -> PainDay:
    height = max(2, value * 10)  # pain 0 is a thin line: given, and nothing
    return PainDay(on, value, position * 10 + 1, 100 - height, height)

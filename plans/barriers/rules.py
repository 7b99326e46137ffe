"""When the question is asked and where each answer leads. Pure: plain values in, plain values out.

Asked once a week at most, never in the first week, while paused or held, or without a figure. Everything that follows
is a tip, a proposal or an entry on the worklist: nothing changes before a physiotherapist has signed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from exercises.adherence import DayState, Figure, sum_of

Severity = Literal["low", "normal", "high", "urgent"]
WEEK = 7
USUAL_MINUTE = 18 * 60 + 30  # suggested while nothing was logged yet (verify)
STEP = 30


@dataclass(frozen=True, slots=True)
class Route:
    """Where an answer leads. ``proposal`` is the dose change that the review page then proposes ("" for none);
    ``text`` and ``suggestion`` are for the worklist; ``link`` is where the patient may go on."""

    severity: Severity
    text: str
    suggestion: str
    proposal: Literal["", "cut", "progress"] = ""
    link: Literal["", "reminders", "exercises", "changed"] = ""


ROUTES: Mapping[str, Route] = {
    "pain": Route(
        "high", "Says that pain kept them from exercising.", "Call: ask for warning signs; look at the lighter doses.",
        proposal="cut", link="changed",
    ),
    "time": Route("low", "Says there was no time to exercise.", "Look at the shorter doses.", proposal="cut"),
    "forgot": Route("low", "Says they forgot to exercise.", "Nothing to do: offered a reminder.", link="reminders"),
    "unsure": Route(
        "normal", "Is not sure how to do the exercises.", "Show them at the next visit, or call.", link="exercises"
    ),
    "easy": Route("low", "Says the exercises are too easy.", "Look at the steps up.", proposal="progress"),
    "equipment": Route("normal", "Has nothing to do the exercises with.", "Hand it out, or change the exercise."),
}  # fmt: skip


def short_week(figures: Iterable[Figure], *, threshold: int, first_asked: date | None, today: date) -> int | None:
    """The per cent of the last seven whole days when the question is due, else None.

    ``first_asked`` is the first day on which this plan asked for anything: before a whole week nothing is asked.
    """
    week = [f for f in figures if today - timedelta(days=WEEK) <= f.day < today]
    if first_asked is None or first_asked > today - timedelta(days=WEEK):
        return None
    if {f.day for f in week} != {today - timedelta(days=n) for n in range(1, WEEK + 1)}:
        return None  # the days are not all written, or something began or ended: no figure of a whole week
    if any(f.state is DayState.PAUSED for f in week):
        return None
    percent = sum_of(week).percent
    return percent if percent is not None and percent < threshold else None


def reminder_minute(minutes: Iterable[int]) -> int:
    """A time for a reminder, as minute of the day: half an hour or less before when they usually log."""
    known = sorted(minutes)
    return known[len(known) // 2] // STEP * STEP if known else USUAL_MINUTE

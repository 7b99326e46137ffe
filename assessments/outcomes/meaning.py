"""What a change means: better or worse, and whether by more than the difference that matters. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from assessments.outcomes.instrument import Difference, Instrument

Direction = Literal["better", "worse", "same"]
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Point:
    """One score on one day (the patient's calendar). ``response`` and ``assessment`` say where it came from."""

    day: date
    value: float
    filled_by: str = ""
    response: int | None = None
    assessment: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """From the first value to the last. ``points`` is never negative; ``needed`` None: no figure is known."""

    direction: Direction
    points: float
    needed: float | None

    @property
    def matters(self) -> bool:
        """At least as large as the difference that matters."""
        return self.needed is not None and self.direction != "same" and self.points >= self.needed - TINY

    @property
    def improved(self) -> bool:
        return self.matters and self.direction == "better"


def change_of(instrument: Instrument, baseline: float, value: float, *, chosen: str = "") -> Change:
    """The change between two scores. A rating of change carries its own start, which is 0."""
    start = 0.0 if instrument.zero_is_no_change else baseline
    difference = instrument.difference(chosen)
    step = value - start
    worse_when_up = instrument.score.worse == "high"
    direction: Direction = "same" if abs(step) < TINY else "worse" if (step > 0) == worse_when_up else "better"
    return Change(direction, round(abs(step), 2), None if difference is None else difference.needed(start))


def band_of(instrument: Instrument, baseline: float, *, chosen: str = "") -> tuple[float, float] | None:
    """Values that are no change that matters, within the range of the score; None when no figure is known."""
    difference = instrument.difference(chosen)
    if difference is None:
        return None
    start = 0.0 if instrument.zero_is_no_change else baseline
    needed = difference.needed(start)
    low, high = instrument.score.range
    return max(float(low), start - needed), min(float(high), start + needed)


def no_change_that_matters(instruments: Sequence[tuple[Instrument, Sequence[Point], str]]) -> bool:
    """Whether no instrument shows an improvement that matters since its first value.

    An instrument that was not asked again shows none; one without a known difference cannot.
    """
    return not any(
        change_of(instrument, points[0].value, points[-1].value, chosen=chosen).improved
        for instrument, points, chosen in instruments
        if len(points) > 1 or (points and instrument.zero_is_no_change)
    )


def words_for(change: Change, difference: Difference | None) -> str:
    """The change in plain words: "better by 2.3 points: more than the smallest difference that matters (1.3)"."""
    if change.direction == "same":
        return "no change"
    said = f"{change.direction} by {change.points:g} {'point' if change.points == 1 else 'points'}"
    if change.needed is None or difference is None:
        return f"{said}; how much matters is not known for this measure"
    needed = f"{round(change.needed, 2):g}"
    if change.matters:
        how = "as much as" if abs(change.points - change.needed) < 0.005 else "more than"
        return f"{said}: {how} the smallest difference that matters ({needed})"
    return f"{said}: less than the smallest difference that matters ({needed})"

"""A chart over time as plain geometry: lines, bands, spans, marks and target lines, all placed in per cent. Pure.

Holds no rules: what a band or a line means is the caller's. Per cent instead of units keep text and strokes the same
size on a phone and on a wide screen. ``{% load chart %}{% chart drawing %}`` draws it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

LEFT, RIGHT, TOP, BOTTOM = 9.0, 98.0, 9.0, 87.0
DAY_STEPS = (1, 2, 3, 7, 14, 28, 56, 91, 182, 364, 728)
VALUE_STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500)
MOST_DAYS, MOST_VALUES = 5, 6


@dataclass(frozen=True, slots=True)
class Dot:
    """A value on a day. ``label`` is read out and shown on hovering."""

    day: date
    value: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Values of one thing in order of days. ``css`` is a, b or c (colour and dash); gaps: days after which two values
    are not joined (None: always joined)."""

    label: str
    dots: tuple[Dot, ...]
    css: str = "a"
    gap_days: int | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """A range of values over the whole width."""

    low: float
    high: float
    label: str
    css: str = "quiet"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of days over the whole height; ``end`` None: until the chart ends. ``css``: relief, correction, ..."""

    start: date
    end: date | None
    label: str
    css: str = "quiet"


@dataclass(frozen=True, slots=True)
class Target:
    """A value to reach or the value where it began, as a line over the whole width."""

    value: float
    label: str
    css: str = "target"


@dataclass(frozen=True, slots=True)
class Stroke:
    """A straight line, in per cent of width and height."""

    x1: str
    y1: str
    x2: str
    y2: str
    css: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle, in per cent."""

    x: str
    y: str
    width: str
    height: str
    css: str
    label: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A point, in per cent."""

    x: str
    y: str
    css: str
    label: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis; ``day`` on the time axis, ``label`` on the other. ``anchor`` keeps the text inside."""

    at: str
    label: str = ""
    day: date | None = None
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything that the template draws, in drawing order."""

    key: str
    title: str
    description: str
    spans: tuple[Area, ...]
    bands: tuple[Area, ...]
    grid: tuple[Stroke, ...]
    targets: tuple[Stroke, ...]
    strokes: tuple[Stroke, ...]
    spots: tuple[Spot, ...]
    days: tuple[Tick, ...]
    values: tuple[Tick, ...]
    legend: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """The window: days and values that the edges stand for."""

    start: date
    end: date
    low: float
    high: float

    def x(self, day: date) -> float:
        """Per cent of the width; days outside stand at the edge."""
        inside = min(max(day, self.start), self.end)
        return LEFT + (RIGHT - LEFT) * (inside - self.start).days / max((self.end - self.start).days, 1)

    def y(self, value: float) -> float:
        """Per cent of the height; values outside stand at the edge."""
        inside = min(max(value, self.low), self.high)
        return BOTTOM - (BOTTOM - TOP) * (inside - self.low) / (self.high - self.low)


def draw(
    key: str,
    lines: Sequence[Line],
    *,
    low: float,
    high: float,
    title: str,
    description: str,
    start: date | None = None,
    end: date | None = None,
    bands: Sequence[Band] = (),
    spans: Sequence[Span] = (),
    targets: Sequence[Target] = (),
) -> Drawing | None:
    """Place everything in the window from low to high and from start to end (the first and last value when not given).

    None when there is not one value. ``key`` must be unique on the page.
    """
    days = [dot.day for line in lines for dot in line.dots]
    if not days or not low < high:
        return None
    first = start or min(days)
    frame = Frame(first, max(end or max(days), first + timedelta(days=1)), low, high)
    return Drawing(
        key=key,
        title=title,
        description=description,
        spans=tuple(_span(frame, span) for span in spans if span.start <= frame.end),
        bands=tuple(_band(frame, band) for band in bands),
        grid=tuple(_level(frame, tick, "grid") for tick in _values(low, high)),
        targets=tuple(_level(frame, target.value, target.css, target.label) for target in targets),
        strokes=tuple(stroke for line in lines for stroke in _strokes(frame, line)),
        spots=tuple(_spot(frame, line, dot) for line in lines for dot in line.dots),
        days=tuple(_day_ticks(frame)),
        values=tuple(Tick(_pct(frame.y(value)), label=f"{value:g}") for value in _values(low, high)),
        legend=_legend(lines, bands, targets),
    )


def _pct(number: float) -> str:
    return f"{number:.2f}%"


def _span(frame: Frame, span: Span) -> Area:
    left, right = frame.x(span.start), frame.x(span.end or frame.end)
    return Area(_pct(left), _pct(0), _pct(right - left), _pct(BOTTOM), span.css, span.label)


def _band(frame: Frame, band: Band) -> Area:
    top, bottom = frame.y(band.high), frame.y(band.low)
    return Area(_pct(LEFT), _pct(top), _pct(RIGHT - LEFT), _pct(bottom - top), band.css, band.label)


def _level(frame: Frame, value: float, css: str, label: str = "") -> Stroke:
    height = _pct(frame.y(value))
    return Stroke(_pct(LEFT), height, _pct(RIGHT), height, css, label)


def _strokes(frame: Frame, line: Line) -> Iterable[Stroke]:
    for before, after in pairwise(line.dots):
        if line.gap_days is None or (after.day - before.day).days <= line.gap_days:
            yield Stroke(
                _pct(frame.x(before.day)),
                _pct(frame.y(before.value)),
                _pct(frame.x(after.day)),
                _pct(frame.y(after.value)),
                line.css,
            )


def _spot(frame: Frame, line: Line, dot: Dot) -> Spot:
    return Spot(_pct(frame.x(dot.day)), _pct(frame.y(dot.value)), line.css, dot.label or f"{line.label}: {dot.value:g}")


def _values(low: float, high: float) -> list[float]:
    """Round figures on the value axis, both ends among them where they are round."""
    step = next((s for s in VALUE_STEPS if (high - low) / s <= MOST_VALUES - 1), VALUE_STEPS[-1])
    first = -(-low // step) * step
    return [first + step * n for n in range(int((high - first) // step) + 1)]


def _day_ticks(frame: Frame) -> Iterable[Tick]:
    length = (frame.end - frame.start).days
    step = next((s for s in DAY_STEPS if length / s <= MOST_DAYS - 1), DAY_STEPS[-1])
    for number in range(length // step + 1):
        day = frame.start + timedelta(days=step * number)
        share = step * number / length
        anchor = "start" if share < 0.06 else "end" if share > 0.94 else "middle"
        yield Tick(_pct(frame.x(day)), day=day, anchor=anchor)


def _legend(lines: Sequence[Line], bands: Sequence[Band], targets: Sequence[Target]) -> tuple[tuple[str, str], ...]:
    """(kind-css, words) of what the picture shows; a single line needs no entry of its own."""
    found = [(f"line-{line.css}", line.label) for line in lines] if len(lines) > 1 else []
    found += [(f"band-{band.css}", band.label) for band in bands]
    found += [(f"line-{target.css}", target.label) for target in targets]
    return tuple(dict.fromkeys(found))

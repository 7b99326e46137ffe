"""The progress chart as geometry: one time axis, panels below each other, everything in one picture. Pure.

Units are those of the picture (``WIDTH`` across). Nothing here knows colours: the style sheet does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from plans.course.timeline import MATTERS, NORMAL_PCT, Band, Day, Line, Point, Timeline

WIDTH, LEFT, RIGHT = 960, 44, 26
TOP = 34
PANEL = 116
GAP = 30
STRIP = 22
# A silence longer than this breaks the pain line: nothing is drawn where nothing is known.
BREAK_DAYS = 7
DOTS_MAX = 120
TICKS = 8
STATE_WORDS = {
    "done": "done",
    "part": "in part",
    "skipped": "not done",
    "not_logged": "silent",
    "paused": "on hold",
    "rest": "rest day",
}


@dataclass(frozen=True, slots=True)
class Axis:
    """Days to places across."""

    first: date
    last: date

    def x(self, day: date) -> float:
        span = max((self.last - self.first).days, 1)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (day - self.first).days / span, 1)


@dataclass(frozen=True, slots=True)
class Stroke:
    """One drawn line: its pieces (points attribute), dots, and the name at its end."""

    pieces: tuple[str, ...]
    dots: tuple[tuple[float, float, str], ...]
    label: str
    index: int
    end: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Panel:
    """One part of the picture with its own scale. ``marks`` are scale lines (y, text), ``goal`` the line that
    matters (y, text)."""

    key: str
    title: str
    top: float
    bottom: float
    marks: tuple[tuple[float, str], ...]
    strokes: tuple[Stroke, ...]
    goal: tuple[float, str] | None
    empty: str


@dataclass(frozen=True, slots=True)
class Run:
    """Days in a row with the same state."""

    x: float
    width: float
    state: str
    said: str


@dataclass(frozen=True, slots=True)
class BandBox:
    x: float
    width: float
    number: int
    narrow: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole picture."""

    width: int
    height: float
    left: int
    right: float
    bands: tuple[BandBox, ...]
    panels: tuple[Panel, ...]
    runs: tuple[Run, ...]
    strip_y: float
    strip_height: int
    ticks: tuple[tuple[float, date], ...]
    axis_y: float
    summary: str


def chart_of(timeline: Timeline) -> Chart:
    """The picture of a course."""
    axis = Axis(timeline.first, max(timeline.last, timeline.first + timedelta(days=1)))
    panels, y = _panels(timeline, axis)
    strip_y = y
    axis_y = strip_y + STRIP + 18
    return Chart(
        width=WIDTH,
        height=axis_y + 8,
        left=LEFT,
        right=WIDTH - RIGHT,
        bands=tuple(_band(band, axis) for band in timeline.bands),
        panels=panels,
        runs=tuple(_runs(timeline.days, axis)),
        strip_y=strip_y,
        strip_height=STRIP,
        ticks=_ticks(axis),
        axis_y=axis_y,
        summary=_summary(timeline),
    )


def _panels(timeline: Timeline, axis: Axis) -> tuple[tuple[Panel, ...], float]:
    pain = Line("pain", "", timeline.pain) if timeline.pain else None
    start = timeline.pain_start
    pain_goal = None if start is None else max(0.0, start - MATTERS)
    function_goal = min(10.0, timeline.function.first.value + MATTERS) if timeline.function else None
    wanted = [
        ("pain", "Worst pain of the day, 0–10", [pain] if pain else [], 10.0, pain_goal,
         "2 points less: a change that matters"),
        ("function", "Function (PSFS), 0–10", [timeline.function] if timeline.function else [], 10.0, function_goal,
         "2 points more: beyond measurement error"),
        ("range", "Range, % of norm", list(timeline.ranges), 120.0, NORMAL_PCT, "90 % of norm"),
        ("strength", "Strength, % of full grade", list(timeline.strengths), 100.0, 86.0, "grade 4+"),
    ]  # fmt: skip
    panels, top = [], float(TOP)
    for key, title, lines, full, goal, goal_text in wanted:
        height = PANEL if lines else 34
        scale = _Scale(top + 18, top + height, full)
        panels.append(
            Panel(
                key=key,
                title=title,
                top=top,
                bottom=top + height,
                marks=scale.marks() if lines else (),
                strokes=tuple(_stroke(line, i, axis, scale) for i, line in enumerate(lines)),
                goal=(scale.y(goal), goal_text) if lines and goal is not None else None,
                empty="" if lines else "Nothing measured yet",
            )
        )
        top += height + GAP
    return tuple(panels), top


@dataclass(frozen=True, slots=True)
class _Scale:
    """Values to places down."""

    top: float
    bottom: float
    full: float

    def y(self, value: float) -> float:
        share = min(max(value, 0.0), self.full) / self.full
        return round(self.bottom - (self.bottom - self.top) * share, 1)

    def marks(self) -> tuple[tuple[float, str], ...]:
        half = 5 if self.full == 10 else 50
        top = 10 if self.full == 10 else 100
        return tuple((self.y(value), str(value)) for value in (0, half, top))


def _stroke(line: Line, index: int, axis: Axis, scale: _Scale) -> Stroke:
    spots = [(axis.x(p.day), scale.y(p.value), f"{p.day:%d %b %Y}: {p.shown}") for p in line.points]
    pieces = tuple(
        " ".join(f"{axis.x(p.day):g},{scale.y(p.value):g}" for p in piece)
        for piece in _pieces(line.points, break_after=BREAK_DAYS if line.metric == "pain" else None)
    )
    dots = tuple(spots) if len(spots) <= DOTS_MAX else ()
    return Stroke(pieces, dots, line.label, index, spots[-1][:2])


def _pieces(points: Sequence[Point], *, break_after: int | None) -> list[list[Point]]:
    """The line in pieces: cut where nobody said anything for longer than ``break_after`` days."""
    pieces: list[list[Point]] = []
    for point in points:
        near = pieces and (break_after is None or (point.day - pieces[-1][-1].day).days <= break_after)
        if near:
            pieces[-1].append(point)
        else:
            pieces.append([point])
    return pieces


def _band(band: Band, axis: Axis) -> BandBox:
    x, end = axis.x(band.first), axis.x(band.last)
    return BandBox(x, max(end - x, 2.0), band.number, end - x < 130)


def _runs(days: Sequence[Day], axis: Axis) -> list[Run]:
    """Equal days in a row as one box, so that two years are a few hundred boxes at most."""
    found = []
    for state, group in groupby(days, key=lambda day: day.state.value):
        row = list(group)
        x, end = axis.x(row[0].day), axis.x(row[-1].day + timedelta(days=1))
        long = f"{row[0].day:%d %b %Y}" if len(row) == 1 else f"{row[0].day:%d %b} to {row[-1].day:%d %b %Y}"
        found.append(Run(x, round(max(end - x, 0.6), 1), state, f"{long}: {STATE_WORDS[state]}"))
    return found


def _ticks(axis: Axis) -> tuple[tuple[float, date], ...]:
    """Dates along the axis: the days of a short course, Mondays or firsts of the month of a long one."""
    span = (axis.last - axis.first).days
    step = max(1, -(-span // TICKS))
    return tuple((axis.x(day), day) for n in range(0, span + 1, step) for day in [axis.first + timedelta(days=n)])


def _summary(timeline: Timeline) -> str:
    """What the picture says, for people who do not see it; the figures are in the tables below it."""
    parts = []
    if timeline.pain:
        parts.append(f"worst pain from {timeline.pain[0].shown} to {timeline.pain[-1].shown} of 10")
    if timeline.function:
        parts.append(f"function from {timeline.function.first.shown} to {timeline.function.last.shown}")
    asked, done = sum(d.asked for d in timeline.days), sum(min(d.done, d.asked) for d in timeline.days)
    if asked:
        parts.append(f"{int(100 * done // asked)} % of the home sessions done")
    return "; ".join(parts) or "nothing recorded yet"

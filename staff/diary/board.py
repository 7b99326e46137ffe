"""Lays a day out in rows of five minutes, so that a style sheet can place every block without inline styles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduling.models import Appointment, State
from scheduling.readers import Column, Visit, holds_time
from scheduling.slots import Interval, merge
from scheduling.states import MOVES

ROW = timedelta(minutes=5)
HOUR = timedelta(hours=1)
# Free time is offered in pieces of the usual visit.
PIECE = timedelta(minutes=30)
# What the desk does next, one tap away.
NEXT = {
    State.BOOKED: State.ARRIVED,
    State.CONFIRMED: State.ARRIVED,
    State.ARRIVED: State.IN_SESSION,
    State.IN_SESSION: State.COMPLETED,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands: first row and number of rows, counted from the top of the grid."""

    at: int
    rows: int


@dataclass(frozen=True, slots=True)
class Block:
    """One visit or one free piece. ``visit`` is None for free time, ``named`` false for a stranger's visit."""

    place: Place
    start: datetime
    end: datetime
    visit: Appointment | None = None
    named: bool = False
    next_state: str = ""
    next_label: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """One practitioner's day as the page shows it; ``off`` are visits that do not take place."""

    name: str
    practitioner_id: int
    blocks: tuple[Block, ...]
    free: tuple[Block, ...]
    closed: tuple[Place, ...]
    off: tuple[Visit, ...]
    booked: int


@dataclass(frozen=True, slots=True)
class Board:
    """The whole day. ``hours`` label the grid, ``now`` is the row of the present, if the day is today."""

    lanes: tuple[Lane, ...]
    hours: tuple[tuple[datetime, Place], ...]
    rows: int
    now: int | None


def lay_out(columns: list[Column], day: Interval, *, now: datetime, first_user: int) -> Board:
    """Place everything; the reader's own column comes first."""
    grid = _grid(columns, day)
    ordered = sorted(columns, key=lambda column: column.practitioner.user_id != first_user)
    hours = tuple((grid.start + HOUR * n, Place(12 * n, 12)) for n in range((grid.end - grid.start) // HOUR))
    line = (now - grid.start) // ROW if grid.start <= now < grid.end else None
    lanes = tuple(_lane(column, grid, day, now) for column in ordered)
    return Board(lanes, hours, (grid.end - grid.start) // ROW, line)


def _grid(columns: list[Column], day: Interval) -> Interval:
    """From the first to the last hour that anybody works or has a visit; at least one hour."""
    spans = [span for column in columns for span in column.windows]
    spans += [Interval(v.appointment.starts_at, v.appointment.ends_at) for column in columns for v in column.visits]
    if not spans:
        return Interval(day.start + 8 * HOUR, day.start + 9 * HOUR)
    first = max(min(span.start for span in spans), day.start)
    last = min(max(span.end for span in spans), day.end)
    return Interval(day.start + (first - day.start) // HOUR * HOUR, day.start - (day.start - last) // HOUR * HOUR)


def _lane(column: Column, grid: Interval, day: Interval, now: datetime) -> Lane:
    live = [visit for visit in column.visits if holds_time(visit.appointment)]
    return Lane(
        name=column.practitioner.user.name,
        practitioner_id=column.practitioner.pk,
        blocks=tuple(_block(visit, grid, day, now) for visit in live),
        free=tuple(_free(column, grid, now)),
        closed=tuple(_closed(column, grid)),
        off=tuple(visit for visit in column.visits if visit not in live),
        booked=len(live),
    )


def _place(start: datetime, end: datetime, grid: Interval) -> Place:
    first, last = max(start, grid.start), min(end, grid.end)
    at = (first - grid.start) // ROW
    return Place(at, max(1, -((grid.start - last) // ROW) - at))


def _block(visit: Visit, grid: Interval, day: Interval, now: datetime) -> Block:
    row = visit.appointment
    following = NEXT.get(State(row.state), "")
    offered = visit.named and following in MOVES[row.state] and day.start <= now < day.end
    return Block(
        place=_place(row.starts_at, row.ends_at, grid),
        start=row.starts_at,
        end=row.ends_at,
        visit=row,
        named=visit.named,
        next_state=following if offered else "",
        next_label=State(following).label if offered else "",
    )


def _free(column: Column, grid: Interval, now: datetime) -> list[Block]:
    """The free stretches in pieces; what has passed is not offered."""
    blocks = []
    for stretch in merge(column.free):
        at = stretch.start
        while at < stretch.end:
            end = min(at + PIECE, stretch.end)
            if at >= now:
                blocks.append(Block(_place(at, end, grid), at, end))
            at = end
    return blocks


def _closed(column: Column, grid: Interval) -> list[Place]:
    """Time outside of the working hours, to be shaded."""
    places, at = [], grid.start
    for window in column.windows:
        if window.start > at:
            places.append(_place(at, window.start, grid))
        at = max(at, window.end)
    if at < grid.end:
        places.append(_place(at, grid.end, grid))
    return places

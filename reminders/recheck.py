"""What is asked once more in the moment of sending. Pure: plain values in, one verdict out.

A row of the outbox is a plan, not an order: between planning and sending the patient may have done the exercises,
switched messages off, moved the visit or left the clinic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from zoneinfo import ZoneInfo

from exercises.adherence import Entry, Order, expected_doses
from reminders.clock import end_of_day, local_date, quiet_end, week_minute

# A visit is told about however many other messages the day has seen.
CAPPED_KINDS = ("exercises",)


@dataclass(frozen=True, slots=True)
class Due:
    """A message as planned. ``wall`` is the local time of a digest, ``visit_start`` the start that was planned for."""

    kind: str
    not_after: datetime
    wall: datetime | None = None
    visit_start: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What holds for the patient now."""

    active: bool
    address: str
    zone: str
    consented: bool
    wanted: frozenset[str]
    week_minutes: frozenset[int] = frozenset()
    quiet_from: time = time(20)
    quiet_until: time = time(8)
    daily_cap: int = 3
    on_hold: bool = False  # a new fact waits to be screened, or everything that would be due is held
    orders: tuple[Order, ...] = ()
    entries: tuple[Entry, ...] = ()
    sent_at: Sequence[datetime] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Visit:
    """The visit a message is about, as it stands now. ``ahead`` is false once cancelled, missed or begun."""

    start: datetime
    ahead: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the message: ``send``, ``wait`` (until ``until``), or the state it ends in, with the reason."""

    step: str
    reason: str = ""
    until: datetime | None = None


SEND = Verdict("send")


def judge(due: Due, person: Person, visit: Visit | None, *, now: datetime) -> Verdict:
    """Send, wait or end; the first rule that speaks decides."""
    return (
        _too_late(due, now)
        or _not_wanted(due, person)
        or (_visit_changed(due, visit) if due.kind == "appointment" else _programme_settled(due, person, now))
        or _over_cap(due, person, now)
        or _quiet(due, person, now)
        or SEND
    )


def _too_late(due: Due, now: datetime) -> Verdict | None:
    return Verdict("expired", "too_late") if now > due.not_after else None


def _not_wanted(due: Due, person: Person) -> Verdict | None:
    if not person.active:
        return Verdict("suppressed", "inactive")
    if not person.address:
        return Verdict("suppressed", "no_address")
    if not person.consented:
        return Verdict("suppressed", "no_consent")
    if due.kind not in person.wanted:
        return Verdict("suppressed", "opted_out")
    return None


def _visit_changed(due: Due, visit: Visit | None) -> Verdict | None:
    if visit is None or not visit.ahead:
        return Verdict("cancelled", "visit_cancelled")
    if visit.start != due.visit_start:
        return Verdict("cancelled", "visit_moved")
    return None


def _programme_settled(due: Due, person: Person, now: datetime) -> Verdict | None:
    wall = due.wall
    if wall is None or week_minute(wall.weekday(), wall.time()) not in person.week_minutes:
        return Verdict("cancelled", "times_changed")
    today = local_date(now, ZoneInfo(person.zone))
    if wall.date() != today:
        return Verdict("expired", "too_late")
    if person.on_hold:
        return Verdict("suppressed", "on_hold")
    asked = {order.key: expected_doses(order, today) for order in person.orders}
    if not any(asked.values()):
        return Verdict("suppressed", "nothing_due")
    told = dict.fromkeys(asked, 0)
    for entry in person.entries:
        if entry.on == today and entry.key in told:
            told[entry.key] += 1
    if all(told[key] >= doses for key, doses in asked.items()):
        return Verdict("suppressed", "logged")
    return None


def _over_cap(due: Due, person: Person, now: datetime) -> Verdict | None:
    if due.kind not in CAPPED_KINDS:
        return None
    zone = ZoneInfo(person.zone)
    today = local_date(now, zone)
    sent = sum(local_date(at, zone) == today for at in person.sent_at)
    return Verdict("suppressed", "cap") if sent >= person.daily_cap else None


def _quiet(due: Due, person: Person, now: datetime) -> Verdict | None:
    until = quiet_end(now, ZoneInfo(person.zone), person.quiet_from, person.quiet_until)
    if until is None:
        return None
    return Verdict("wait", "quiet", until) if until <= due.not_after else Verdict("expired", "too_late")


def last_moment(at: datetime, zone: ZoneInfo, *, hours: float) -> datetime:
    """Until when a digest still makes sense: some hours after its time, and never on the next day."""
    return min(datetime.fromtimestamp(at.timestamp() + hours * 3600, tz=at.tzinfo), end_of_day(at, zone))

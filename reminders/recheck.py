"""What is asked once more in the moment of sending. Pure: plain values in, one verdict out.

A row of the outbox is a plan, not an order: between planning and sending the patient may have done the exercises,
switched messages off, moved the visit or left the clinic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from types import MappingProxyType
from zoneinfo import ZoneInfo

from exercises.adherence import Entry, Order, expected_doses
from reminders.clock import end_of_day, from_week_minute, local_date, quiet_end, week_minute
from reminders.ways import HABITS, POLICIES

_NOTHING: Mapping[str, frozenset[int]] = MappingProxyType({})
EXERCISES, NUDGE = "exercises", "nudge"


@dataclass(frozen=True, slots=True)
class Due:
    """A message as planned.

    ``wall`` is the local time of a digest or prompt (midnight of a nudge's or question's day), ``visit_start`` the
    start that was planned for, ``version`` plan and number of the version that the patient is told about.
    """

    kind: str
    not_after: datetime
    channel: str = "email"
    wall: datetime | None = None
    visit_start: datetime | None = None
    version: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What holds for the patient now.

    ``addresses`` and ``wanted`` go by channel and kind; ``questions`` are the days on which open questions became due,
    ``versions`` plan and number of the running version of each plan, ``unseen`` those with news for the patient.
    """

    active: bool
    zone: str
    consented: bool
    addresses: Mapping[str, str]
    wanted: Mapping[str, tuple[str, ...]]
    week_minutes: Mapping[str, frozenset[int]] = field(default_factory=lambda: _NOTHING)
    quiet_from: time = time(20)
    quiet_until: time = time(8)
    daily_cap: int = 3
    paused_from: date | None = None
    paused_until: date | None = None
    in_care: bool = True
    on_hold: bool = False  # a new fact waits to be screened, or everything that would be due is held
    fluids_barred: bool = False  # a condition forbids or changes advice on drinking
    orders: tuple[Order, ...] = ()
    entries: tuple[Entry, ...] = ()
    questions: frozenset[date] = frozenset()
    versions: frozenset[tuple[int, int]] = frozenset()
    unseen: frozenset[tuple[int, int]] = frozenset()
    sent_at: Sequence[datetime] = field(default_factory=list)

    def address_for(self, channel: str) -> str:
        """Where a message by that channel goes; empty when it cannot."""
        return self.addresses.get(channel, "")


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
        or _paused(due, person, now)
        or _settled(due, person, visit, now)
        or _over_cap(due, person, now)
        or _quiet(due, person, now)
        or SEND
    )


def _too_late(due: Due, now: datetime) -> Verdict | None:
    return Verdict("expired", "too_late") if now > due.not_after else None


def _not_wanted(due: Due, person: Person) -> Verdict | None:
    if not person.active:
        return Verdict("suppressed", "inactive")
    if not person.consented:
        return Verdict("suppressed", "no_consent")
    if due.channel not in person.wanted.get(due.kind, ()):
        return Verdict("suppressed", "opted_out")
    if not person.address_for(due.channel):
        return Verdict("suppressed", "no_address")
    return None


def _paused(due: Due, person: Person, now: datetime) -> Verdict | None:
    """The patient's own pause, by their own calendar; visits are told all the same."""
    if person.paused_from is None or POLICIES[due.kind].in_pause:
        return None
    today = local_date(now, ZoneInfo(person.zone))
    inside = person.paused_from <= today and (person.paused_until is None or today <= person.paused_until)
    return Verdict("suppressed", "paused") if inside else None


def _settled(due: Due, person: Person, visit: Visit | None, now: datetime) -> Verdict | None:
    """Whether what the message is about is still there. A question or an offer has nothing more to ask about."""
    if due.kind == "appointment":
        return _visit_changed(due, visit)
    if due.kind == "reassessment":
        asked = due.wall is not None and due.wall.date() in person.questions
        return None if asked else Verdict("suppressed", "answered")
    if due.kind == "plan_changed":
        return _version_settled(due, person)
    if due.kind in (EXERCISES, NUDGE, *HABITS):
        return _day_settled(due, person, local_date(now, ZoneInfo(person.zone)))
    return None


def _visit_changed(due: Due, visit: Visit | None) -> Verdict | None:
    if visit is None or not visit.ahead:
        return Verdict("cancelled", "visit_cancelled")
    if visit.start != due.visit_start:
        return Verdict("cancelled", "visit_moved")
    return None


def _version_settled(due: Due, person: Person) -> Verdict | None:
    if due.version not in person.versions:
        return Verdict("suppressed", "replaced")
    if person.on_hold:
        return Verdict("suppressed", "on_hold")
    return None if due.version in person.unseen else Verdict("suppressed", "seen")


def _day_settled(due: Due, person: Person, today: date) -> Verdict | None:
    """What belongs to a day: still that day, still a time of it, nothing on hold, and something left to do."""
    if due.wall is None or not _still_a_time(due.kind, due.wall, person):
        return Verdict("cancelled", "times_changed")
    if due.wall.date() != today:
        return Verdict("expired", "too_late")
    if person.on_hold:
        return Verdict("suppressed", "on_hold")
    if not person.in_care:
        return Verdict("suppressed", "discharged")
    if due.kind == "fluids" and person.fluids_barred:
        return Verdict("suppressed", "not_advised")
    return None if due.kind in HABITS else _programme_settled(due.kind, person, today)


def _still_a_time(kind: str, wall: datetime, person: Person) -> bool:
    if kind == NUDGE:  # its day has a reminder time, whichever
        return wall.weekday() in {from_week_minute(minute)[0] for minute in person.week_minutes.get(EXERCISES, ())}
    return week_minute(wall.weekday(), wall.time()) in person.week_minutes.get(kind, ())


def _programme_settled(kind: str, person: Person, today: date) -> Verdict | None:
    """A digest ends once everything is told, a nudge as soon as anything is: it is for those who forgot."""
    asked = {order.key: expected_doses(order, today) for order in person.orders}
    if not any(asked.values()):
        return Verdict("suppressed", "nothing_due")
    told = dict.fromkeys(asked, 0)
    for entry in person.entries:
        if entry.on == today and entry.key in told:
            told[entry.key] += 1
    if all(told[key] >= doses for key, doses in asked.items()) or (kind == NUDGE and any(told.values())):
        return Verdict("suppressed", "logged")
    return None


def _over_cap(due: Due, person: Person, now: datetime) -> Verdict | None:
    if not POLICIES[due.kind].capped:
        return None
    zone = ZoneInfo(person.zone)
    today = local_date(now, zone)
    sent = sum(local_date(at, zone) == today for at in person.sent_at)
    return Verdict("suppressed", "cap") if sent >= person.daily_cap else None


def _quiet(due: Due, person: Person, now: datetime) -> Verdict | None:
    """A notice in the portal disturbs nobody; everything else waits for the end of the quiet hours."""
    if due.channel == "portal":
        return None
    until = quiet_end(now, ZoneInfo(person.zone), person.quiet_from, person.quiet_until)
    if until is None:
        return None
    return Verdict("wait", "quiet", until) if until <= due.not_after else Verdict("expired", "too_late")


def last_moment(at: datetime, zone: ZoneInfo, *, hours: float) -> datetime:
    """Until when a digest still makes sense: some hours after its time, and never on the next day."""
    return min(datetime.fromtimestamp(at.timestamp() + hours * 3600, tz=at.tzinfo), end_of_day(at, zone))

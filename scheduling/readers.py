"""What other parts ask about appointments: next visits, a day, free times. One query per kind of row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from clinic.models import Clinic, Patient, Practitioner, User
from clinic.pieces import Piece, ask
from scheduling.models import Appointment, Room, State, WorkingHours
from scheduling.slots import Hours, Interval, free_slots, nearest, windows_between, windows_on

STEP = timedelta(minutes=15)
SEARCH_DAYS = 14


def clinic_zone() -> ZoneInfo:
    """The clock on the clinic's wall."""
    clinic = Clinic.objects.only("time_zone").first()
    return ZoneInfo((clinic or Clinic()).time_zone)


def upcoming_for(patient: Patient, now: datetime) -> list[Appointment]:
    """The patient's visits that are not over yet, soonest first."""
    return list(Appointment.objects.filter(patient=patient, ends_at__gt=now).live().for_diary())


def past_for(patient: Patient, now: datetime, *, limit: int = 10) -> list[Appointment]:
    """The patient's last visits that took place or were missed, newest first."""
    over = Appointment.objects.filter(patient=patient, ends_at__lte=now).exclude(state=State.CANCELLED)
    return list(over.for_diary().order_by("-starts_at", "-id")[:limit])


@dataclass(frozen=True, slots=True)
class NextVisit:
    """What a header or a card says about the next visit."""

    starts_at: datetime
    practitioner_name: str


def _visit(value: list[Any] | None) -> NextVisit | None:
    return None if value is None else NextVisit(datetime.fromisoformat(value[0]), value[1])


# Parameters: ``patient`` and ``now``.
NEXT_VISIT = Piece(
    """SELECT json_build_array(a.starts_at, u.name)
         FROM scheduling_appointment a
         JOIN clinic_practitioner w ON w.id = a.practitioner_id
         JOIN clinic_user u ON u.id = w.user_id
        WHERE a.patient_id = %(patient)s AND a.starts_at > %(now)s AND a.state NOT IN ('cancelled', 'did_not_attend')
        ORDER BY a.starts_at, a.id LIMIT 1""",
    _visit,
)


def next_visit(patient: Patient, now: datetime) -> NextVisit | None:
    """The patient's next visit that has not begun."""
    found: NextVisit | None = ask({"visit": NEXT_VISIT}, patient=patient.pk, now=now)["visit"]
    return found


def day_bounds(day: date, zone: ZoneInfo) -> Interval:
    """A calendar day of the clinic as instants; 23 to 25 hours long where the clock changes."""
    start = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
    return Interval(start, end)


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit on the board. ``named`` is false where the reader may know that the time is taken, but not by whom."""

    appointment: Appointment
    named: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One practitioner's day: working windows, visits in order, free stretches."""

    practitioner: Practitioner
    windows: tuple[Interval, ...]
    visits: tuple[Visit, ...]
    free: tuple[Interval, ...]


def hours_of(practitioner_ids: list[int]) -> dict[int, list[Hours]]:
    """Working hours as plain values, by practitioner."""
    found: dict[int, list[Hours]] = {pk: [] for pk in practitioner_ids}
    for row in WorkingHours.objects.filter(practitioner__in=practitioner_ids):
        found[row.practitioner_id].append(Hours(row.weekday, row.starts, row.ends))
    return found


def bookable() -> list[Practitioner]:
    """Practitioners who may be booked, by name."""
    return list(Practitioner.objects.filter(user__is_active=True).select_related("user").order_by("user__name", "id"))


def day_board(user: User | AnonymousUser, day: date, zone: ZoneInfo) -> list[Column]:
    """The clinic's day in columns: everybody who works or has a visit on it.

    Four queries whatever the number of columns. Visits outside the reader's scope come without a name.
    """
    bounds = day_bounds(day, zone)
    visits = list(Appointment.objects.touching(bounds.start, bounds.end).for_diary())
    known = set(Appointment.objects.touching(bounds.start, bounds.end).visible_to(user).values_list("pk", flat=True))
    people = {row.pk: row for row in bookable()} | {row.practitioner_id: row.practitioner for row in visits}
    hours = hours_of(list(people))
    columns = [
        _column(
            person,
            windows_on(hours[person.pk], day, zone),
            [Visit(row, row.pk in known) for row in visits if row.practitioner_id == person.pk],
        )
        for person in people.values()
    ]
    return [column for column in columns if column.windows or column.visits]


def _column(person: Practitioner, windows: list[Interval], visits: list[Visit]) -> Column:
    busy = [span(visit.appointment) for visit in visits if holds_time(visit.appointment)]
    free = free_slots(windows, busy, length=STEP, step=STEP, earliest=datetime.min.replace(tzinfo=UTC))
    return Column(person, tuple(windows), tuple(visits), tuple(free))


def span(appointment: Appointment) -> Interval:
    """The time the visit takes."""
    return Interval(appointment.during.lower, appointment.during.upper)


def holds_time(appointment: Appointment) -> bool:
    """True while nobody else can have that time."""
    return appointment.state not in (State.CANCELLED, State.DID_NOT_ATTEND)


def free_times(
    practitioner: Practitioner,
    *,
    first: date,
    days: int,
    length: timedelta,
    now: datetime,
    patient: Patient | None = None,
    room: Room | None = None,
    except_for: Appointment | None = None,
) -> list[Interval]:
    """Free slots of the practitioner on several days in a row, minus what patient and room already have."""
    zone = clinic_zone()
    windows = windows_between(hours_of([practitioner.pk])[practitioner.pk], first, days, zone)
    if not windows:
        return []
    taken = Q(practitioner=practitioner)
    if patient is not None:
        taken |= Q(patient=patient)
    if room is not None:
        taken |= Q(room=room)
    rows = Appointment.objects.touching(windows[0].start, windows[-1].end).live().filter(taken)
    if except_for is not None:
        rows = rows.exclude(pk=except_for.pk)
    busy = [Interval(start, end) for start, end in rows.values_list("starts_at", "ends_at")]
    return free_slots(windows, busy, length=length, step=STEP, earliest=now)


def alternatives_to(
    start: datetime,
    practitioner: Practitioner,
    *,
    length: timedelta,
    now: datetime,
    patient: Patient | None = None,
    room: Room | None = None,
    except_for: Appointment | None = None,
    limit: int = 6,
) -> tuple[Interval, ...]:
    """The free times closest to the one that was taken: the same day first, then the fortnight after it."""
    first = max(start, now).astimezone(clinic_zone()).date()
    slots = free_times(
        practitioner,
        first=first,
        days=SEARCH_DAYS,
        length=length,
        now=now,
        patient=patient,
        room=room,
        except_for=except_for,
    )
    return nearest(slots, start, limit)

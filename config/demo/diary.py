"""Visits of the demo clinic: eight weeks behind, two weeks ahead, no two at once."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from clinic.models import Patient, Practitioner, User
from scheduling.models import Appointment, Kind, Room, State, WorkingHours
from scheduling.readers import clinic_zone

LENGTH = timedelta(minutes=30)
OPENS, CLOSES = time(8, 30), time(17, 30)
SLOTS_A_DAY = 18
ROOMS = ("Room 1", "Room 2", "Gym")


def seed_rooms_and_hours(practitioners: list[Practitioner]) -> list[Room]:
    """Rooms, and a full working week for everyone."""
    rooms = [Room.objects.get_or_create(name=name)[0] for name in ROOMS]
    for practitioner in practitioners:
        for weekday in range(5):
            WorkingHours.objects.get_or_create(
                practitioner=practitioner, weekday=weekday, starts=OPENS, defaults={"ends": CLOSES}
            )
    return rooms


@dataclass(slots=True)
class Diary:
    """Hands out free half hours; remembers what is taken by practitioner and by patient."""

    by: User
    now: datetime
    dice: random.Random
    rooms: dict[int, Room]
    taken: set[tuple[int, datetime]] = field(default_factory=set)
    rows: list[Appointment] = field(default_factory=list)

    def visit(self, patient: Patient, practitioner: Practitioner, near: date, *, kind: str = Kind.FOLLOW_UP) -> date:
        """Put a visit on the first working day from ``near`` on that has a free half hour; returns the day."""
        day = near
        while True:
            while day.weekday() > 4:
                day += timedelta(days=1)
            free = [start for start in self._starts(day) if (practitioner.pk, start) not in self.taken]
            if free:
                break
            day += timedelta(days=1)
        start = self.dice.choice(free)
        self.taken.add((practitioner.pk, start))
        self.rows.append(self._row(patient, practitioner, start, kind))
        return day

    def _starts(self, day: date) -> list[datetime]:
        opens = datetime.combine(day, OPENS, tzinfo=clinic_zone()).astimezone(UTC)
        return [opens + LENGTH * slot for slot in range(SLOTS_A_DAY)]

    def _row(self, patient: Patient, practitioner: Practitioner, start: datetime, kind: str) -> Appointment:
        state = self._state(start)
        return Appointment(
            patient=patient,
            practitioner=practitioner,
            room=self.rooms[practitioner.pk],
            kind=kind,
            during=DateTimeTZRange(start, start + LENGTH),
            state=state,
            created_by=self.by,
            created_at=min(self.now, start - timedelta(days=7)),
            cancelled_at=start - timedelta(hours=20) if state == State.CANCELLED else None,
            cancel_reason="patient" if state == State.CANCELLED else "",
            cancelled_late=state == State.CANCELLED,
        )

    def _state(self, start: datetime) -> str:
        if start + LENGTH <= self.now:
            return self.dice.choices([State.COMPLETED, State.DID_NOT_ATTEND, State.CANCELLED], weights=[90, 5, 5])[0]
        if start <= self.now:
            return State.IN_SESSION
        if start <= self.now + timedelta(minutes=30):
            return State.ARRIVED
        return self.dice.choice([State.BOOKED, State.CONFIRMED])

    def save(self) -> int:
        """Write all visits at once; the exclusion constraints hold for the demo as for everybody."""
        return len(Appointment.objects.bulk_create(self.rows))

"""Factories of rooms, working hours and appointments."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import factory
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from factory.django import DjangoModelFactory

from clinic.models import Practitioner
from scheduling.models import Appointment, Room, WorkingHours
from tests.factories.clinic import FrontDeskFactory, PatientFactory, PractitionerFactory


class RoomFactory(DjangoModelFactory[Room]):
    class Meta:
        model = Room

    name = factory.Sequence(lambda n: f"Room {n}")


class WorkingHoursFactory(DjangoModelFactory[WorkingHours]):
    class Meta:
        model = WorkingHours

    practitioner = factory.SubFactory(PractitionerFactory)
    weekday = 0
    starts = time(8)
    ends = time(18)


def works_all_week(practitioner: Practitioner, starts: time = time(8), ends: time = time(18)) -> Practitioner:
    """Give a practitioner the same hours on every day of the week."""
    for weekday in range(7):
        WorkingHoursFactory(practitioner=practitioner, weekday=weekday, starts=starts, ends=ends)
    return practitioner


class AppointmentFactory(DjangoModelFactory[Appointment]):
    """``AppointmentFactory(start=..., minutes=...)`` writes the row directly, without the rules of booking."""

    class Meta:
        model = Appointment

    class Params:
        start = factory.Sequence(lambda n: datetime(2026, 12, 1, 9, tzinfo=UTC) + timedelta(hours=n))
        minutes = 30

    patient = factory.SubFactory(PatientFactory)
    practitioner = factory.SubFactory(PractitionerFactory)
    during = factory.LazyAttribute(lambda o: DateTimeTZRange(o.start, o.start + timedelta(minutes=o.minutes)))
    created_by = factory.SubFactory(FrontDeskFactory)

    @classmethod
    def _create(cls, model_class: type[Appointment], *args: Any, **kwargs: Any) -> Appointment:
        visit = super()._create(model_class, *args, **kwargs)
        visit.patient.care_team.add(visit.practitioner.user)
        return visit

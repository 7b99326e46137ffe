"""Patients by the ten thousand whom reminders reach."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from django.utils import timezone

from benchmarks.made_up import made_up
from clinic.models import Consent, Episode, Patient
from exercises.models import Prescription
from reminders.clock import week_minute
from reminders.models import ContactRules, Kind, Timetable
from tests.factories.clinic import FrontDeskFactory, PractitionerFactory

BATCH = 2_000


def reminded_patients(many: int, *, at: datetime, prefix: str, exercises: int = 1) -> Iterator[list[Patient]]:
    """Make patients with consent, that many active prescriptions each and a digest every day at the time of ``at``."""
    times = [week_minute(weekday, at.time()) for weekday in range(7)]
    practitioner, exercise, desk = PractitionerFactory(), made_up(f"bench_{prefix}"), FrontDeskFactory()
    for first in range(0, many, BATCH):
        patients = Patient.objects.bulk_create(
            Patient(
                number=f"{prefix}-{number:06d}",
                given_name="Ann",
                family_name=f"{prefix} {number}",
                date_of_birth=date(1980, 1, 1),
                email=f"{prefix.lower()}{number}@example.test",
            )
            for number in range(first, min(first + BATCH, many))
        )
        episodes = Episode.objects.bulk_create(
            Episode(patient=patient, practitioner=practitioner, complaint="x", opened_on=at.date())
            for patient in patients
        )
        Prescription.objects.bulk_create(
            Prescription(
                patient=patient, episode=episode, exercise=exercise, phase=1, starts_on=at.date(), prescribed_by=desk
            )
            for patient, episode in zip(patients, episodes, strict=True)
            for _ in range(exercises)
        )
        Consent.objects.bulk_create(
            Consent(patient=p, kind=Consent.Kind.MESSAGES, signed_on=at.date(), signed_by="x", recorded_by=desk)
            for p in patients
        )
        ContactRules.objects.bulk_create(
            ContactRules(patient=p, quiet_from=time(3), quiet_until=time(3)) for p in patients
        )
        long_ago = timezone.now().replace(year=2020)
        Timetable.objects.bulk_create(
            Timetable(patient=p, kind=Kind.EXERCISES, week_minutes=times, changed_at=long_ago) for p in patients
        )
        yield patients

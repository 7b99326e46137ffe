"""Factories of preferences and messages, and a patient whom reminders reach."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from clinic.models import Consent, Patient
from reminders.models import ContactRules, Kind, OutboxMessage, Preference, Timetable
from reminders.planner import EVERY_DAY, PROGRAMME
from tests.factories.clinic import ConsentFactory, PatientFactory


class ContactRulesFactory(DjangoModelFactory[ContactRules]):
    class Meta:
        model = ContactRules

    patient = factory.SubFactory(PatientFactory)


class PreferenceFactory(DjangoModelFactory[Preference]):
    class Meta:
        model = Preference

    patient = factory.SubFactory(PatientFactory)
    kind = Kind.EXERCISES
    changed_at = datetime(2026, 1, 1, tzinfo=UTC)


class TimetableFactory(DjangoModelFactory[Timetable]):
    class Meta:
        model = Timetable

    patient = factory.SubFactory(PatientFactory)
    kind = Kind.EXERCISES
    week_minutes = EVERY_DAY
    changed_at = datetime(2026, 1, 1, tzinfo=UTC)


class MessageFactory(DjangoModelFactory[OutboxMessage]):
    """A digest of 09:00 London time on Tuesday 24 November 2026, due at once."""

    class Meta:
        model = OutboxMessage

    patient = factory.SubFactory(PatientFactory)
    kind = Kind.EXERCISES
    subject = PROGRAMME
    occurrence = "2026-11-24T09:00"
    due_at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    not_after = factory.LazyAttribute(lambda message: message.due_at + timedelta(hours=3))


def notice(patient: Patient, kind: str, *, at: datetime | None = None) -> OutboxMessage:
    """A notice that waits in the patient's portal."""
    at = at or timezone.now()
    return MessageFactory(
        patient=patient,
        kind=kind,
        subject=f"{kind}:1",
        occurrence=at.isoformat(timespec="minutes"),
        channel="portal",
        state="delivered",
        due_at=at,
        sent_at=at,
        delivered_at=at,
    )


def reachable_patient(**kwargs: Any) -> Patient:
    """A patient with address, consent to messages, a digest every day at nine and the default rules, but no nudge."""
    patient = PatientFactory(**kwargs)
    ConsentFactory(patient=patient, kind=Consent.Kind.MESSAGES, signed_on=date(2026, 1, 1))
    ContactRulesFactory(patient=patient)
    TimetableFactory(patient=patient)
    PreferenceFactory(patient=patient)
    PreferenceFactory(patient=patient, kind=Kind.APPOINTMENT)
    PreferenceFactory(patient=patient, kind=Kind.NUDGE, enabled=False)
    return patient

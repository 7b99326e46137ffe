"""Factories of the patient's diary."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import factory
from factory.django import DjangoModelFactory

from assessments.models import DiaryEntry
from tests.factories.clinic import PatientFactory, UserFactory


class DiaryEntryFactory(DjangoModelFactory[DiaryEntry]):
    """A cramp of the left calf, now, unless told otherwise."""

    class Meta:
        model = DiaryEntry

    patient = factory.SubFactory(PatientFactory)
    happened_at = factory.LazyFunction(lambda: datetime.now(UTC))
    kind = "cramp"
    region = "calf"
    side = "left"
    strength = 6
    acted_at = factory.SelfAttribute("happened_at")

    @factory.lazy_attribute
    def on(self) -> Any:
        return self.happened_at.astimezone(ZoneInfo(self.patient.time_zone)).date()

    @factory.lazy_attribute
    def recorded_by(self) -> Any:
        return self.patient.user or UserFactory(role="patient")

"""A patient with a programme, a stranger, and a clinic that can be called."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from clinic.locality import patient_date
from tests.factories.clinic import ClinicFactory, EpisodeFactory
from tests.factories.exercises import PrescriptionFactory


@pytest.fixture
def home(db: None) -> SimpleNamespace:
    """``home.patient`` logged in as ``home.client``; ``home.foreign`` is somebody else's prescription."""
    ClinicFactory()
    episode = EpisodeFactory(patient__given_name="Anna")
    client = Client()
    client.force_login(episode.patient.user)
    return SimpleNamespace(
        client=client,
        patient=episode.patient,
        episode=episode,
        prescription=PrescriptionFactory(episode=episode, starts_on="2026-01-01", exercise__name="Pelvic tilt"),
        foreign=PrescriptionFactory(starts_on="2026-01-01"),
        today=patient_date(episode.patient, timezone.now()),
    )

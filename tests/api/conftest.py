"""The cast: a patient, their physiotherapist, a stranger of each kind, the desk, the manager."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from rest_framework.test import APIClient

from clinic.models import User
from tests.factories.clinic import EpisodeFactory, FrontDeskFactory, ManagerFactory, PhysioFactory
from tests.factories.exercises import PrescriptionFactory


@pytest.fixture
def cast(db: None) -> SimpleNamespace:
    physio, stranger_physio = PhysioFactory(), PhysioFactory()
    episode = EpisodeFactory(practitioner=physio.practitioner)
    other = EpisodeFactory(practitioner=stranger_physio.practitioner)
    return SimpleNamespace(
        physio=physio,
        stranger_physio=stranger_physio,
        desk=FrontDeskFactory(),
        manager=ManagerFactory(),
        patient=episode.patient,
        episode=episode,
        prescription=PrescriptionFactory(episode=episode, starts_on="2026-01-01"),
        other=other.patient,
        other_prescription=PrescriptionFactory(episode=other, starts_on="2026-01-01"),
    )


@pytest.fixture
def api() -> Callable[[User | None], APIClient]:
    """A client that is logged in, or not."""

    def login(user: User | None) -> APIClient:
        client = APIClient()
        if user is not None:
            client.force_login(user)
        return client

    return login

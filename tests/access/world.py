"""Two patients, their carers and a stranger; the table replays one patient's ids as everybody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clinic.models import Consent, User
from tests.factories.assessments import AssessmentFactory
from tests.factories.clinic import (
    ConsentFactory,
    EpisodeFactory,
    FrontDeskFactory,
    ManagerFactory,
    PatientFactory,
    PractitionerFactory,
)
from tests.factories.scheduling import AppointmentFactory


@dataclass(slots=True)
class World:
    """``users`` by actor (None is anonymous); ``ids`` of the rows that belong to the one patient."""

    users: dict[str, User | None]
    ids: dict[str, Any]


def build_world() -> World:
    """Everything that the table's addresses need."""
    practitioner = PractitionerFactory()
    patient = PatientFactory()
    episode = EpisodeFactory(patient=patient, practitioner=practitioner)
    assessment = AssessmentFactory(episode=episode, author=practitioner.user)
    consent = ConsentFactory(patient=patient, kind=Consent.Kind.NEEDLING, recorded_by=practitioner.user)
    appointment = AppointmentFactory(patient=patient, practitioner=practitioner)
    users: dict[str, User | None] = {
        "anonymous": None,
        "physio": practitioner.user,
        "stranger": PractitionerFactory().user,
        "desk": FrontDeskFactory(),
        "manager": ManagerFactory(),
        "patient": patient.user,
        "other": PatientFactory().user,
    }
    ids = {"patient": patient.pk, "episode": episode.pk, "assessment": assessment.pk, "consent": consent.pk, "appointment": appointment.pk}
    return World(users, ids)

"""The doors: 404 outside one's scope, 403 inside it, and an access event for everything that was seen."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.http import Http404

from clinic.access import Purpose, episode_for, own_patient, patient_for
from clinic.models import AccessEvent, Patient
from tests.factories.clinic import (
    EpisodeFactory,
    FrontDeskFactory,
    ManagerFactory,
    PatientFactory,
    PhysioFactory,
)

pytestmark = pytest.mark.django_db

OPEN, HIDDEN, FORBIDDEN = "open", "hidden", "forbidden"

# role x purpose, for a patient in the role's scope where the role has one
TABLE: dict[str, dict[Purpose, str]] = {
    "physio": {"view": OPEN, "edit": OPEN, "clinical": OPEN, "treat": OPEN, "book": OPEN, "own": FORBIDDEN},
    "stranger": dict.fromkeys(("view", "edit", "clinical", "treat", "book", "own"), HIDDEN),
    "desk": {"view": OPEN, "edit": OPEN, "clinical": FORBIDDEN, "treat": FORBIDDEN, "book": OPEN, "own": FORBIDDEN},
    "manager": {"view": OPEN, "edit": OPEN, "clinical": OPEN, "treat": FORBIDDEN, "book": OPEN, "own": FORBIDDEN},
    "patient": {
        "view": FORBIDDEN,
        "edit": FORBIDDEN,
        "clinical": FORBIDDEN,
        "treat": FORBIDDEN,
        "book": FORBIDDEN,
        "own": OPEN,
    },
    "other": dict.fromkeys(("view", "edit", "clinical", "treat", "book", "own"), HIDDEN),
}


@pytest.fixture
def cast() -> dict[str, Any]:
    """Owner, colleague, stranger: the people around one patient."""
    physio = PhysioFactory()
    patient = PatientFactory(team=[physio])
    return {
        "record": patient,
        "physio": physio,
        "stranger": PhysioFactory(),
        "desk": FrontDeskFactory(),
        "manager": ManagerFactory(),
        "patient": patient.user,
        "other": PatientFactory().user,
    }


def outcome(user: Any, pk: int, purpose: Purpose) -> str:
    try:
        patient_for(user, pk, to=purpose)
    except Http404:
        return HIDDEN
    except PermissionDenied:
        return FORBIDDEN
    return OPEN


@pytest.mark.parametrize("who", list(TABLE))
def test_the_door_answers_by_the_table(cast: dict[str, Any], who: str) -> None:
    assert {purpose: outcome(cast[who], cast["record"].pk, purpose) for purpose in TABLE[who]} == TABLE[who]


def test_an_inactive_user_sees_nothing(cast: dict[str, Any]) -> None:
    cast["desk"].is_active = False
    assert outcome(cast["desk"], cast["record"].pk, "view") == HIDDEN


@pytest.mark.hazard("H-15")
def test_the_front_desk_is_refused_an_episode_of_a_patient_it_sees() -> None:
    episode = EpisodeFactory()
    with pytest.raises(PermissionDenied):
        episode_for(FrontDeskFactory(), episode.pk)


def test_own_record_belongs_to_the_log_in() -> None:
    patient = PatientFactory()
    assert own_patient(patient.user) == patient
    with pytest.raises(PermissionDenied):
        own_patient(PhysioFactory())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ann", {"Ann"}),
        ("ANN syn", {"Ann"}),
        ("synth", {"Ann", "Bob"}),
        ("T-77", {"Bob"}),
        ("zzz", set()),
        ("' | 'x", set()),
        ("a:* & !b", set()),
        ("   ", {"Ann", "Bob"}),
        ("!!!", set()),
    ],
)
def test_search_takes_whatever_is_typed(text: str, found: set[str]) -> None:
    PatientFactory(given_name="Ann", family_name="Synthetic", number="T-000001")
    PatientFactory(given_name="Bob", family_name="Synthetic", number="T-777777")

    assert {patient.given_name for patient in Patient.objects.search_for(text)} == found


@pytest.mark.hazard("H-22")
def test_access_events_cannot_be_changed_or_deleted() -> None:
    AccessEvent.objects.create(action="view", view="x", method="GET", status=200)

    for statement in ("UPDATE clinic_accessevent SET status = 1", "DELETE FROM clinic_accessevent"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert AccessEvent.objects.get().status == 200


@pytest.mark.hazard("H-22")
def test_every_change_leaves_history_even_by_raw_sql() -> None:
    patient = PatientFactory(given_name="Before")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE clinic_patient SET given_name = 'After' WHERE id = %s", [patient.pk])

    history: Any = Patient
    events = history.pgh_event_model.objects.filter(pgh_obj_id=patient.pk).order_by("pgh_id")
    assert list(events.values_list("pgh_label", "given_name")) == [("insert", "Before"), ("update", "After")]
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM clinic_patientevent")

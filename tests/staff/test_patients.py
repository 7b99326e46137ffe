"""The patient pages: registration, search, conditions, consents, and what the front desk does not see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.models import AccessEvent, Consent, Patient, PatientCondition
from tests.factories.clinic import (
    ConditionFactory,
    EpisodeFactory,
    FrontDeskFactory,
    PatientConditionFactory,
    PatientFactory,
    PhysioFactory,
)
from tests.factories.exercises import PrescriptionFactory

pytestmark = pytest.mark.django_db

FORM: dict[str, Any] = {
    "given_name": "Ann",
    "family_name": "Synthetic",
    "date_of_birth": "1980-05-06",
    "sex_at_birth": "female",
    "email": "ann@example.test",
    "phone": "+44 7700 900123",
    "time_zone": "Europe/London",
    "language": "en",
}


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(FrontDeskFactory())
    return client


@pytest.fixture
def physio(client: Client) -> Client:
    client.force_login(PhysioFactory())
    return client


def test_the_front_desk_registers_a_patient(desk: Client) -> None:
    answer = desk.post(reverse("staff:patient-new"), FORM)

    patient = Patient.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == reverse("staff:patient-detail", args=[patient.pk])
    assert (patient.given_name, patient.user.email if patient.user else "") == ("Ann", "ann@example.test")


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("date_of_birth", "2999-01-01", "future"),
        ("date_of_birth", "yesterday", "valid date"),
        ("phone", "none of your business", "telephone number"),
        ("time_zone", "Nowhere/Land", "time zone"),
        ("email", "not-an-address", "valid email"),
        ("given_name", "", "required"),
        ("given_name", "x" * 81, "at most 80"),
        ("given_name", "a\x00b", "Null characters"),
    ],
)
def test_a_bad_entry_is_named_and_the_rest_is_kept(desk: Client, field: str, typed: str, said: str) -> None:
    answer = desk.post(reverse("staff:patient-new"), {**FORM, field: typed})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert 'value="Synthetic"' in page
    assert Patient.objects.count() == 0


def test_a_similar_record_is_shown_before_a_second_one_is_made(desk: Client) -> None:
    PatientFactory(given_name="Anne", family_name="Synthetic", date_of_birth="1980-05-06", number="T-9")

    answer = desk.post(reverse("staff:patient-new"), FORM)
    assert answer.status_code == 409
    assert "T-9" in answer.content.decode()
    assert Patient.objects.count() == 1

    desk.post(reverse("staff:patient-new"), {**FORM, "accept_similar": "True"})
    assert Patient.objects.count() == 2


def test_a_colleagues_similar_record_is_counted_but_not_shown(physio: Client) -> None:
    PatientFactory(given_name="Secret", family_name="Synthetic", date_of_birth="1980-05-06", number="T-9")

    page = physio.post(reverse("staff:patient-new"), FORM).content.decode()

    assert "belongs to a colleague" in page
    assert "T-9" not in page


def test_paging_visits_every_patient_once(desk: Client) -> None:
    for number in range(60):
        PatientFactory(family_name=f"Name{number % 7}", given_name="Same")
    seen: list[int] = []
    cursor = ""
    for _ in range(3):
        page = desk.get(reverse("staff:patient-list"), {"after": cursor}).context["page"]
        seen += [patient.pk for patient in page.rows]
        cursor = page.next_cursor

    assert cursor == ""
    assert len(seen) == len(set(seen)) == 60
    assert desk.get(reverse("staff:patient-list"), {"after": "forged"}).status_code == 200


@pytest.mark.parametrize("how_many", [1, 25])
def test_the_list_needs_the_same_queries_for_one_and_for_many(
    desk: Client, django_assert_max_num_queries: Any, how_many: int
) -> None:
    PatientFactory.create_batch(how_many)
    desk.get(reverse("staff:patient-list"))
    with django_assert_max_num_queries(8):
        desk.get(reverse("staff:patient-list"))


def test_the_front_desk_sees_no_clinical_word(desk: Client) -> None:
    episode = EpisodeFactory(complaint="PLANTED complaint")
    PatientConditionFactory(patient=episode.patient, condition=ConditionFactory(key="c", label="PLANTED condition"))

    for name in ("patient-detail", "patient-edit"):
        page = desk.get(reverse(f"staff:{name}", args=[episode.patient_id]))
        assert page.status_code == 200
        assert "PLANTED" not in page.content.decode()
    for name in ("patient-conditions", "patient-consents"):
        assert desk.get(reverse(f"staff:{name}", args=[episode.patient_id])).status_code == 403
    assert desk.get(reverse("staff:episode-detail", args=[episode.pk])).status_code == 403


def test_conditions_are_answered_on_the_page(client: Client) -> None:
    user = PhysioFactory()
    client.force_login(user)
    patient = PatientFactory(team=[user])
    ConditionFactory(key="metal_implant", label="Metal implant", needs_site=True)
    url = reverse("staff:patient-conditions", args=[patient.pk])

    refused = client.post(url, {"metal_implant-answer": "yes", "metal_implant-side": "left"})
    assert refused.status_code == 422
    assert "A side needs its region" in refused.content.decode()
    assert PatientCondition.objects.count() == 0

    data = {"metal_implant-answer": "yes", "metal_implant-region": "knee", "metal_implant-side": "left"}
    assert client.post(url, data).status_code == 302
    row = PatientCondition.objects.get()
    assert (row.answer, [str(site) for site in row.sites.all()]) == ("yes", ["knee left"])


def test_a_consent_is_put_on_file_and_withdrawn(client: Client) -> None:
    user = PhysioFactory()
    client.force_login(user)
    patient = PatientFactory(team=[user])
    url = reverse("staff:patient-consents", args=[patient.pk])

    client.post(url, {"kind": "needling", "signed_on": "2026-11-01", "signed_by": "Ann Synthetic"})
    consent = Consent.objects.get()
    client.post(reverse("staff:consent-withdraw", args=[patient.pk, consent.pk]))

    consent.refresh_from_db()
    assert consent.withdrawn_on is not None
    foreign = Consent.objects.create(
        patient=PatientFactory(), kind="thrust", signed_on="2026-11-01", signed_by="x", recorded_by=user
    )
    assert client.post(reverse("staff:consent-withdraw", args=[patient.pk, foreign.pk])).status_code == 404
    foreign.refresh_from_db()
    assert foreign.withdrawn_on is None


def test_opening_a_record_leaves_an_access_event(desk: Client) -> None:
    patient = PatientFactory()

    desk.get(reverse("staff:patient-detail", args=[patient.pk]))
    desk.get(reverse("staff:patient-list"))
    desk.get(reverse("staff:patient-consents", args=[patient.pk]))

    events = AccessEvent.objects.order_by("pk").values_list("patient_id", "view", "status")
    assert list(events) == [
        (patient.pk, "staff:patient-detail", 200),
        (patient.pk, "staff:patient-list", 200),
    ]


def test_the_home_programme_of_an_episode_is_what_is_asked_for_today(client: Client) -> None:
    """An exercise of a phase that is over stays active in its row, and has a last day."""
    episode = EpisodeFactory()
    today = timezone.localdate()
    running = PrescriptionFactory(episode=episode, starts_on=today - timedelta(days=3))
    over = PrescriptionFactory(episode=episode, starts_on=today - timedelta(days=9), ends_on=today - timedelta(days=4))
    client.force_login(episode.practitioner.user)
    page = client.get(f"/staff/episodes/{episode.pk}/").content.decode()
    assert running.exercise.name in page
    assert over.exercise.name not in page

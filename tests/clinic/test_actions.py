"""Registration, conditions, consents and episodes: what is written, and that a refusal writes nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from clinic.actions import (
    answer_condition,
    deny_unanswered_conditions,
    open_episode,
    record_consent,
    register_patient,
    update_patient,
    withdraw_consent,
)
from clinic.errors import Conflict, DomainError, Invalid, ManyProblems
from clinic.models import Answer, ConditionSite, Consent, Episode, Patient, PatientCondition, User
from tests.factories.clinic import (
    ConditionFactory,
    FrontDeskFactory,
    PatientFactory,
    PhysioFactory,
    PractitionerFactory,
)

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
ANN: dict[str, Any] = {
    "given_name": "Ann",
    "family_name": "Synthetic",
    "date_of_birth": date(1980, 5, 6),
    "sex_at_birth": "female",
    "email": "Ann@Example.test",
    "phone": "+44 7700 900123",
    "time_zone": "Europe/London",
}


def test_registration_gives_a_number_and_a_log_in() -> None:
    physio = PhysioFactory()

    patient = register_patient(ANN, physio, today=TODAY)

    assert patient.number.startswith("K-")
    assert patient.user is not None
    assert patient.user.email == "ann@example.test"
    assert patient.user.role == "patient"
    assert not patient.user.has_usable_password()
    assert list(patient.care_team.all()) == [physio]


def test_the_front_desk_registers_without_joining_the_care_team() -> None:
    patient = register_patient({**ANN, "email": ""}, FrontDeskFactory(), today=TODAY)

    assert patient.user is None
    assert patient.care_team.count() == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"given_name": ""}, "given_name"),
        ({"date_of_birth": date(2026, 11, 25)}, "date_of_birth"),
        ({"date_of_birth": date(1899, 1, 1)}, "date_of_birth"),
        ({"phone": "call me"}, "phone"),
        ({"email": "nobody"}, "email"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"language": "xx"}, "language"),
        ({"date_of_birth": date(2014, 1, 1)}, "guardian_name"),
        ({"date_of_birth": date(2014, 1, 1), "guardian_name": "Bo"}, "guardian_name"),
    ],
)
def test_a_bad_entry_names_its_field_and_writes_nothing(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ManyProblems) as caught:
        register_patient({**ANN, **changes}, FrontDeskFactory(), today=TODAY)

    assert [problem.field for problem in caught.value.problems] == [field]
    assert Patient.objects.count() == 0
    assert User.objects.filter(role="patient").count() == 0


@pytest.mark.hazard("H-14")
def test_someone_alike_is_shown_before_a_second_record_is_made() -> None:
    desk = FrontDeskFactory()
    register_patient(ANN, desk, today=TODAY)
    twin = {**ANN, "given_name": "Anne", "email": ""}

    with pytest.raises(Conflict) as caught:
        register_patient(twin, desk, today=TODAY)

    assert caught.value.code == "similar"
    assert Patient.objects.count() == 1
    assert register_patient(twin, desk, today=TODAY, accept_similar=True).number != ""
    assert Patient.objects.count() == 2


def test_an_address_that_is_taken_is_refused_at_its_field() -> None:
    desk = FrontDeskFactory(email="taken@example.test")

    with pytest.raises(Invalid) as caught:
        register_patient({**ANN, "email": "taken@example.test"}, desk, today=TODAY, accept_similar=True)

    assert (caught.value.code, caught.value.field) == ("email_taken", "email")
    assert Patient.objects.count() == 0


def test_a_changed_address_moves_the_log_in() -> None:
    patient = register_patient(ANN, FrontDeskFactory(), today=TODAY)

    update_patient(patient, {"email": "new@example.test", "time_zone": "Europe/Paris"}, today=TODAY)

    user = User.objects.get(role="patient")
    assert (user.email, user.time_zone) == ("new@example.test", "Europe/Paris")


def test_a_yes_keeps_its_sites_and_a_no_drops_them() -> None:
    patient, physio, condition = PatientFactory(), PhysioFactory(), ConditionFactory()

    answer_condition(
        patient, condition, answer="yes", by=physio, sites=[("knee", "left"), ("knee", "left"), ("calf", "right")]
    )
    sites = ConditionSite.objects.order_by("region").values_list("region", "side")
    assert list(sites) == [("calf", "right"), ("knee", "left")]

    answer_condition(patient, condition, answer="no", by=physio)
    assert PatientCondition.objects.get().answer == Answer.NO
    assert ConditionSite.objects.count() == 0


@pytest.mark.parametrize(("region", "side"), [("elsewhere", ""), ("knee", "upper")])
def test_an_unknown_site_is_refused(region: str, side: str) -> None:
    with pytest.raises(Invalid):
        answer_condition(PatientFactory(), ConditionFactory(), answer="yes", by=PhysioFactory(), sites=[(region, side)])

    assert PatientCondition.objects.count() == 0


def test_denying_the_rest_keeps_what_was_answered() -> None:
    patient, physio = PatientFactory(), PhysioFactory()
    pacemaker = ConditionFactory()
    ConditionFactory(key="osteoporosis", label="Osteoporosis", kind="condition")
    answer_condition(patient, pacemaker, answer="yes", by=physio)

    assert deny_unanswered_conditions(patient, by=physio) == 1

    answers = dict(patient.conditions.values_list("condition__key", "answer"))
    assert answers == {"pacemaker": "yes", "osteoporosis": "no"}


@pytest.mark.hazard("H-21")
def test_a_consent_is_once_on_file_until_it_is_withdrawn() -> None:
    patient, physio = PatientFactory(), PhysioFactory()
    consent = record_consent(
        patient, kind="needling", signed_on=TODAY, signed_by="Pat Synthetic", by=physio, today=TODAY
    )

    with pytest.raises(Conflict):
        record_consent(patient, kind="needling", signed_on=TODAY, signed_by="Pat", by=physio, today=TODAY)
    assert Consent.objects.count() == 1

    assert consent.is_valid(TODAY)
    withdraw_consent(consent, on=TODAY)
    assert not consent.is_valid(TODAY)
    with pytest.raises(Conflict):
        withdraw_consent(consent, on=TODAY)


def test_denying_the_rest_answers_what_was_put_back_to_not_asked_and_costs_the_same_for_many(
    django_assert_num_queries: Any,
) -> None:
    patient, physio = PatientFactory(), PhysioFactory()
    answer_condition(patient, ConditionFactory(key="asthma"), answer="not_asked", by=physio)
    for number in range(20):
        ConditionFactory(key=f"condition_{number}")

    with django_assert_num_queries(5):
        assert deny_unanswered_conditions(patient, by=physio) == 21

    assert set(patient.conditions.values_list("answer", flat=True)) == {"no"}


@pytest.mark.parametrize(
    ("signed_on", "by_guardian", "born", "field"),
    [
        (date(2026, 11, 25), False, date(1980, 1, 1), "signed_on"),
        (TODAY, False, date(2014, 1, 1), "by_guardian"),
    ],
)
def test_a_consent_that_cannot_be_is_refused(signed_on: date, by_guardian: bool, born: date, field: str) -> None:
    patient = PatientFactory(date_of_birth=born)

    with pytest.raises(DomainError) as caught:
        record_consent(
            patient,
            kind="thrust",
            signed_on=signed_on,
            signed_by="X",
            by=PhysioFactory(),
            today=TODAY,
            by_guardian=by_guardian,
        )

    assert caught.value.field == field
    assert Consent.objects.count() == 0


def test_an_episode_brings_its_practitioner_into_the_care_team() -> None:
    patient, practitioner = PatientFactory(), PractitionerFactory()

    open_episode(patient, practitioner=practitioner, complaint="Neck", opened_on=TODAY, today=TODAY)

    assert list(patient.care_team.all()) == [practitioner.user]
    with pytest.raises(Invalid):
        open_episode(patient, practitioner=practitioner, complaint="x", opened_on=date(2026, 12, 1), today=TODAY)
    assert Episode.objects.count() == 1

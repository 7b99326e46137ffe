"""The pages: what they show, to whom, in how many queries."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.models import AccessEvent, Consent, Patient, User
from plans.models import PlanVersion
from scheduling.models import Appointment
from tests.factories.clinic import FrontDeskFactory, ManagerFactory, PatientUserFactory, PhysioFactory
from tests.factories.exercises import PrescriptionFactory, SessionLogFactory
from tests.factories.plans import case_draft, case_signed

PAGES = ("today", "plan", "progress", "visits", "settings", "changed")
# session, user, patient, the one read of the page, access log
QUERIES = 5


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_for_patients_alone(home: SimpleNamespace, name: str) -> None:
    address = reverse(f"portal:{name}")
    assert home.client.get(address).status_code == 200
    for factory in (FrontDeskFactory, PhysioFactory, ManagerFactory):
        client = Client()
        client.force_login(factory())
        assert client.get(address).status_code == 403
    assert Client().get(address).status_code == 302


@pytest.mark.parametrize("name", ["exercise", "log", "log-pain", "log-undo"])
def test_acts_are_for_patients_alone(home: SimpleNamespace, name: str) -> None:
    for factory in (FrontDeskFactory, PhysioFactory, ManagerFactory):
        client = Client()
        client.force_login(factory())
        assert client.post(reverse(f"portal:{name}", args=[home.prescription.pk])).status_code in (403, 405)
    client = Client()
    client.force_login(PhysioFactory())
    assert client.get(reverse("portal:exercise", args=[home.prescription.pk])).status_code == 403


def test_a_log_in_without_a_record_finds_nothing(db: None) -> None:
    client = Client()
    client.force_login(PatientUserFactory())
    assert client.get("/portal/").status_code == 404


@pytest.mark.parametrize("exercises", [1, 5])
def test_today_takes_the_same_queries_for_one_exercise_and_for_five(
    home: SimpleNamespace, django_assert_num_queries: Any, exercises: int
) -> None:
    for row in PrescriptionFactory.create_batch(exercises - 1, episode=home.episode, per_day=2, starts_on="2026-01-01"):
        SessionLogFactory(prescription=row, on=home.today)
    home.client.get("/portal/")
    with django_assert_num_queries(QUERIES):
        home.client.get("/portal/")


def test_today_tells_what_and_why_in_words(home: SimpleNamespace) -> None:
    PrescriptionFactory(
        episode=home.episode,
        starts_on="2026-01-01",
        reps=2,
        hold_s=30,
        per_day=2,
        side="left",
        exercise__kind="mobility",
        exercise__position="side_lying",
    )
    page = home.client.get("/portal/").content.decode()
    for words in ("Anna", "Do 8, hold 2 seconds, once today", "Hold for 30 seconds, 2 times, 2 times today",
                  "Left side", "Your low back has tightened up", "2 exercises for today", "0 of 3 done"):  # fmt: skip
        assert words in page
    assert AccessEvent.objects.filter(patient=home.patient, view="portal:today").exists()


def test_the_exercise_page_tells_how_and_when_to_stop(home: SimpleNamespace) -> None:
    page = home.client.get(reverse("portal:exercise", args=[home.prescription.pk])).content.decode()
    for words in ("Knees bent, breathe out as the back flattens", "Sharp pain or leg symptoms",
                  "Pushing hard through the feet", "long muscles of the low back"):  # fmt: skip
        assert words.lower() in page.lower()


def test_a_rest_day_asks_for_nothing_but_lets_one_do_it(home: SimpleNamespace) -> None:
    home.prescription.days_per_week = 1
    home.prescription.starts_on = home.today - timedelta(days=1)
    home.prescription.save()
    page = home.client.get("/portal/").content.decode()
    assert "A rest day" in page
    assert reverse("portal:exercise", args=[home.prescription.pk]) in page


def test_without_a_plan_every_page_is_kind(home: SimpleNamespace) -> None:
    type(home.prescription).objects.filter(pk=home.prescription.pk).delete()
    for name in ("today", "plan", "progress"):
        assert "No exercises yet" in home.client.get(reverse(f"portal:{name}")).content.decode()
    assert "No visit is booked" in home.client.get(reverse("portal:visits")).content.decode()


def own_log_in(version: PlanVersion) -> User:
    """The log-in of the patient whom the plan is for."""
    user = version.plan.episode.patient.user
    assert user is not None
    return user


@pytest.mark.hazard("H-19")
def test_nothing_unsigned_is_shown(db: None) -> None:
    version = case_draft("case_01")
    client = Client()
    client.force_login(own_log_in(version))
    for name in ("today", "plan", "progress"):
        page = client.get(reverse(f"portal:{name}")).content.decode()
        assert "No exercises yet" in page
        assert not any(
            item.exercise.name in page for phase in version.phases.all() for item in phase.planexercises.all()
        )


def test_the_signed_plan_is_a_way_of_three_stations(db: None, django_assert_max_num_queries: Any) -> None:
    version = case_signed("case_01")
    client = Client()
    client.force_login(own_log_in(version))
    client.get(reverse("portal:plan"))
    with django_assert_max_num_queries(19):
        page = client.get(reverse("portal:plan")).content.decode()
    for words in ("Calm the pain", "You are here", "This opens the next step", "Fix what causes it", "Stay well",
                  "Your worst pain of the day is 4 out of 10 or less", "Good to know"):  # fmt: skip
        assert words in page
    for hidden in ("NPRS", "p1_pain", "irritability", "baseline"):
        assert hidden not in page
    today = client.get("/portal/").content.decode()
    first = version.phases.all()[0].planexercises.all()[0]
    assert first.exercise.name in today


def test_visits_are_shown_by_the_patients_own_clock(home: SimpleNamespace) -> None:
    Patient.objects.filter(pk=home.patient.pk).update(time_zone="Asia/Tokyo")
    start = (timezone.now() + timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)
    Appointment.objects.create(
        patient=home.patient,
        practitioner=home.episode.practitioner,
        during=DateTimeTZRange(start, start + timedelta(minutes=45)),
        created_by=home.episode.practitioner.user,
        desk_note="Owes us a call",
    )
    page = home.client.get(reverse("portal:visits")).content.decode()
    assert "18:00" in page
    assert "until 18:45" in page
    assert "Owes us a call" not in page
    assert "18:00" in home.client.get("/portal/").content.decode()


@pytest.mark.hazard("H-18")
def test_the_warning_signs_name_whom_to_call(home: SimpleNamespace) -> None:
    page = home.client.get(reverse("portal:changed")).content.decode()
    assert 'href="tel:999"' in page
    assert 'href="tel:+442079460000"' in page


def test_settings_say_when_no_consent_is_on_file(home: SimpleNamespace) -> None:
    assert "You have not agreed" in home.client.get(reverse("portal:settings")).content.decode()
    Consent.objects.create(
        patient=home.patient, kind="messages", signed_on=home.today, signed_by="A", recorded_by=home.patient.user
    )
    assert "You have not agreed" not in home.client.get(reverse("portal:settings")).content.decode()


def test_the_time_zone_is_kept(home: SimpleNamespace) -> None:
    address = reverse("portal:settings")
    assert home.client.post(address, {"time_zone": "America/Halifax", "language": "en"}).status_code == 302
    home.patient.refresh_from_db()
    assert home.patient.time_zone == "America/Halifax"
    refused = home.client.post(address, {"time_zone": "Mars/Olympus", "language": "en"})
    assert refused.status_code == 422
    assert set(refused.context["form"].errors) == {"time_zone"}
    home.patient.refresh_from_db()
    assert home.patient.time_zone == "America/Halifax"


def test_a_language_that_is_not_shipped_is_not_half_spoken(home: SimpleNamespace) -> None:
    Patient.objects.filter(pk=home.patient.pk).update(language="de")
    page = home.client.get("/portal/").content.decode()
    assert 'lang="en"' in page
    assert ">Today<" in page


def test_languages_that_are_shipped_may_be_chosen(home: SimpleNamespace, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("fr", "French")]
    address = reverse("portal:settings")
    assert home.client.post(address, {"language": "xx", "time_zone": "Europe/Paris"}).status_code == 422
    assert home.client.post(address, {"language": "fr", "time_zone": "Europe/Paris"}).status_code == 302
    home.patient.refresh_from_db()
    assert home.patient.language == "fr"
    assert 'lang="fr"' in home.client.get("/portal/").content.decode()

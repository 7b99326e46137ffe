"""What messages say: clinic and link, in every kind and every shape, and never anything clinical."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings

from reminders.channels.letters import Letter, compose
from reminders.channels.push import payload_of
from reminders.channels.wording import WRITERS, path_for
from reminders.models import Kind
from reminders.recheck import Visit
from tests.factories.clinic import ClinicFactory, EpisodeFactory, PatientFactory
from tests.factories.exercises import PrescriptionFactory
from tests.factories.reminders import MessageFactory
from tests.factories.scheduling import AppointmentFactory

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
CLINICAL = ("sciatica", "dry needling", "opioid", "Glute")
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)


def letter(kind: str, language: str = "en", **clinic: Any) -> Letter:
    patient = PatientFactory(given_name="Ada", language=language)
    episode = EpisodeFactory(patient=patient, complaint="sciatica, opioid")
    PrescriptionFactory(episode=episode, why="dry needling", exercise__name="Glute bridge")
    visit = AppointmentFactory(patient=patient, kind="needling")
    occurrence = START.isoformat() if kind == Kind.APPOINTMENT else "2026-11-24T09:00"
    row = MessageFactory(patient=patient, kind=kind, subject=f"appointment:{visit.pk}", occurrence=occurrence)
    place = ClinicFactory.build(name="Riverside Physiotherapy", time_zone="Europe/London", **clinic)
    return compose(row, patient, place, Visit(START, True), to="ada@example.test")


def segments(text: str) -> int:
    """How many SMS a text takes."""
    one, more = (160, 153) if set(text) <= GSM else (70, 67)
    return 1 if len(text) <= one else -(-len(text) // more)


def test_every_kind_has_words() -> None:
    assert set(WRITERS) == set(Kind.values)


@pytest.mark.hazard("H-15")
@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
@pytest.mark.parametrize("kind", Kind.values)
def test_nothing_clinical_in_any_shape(kind: str, language: str) -> None:
    made = letter(kind, language)
    everything = " ".join((made.subject, made.text, made.line, made.short, payload_of(made), made.link))
    assert [word for word in CLINICAL if word.lower() in everything.lower()] == []
    assert "needling" not in everything
    assert "Riverside Physiotherapy" in made.subject
    assert made.short.startswith("Riverside Physiotherapy: ")
    assert "Ada" not in made.short + made.subject + made.line + payload_of(made)
    assert "Hello Ada" in made.text or language != "en"
    assert made.link in made.text
    assert made.link in made.short
    assert made.stop_url in made.text


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
@pytest.mark.parametrize("kind", Kind.values)
def test_two_text_messages_at_most_whatever_the_clinic_is_called(kind: str, language: str, settings: Any) -> None:
    settings.PUBLIC_URL = "https://portal.a-rather-long-name.example"
    assert segments(letter(kind, language).short) <= 2


def test_a_long_name_of_a_clinic_is_cut_in_text_messages_only() -> None:
    patient = PatientFactory()
    row = MessageFactory(patient=patient)
    made = compose(row, patient, ClinicFactory.build(name="N" * 120), None, to="x")
    assert made.short.startswith("N" * 40 + ": ")
    assert "N" * 120 in made.subject


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("exercises", "/portal/"),
        ("nudge", "/portal/"),
        ("movement", "/portal/"),
        ("fluids", "/portal/"),
        ("appointment", "/portal/visits/"),
        ("wait_list", "/portal/visits/"),
        ("reassessment", "/portal/questions/"),
        ("plan_changed", "/portal/plan/"),
        ("question", "/portal/notices/"),
    ],
)
def test_where_it_leads(kind: str, path: str) -> None:
    assert path_for(kind) == path


def test_a_visit_is_told_on_the_clinics_clock_with_address_and_telephone() -> None:
    made = letter("appointment", address="1 High Street\nReading", phone="+44 20 7946 0000")
    assert made.subject == "Your visit at Riverside Physiotherapy on Wed 25 Nov, 09:30"
    assert made.line == "Your visit is on Wed 25 Nov at 09:30."
    assert "on Wed 25 Nov at 09:30.\n1 High Street Reading\n\nYour visits:\n" in made.text
    assert "please call us as early as you can: +44 20 7946 0000." in made.text


def test_a_name_that_looks_like_a_header_or_a_template_harms_nothing() -> None:
    patient = PatientFactory(given_name="%(x)s {{ y }}\r\nBcc: z@example.test")
    made = compose(MessageFactory(patient=patient), patient, ClinicFactory.build(name="A\r\nBcc: b"), None, to="x")
    assert "\n" not in made.subject
    assert "%(x)s {{ y }}" in made.text

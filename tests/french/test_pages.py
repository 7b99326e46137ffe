"""Every portal page in both languages: no text may be the same in both, except names, numbers and a few words."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import cast

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from clinic.models import Patient, User
from exercises.models import Prescription
from reminders.models import Kind
from tests.factories.clinic import ClinicFactory, PatientUserFactory
from tests.factories.diary import DiaryEntryFactory
from tests.factories.exercises import SessionLogFactory
from tests.factories.outcomes import outcome_request
from tests.factories.people import change_report
from tests.factories.plans import case_signed
from tests.factories.reminders import notice
from tests.factories.scheduling import AppointmentFactory

pytestmark = pytest.mark.django_db
SPOKEN_ATTRIBUTES = ("aria-label", "alt", "title", "placeholder")
# The same in both languages: product, languages in their own name, words that French and English share.
SAME = {"kineplan", "english", "français", "page", "plan", "pause", "menu", "excellent", "min", "stop"}


class Texts(HTMLParser):
    """The texts that a page shows or has read out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style", "option")
        self.found += [value for name, value in attrs if value and self._is_spoken(name, value)]

    @staticmethod
    def _is_spoken(name: str, value: str) -> bool:
        """Also what a script says: ``data-`` attributes of more than one word."""
        return name in SPOKEN_ATTRIBUTES or (name.startswith("data-") and " " in value.strip())

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style", "option")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def texts(html: str) -> set[str]:
    """What a person reads, without spaces around, without what has no word in it."""
    reader = Texts()
    reader.feed(html)
    return {" ".join(text.split()) for text in reader.found if re.search(r"[^\W\d_]{3,}", text)}


@pytest.fixture
def world(db: None) -> SimpleNamespace:
    """A patient with a signed plan, logs and questions, made of shipped texts; ``names`` are people's and places'."""
    clinic = ClinicFactory()
    version = case_signed("case_01")
    patient = Patient.objects.get(episodes__plans__versions=version)
    if patient.user is None:
        patient.user = PatientUserFactory()
        patient.save()
    rows = list(Prescription.objects.filter(patient=patient))
    SessionLogFactory(prescription=rows[0], patient=patient, on=timezone.localdate(), pain=2)
    questions = {key: outcome_request(rows[0].episode, key) for key in ("nprs", "spasm_diary", "psfs", "groc", "sane")}
    now = timezone.now()
    visit = AppointmentFactory(patient=patient, start=now + timedelta(days=9))
    AppointmentFactory(patient=patient, start=now - timedelta(days=9), state="completed")
    entry = DiaryEntryFactory(patient=patient)
    notice(patient, Kind.PLAN_CHANGED)
    client = Client()
    client.force_login(patient.user)
    doctors = [str(name) for name in User.objects.values_list("name", flat=True)]
    names = {
        *clinic.name.split(), *clinic.address.split(), *str(patient).split(), *patient.time_zone.split("/"),
        *(version.signed_by.user.name.split() if version.signed_by else ()), patient.user.email, clinic.email,
        *(part for name in doctors for part in name.split()),
    }  # fmt: skip
    more = {"visit-cancel": visit.pk, "diary-edit": entry.pk, "session-one": rows[0].pk}
    return SimpleNamespace(
        more=more, client=client, patient=patient, version=version, rows=rows, names=names, questions=questions
    )


def _speak(world: SimpleNamespace, language: str) -> None:
    Patient.objects.filter(pk=world.patient.pk).update(language=language)
    world.client.cookies[settings.LANGUAGE_COOKIE_NAME] = language  # for pages without a patient


def leftover(world: SimpleNamespace, english: str, french: str) -> set[str]:
    """Texts that are the same in both languages though they are no names."""
    own = {name.lower().strip(",.") for name in world.names}
    same = texts(english) & texts(french)
    return {
        text for text in same
        if {word.lower() for word in re.findall(r"[^\W\d_]{3,}[\w@.'-]*", text)} - own - SAME
    }  # fmt: skip


def both(world: SimpleNamespace, address: str) -> tuple[str, str]:
    """The page in English and in French."""
    pages = []
    for language in ("en", "fr"):
        _speak(world, language)
        answer = world.client.get(address)
        assert answer.status_code == 200, address
        assert f'lang="{language}"' in answer.content.decode()
        assert answer.headers["Content-Language"] == language
        pages.append(answer.content.decode())
    return pages[0], pages[1]


def _addresses(world: SimpleNamespace) -> dict[str, str]:
    """Every page of the portal that opens without an argument, and those of an exercise."""
    portal = next(p for p in get_resolver().url_patterns if getattr(p, "app_name", "") == "portal")
    plain = {}
    for pattern in cast(URLResolver, portal).url_patterns:
        if isinstance(pattern, URLPattern) and not pattern.pattern.converters:
            plain[str(pattern.name)] = reverse(f"portal:{pattern.name}")
    row = world.rows[0].pk
    return {
        **plain,
        "exercise": reverse("portal:exercise", args=[row]),
        **{name: reverse(f"portal:{name}", args=[pk]) for name, pk in world.more.items()},
        "log": reverse("portal:log", args=[row]) + "?state=part",
        **{f"questions_{key}": reverse("portal:questions", args=[row.pk]) for key, row in world.questions.items()},
        "yesterday": reverse("portal:today") + "?day=2026-01-01",
    }


def _left(world: SimpleNamespace) -> tuple[int, dict[str, set[str]]]:
    """How many pages were read, and what they still say in English."""
    left: dict[str, set[str]] = {}
    shown = 0
    for name, address in _addresses(world).items():
        _speak(world, "en")
        answer = world.client.get(address)
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            shown += 1
            found = leftover(world, *both(world, address))
            left |= {name: found} if found else {}
    return shown, left


def test_no_english_is_left_on_any_page(world: SimpleNamespace) -> None:
    shown, left = _left(world)
    assert shown >= 20
    assert left == {}


def test_no_english_is_left_when_something_has_changed_and_everything_rests(world: SimpleNamespace) -> None:
    world.more["told"] = change_report(world.patient, "worse").pk
    assert _left(world)[1] == {}


def test_english_would_be_found(world: SimpleNamespace) -> None:
    name = f"{world.patient.given_name} {world.patient.family_name}"
    page = f"<p>Hold for 10 seconds</p><p>{name}</p><button aria-label='Close it'>12</button>"
    assert leftover(world, page, page) == {"Hold for 10 seconds", "Close it"}

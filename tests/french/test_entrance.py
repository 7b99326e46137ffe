"""Before log-in the browser or the switch decides; a mail speaks as its reader does; staff pages stay English."""

from __future__ import annotations

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from clinic.models import Patient
from tests.factories.clinic import FrontDeskFactory, PatientFactory

pytestmark = pytest.mark.django_db
CODE_PAGE = "/accounts/login/code/"
FRENCH = {"Accept-Language": "fr-CA,fr;q=0.9,en;q=0.5"}


@pytest.fixture(autouse=True)
def fresh_rate_limits() -> None:
    cache.clear()


@pytest.mark.parametrize("address", [CODE_PAGE, "/accounts/login/", "/accounts/password/reset/", "/nowhere/"])
def test_the_browser_decides_at_first(client: Client, address: str) -> None:
    assert 'lang="fr"' in client.get(address, headers=FRENCH, follow=True).content.decode()
    assert 'lang="en"' in client.get(address, follow=True).content.decode()
    other = client.get(address, headers={"Accept-Language": "de"}, follow=True)
    assert 'lang="en"' in other.content.decode()


def test_the_switch_wins_and_is_remembered(client: Client) -> None:
    page = client.get(CODE_PAGE).content.decode()
    assert 'name="language" value="fr"' in page
    assert ">Français</button>" in page
    assert ">English</button>" in client.get(CODE_PAGE, headers=FRENCH).content.decode()
    assert client.post(reverse("language"), {"language": "fr", "next": CODE_PAGE}).headers["Location"] == CODE_PAGE
    assert "Ouvrir votre plan" in client.get(CODE_PAGE).content.decode()
    client.post(reverse("language"), {"language": "en", "next": CODE_PAGE})
    assert "Open your plan" in client.get(CODE_PAGE, headers=FRENCH).content.decode()


@pytest.mark.parametrize(
    "bad", [{"language": "xx", "next": CODE_PAGE}, {"language": "fr", "next": "https://evil.test/"}]
)
def test_the_switch_takes_no_other_language_and_leads_nowhere_else(client: Client, bad: dict[str, str]) -> None:
    assert client.get(reverse("language")).status_code == 405
    answer = client.post(reverse("language"), bad)
    assert answer.headers["Location"] in (CODE_PAGE, "/")
    if bad["language"] == "xx":
        assert 'lang="en"' in client.get(CODE_PAGE).content.decode()


def _patient(language: str) -> Patient:
    patient: Patient = PatientFactory(language=language)
    assert patient.user is not None
    return patient


@pytest.mark.parametrize(
    ("language", "browser", "subject", "words"),
    [
        ("fr", {}, "Votre code de connexion", "Tapez ce code"),
        ("en", FRENCH, "Your code to log in", "Type this code"),
    ],
)
def test_the_code_is_sent_in_the_language_of_its_reader(
    client: Client, language: str, browser: dict[str, str], subject: str, words: str
) -> None:
    patient = _patient(language)
    client.post(CODE_PAGE, {"email": patient.user.email}, headers=browser)  # type: ignore[union-attr]
    (message,) = mail.outbox
    assert message.subject == subject
    assert words in message.body


def test_a_wrong_address_is_told_in_french(client: Client) -> None:
    page = client.post(CODE_PAGE, {"email": "no address"}, headers=FRENCH).content.decode()
    assert "Saisissez une adresse e-mail valide" in page or "valide" in page


def test_staff_pages_are_english_whatever_the_browser_asks_for(client: Client) -> None:
    client.force_login(FrontDeskFactory())
    for address in ("/staff/", "/staff/patients/"):
        page = client.get(address, headers=FRENCH).content.decode()
        assert 'lang="en"' in page
        assert "Aujourd" not in page


def test_the_portal_speaks_as_the_patient_chose_not_as_the_browser(client: Client) -> None:
    patient = _patient("en")
    client.force_login(patient.user)  # type: ignore[arg-type]
    assert 'lang="en"' in client.get("/portal/", headers=FRENCH).content.decode()
    address = reverse("portal:settings")
    assert client.post(address, {"language": "fr", "time_zone": "Europe/Paris"}, headers=FRENCH).status_code == 302
    page = client.get(address).content.decode()
    assert 'lang="fr"' in page
    assert "Réglages" in page
    lost = client.get("/portal/nothing-here/", headers={"Accept-Language": "en"}).content.decode()
    assert 'lang="fr"' in lost, "a page outside the portal's door speaks on as the last one did"

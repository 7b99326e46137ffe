"""What patients read of the clinical knowledge, in French on the page and on paper; a clinic's own words stay."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import Patient
from exercises.models import Exercise, Prescription
from plans.documents import handout
from plans.models import PlanVersion
from reminders.models import Kind
from tests.factories.plans import case_signed, page_version
from tests.reminders.test_letters import letter

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed(db: None) -> PlanVersion:
    return case_signed("case_01", language="fr")


@pytest.fixture
def phone(signed: PlanVersion) -> Client:
    client = Client()
    user = signed.plan.episode.patient.user
    assert user is not None
    client.force_login(user)
    return client


def _first(signed: PlanVersion, key: str) -> Prescription:
    found = Prescription.objects.filter(patient=signed.plan.episode.patient, exercise__key=key).first()
    assert found is not None, list(Prescription.objects.values_list("exercise__key", flat=True))
    return found


def _read(phone: Client, address: str) -> str:
    return unescape(phone.get(address).content.decode())


def test_an_exercise_is_told_in_french(signed: PlanVersion, phone: Client) -> None:
    row = _first(signed, "glute_set")
    warned = {"common_error": "Tensing the back", "stop_if": "Cramp in hamstring or back"}
    Exercise.objects.filter(pk=row.exercise_id).update(**warned)
    page = _read(phone, reverse("portal:exercise", args=[row.pk]))
    for words in (
        "Serrer les fesses",
        "Tenez 5-10 s",
        "Contracter le dos",
        "Crampe à l'arrière de la cuisse ou au dos",
    ):
        assert words in page
    assert "Muscles de la fesse" in page
    assert "Pourquoi\u00a0:" in page


def test_what_the_clinic_changed_is_shown_as_the_clinic_wrote_it(signed: PlanVersion, phone: Client) -> None:
    row = _first(signed, "glute_set")
    changed = ["Squeeze both buttocks gently", "Hold 3 s only"]
    Exercise.objects.filter(pk=row.exercise_id).update(name="Buttock squeeze of our clinic", cues=changed)
    page = _read(phone, reverse("portal:exercise", args=[row.pk]))
    assert "Buttock squeeze of our clinic" in page
    assert "Hold 3 s only" in page
    assert "Tenez 5-10 s" not in page


def test_the_plan_explains_in_french(signed: PlanVersion, phone: Client) -> None:
    page = _read(phone, reverse("portal:plan"))
    cause = signed.causes.filter(state="selected").first()
    assert cause is not None
    assert cause.patient_text not in page
    assert "Écoutez votre corps" not in page  # the warning signs have a page of their own
    assert "Calmer la douleur" in page


def test_paper_speaks_french_and_says_so(signed: PlanVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: dict[str, Any] = {}

    def sheet(_name: str, data: dict[str, Any], **_: Any) -> bytes:
        printed.update(data)
        return b""

    monkeypatch.setattr(handout, "typeset", sheet)
    handout.handout_pdf(page_version(signed))
    assert printed["lang"] == "fr"
    assert printed["title"] == "Vos exercices"
    assert {row["name"] for row in printed["exercises"]} & {"Serrer les fesses"}
    assert any("Allez aux urgences en cas de" in line for line in printed["warnings"])
    english = set(Exercise.objects.values_list("name", flat=True))
    assert not english & {row["name"] for row in printed["exercises"]}


def test_a_reminder_is_written_in_french(db: None) -> None:
    made = letter(Kind.EXERCISES, "fr")
    assert made.subject == "Un rappel de Riverside Physiotherapy"
    assert "Bonjour Ada," in made.text
    visit = letter(Kind.APPOINTMENT, "fr")
    assert "nov." in visit.text


def test_a_refusal_is_told_in_french(signed: PlanVersion, phone: Client) -> None:
    row = _first(signed, "glute_set")
    today = {"on": "2026-01-01", "bout": 1, "client_id": "b9a4ce3b-2b62-4ac5-8f0e-3f1f8f1c2a11", "state": "skipped"}
    answer = phone.post(reverse("portal:log", args=[row.pk]), today)
    assert answer.status_code == 422
    assert "Cet exercice ne faisait pas partie" in unescape(answer.content.decode()) or "derniers jours" in unescape(
        answer.content.decode()
    )
    assert Patient.objects.get(pk=row.patient_id).session_logs.count() == 0

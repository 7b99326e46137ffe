"""A question becomes a task, the answer comes back once, and nothing of it leaks."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from clinic.errors import Conflict, Refused
from clinic.models import Clinic
from plans.actions.questions import MOST_WAITING, reply
from plans.models import Alert, PatientQuestion, QuestionReply
from plans.watch.actions import settle
from tests.factories.clinic import FrontDeskFactory
from tests.factories.people import asked_by

pytestmark = pytest.mark.django_db
ASK = "/portal/ask/"


@pytest.mark.parametrize(
    ("topic", "severity"), [("pain", "high"), ("exercise", "normal"), ("daily", "low"), ("other", "low")]
)
def test_a_question_becomes_a_task_and_the_answer_comes_back(home: SimpleNamespace, topic: str, severity: str) -> None:
    physio = home.episode.practitioner.user
    home.patient.care_team.add(physio)
    home.client.post(ASK, {"topic": topic, "text": "Ça va? 🦵 <i>", "prescription": home.prescription.pk})
    question = PatientQuestion.objects.get()
    assert (question.by, question.prescription, Alert.objects.get().severity) == (
        home.patient.user,
        home.prescription,
        severity,
    )
    staff = Client()
    staff.force_login(physio)
    url = reverse("staff:told-question", args=[question.pk])
    assert url in staff.get("/staff/worklist/").content.decode()
    assert "Ça va? 🦵 &lt;i&gt;" in staff.get(url).content.decode()
    assert staff.post(url, {"text": ""}).status_code == 422
    assert staff.post(url, {"text": "Yes, gently."}).status_code == 302
    assert Alert.objects.get().state == "done"
    text = home.client.get(ASK).content.decode()
    assert "Yes, gently." in text
    assert "I have read it" in text
    home.client.post(f"{ASK}{question.pk}/read/")
    assert "I have read it" not in home.client.get(ASK).content.decode()
    home.client.post(ASK, {"topic": topic, "text": "And uphill?", "follows": question.pk})
    assert PatientQuestion.objects.waiting().get().follows == question


def test_what_is_promised_is_the_clinics(home: SimpleNamespace) -> None:
    Clinic.objects.update(answer_within_days=3)
    text = home.client.get(ASK).content.decode()
    assert "within 3 working days" in text
    assert "Not for emergencies: then call 999" in text


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"topic": "other", "text": ""},
        {"topic": "other", "text": "  a "},
        {"topic": "other", "text": "x" * 601},
        {"topic": "other", "text": "a\x00bcd"},
        {"topic": "nothing", "text": "May I cycle?"},
        {"topic": "other", "text": "May I cycle?", "prescription": "0"},
        {"topic": "other", "text": "May I cycle?", "prescription": "foreign"},
        {"topic": "other", "text": "May I cycle?", "follows": "999999"},
    ],
)
def test_bad_input_changes_nothing_and_keeps_the_words(home: SimpleNamespace, data: dict[str, str]) -> None:
    sent = {key: str(home.foreign.pk) if value == "foreign" else value for key, value in data.items()}
    answer = home.client.post(ASK, sent)
    assert answer.status_code == 422
    assert sent.get("text", "").strip().replace("\x00", "")[:20] in answer.content.decode().replace("\x00", "")
    assert not PatientQuestion.objects.exists()
    assert not Alert.objects.exists()


def test_the_same_question_twice_is_one_and_a_flood_is_cut(home: SimpleNamespace) -> None:
    data = {"topic": "other", "text": "May I cycle?", "client_id": str(uuid4())}
    for _ in range(2):
        assert home.client.post(ASK, data).status_code == 302
    assert PatientQuestion.objects.count() == Alert.objects.count() == 1
    for _ in range(MOST_WAITING - 1):
        asked_by(home.patient)
    assert home.client.post(ASK, {**data, "client_id": ""}).status_code == 429
    assert PatientQuestion.objects.count() == MOST_WAITING


def test_answered_once_by_a_physiotherapist_and_kept(home: SimpleNamespace) -> None:
    question, physio = asked_by(home.patient), home.episode.practitioner.user
    for wrong in (home.patient.user, FrontDeskFactory()):
        with pytest.raises(Refused):
            reply(question, wrong, text="Yes")
    with pytest.raises(Refused):
        settle(Alert.objects.get(), physio, action="called", outcome="Fine")
    assert Alert.objects.get().state == "open"
    reply(question, physio, text="Yes")
    with pytest.raises(Conflict):
        reply(question, physio, text="No")
    for change in (
        lambda: QuestionReply.objects.update(text="No"),
        lambda: QuestionReply.objects.all().delete(),
        lambda: PatientQuestion.objects.update(text="No"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()

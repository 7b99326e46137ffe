"""The outbox page: who sees what, doubtful ones on top, settling, the main switch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.models import User
from reminders.models import OutboxMessage, ReminderSwitch
from tests.factories.clinic import FrontDeskFactory, ManagerFactory, PatientFactory, PhysioFactory
from tests.factories.reminders import MessageFactory

pytestmark = pytest.mark.django_db
URL = "/staff/messages/"


@pytest.fixture
def manager(client: Client) -> User:
    user = ManagerFactory()
    client.force_login(user)
    return user


def message(state: str, **kwargs: Any) -> OutboxMessage:
    now = timezone.now()
    times = {"due_at": now, "not_after": now + timedelta(hours=1), "sending_at": now}
    return MessageFactory(state=state, **{**times, **kwargs})


def test_doubtful_ones_are_on_top_then_failed_then_by_time(client: Client, manager: User) -> None:
    sent = message("sent", sent_at=timezone.now(), due_at=timezone.now() + timedelta(minutes=1))
    failed, doubtful = message("failed", reason="refused"), message("unknown", reason="no_answer")
    rows = client.get(URL).context["page_obj"].object_list
    assert list(rows) == [doubtful, failed, sent]
    assert list(client.get(URL, {"show": "sent"}).context["page_obj"]) == [sent]


def test_a_physiotherapist_sees_own_patients_only_and_the_desk_settles_nothing(client: Client) -> None:
    physio = PhysioFactory()
    own, strange = message("unknown", patient=PatientFactory(team=[physio])), message("unknown")
    client.force_login(physio)
    assert list(client.get(URL).context["page_obj"]) == [own]
    settle = reverse("staff:message-settle", args=[strange.pk])
    assert client.post(settle, {"outcome": "drop"}).status_code == 404
    client.force_login(FrontDeskFactory())
    assert client.post(settle, {"outcome": "drop"}).status_code == 403
    strange.refresh_from_db()
    assert strange.state == "unknown"


@pytest.mark.parametrize(("outcome", "state"), [("sent", "sent"), ("drop", "cancelled"), ("resend", "planned")])
def test_settling(client: Client, manager: User, outcome: str, state: str) -> None:
    row = message("unknown", reason="lease_lost")
    assert client.post(reverse("staff:message-settle", args=[row.pk]), {"outcome": outcome}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.settled_by) == (state, manager)


@pytest.mark.parametrize("outcome", ["", "explode"])
def test_settling_needs_a_known_outcome(client: Client, manager: User, outcome: str) -> None:
    row = message("unknown")
    client.post(reverse("staff:message-settle", args=[row.pk]), {"outcome": outcome})
    row.refresh_from_db()
    assert row.state == "unknown"


def test_a_message_whose_time_has_passed_is_not_sent_again(client: Client, manager: User) -> None:
    row = message("unknown", not_after=timezone.now() - timedelta(hours=1))
    answer = client.post(reverse("staff:message-settle", args=[row.pk]), {"outcome": "resend"}, follow=True)
    assert "Its time has passed" in answer.content.decode()
    row.refresh_from_db()
    assert row.state == "unknown"


def test_only_the_manager_pauses(client: Client, manager: User) -> None:
    client.post(reverse("staff:messages-switch"), {"paused": "1"})
    assert ReminderSwitch.objects.get().paused
    assert "Sending is paused." in client.get(URL).content.decode()
    client.force_login(PhysioFactory())
    assert client.post(reverse("staff:messages-switch"), {"paused": "0"}).status_code == 403
    assert ReminderSwitch.objects.get().paused
    client.force_login(manager)
    client.post(reverse("staff:messages-switch"), {"paused": "0"})
    assert not ReminderSwitch.objects.get().paused


def test_a_stuck_sender_is_seen(client: Client, manager: User) -> None:
    message("planned", due_at=timezone.now() - timedelta(minutes=3))
    assert "Messages are stuck." in client.get(URL).content.decode()


def test_a_manager_hears_of_it_on_the_first_page_and_nobody_else_does(client: Client, manager: User) -> None:
    row = message("planned", due_at=timezone.now() - timedelta(minutes=3))
    assert "Reminders are stuck." in client.get("/staff/").content.decode()
    OutboxMessage.objects.filter(pk=row.pk).update(due_at=timezone.now())
    assert "Reminders are stuck." not in client.get("/staff/").content.decode()
    OutboxMessage.objects.filter(pk=row.pk).update(due_at=timezone.now() - timedelta(minutes=3))
    client.force_login(FrontDeskFactory())
    assert "Reminders are stuck." not in client.get("/staff/").content.decode()


def test_the_list_takes_the_same_queries_for_many(
    client: Client, manager: User, django_assert_max_num_queries: Any
) -> None:
    client.get(URL)
    for _ in range(8):
        message("unknown")
    with django_assert_max_num_queries(10):
        client.get(URL)


def test_the_desk_sees_where_a_message_stands_and_nothing_of_the_treatment(client: Client) -> None:
    patient = PatientFactory()
    message("suppressed", patient=patient, reason="on_hold", kind="exercises")
    message("failed", patient=patient, reason="bounced", kind="reassessment", address=patient.email, detail="550 x")
    message("sent", patient=patient, kind="appointment", sent_at=timezone.now())
    client.force_login(FrontDeskFactory())
    for url in (URL, f"{URL}?kind=exercises", f"/staff/patients/{patient.pk}/"):
        page = client.get(url).content.decode()
        assert "Came back undelivered" in page
        assert "Visit ahead" in page
        for hidden in ("Daily programme", "Questions are due", "on hold", "550 x", 'name="outcome"'):
            assert hidden not in page
    assert "E-mails to" in page
    assert "do not arrive" in page


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", {"a", "b", "c"}),
        ("state=failed", {"b"}),
        ("kind=appointment", {"c"}),
        ("channel=sms", {"b"}),
        ("show=sent&kind=appointment", {"c"}),
        ("show=open&channel=email", set()),
        ("state=exploded&kind=x&channel=y&show=z", {"a", "b", "c"}),
        ("patient=99999999999999999999999", {"a", "b", "c"}),
        ("patient=%00&page=x", {"a", "b", "c"}),
    ],
)
def test_narrowing(client: Client, manager: User, query: str, wanted: set[str]) -> None:
    message("planned", subject="a")
    message("failed", subject="b", channel="sms", reason="gone")
    message("sent", subject="c", kind="appointment", sent_at=timezone.now())
    assert {row.subject for row in client.get(f"{URL}?{query}").context["page_obj"]} == wanted


def test_one_patient_and_nobody_elses(client: Client) -> None:
    physio = PhysioFactory()
    own, strange = message("sent", patient=PatientFactory(team=[physio]), sent_at=timezone.now()), message("unknown")
    client.force_login(physio)
    assert list(client.get(f"{URL}?patient={own.patient_id}").context["page_obj"]) == [own]
    answer = client.get(f"{URL}?patient={strange.patient_id}")
    assert list(answer.context["page_obj"]) == [own]
    assert strange.patient.family_name not in answer.content.decode()


def test_each_act_says_what_follows(client: Client, manager: User) -> None:
    message("unknown")
    page = client.get(f"{URL}?show=open").content.decode()
    for words in ("Counts as sent.", "The patient may get it twice.", "Closed without knowing."):
        assert words in page


@pytest.mark.parametrize(
    ("states", "trouble"),
    [
        (["failed"], True),
        (["failed", "sent"], False),  # one went since
        (["sent", "failed"], True),
        (["planned"], False),
    ],
)
def test_an_address_that_does_not_work_is_shown_until_one_arrives_or_it_is_changed(
    client: Client, manager: User, states: list[str], trouble: bool
) -> None:
    patient = PatientFactory()
    for number, state in enumerate(states):
        at = timezone.now() + timedelta(minutes=number)
        sent = at if state == "sent" else None
        message(state, patient=patient, occurrence=f"2026-11-2{number}T09:00", due_at=at, sent_at=sent,
                reason="bounced" if state == "failed" else "", address=patient.email)  # fmt: skip
    url = f"/staff/patients/{patient.pk}/"
    assert ("do not arrive" in client.get(url).content.decode()) is trouble
    patient.email = "new@example.test"
    patient.save()
    assert "do not arrive" not in client.get(url).content.decode()

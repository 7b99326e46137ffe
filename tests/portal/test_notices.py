"""Notices in the portal, and notifications to the phone: the patient's own, marked once, refused clearly."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clinic.models import Patient
from reminders import sender
from reminders.actions import set_ways
from reminders.models import OutboxMessage, Preference, PushSubscription
from reminders.pushing import public_of
from reminders.ways import Choice, wanted_ways
from tests.factories.clinic import ClinicFactory, PatientFactory
from tests.factories.reminders import notice

pytestmark = pytest.mark.django_db
GIVEN = {
    "endpoint": "https://web.push.apple.com/x",
    "keys": {"p256dh": public_of("AQ" + "A" * 40 + "E"), "auth": "A" * 22},
}


@pytest.fixture
def patient(client: Client) -> Patient:
    ClinicFactory(name="Riverside Physiotherapy")
    found = PatientFactory()
    assert found.user is not None
    client.force_login(found.user)
    return found


def test_notices_are_listed_newest_first_and_marked_when_opened(client: Client, patient: Patient) -> None:
    old = notice(patient, "plan_changed", at=timezone.now() - timedelta(days=1))
    notice(patient, "question")
    page = client.get("/portal/notices/").content.decode()
    assert page.index("A message is waiting") < page.index("Something has changed in your programme")
    assert page.count("notice-new") == 2
    answer = client.post(f"/portal/notices/{old.pk}/open/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/portal/plan/")
    assert client.get("/portal/notices/").content.decode().count("notice-new") == 1
    client.post("/portal/notices/seen/")
    page = client.get("/portal/notices/").content.decode()
    assert "notice-new" not in page
    assert "Mark all as read" not in page


def test_looking_changes_nothing(client: Client, patient: Patient) -> None:
    row = notice(patient, "question")
    client.get("/portal/notices/")
    assert client.get(f"/portal/notices/{row.pk}/open/").status_code == 405
    row.refresh_from_db()
    assert row.seen_at is None


def test_neither_another_persons_nor_what_is_not_there_yet(client: Client, patient: Patient) -> None:
    other, planned, mailed = (
        notice(PatientFactory(), "question"),
        notice(patient, "question"),
        notice(patient, "wait_list"),
    )
    OutboxMessage.objects.filter(pk=planned.pk).update(state="planned")
    OutboxMessage.objects.filter(pk=mailed.pk).update(channel="email")
    for row in (other, planned, mailed):
        assert client.post(f"/portal/notices/{row.pk}/open/").status_code == 404
    client.post("/portal/notices/seen/")
    assert not OutboxMessage.objects.filter(seen_at__isnull=False).exists()
    assert "No notices" in client.get("/portal/notices/").content.decode()


def test_few_queries_however_many(
    client: Client, patient: Patient, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(30):
        notice(patient, "question", at=timezone.now() - timedelta(hours=number))
    with django_assert_max_num_queries(10):
        client.get("/portal/notices/")


def test_a_notice_has_arrived_as_soon_as_it_is_sent(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    row = notice(patient, "question")
    OutboxMessage.objects.filter(pk=row.pk).update(state="planned", sent_at=None, delivered_at=None)
    monkeypatch.setattr(sender.Run, "_prepare", lambda run, row, facts: _letter(row))
    assert sender.send_batch([row.pk]) == {"sent": 1}
    row.refresh_from_db()
    assert row.state == "delivered"
    assert row.delivered_at is not None


def _letter(row: OutboxMessage) -> Any:
    from reminders.channels.letters import compose

    return compose(row, row.patient, ClinicFactory.build(name="R"), None, to="portal")


# --- Notifications to the phone --------------------------------------------------------------------------------------
def post(client: Client, path: str, content: Any) -> Any:
    body = content if isinstance(content, str) else json.dumps(content)
    return client.post(path, body, content_type="application/json", headers={"User-Agent": "Mozilla Android Chrome/1"})


def test_on_and_off(client: Client, patient: Patient) -> None:
    assert len(client.get("/portal/push/key/").json()["key"]) == 87
    assert post(client, "/portal/push/on/", GIVEN).status_code == 201
    row = PushSubscription.objects.get()
    assert (row.patient, row.device) == (patient, "Chrome, Android")
    assert post(client, "/portal/push/off/", {"endpoint": GIVEN["endpoint"]}).status_code == 200
    assert not PushSubscription.objects.exists()


def test_the_first_phone_comes_before_the_other_ways_and_switches_nothing_on(client: Client, patient: Patient) -> None:
    set_ways(patient, "exercises", ["email", "sms"], now=timezone.now())
    set_ways(patient, "appointment", [], now=timezone.now())
    post(client, "/portal/push/on/", GIVEN)

    def ways(kind: str) -> tuple[str, ...]:
        rows = Preference.objects.filter(patient=patient)
        return wanted_ways(kind, [Choice(row.kind, row.channel, row.enabled, row.rank) for row in rows])

    assert ways("exercises") == ("push", "email", "sms")
    assert ways("question") == ("push", "email", "portal")
    assert (ways("appointment"), ways("movement"), ways("fluids")) == ((), (), ())
    set_ways(patient, "exercises", ["email"], now=timezone.now())
    post(client, "/portal/push/on/", {**GIVEN, "endpoint": "https://web.push.apple.com/second"})
    assert ways("exercises") == ("email",)  # chosen with a phone already there: left as it is


@pytest.mark.parametrize(
    "content",
    ["", "not json", "[]", "null", "x" * 5000, {}, {"endpoint": 5}, {**GIVEN, "keys": None},
     {**GIVEN, "endpoint": "https://10.0.0.1/x"}, {**GIVEN, "endpoint": "https://web.push.apple.com/\x00"}],
)  # fmt: skip
def test_a_subscription_that_is_none(client: Client, patient: Patient, content: Any) -> None:
    answer = post(client, "/portal/push/on/", content)
    assert answer.status_code == 422
    assert "cannot be sent to this browser" in answer.json()["error"]
    assert not PushSubscription.objects.exists()
    assert post(client, "/portal/push/off/", content).status_code == 200


def test_nobody_switches_off_another_persons_phone(client: Client, patient: Patient) -> None:
    other = PatientFactory()
    PushSubscription.objects.create(patient=other, endpoint="https://web.push.apple.com/y", p256dh="x", auth="x")
    assert post(client, "/portal/push/off/", {"endpoint": "https://web.push.apple.com/y"}).json() == {"on": False}
    assert PushSubscription.objects.count() == 1


def test_settings_offer_it(client: Client, patient: Patient) -> None:
    page = client.get("/portal/settings/").content.decode()
    assert "Send reminders to this phone" in page
    assert "js/push.js" in page

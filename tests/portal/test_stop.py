"""The link at the end of every message: one POST stops it, looking does nothing, and nobody learns whose it was."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from reminders import sender
from reminders.models import OutboxMessage, Preference
from reminders.stopping import VALID_FOR, message_of, stop_token
from tests.factories.clinic import ClinicFactory
from tests.factories.reminders import MessageFactory, reachable_patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def message() -> OutboxMessage:
    ClinicFactory(name="Riverside Physiotherapy")
    patient = reachable_patient(given_name="Ada", family_name="Lovelace-Unusual")
    now = timezone.now()
    return MessageFactory(patient=patient, kind="appointment", state="sent", sent_at=now, due_at=now)


def off() -> set[tuple[str, str]]:
    rows = Preference.objects.filter(enabled=False, source=Preference.Source.LINK)
    return {(row.kind, row.channel) for row in rows}


def test_one_click_without_log_in_cookie_or_csrf_token(message: OutboxMessage) -> None:
    client = Client(enforce_csrf_checks=True)
    url = f"/portal/stop/{stop_token(message.uid)}/"
    answer = client.post(url, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert off() == {("appointment", "email")}
    assert client.post(url, "List-Unsubscribe=One-Click", content_type="text/plain").status_code == 200
    assert off() == {("appointment", "email")}


def test_a_scanner_that_opens_links_stops_nothing(client: Client, message: OutboxMessage) -> None:
    url = f"/portal/stop/{stop_token(message.uid)}/"
    for ask in (client.get, client.head, client.options):
        ask(url)
    assert off() == set()
    page = client.get(url).content.decode()
    assert "Stop these messages" in page
    assert "reminders of your visits" in page


def test_everything_by_this_channel(client: Client, message: OutboxMessage) -> None:
    client.post(f"/portal/stop/{stop_token(message.uid)}/", {"all": "1"})
    assert {channel for _, channel in off()} == {"email"}
    assert len(off()) >= 5


@pytest.mark.hazard("H-15")
def test_nobody_learns_whose_it_was(client: Client, message: OutboxMessage) -> None:
    token = stop_token(message.uid)
    for answer in (client.get(f"/portal/stop/{token}/"), client.post(f"/portal/stop/{token}/")):
        page = answer.content.decode()
        for told in ("Ada", "Lovelace-Unusual", message.patient.email, str(message.patient_id), message.patient.number):
            assert told not in page.replace(token, "") or told == str(message.patient_id)
    assert str(message.uid) not in token


@pytest.mark.parametrize("change", ["cut", "other", "unknown", "empty", "garbage", "nul", "long", "old"])
def test_a_wrong_or_old_link_gets_one_answer(
    client: Client, message: OutboxMessage, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = stop_token(message.uid)
    wrong = {
        "cut": token[:-1],
        "other": ("B" if token[0] == "A" else "A") + token[1:],
        "unknown": stop_token(uuid.uuid4()),
        "empty": "..",
        "garbage": "%F0%9F%92%A5",
        "nul": "%00",
        "long": "x" * 3000,
        "old": token,
    }[change]
    if change == "old":
        monkeypatch.setattr("reminders.stopping.VALID_FOR", timedelta(seconds=-1))
    for answer in (client.get(f"/portal/stop/{wrong}/"), client.post(f"/portal/stop/{wrong}/")):
        assert answer.status_code == 404
        assert "This link does not work any more" in answer.content.decode()
    assert off() == set()


def test_a_link_works_for_a_year(message: OutboxMessage) -> None:
    assert timedelta(days=365) == VALID_FOR
    assert message_of(stop_token(message.uid)) == message


def test_the_link_in_the_mail_is_the_one_that_works(client: Client, settings: Any) -> None:
    ClinicFactory(name="Riverside Physiotherapy")
    settings.PUBLIC_URL = "http://testserver"
    now = timezone.now()
    from reminders.channels.letters import compose
    from reminders.channels.registry import Channels

    row = MessageFactory(patient=reachable_patient(), due_at=now)
    letter = compose(row, row.patient, ClinicFactory.build(name="R"), None, to=row.patient.email)
    with Channels() as channels:
        channel = channels.of("email")
        channel.open()
        channel.send(letter)
    url = str(mail.outbox[0].message()["List-Unsubscribe"]).strip("<>")
    assert client.post(url, "List-Unsubscribe=One-Click", content_type="text/plain").status_code == 200
    assert off() == {("exercises", "email")}
    assert sender.send_batch([]) == {}

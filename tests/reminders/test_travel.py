"""A message on its whole way: sent, refused and taken over by the next way, doubtful and left alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from clinic.models import Patient
from config.provider.behaviour import Rule
from config.provider.server import Provider
from reminders import sender
from reminders.actions import set_ways
from reminders.models import OutboxMessage, PushSubscription
from reminders.outbox import deliver_notices
from reminders.pushing import subscribe
from tests.factories.clinic import ClinicFactory, EpisodeFactory
from tests.factories.exercises import PrescriptionFactory
from tests.factories.reminders import MessageFactory, reachable_patient

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def patient(provider: Provider) -> Patient:
    ClinicFactory(name="Riverside Physiotherapy", country="GB")
    found = reachable_patient(phone="+44 7700 900123")
    PrescriptionFactory(episode=EpisodeFactory(patient=found), starts_on=date(2026, 11, 1))
    subscribe(found, provider.browsers.make(f"http://127.0.0.1:{provider.http}"), device="", now=NOW)
    set_ways(found, "exercises", ["push", "sms", "email"], now=NOW)
    return found


def send(row: OutboxMessage | None = None, **kwargs: Any) -> list[tuple[str, str, str]]:
    """Send what is due until nothing is; channel, state and reason of every row."""
    for _ in range(4):
        sender.send_batch(list(OutboxMessage.objects.due(NOW).values_list("pk", flat=True)), clock=lambda: NOW)
    return list(OutboxMessage.objects.order_by("pk").values_list("channel", "state", "reason"))


def taken(provider: Provider) -> list[str]:
    return [str(line["channel"]) for line in provider.ledger.last()]


def test_the_first_way_that_works_is_enough(provider: Provider, patient: Patient) -> None:
    MessageFactory(patient=patient, channel="push")
    assert send() == [("push", "sent", "")]
    assert taken(provider) == ["push"]


def test_a_phone_that_is_gone_and_a_refused_number_leave_the_mail(provider: Provider, patient: Patient) -> None:
    MessageFactory(patient=patient, channel="push")
    provider.rules.put([Rule("gone", channel="push"), Rule("refuse", channel="sms")])
    assert send() == [("push", "failed", "gone"), ("sms", "failed", "refused"), ("email", "sent", "")]
    assert taken(provider) == ["email"]
    assert PushSubscription.objects.get().gone_at is not None


@pytest.mark.parametrize("mode", ["timeout", "drop_after", "drop_before", "error", "error_taken"])
def test_in_doubt_no_other_way_is_taken(provider: Provider, patient: Patient, mode: str) -> None:
    MessageFactory(patient=patient, channel="sms")
    provider.rules.put([Rule(mode, seconds=0.5)])
    assert send() == [("sms", "unknown", "no_answer")]
    assert len(taken(provider)) <= 1


def test_busy_is_left_alone_for_as_long_as_it_asks(provider: Provider, patient: Patient) -> None:
    row = MessageFactory(patient=patient, channel="sms")
    provider.rules.put([Rule("busy", times=1)])
    assert send() == [("sms", "planned", "retry")]
    row.refresh_from_db()
    assert row.due_at >= NOW + timedelta(seconds=60)


def test_a_mail_server_that_is_down_holds_up_no_text_message(
    provider: Provider, patient: Patient, settings: Any
) -> None:
    settings.EMAIL_PORT = 9
    MessageFactory(patient=patient, channel="email", occurrence="2026-11-24T09:00")
    other = reachable_patient(phone="+44 7700 900124")
    PrescriptionFactory(episode=EpisodeFactory(patient=other), starts_on=date(2026, 11, 1))
    MessageFactory(patient=other, channel="sms")
    set_ways(other, "exercises", ["sms"], now=NOW)
    assert [row[:2] for row in send()] == [("email", "planned"), ("sms", "sent")]


def test_only_notices_are_delivered_at_once(provider: Provider, patient: Patient) -> None:
    rows = [
        MessageFactory(patient=patient, channel=way, state="sent", sent_at=NOW, occurrence=f"2026-11-{day}T09:00")
        for way, day in (("email", 22), ("sms", 23))
    ]
    assert deliver_notices(rows, now=NOW) == 0

"""The alarm rings once and tells when it is over; the figures are for whoever has the token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from reminders import alarm
from reminders.models import OutboxMessage, ReminderAlarm
from reminders.switch import read_switch, turn
from tests.factories.clinic import ManagerFactory
from tests.factories.reminders import MessageFactory, notice, reachable_patient

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def administrator(settings: Any) -> None:
    settings.ADMINS = [("Administrator", "admin@clinic.example.test")]
    settings.METRICS_TOKEN = "a-token"


def waiting(seconds: int, now: datetime = NOW) -> OutboxMessage:
    return MessageFactory(patient=reachable_patient(), due_at=now - timedelta(seconds=seconds))


@pytest.mark.parametrize(("seconds", "rings"), [(0, False), (120, False), (121, True)])
def test_older_than_two_minutes(seconds: int, rings: bool) -> None:
    waiting(seconds)
    assert alarm.check(now=NOW) is rings
    assert alarm.is_stuck(now=NOW) is rings
    assert len(mail.outbox) == int(rings)


def test_it_is_mailed_once_logged_at_every_tick_and_followed_by_an_all_clear(caplog: pytest.LogCaptureFixture) -> None:
    row = waiting(200)
    for tick in range(4):
        alarm.check(now=NOW + timedelta(seconds=30 * tick))
    assert [letter.subject.endswith(alarm.STUCK) for letter in mail.outbox] == [True]
    assert sum("reminders are stuck" in text for text in caplog.messages) == 4
    OutboxMessage.objects.filter(pk=row.pk).update(state="sent", sent_at=NOW)
    for _ in range(3):
        alarm.check(now=NOW + timedelta(minutes=5))
    assert [letter.subject.endswith(alarm.WELL) for letter in mail.outbox] == [False, True]
    assert ReminderAlarm.objects.get().since is None
    text = "".join(f"{letter.subject}{letter.body}" for letter in mail.outbox) + caplog.text
    assert row.patient.email not in text
    assert row.patient.family_name not in text


def test_a_mail_server_that_is_down_does_not_stop_the_tick(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ConnectionRefusedError

    waiting(500)
    monkeypatch.setattr(alarm, "mail_admins", broken)
    assert alarm.check(now=NOW)
    assert "could not be mailed" in caplog.text


def test_paused_on_purpose_is_not_stuck() -> None:
    waiting(500)
    turn(True, by=ManagerFactory(), why="Backup")
    assert not alarm.check(now=NOW)
    assert not alarm.is_stuck(now=NOW)
    assert mail.outbox == []


@pytest.mark.parametrize(("seconds", "warnings"), [(60, []), (180, ["reminders"])])
def test_health_warns_without_calling_the_product_down(client: Client, seconds: int, warnings: list[str]) -> None:
    waiting(seconds, timezone.now())
    answer = client.get("/healthz").json()
    assert answer["warnings"] == warnings
    assert "reminders" not in answer["down"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Bearer a-toke"}, 401),
        ({"Authorization": "Bearer a-tokén"}, 401),
        ({"Authorization": "Bearer a-token"}, 200),
    ],
)
def test_figures_are_for_whoever_has_the_token(client: Client, headers: dict[str, str], status: int) -> None:
    answer = client.get("/metrics/", headers=headers)
    assert answer.status_code == status
    assert (b"reminders_due" in answer.content) is (status == 200)


def test_without_a_token_in_the_settings_nobody_gets_figures(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics/", headers={"Authorization": "Bearer "}).status_code == 404


def test_the_figures(client: Client, django_assert_max_num_queries: Callable[..., Any]) -> None:
    now = timezone.now()
    row = waiting(300, now)
    notice(row.patient, "plan_changed")
    MessageFactory(patient=row.patient, state="unknown", occurrence="2026-11-23T09:00")
    read_switch()  # written on first use
    with django_assert_max_num_queries(4):
        answer = client.get("/metrics/", headers={"Authorization": "Bearer a-token"})
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = dict(line.rsplit(" ", 1) for line in answer.content.decode().splitlines() if not line.startswith("#"))
    assert 300 <= float(lines["kineplan_reminders_oldest_due_seconds"]) < 320
    assert lines["kineplan_reminders_due"] == lines["kineplan_reminders_stuck"] == "1"
    assert lines["kineplan_reminders_doubtful"] == "1"
    assert lines['kineplan_reminders_messages{channel="portal",kind="plan_changed",state="delivered"}'] == "1"
    assert lines['kineplan_reminders_messages{channel="email",kind="exercises",state="planned"}'] == "1"
    assert row.patient.email not in answer.content.decode()

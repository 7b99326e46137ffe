"""Real processes, a real broker, real kills: nothing is sent twice, nothing gets lost unnoticed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from reminders import dispatcher, outbox, tasks
from reminders.models import OutboxMessage
from reminders.planner import plan
from tests.conftest import ROOT, Worker
from tests.factories.clinic import ClinicFactory, PractitionerFactory
from tests.factories.reminders import reachable_patient
from tests.factories.scheduling import AppointmentFactory
from tests.template import database_url

pytestmark = [pytest.mark.engines, pytest.mark.django_db(transaction=True)]


def due_messages(count: int) -> None:
    """That many visit reminders, due now, for patients without quiet hours."""
    ClinicFactory()
    start = (timezone.now() + timedelta(hours=23)).replace(minute=0, second=0, microsecond=0)
    for _ in range(count):
        patient = reachable_patient()
        patient.contact_rules.quiet_from = patient.contact_rules.quiet_until
        patient.contact_rules.save()
        AppointmentFactory(patient=patient, practitioner=PractitionerFactory(), start=start)
    plan(now=timezone.now())
    assert OutboxMessage.objects.due(timezone.now()).count() == count


class Provider:
    """Sending processes and the log of what their provider accepted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "accepted.log"
        self.started = 0

    def start(self, **extra: str) -> subprocess.Popen[bytes]:
        self.started += 1
        env = {
            **os.environ,
            "KINEPLAN_ENV": "test",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "KINEPLAN_EMAIL_BACKEND": "tests.reminders.provider.LoggingBackend",
            "DATABASE_URL": database_url(connection.settings_dict, connection.settings_dict["NAME"]),
            "REDIS_URL": settings.REDIS_URL,
            "PROVIDER_LOG": str(self.log),
            "READY_FILE": str(self.folder / f"ready{self.started}"),
            "GO_FILE": str(self.folder / "go"),
            **extra,
        }
        return subprocess.Popen([sys.executable, "-m", "tests.reminders.worker"], cwd=ROOT, env=env)

    def go(self, processes: list[subprocess.Popen[bytes]]) -> list[int]:
        """Let all of them begin at one moment; returns how they ended."""
        deadline = time.monotonic() + 30
        while len(list(self.folder.glob("ready*"))) < self.started and time.monotonic() < deadline:
            time.sleep(0.01)
        (self.folder / "go").touch()
        codes = [process.wait(60) for process in processes]
        (self.folder / "go").unlink()
        return codes

    def accepted(self) -> Counter[str]:
        return Counter(self.log.read_text().split()) if self.log.exists() else Counter()


@pytest.fixture
def provider(tmp_path: Path) -> Provider:
    return Provider(tmp_path)


def keys(**filters: object) -> set[str]:
    host = settings.PUBLIC_URL.split("//")[1].split(":")[0]
    return {f"<{uid}@{host}>" for uid in OutboxMessage.objects.filter(**filters).values_list("uid", flat=True)}


@pytest.mark.hazard("H-16")
@pytest.mark.parametrize(
    ("point", "doubtful", "of_them_accepted"),
    [("open:1", 0, 0), ("before:3", 1, 0), ("after:3", 1, 1)],
    ids=["after claiming", "before the provider accepts", "after the provider accepted"],
)
def test_a_killed_sender_leaves_doubt_only_where_there_is_some(
    provider: Provider, point: str, doubtful: int, of_them_accepted: int
) -> None:
    due_messages(8)
    assert provider.go([provider.start(PROVIDER_DIES=point)]) == [-9]
    # The lease runs out; another sender finishes what certainly was not sent.
    outbox.recover(now=timezone.now() + timedelta(minutes=3))
    assert provider.go([provider.start()]) == [0]
    unknown, accepted = keys(state="unknown"), provider.accepted()
    assert len(unknown) == doubtful
    assert sum(accepted[key] for key in unknown) == of_them_accepted
    assert {key: accepted[key] for key in keys(state="sent")} == dict.fromkeys(keys(state="sent"), 1)
    assert len(keys(state="sent")) == 8 - doubtful
    # However often the senders come back, a doubtful message is left to a person.
    outbox.recover(now=timezone.now() + timedelta(minutes=30))
    assert provider.go([provider.start()]) == [0]
    assert provider.accepted() == accepted


def _race(provider: Provider, **extra: str) -> Counter[str]:
    due_messages(40)
    senders = [provider.start(PROVIDER_SLOW="0.01", **extra) for _ in range(3)]
    assert provider.go(senders) == [0, 0, 0]
    return provider.accepted()


@pytest.mark.hazard("H-16")
def test_three_senders_with_the_same_ids_send_each_message_once(provider: Provider) -> None:
    accepted = _race(provider)
    assert OutboxMessage.objects.filter(state="sent").count() == 40
    assert set(accepted.values()) == {1}
    assert len(accepted) == 40


def test_without_lock_and_fence_the_same_race_sends_twice(provider: Provider) -> None:
    """Shows that the test above would notice."""
    assert max(_race(provider, UNSAFE="1").values()) > 1


def _wait(condition: Any, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_flushed_broker_costs_one_tick(worker: Worker) -> None:
    """Wake-ups that Redis forgets are made anew by the next tick: the row is the truth."""
    due_messages(3)
    os.kill(worker.process.pid, 19)  # stopped, so that the wake-ups lie in the broker
    tasks.tick_dispatch()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    os.kill(worker.process.pid, 18)
    assert OutboxMessage.objects.filter(state="planned").count() == 3
    tasks.tick_dispatch()
    tasks.tick_dispatch()  # a second beat
    assert _wait(lambda: OutboxMessage.objects.filter(state="sent").count() == 3, 20)
    assert len(worker.messages()) == 3


def test_six_hours_without_beat_catch_up_once_and_by_rule(worker: Worker) -> None:
    due_messages(2)
    stale = OutboxMessage.objects.first()
    assert stale is not None
    OutboxMessage.objects.filter(pk=stale.pk).update(not_after=timezone.now() - timedelta(minutes=1))
    for _ in range(3):
        tasks.tick_plan.delay()
        tasks.tick_dispatch.delay()
    assert _wait(lambda: OutboxMessage.objects.filter(state="sent").count() == 1, 20)
    assert _wait(lambda: OutboxMessage.objects.filter(state="expired", reason="too_late").count() == 1, 5)
    assert len(worker.messages()) == 1


def test_a_tick_without_broker_loses_nothing(settings: Any) -> None:
    due_messages(1)

    def broken(ids: list[int]) -> None:
        raise ConnectionError("no broker")

    with pytest.raises(ConnectionError):
        dispatcher.tick(broken, now=timezone.now())
    assert OutboxMessage.objects.get().state == "planned"

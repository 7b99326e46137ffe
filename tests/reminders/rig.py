"""What the fault tests share: a provider and a nursery of senders as processes, and the count of what came of it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Self

import requests
from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.embedded.processes import end_group
from reminders import outbox
from reminders.models import OutboxMessage
from reminders.planner import plan
from tests.conftest import ROOT
from tests.factories.clinic import ClinicFactory, PractitionerFactory
from tests.factories.reminders import reachable_patient
from tests.factories.scheduling import AppointmentFactory
from tests.template import database_url

# Later than every lease.
LATER = timedelta(minutes=3)


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


ANEW = """
    DELETE FROM reminders_outboxmessage WHERE fallback_of_id IS NOT NULL;
    UPDATE reminders_outboxmessage SET uid = gen_random_uuid(), state = 'planned', reason = '', detail = '',
        attempts = 0, token = NULL, lease_until = NULL, address = '', provider_id = '', sending_at = NULL,
        sent_at = NULL
"""


def all_anew() -> None:
    """The same messages once more, as if they had just been planned."""
    with connection.cursor() as cursor:
        cursor.execute(ANEW)


@dataclass
class FakeProvider:
    """`python -m config.provider`, and what it says it took over."""

    folder: Path
    smtp: int
    http: int

    def rules(self, *rules: dict[str, Any]) -> None:
        answer = requests.post(f"http://127.0.0.1:{self.http}/control", json={"rules": list(rules)}, timeout=5)
        assert answer.status_code == 200, answer.text

    def accepted(self) -> Counter[str]:
        """How often each message was taken over, by our own id without brackets and host."""
        file = self.folder / "accepted.jsonl"
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
        return Counter(line["reference"].strip("<>").partition("@")[0] for line in lines)

    def environment(self) -> dict[str, str]:
        """What sends a process's mails and text messages here."""
        return {
            "KINEPLAN_EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "KINEPLAN_EMAIL_HOST": "127.0.0.1",
            "KINEPLAN_EMAIL_PORT": str(self.smtp),
            "KINEPLAN_EMAIL_TLS": "0",
            "KINEPLAN_SMS_URLS": f"smsjson://token@127.0.0.1:{self.http}/messages",
        }


@contextmanager
def fake_provider(folder: Path) -> Iterator[FakeProvider]:
    command = [sys.executable, "-m", "config.provider", "--folder", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout is not None
        ports = json.loads(process.stdout.readline())
        yield FakeProvider(folder, ports["smtp"], ports["http"])
    finally:
        end_group(process.pid, signal.SIGTERM, 5)
        process.wait()


@dataclass
class Nursery:
    """The process that forks senders; see `tests.reminders.nursery`."""

    process: subprocess.Popen[str]
    ask: IO[str]
    hear: IO[str]

    @classmethod
    def start(cls, environment: dict[str, str]) -> Self:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.reminders.nursery"],
            cwd=ROOT,
            env={**os.environ, "KINEPLAN_ENV": "test", "DJANGO_SETTINGS_MODULE": "tests.settings", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return cls(process, process.stdin, process.stdout)

    def run(self, *jobs: Mapping[str, object]) -> list[int]:
        """How each of the jobs ended; they run at the same time."""
        self.ask.write(json.dumps(list(jobs)) + "\n")
        self.ask.flush()
        codes: list[int] = json.loads(self.hear.readline())
        return codes

    def stop(self) -> None:
        self.ask.close()
        self.process.wait(20)


@dataclass
class Rig:
    """A provider and senders on the test database."""

    provider: FakeProvider
    nursery: Nursery
    total: Counter[str] = field(default_factory=Counter)

    def settle(self) -> Counter[str]:
        """Let the leases run out and another sender finish; returns the count of what became of all messages."""
        outbox.recover(now=timezone.now() + LATER)
        assert self.nursery.run({}) == [0]
        return self.count()

    def count(self) -> Counter[str]:
        found = audit(self.provider)
        self.total += found
        return found


def audit(provider: FakeProvider, rows: Iterable[tuple[Any, str]] | None = None) -> Counter[str]:
    """Every e-mail once: what we say of it, beside what the provider says.

    ``lost``: nobody would notice that it never went (we say sent, or it hangs), or that it went (we say it did not).
    """
    accepted = provider.accepted()
    found: Counter[str] = Counter()
    if rows is None:
        rows = OutboxMessage.objects.filter(channel="email").values_list("uid", "state")
    for uid, state in rows:
        times = accepted[str(uid)]
        found["messages"] += 1
        found["sent"] += state == "sent" and times > 0
        found["duplicates"] += max(0, times - 1)
        found["unknown"] += state == "unknown"
        found["unknown and taken"] += state == "unknown" and times > 0
        found["lost"] += (state == "sent") != (times > 0) and state != "unknown"
        found["hanging"] += state in ("planned", "claimed", "sending")
    return found


@contextmanager
def rig_on(url: str, folder: Path) -> Iterator[Rig]:
    with fake_provider(folder) as provider:
        nursery = Nursery.start({"DATABASE_URL": url, "REDIS_URL": settings.REDIS_URL, **provider.environment()})
        try:
            yield Rig(provider, nursery)
        finally:
            nursery.stop()


def url_of_test_database() -> str:
    return database_url(connection.settings_dict, connection.settings_dict["NAME"])


def soon(seconds: float = 0.25) -> float:
    """A moment for several processes to begin together."""
    return time.time() + seconds


def some(highest: int) -> int:
    return random.randint(1, highest)


def told(name: str, counted: Counter[str], **more: int) -> None:
    """One line of the report of `make torture`: kills, loops, and what became of the messages."""
    report(name, Counter(more) | Counter({key: counted[key] for key in KEPT}), *KEPT)


KEPT = ("messages", "sent", "duplicates", "unknown", "lost")


def report(name: str, counted: Counter[str], *also: str) -> None:
    """Counts of nothing are only told for the keys in ``also``."""
    keys = [*(key for key in counted if key not in also), *also]
    print(f"TORTURE {name}: " + ", ".join(f"{counted[key]} {key.replace('_', ' ')}" for key in keys))

"""Draining 10,000 due reminders against 10,000 tasks that do nothing, with the same two worker processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from datetime import time as clock
from pathlib import Path
from zoneinfo import ZoneInfo

from django.utils import timezone

from benchmarks.made_up import made_up
from benchmarks.measure import Measured
from benchmarks.noop import noop, note_time
from benchmarks.smtp_sink import running_sink
from clinic.models import Consent, Episode, Patient
from config.embedded.processes import end_group, wait_until
from exercises.models import Prescription
from reminders import tasks
from reminders.clock import week_minute
from reminders.models import ContactRules, Kind, OutboxMessage, State, Timetable
from reminders.planner import PROGRAMME
from tests.factories.clinic import ClinicFactory, FrontDeskFactory, PractitionerFactory

MANY = 10_000
ZONE = ZoneInfo("Europe/London")  # the zone that a patient has unless told otherwise
BATCH = 2_000
WAITING = (State.PLANNED, State.CLAIMED, State.SENDING)


def _fill() -> None:
    """Ten thousand patients with a programme, consent and a digest that is due."""
    ClinicFactory()
    now = timezone.now()
    due = now.astimezone(ZONE).replace(second=0, microsecond=0) - timedelta(minutes=1)
    today = due.date()
    times = [week_minute(weekday, due.time()) for weekday in range(7)]
    practitioner, exercise, desk = PractitionerFactory(), made_up("bench_drain"), FrontDeskFactory()
    for first in range(0, MANY, BATCH):
        patients = Patient.objects.bulk_create(
            Patient(
                number=f"D-{number:06d}",
                given_name="Ann",
                family_name=f"Drain{number}",
                date_of_birth=date(1980, 1, 1),
                email=f"drain{number}@example.test",
            )
            for number in range(first, first + BATCH)
        )
        episodes = Episode.objects.bulk_create(
            Episode(patient=patient, practitioner=practitioner, complaint="x", opened_on=today) for patient in patients
        )
        Prescription.objects.bulk_create(
            Prescription(
                patient=patient, episode=episode, exercise=exercise, phase=1, starts_on=today, prescribed_by=desk
            )
            for patient, episode in zip(patients, episodes, strict=True)
        )
        Consent.objects.bulk_create(
            Consent(patient=p, kind=Consent.Kind.MESSAGES, signed_on=today, signed_by="x", recorded_by=desk)
            for p in patients
        )
        ContactRules.objects.bulk_create(
            ContactRules(patient=p, quiet_from=clock(3), quiet_until=clock(3)) for p in patients
        )
        Timetable.objects.bulk_create(Timetable(patient=p, kind=Kind.EXERCISES, week_minutes=times) for p in patients)
        OutboxMessage.objects.bulk_create(
            OutboxMessage(
                patient=p,
                kind=Kind.EXERCISES,
                subject=PROGRAMME,
                occurrence=f"{due:%Y-%m-%dT%H:%M}",
                due_at=due,
                not_after=now + timedelta(hours=6),
            )
            for p in patients
        )


@contextmanager
def _worker(mail_port: int, folder: Path) -> Iterator[None]:
    env = {
        **os.environ,
        "KINEPLAN_EMAIL_HOST": "127.0.0.1",
        "KINEPLAN_EMAIL_PORT": str(mail_port),
        "KINEPLAN_EMAIL_TLS": "0",
        "KINEPLAN_EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    }
    command = [sys.executable, "-m", "celery", "--app", "config", "worker", "--concurrency=2", "--loglevel=ERROR"]
    log = folder / "worker.log"
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [*command, "--include=benchmarks.noop", "--without-gossip", "--without-mingle"],
            env=env,
            cwd=Path(__file__).resolve().parent.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield
    finally:
        end_group(worker.pid, signal.SIGTERM, 20)
        worker.wait()


def _noop_rate(folder: Path) -> float:
    """Tasks per second: from the turn of the first note to that of the last, ten thousand no-ops in between."""
    first, last = folder / "first", folder / "last"
    note_time.delay(str(first))
    for _ in range(MANY):
        noop.delay()
    note_time.delay(str(last))
    if not wait_until(last.exists, 300, pause=0.2):
        raise RuntimeError("the worker did not come to the end of the no-ops")
    time.sleep(0.2)
    return MANY / (float(last.read_text()) - float(first.read_text()))


def _drain_rate() -> float:
    """Reminders per second, from the first tick until nothing waits any more."""
    waiting = OutboxMessage.objects.filter(state__in=WAITING)
    started = time.perf_counter()
    tasks.tick_dispatch.delay()
    asked = time.perf_counter()
    while waiting.exists():
        time.sleep(0.1)
        if time.perf_counter() - asked > tasks.DISPATCH_EVERY:
            tasks.tick_dispatch.delay()  # what beat does
            asked = time.perf_counter()
    spent = time.perf_counter() - started
    sent = OutboxMessage.objects.filter(state=State.SENT).count()
    if sent != MANY:
        raise RuntimeError(f"{sent} of {MANY} were sent")
    return MANY / spent


def run() -> list[Measured]:
    _fill()
    with running_sink() as sink, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _worker(sink.server_address[1], folder):
            idle = _noop_rate(folder)
            drain = _drain_rate()
        accepted = sink.accepted
    note = f"{drain:.0f} reminders against {idle:.0f} no-op tasks a second; the mail server took {accepted}"
    return [Measured("Reminders drained, share of the no-op rate", drain / idle, "x", 1.0, at_least=True, note=note)]

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
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
from django.utils import timezone

from benchmarks.measure import Measured
from benchmarks.noop import noop, note_time
from benchmarks.reminded import reminded_patients
from benchmarks.smtp_sink import running_sink
from config.embedded.processes import end_group, wait_until
from reminders import tasks
from reminders.models import Kind, OutboxMessage, State
from reminders.planner import PROGRAMME
from tests.factories.clinic import ClinicFactory

MANY = 10_000
ZONE = ZoneInfo("Europe/London")  # the zone that a patient has unless told otherwise
BATCH = 2_000
SPREAD = 30  # seconds over which messages become due
WAITING = (State.PLANNED, State.CLAIMED, State.SENDING)


def _fill() -> None:
    """Ten thousand patients with a programme, consent and a digest that is due."""
    ClinicFactory()
    now = timezone.now()
    due = now.astimezone(ZONE).replace(second=0, microsecond=0) - timedelta(minutes=1)
    for patients in reminded_patients(MANY, at=due, prefix="D"):
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
def _worker(mail_port: int, folder: Path) -> Iterator[psutil.Process]:
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
        yield psutil.Process(worker.pid)
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


def _drain(worker: psutil.Process) -> tuple[float, float]:
    """Reminders per second until nothing waits any more, and the growth of memory after the first tenth."""
    waiting = OutboxMessage.objects.filter(state__in=WAITING)
    started = time.perf_counter()
    tasks.tick_dispatch.delay()
    asked, early = time.perf_counter(), 0
    while waiting.exists():
        time.sleep(0.1)
        if not early and OutboxMessage.objects.filter(state=State.SENT).count() > MANY // 10:
            early = _memory(worker)
        if time.perf_counter() - asked > tasks.DISPATCH_EVERY:
            tasks.tick_dispatch.delay()  # what beat does
            asked = time.perf_counter()
    spent = time.perf_counter() - started
    sent = OutboxMessage.objects.filter(state=State.SENT).count()
    if sent != MANY:
        raise RuntimeError(f"{sent} of {MANY} were sent")
    return MANY / spent, _memory(worker) / early


def _memory(worker: psutil.Process) -> int:
    """Bytes of the worker and the processes that send for it."""
    return sum(process.memory_info().rss for process in [worker, *worker.children(recursive=True)])


def _lateness(rate: float) -> tuple[float, float]:
    """The 99th percentile of lateness in seconds, and one tick plus the time to drain what a tick finds due.

    Messages become due all the time, at half the rate at which they can be sent.
    """
    begin = timezone.now() + timedelta(seconds=1)
    count = min(MANY, int(rate / 2 * SPREAD))
    ids = list(OutboxMessage.objects.order_by("pk").values_list("pk", flat=True)[:count])
    rows = [
        OutboxMessage(pk=pk, state=State.PLANNED, due_at=begin + timedelta(seconds=SPREAD * place / count))
        for place, pk in enumerate(ids)
    ]
    OutboxMessage.objects.update(sending_at=None)  # yesterday's do not count against today's cap
    OutboxMessage.objects.bulk_update(rows, ["state", "due_at"], batch_size=1000)
    end = time.perf_counter() + 3 * SPREAD
    while OutboxMessage.objects.filter(state__in=WAITING).exists() and time.perf_counter() < end:
        tasks.tick_dispatch.delay()
        time.sleep(tasks.DISPATCH_EVERY)
    pairs = OutboxMessage.objects.filter(pk__in=ids, state=State.SENT).values_list("due_at", "sent_at")
    late = sorted((sent - due).total_seconds() for due, sent in pairs if sent)
    if len(late) != count:
        raise RuntimeError(f"{len(late)} of {count} were sent")
    return late[int(0.99 * len(late))], tasks.DISPATCH_EVERY * (1 + count / SPREAD / rate)


def run() -> list[Measured]:
    _fill()
    with running_sink() as sink, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _worker(sink.server_address[1], folder) as worker:
            idle = _noop_rate(folder)
            drain, growth = _drain(worker)
            accepted = sink.accepted
            late, bound = _lateness(drain)
    note = f"{drain:.0f} reminders against {idle:.0f} no-op tasks a second; the mail server took {accepted}"
    return [
        Measured("Reminders drained, share of the no-op rate", drain / idle, "x", 1.0, at_least=True, note=note),
        Measured("Memory of the senders over 10,000 reminders", growth, "x", 1.1, note="from a tenth to the end"),
        Measured(
            "Lateness of reminders, 99th percentile", late / bound, "x", 1.0,
            note=f"{late:.1f} s under half the load; one tick plus its drain time is {bound:.1f} s",
        ),
    ]  # fmt: skip

"""Sending processes for tests, as many as are wanted in a moment: this one is loaded once and forks.

Each line on standard input is a JSON list of jobs that run at the same time, each in a process of its own; the answer
is the list of their exit codes (-9: killed). A job names what to ``do`` (one of ``DO``),
where to ``die`` by SIGKILL (``sending:3``: after the third commit of ``sending``), or after how many seconds it is
killed from outside (``kill_after``), and which safety is taken ``without`` (``fence``).
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.db import DatabaseError, close_old_connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from clinic.errors import DomainError  # noqa: E402
from reminders import dispatcher, outbox, sender  # noqa: E402
from reminders.channels.email import EmailChannel  # noqa: E402
from reminders.models import OutboxMessage  # noqa: E402
from reminders.planner import plan  # noqa: E402
from reminders.querysets import MessageQuerySet  # noqa: E402

# The five points: where they are, and whether the process dies before the call or after it.
POINTS: dict[str, tuple[tuple[tuple[object, str], ...], str]] = {
    "claim": (((outbox, "claim"),), "before"),
    "claimed": (((outbox, "claim"),), "after"),
    "sending": (((outbox, "begin_sending"), (outbox, "sent_then_begin")), "after"),
    "accepted": (((EmailChannel, "send"),), "after"),
    "outcome": (((outbox, "mark_sent"), (outbox, "sent_then_begin")), "before"),
}


def die_at(point: str, number: int) -> None:
    """Kill this process at the ``number``-th passage of the point."""
    places, moment = POINTS[point]
    passed = 0

    def wrapped(call: Callable[..., Any]) -> Callable[..., Any]:
        def passing(*args: Any, **kwargs: Any) -> Any:
            nonlocal passed
            passed += 1
            if moment == "before" and passed == number:
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(*args, **kwargs)
            if moment == "after" and passed == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return passing

    for place, name in places:
        setattr(place, name, wrapped(getattr(place, name)))


def without_fence() -> None:
    """Claim without lock and begin without condition, as a sender that only checks and then sends would."""

    def claim(ids: object, *, now: object) -> list[OutboxMessage]:
        rows = list(OutboxMessage.objects.due(now).filter(pk__in=list(ids)))  # type: ignore[arg-type, call-overload]
        for row in rows:
            row.state, row.lease_until = "claimed", timezone.now() + outbox.LEASE
        return rows

    outbox.claim = claim
    outbox.begin_sending = lambda *args, **kwargs: True
    outbox.sent_then_begin = lambda *args, **kwargs: (True, True)


def send(job: dict[str, Any]) -> None:
    ids = list(OutboxMessage.objects.due(timezone.now()).values_list("pk", flat=True))
    time.sleep(max(0.0, job.get("start_at", 0.0) - time.time()))
    if job.get("shuffle"):
        random.shuffle(ids)
    sender.send_batch(ids)


def plan_slowly(job: dict[str, Any]) -> None:
    """Plan, with a pause between looking what is missing and inserting it: two planners do not see each other."""
    insert = MessageQuerySet.bulk_create

    def slow(*args: Any, **kwargs: Any) -> Any:
        time.sleep(max(0.0, job["start_at"] - time.time()))
        return insert(*args, **kwargs)

    MessageQuerySet.bulk_create = slow  # type: ignore[method-assign]
    plan(now=timezone.now())


def fill(job: dict[str, Any]) -> None:
    from tests.factories.clinic import PractitionerFactory
    from tests.factories.scheduling import works_all_week
    from tests.reminders.rig import due_messages

    due_messages(job["count"])
    works_all_week(PractitionerFactory())


def tick(job: dict[str, Any]) -> None:
    dispatcher.tick(sender.send_batch, now=timezone.now())


def book(job: dict[str, Any]) -> None:
    """Book visits of a minute one after the other, note each that was acknowledged, whatever the server does."""
    from clinic.models import Patient, Practitioner, User
    from scheduling.actions import book as book_visit

    patient, practitioner, user = Patient.objects.all()[0], Practitioner.objects.latest("pk"), User.objects.all()[0]
    first, until = timezone.now() + timedelta(days=30), time.time() + job["seconds"]
    with open(job["note"], "a", encoding="ascii", buffering=1) as note:
        for number in range(100_000):
            if time.time() > until:
                return
            start = first + timedelta(minutes=15 * number)
            try:
                visit = book_visit(patient, practitioner, start=start, minutes=15, by=user, now=timezone.now())
                note.write(f"{visit.pk}\n")
            except (DatabaseError, DomainError):
                close_old_connections()
                time.sleep(0.02)


DO = {"send": send, "plan": plan_slowly, "fill": fill, "tick": tick, "book": book}


def child(job: dict[str, Any]) -> None:
    try:
        if job.get("without") == "fence":
            without_fence()
        if job.get("die"):
            point, _, number = job["die"].partition(":")
            die_at(point, int(number))
        DO[job.get("do", "send")](job)
    except BaseException:  # noqa: BLE001 - the code tells the test, and the text the reader of its output
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def start(job: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        child(job)
    if "kill_after" in job:
        threading.Timer(job["kill_after"], kill, (pid,)).start()
    return pid


def kill(pid: int) -> None:
    """Only reached while the child is not collected: the number is still its own."""
    if pid in running:
        os.kill(pid, signal.SIGKILL)


running: set[int] = set()


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        pids = [start(job) for job in json.loads(line)]
        running.update(pids)
        codes = []
        for pid in pids:
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            running.discard(pid)
            codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        print(json.dumps(codes), flush=True)


main()

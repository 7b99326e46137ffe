"""Planning for 100,000 active prescriptions, against inserting the same rows and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.measure import Measured
from benchmarks.reminded import reminded_patients
from reminders.models import OutboxMessage
from reminders.planner import plan
from tests.factories.clinic import ClinicFactory

PATIENTS, EACH = 25_000, 4
ZONE = ZoneInfo("Europe/London")


class Undone(Exception):
    """Leaves the database as it was."""


def run() -> list[Measured]:
    found: list[Measured] = []
    try:
        with transaction.atomic():
            found = _measure()
            raise Undone
    except Undone:
        return found


def _measure() -> list[Measured]:
    now = timezone.now()
    _fill(now + timedelta(minutes=30))
    queries, spent = _counted(lambda: plan(now=now))
    again = _seconds(lambda: plan(now=now))
    rows = list(OutboxMessage.objects.all())
    if len(rows) != PATIENTS:
        raise RuntimeError(f"{len(rows)} rows for {PATIENTS} patients")
    OutboxMessage.objects.all().delete()
    for row in rows:
        row.pk = None
    bare = _seconds(lambda: OutboxMessage.objects.bulk_create(rows, batch_size=1000))
    prescriptions = PATIENTS * EACH
    rate = f"{prescriptions / spent:,.0f} prescriptions and {PATIENTS / spent:,.0f} messages a second"
    note = f"{rate}; {again:.1f} s when nothing is missing"
    per_thousand, total = queries / (prescriptions / 1000), f"{queries} in all"
    return [
        Measured("Planner, 100,000 prescriptions, time of a bare insert of its rows", spent / bare, "x", 5, note=note),
        Measured("Planner, queries per thousand prescriptions", per_thousand, "", 4, note=total),
    ]


def _fill(at: datetime) -> None:
    ClinicFactory()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no history of what is thrown away
        for _ in reminded_patients(
            PATIENTS, at=at.astimezone(ZONE).replace(second=0, microsecond=0), prefix="P", exercises=EACH
        ):
            pass
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("ANALYZE")


def _counted(work: Callable[[], object]) -> tuple[int, float]:
    count = 0

    def counting(execute: Callable[..., object], *args: object) -> object:
        nonlocal count
        count += 1
        return execute(*args)

    with connection.execute_wrapper(counting):
        spent = _seconds(work)
    return count, spent


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started

"""The progress page of a course of care that was logged at home every day for two years."""

from __future__ import annotations

import time

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks.measure import Measured, median_seconds
from exercises.models import Prescription, SessionLog
from plans.models import PhaseProgress, Plan
from tests.course.helpers import day, lead, log_days, running_plan
from tests.factories.clinic import ClinicFactory

DAYS = 730
ROUNDS = 9


def _long_plan() -> Plan:
    """Prescribed for two years, every day and every exercise logged."""
    plan = running_plan()
    Prescription.objects.filter(episode=plan.episode_id).update(starts_on=day(-DAYS))
    PhaseProgress.objects.filter(plan=plan).update(entered_on=day(-DAYS))
    log_days(plan, -DAYS, [n % 6 for n in range(DAYS)], bouts=1)
    return plan


def run() -> list[Measured]:
    call_command("load_knowledge", verbosity=0)
    ClinicFactory()
    plan = _long_plan()
    client = Client(SERVER_NAME="localhost")
    client.force_login(lead(plan))
    address = reverse("staff:episode-progress", args=[plan.episode_id])
    wall = median_seconds(lambda: client.get(address), times=ROUNDS)
    begun = time.process_time()
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(address)
    spent = time.process_time() - begun
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    logs = SessionLog.objects.filter(prescription__episode=plan.episode_id).count()
    note = f"{DAYS} days, {logs} sessions; {spent * 1000:.0f} ms of processor time"
    return [
        Measured("Progress page after two years, database queries", len(seen), "queries", 18, note=note),
        Measured("Progress page after two years (median)", wall * 1000, "ms", 500),
    ]

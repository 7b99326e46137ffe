"""The portal's first page against an empty view under the same server, and its queries."""

from __future__ import annotations

import http.client
import os
import signal
import statistics
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from benchmarks.made_up import made_up
from benchmarks.measure import Measured
from clinic.models import Patient
from config.embedded.addresses import free_ports
from config.embedded.processes import end_group, wait_until
from exercises.models import SessionLog
from tests.factories.clinic import ClinicFactory, EpisodeFactory
from tests.factories.exercises import PrescriptionFactory

ROUNDS = 5
REQUESTS = 150
HOST = "127.0.0.1"
Requests = list[tuple[str, dict[str, str]]]


def _patient() -> Patient:
    """Six exercises and a month of logs."""
    ClinicFactory()
    episode = EpisodeFactory()
    today = timezone.localdate()
    for number in range(6):
        order = PrescriptionFactory(
            episode=episode,
            exercise=made_up(f"bench_{number}"),
            position=number,
            starts_on=today - timedelta(days=30),
        )
        SessionLog.objects.bulk_create(
            SessionLog(
                prescription=order,
                patient=episode.patient,
                on=today - timedelta(days=back),
                state="done",
                pain=2,
                acted_at=timezone.now() - timedelta(days=back),
                recorded_by=episode.patient.user,
            )
            for back in range(1, 30)
        )
    patient: Patient = episode.patient
    return patient


def _rate(port: int, path: str, cookie: str) -> float:
    """Requests per second over one kept-alive connection."""
    link = http.client.HTTPConnection(HOST, port, timeout=20)
    headers = {"Cookie": cookie, "Host": "localhost"}
    started = time.perf_counter()
    for _ in range(REQUESTS):
        link.request("GET", path, headers=headers)
        answer = link.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
    spent = time.perf_counter() - started
    link.close()
    return REQUESTS / spent


LOGS = 120
MORE = 24  # orders that only the log requests use, ten times a day each


def _orders(patient: Patient) -> list[int]:
    """Orders for the log requests, apart from the list that the first page shows: they ended yesterday."""
    episode = patient.episodes.get()
    today = timezone.localdate()
    made = [
        PrescriptionFactory(
            episode=episode,
            exercise=made_up(f"bench_more_{number}"),
            position=10 + number,
            per_day=10,
            starts_on=today - timedelta(days=30),
            ends_on=today - timedelta(days=1),
        )
        for number in range(MORE)
    ]
    return [row.pk for row in made]


def _posts(port: int, cookie: str, requests: Requests, wanted: int) -> float:
    """Median seconds of one request over one kept-alive connection."""
    link = http.client.HTTPConnection(HOST, port, timeout=20)
    headers = {"Cookie": cookie, "Host": "localhost", "Content-Type": "application/x-www-form-urlencoded"}
    spent = []
    for path, fields in requests:
        started = time.perf_counter()
        link.request("POST", path, urlencode(fields), headers)
        answer = link.getresponse()
        answer.read()
        spent.append(time.perf_counter() - started)
        if answer.status != wanted:
            raise RuntimeError(f"{path} answered {answer.status}")
    link.close()
    return statistics.median(spent)


def _log_requests(patient: Patient, orders: list[int], token: str) -> tuple[Requests, Requests]:
    """As many logs as bare inserts, each of another session."""
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    bouts = [(order, str(bout)) for order in orders for bout in range(1, 11)]
    logs = [
        (
            reverse("portal:log", args=[order]),
            {"csrfmiddlewaretoken": token, "client_id": str(uuid4()), "on": yesterday, "bout": bout, "state": "done"},
        )
        for order, bout in bouts[:LOGS]
    ]
    bare = [
        ("/bench/insert/", {"prescription": str(order), "patient": str(patient.pk), "on": yesterday, "bout": bout})
        for order, bout in bouts[LOGS : 2 * LOGS]
    ]
    return logs, bare


def _serve(port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", f"--bind={HOST}:{port}", "--workers=1", "--threads=2"]
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
    root = Path(__file__).resolve().parent.parent
    return subprocess.Popen([*command, "--no-control-socket"], cwd=root, env=env, start_new_session=True)


def _answers(port: int) -> bool:
    try:
        link = http.client.HTTPConnection(HOST, port, timeout=2)
        link.request("GET", "/bench/empty/", headers={"Host": "localhost"})
        return link.getresponse().status == 200
    except OSError:
        return False


def run() -> list[Measured]:
    patient = _patient()
    client = Client(SERVER_NAME="localhost")
    client.force_login(patient.user)  # type: ignore[arg-type]
    client.get("/portal/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/portal/")
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    logs, bare = _log_requests(patient, _orders(patient), token)
    (port,) = free_ports(1)
    server = _serve(port)
    try:
        if not wait_until(lambda: _answers(port), 30):
            raise RuntimeError("the server did not start")
        pairs = [(_rate(port, "/portal/", cookie), _rate(port, "/bench/empty/", cookie)) for _ in range(ROUNDS)]
        both = f"{cookie}; {settings.CSRF_COOKIE_NAME}={token}"
        log, insert = _posts(port, both, logs, 302), _posts(port, both, bare, 204)
    finally:
        end_group(server.pid, signal.SIGTERM, 10)
        server.wait()
    portal, empty = (statistics.median(column) for column in zip(*pairs, strict=True))
    return [
        Measured("Portal today, database queries", len(queries), "queries", 8),
        Measured(
            "Portal today, share of the rate of an empty view",
            portal / empty,
            "x",
            1 / 3,
            at_least=True,
            note=f"{portal:.0f} against {empty:.0f} requests a second, one worker process",
        ),
        Measured(
            "Logging a session, median against a view with one bare insert",
            log / insert,
            "x",
            3,
            note=f"{log * 1000:.1f} ms against {insert * 1000:.1f} ms, whole requests",
        ),
    ]

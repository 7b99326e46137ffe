"""Patient list and search with 100,000 patients against the same pages with 1,000."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.measure import Measured, median_seconds
from clinic.models import Patient
from tests.factories.clinic import FrontDeskFactory

FEW, MANY = 1_000, 100_000
BATCH = 5_000
PAGES = {
    "list": "/staff/patients/",
    "search": "/staff/patients/?q=family77+giv",
    "number": "/staff/patients/?q=B-000777",
}


def _fill(start: int, end: int) -> None:
    for first in range(start, end, BATCH):
        Patient.objects.bulk_create(
            Patient(
                number=f"B-{number:06d}",
                given_name=f"Given{number % 997}",
                family_name=f"Family{number % 9_973}",
                date_of_birth=date(1930, 1, 1) + timedelta(days=number % 30_000),
                phone=f"+44 7700 {number:06d}",
            )
            for number in range(first, min(first + BATCH, end))
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE clinic_patient")


def _measure(client: Client) -> dict[str, tuple[float, int]]:
    found = {}
    for name, url in PAGES.items():
        seconds = median_seconds(lambda url=url: client.get(url), times=15)  # type: ignore[misc]
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(url)
        if answer.status_code != 200:
            raise RuntimeError(f"{url} answered {answer.status_code}")
        found[name] = (seconds, len(queries))
    return found


def run() -> list[Measured]:
    client = Client(SERVER_NAME="localhost")
    client.force_login(FrontDeskFactory(email="bench-desk@example.test"))
    _fill(0, FEW)
    few = _measure(client)
    _fill(FEW, MANY)
    many = _measure(client)
    measured = []
    for name in PAGES:
        ratio = many[name][0] / few[name][0]
        note = f"{many[name][0] * 1000:.1f} ms against {few[name][0] * 1000:.1f} ms"
        measured.append(Measured(f"Patient {name}, 100,000 against 1,000 patients", ratio, "x", 2, note=note))
        extra = many[name][1] - few[name][1]
        measured.append(
            Measured(
                f"Patient {name}, further queries with 100,000", extra, "queries", 0, note=f"{many[name][1]} in all"
            )
        )
    return measured

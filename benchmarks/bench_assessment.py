"""The assessment page with every field filled: an autosave against an empty view, and the queries of the page."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone

from assessments.models import Assessment
from benchmarks.measure import Measured
from staff.assessments.sections import SECTIONS
from tests.assessments.full import fill_everything
from tests.factories.assessments import AssessmentFactory
from tests.factories.clinic import ClinicFactory

ROUNDS = 60


def _draft() -> Assessment:
    call_command("load_knowledge", verbosity=0)
    ClinicFactory()
    made: Assessment = AssessmentFactory(assessed_on=timezone.localdate() - timedelta(days=1))
    fill_everything(made)
    return made


def _saves(client: Client, draft: Assessment) -> Callable[[], None]:
    """One figure changed, as the page sends it, on top of the revision before."""
    url, name = reverse("staff:assessment-save", args=[draft.pk]), "f:mmt.gluteus_medius:left:"
    state = {"revision": draft.revision, "grade": 3}

    def save() -> None:
        state["grade"] = 7 - state["grade"]  # 3, 4, 3, ...
        answer = client.post(url, {"revision": state["revision"], "group": name, name: state["grade"]})
        if answer.status_code != 200 or not answer.json()["written"]:
            raise RuntimeError(f"the save was answered {answer.status_code}: {answer.content[:200]!r}")
        state["revision"] = answer.json()["revision"]

    return save


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@override_settings(ROOT_URLCONF="benchmarks.urls")
def run() -> list[Measured]:
    draft = _draft()
    client = Client(SERVER_NAME="localhost")
    client.force_login(draft.author)
    draft.refresh_from_db()
    save = _saves(client, draft)
    pairs = [(_seconds(save), _seconds(lambda: client.get("/bench/empty/"))) for _ in range(ROUNDS)][5:]
    saving, empty = (statistics.median(column) for column in zip(*pairs, strict=True))
    with CaptureQueriesContext(connection) as queries:
        save()
    return [
        Measured("Autosave of one figure, every field filled", 1000 * saving, "ms", 40),
        Measured("Autosave against an empty view", saving / empty, "x", 25, note=f"empty view {1000 * empty:.1f} ms"),
        Measured("Autosave, database queries", len(queries), "queries", 12),
        Measured("Assessment page, most database queries of a section", _most_queries(client, draft), "queries", 15),
    ]


def _most_queries(client: Client, draft: Assessment) -> int:
    seen = []
    for section in SECTIONS[:-1]:
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{reverse('staff:assessment-edit', args=[draft.pk])}?section={section.key}")
        seen.append(len(queries))
    return max(seen)

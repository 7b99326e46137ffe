"""A draft from end to end (facts read, generated, screened, written) against the bare insert of the same rows."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management import call_command
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext

from assessments.models import Assessment
from benchmarks.measure import Measured
from plans.actions import draft_plan
from plans.models import Plan, PlanExercise, PlanPhase, PlanTechnique, PlanVersion, SafetyCheck
from plans.models.plan import PlanCause, PlanCriterion, PlanEducation, PlanGoal
from tests.factories.plans import TODAY, case_assessment

CASES = ("case_01", "case_02", "case_03", "case_05", "case_08")
ROUNDS = 12
# Every kind of row that a draft writes, parents first: the way from a row to its version.
ROWS: tuple[tuple[type[models.Model], str], ...] = (
    (PlanVersion, "pk"),
    (PlanCause, "version"),
    (PlanPhase, "version"),
    (PlanTechnique, "phase__version"),
    (PlanExercise, "phase__version"),
    (PlanEducation, "phase__version"),
    (PlanCriterion, "phase__version"),
    (PlanGoal, "version"),
    (SafetyCheck, "version"),
)


class _Undo(Exception):
    """Ends a transaction without keeping anything."""


def _timed(work: Callable[[], Any]) -> float:
    """Seconds of the work and its commit point inside a savepoint; what it wrote is rolled back afterwards."""
    spent = 0.0
    try:
        with transaction.atomic():
            started = time.perf_counter()
            with transaction.atomic():
                work()
            spent = time.perf_counter() - started
            raise _Undo
    except _Undo:
        return spent


def _copies(version: PlanVersion) -> list[list[models.Model]]:
    return [list(model._default_manager.filter(**{path: version.pk})) for model, path in ROWS]


def _insert(rows: list[list[models.Model]]) -> None:
    """The same rows, one statement per kind, with the keys they had."""
    for group in rows:
        if group:
            type(group[0])._default_manager.bulk_create(group)


def _fresh(pk: int) -> Assessment:
    found: Assessment = Assessment.objects.select_related("episode__patient", "episode__practitioner__user").get(pk=pk)
    return found


def _draft(assessment: Assessment) -> PlanVersion:
    return draft_plan(_fresh(assessment.pk), assessment.author, today=TODAY)


def _measure(assessment: Assessment) -> tuple[float, float, int]:
    """Median seconds of a draft and of the bare insert, and how many rows there are."""
    author = assessment.author
    kept: list[list[models.Model]] = []

    def draft() -> None:
        version = _draft(assessment)
        if not kept:
            kept.extend(_copies(version))

    _timed(draft)
    plan_pk = kept[0][0].plan_id  # type: ignore[attr-defined]
    Plan.objects.get_or_create(pk=plan_pk, defaults={"episode": assessment.episode, "created_by": author})
    pairs = [(_timed(draft), _timed(lambda: _insert(kept))) for _ in range(ROUNDS)]
    drafts, inserts = zip(*pairs, strict=True)
    return statistics.median(drafts), statistics.median(inserts), sum(map(len, kept))


def run() -> list[Measured]:
    call_command("load_knowledge", verbosity=0)
    seen = []
    queries = 0
    for name in CASES:
        assessment = case_assessment(name)
        seen.append(_measure(assessment))
        if not queries:
            with CaptureQueriesContext(connection) as captured:
                _timed(partial(_draft, assessment))
            queries = len(captured)
    drafts, inserts, rows = zip(*seen, strict=True)
    draft, insert = statistics.median(drafts), statistics.median(inserts)
    ratio = statistics.median(d / i for d, i in zip(drafts, inserts, strict=True))
    note = (
        f"{draft * 1000:.0f} ms against {insert * 1000:.0f} ms, {statistics.median(rows):.0f} rows, {queries} queries"
    )
    return [
        Measured("Draft request against the bare insert of its rows", ratio, "x", 3, note=note),
        Measured("Draft request, median", draft * 1000, "ms", 150, note=f"{len(CASES)} cases, {ROUNDS} rounds each"),
    ]

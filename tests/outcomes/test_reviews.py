""" "No change that matters" puts a course on the worklist, and a change takes it off."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from assessments.models import OutcomeResponse
from assessments.outcomes.install import instrument_of
from assessments.outcomes.meaning import Point
from assessments.outcomes.readers import Series
from clinic.models import Episode
from plans.models import Alert, Plan, TreatmentNote, VisitMeasure
from plans.outcomes import reviews
from plans.outcomes.reviews import raise_reviews, review_of, series_with_visits
from tests.factories.outcomes import instrument_row, outcome_request
from tests.factories.plans import case_signed
from tests.outcomes.test_schedule import NOW, TODAY, running_plan

pytestmark = pytest.mark.django_db


def answered(plan: Plan, key: str, score: float, *, days_ago: int = 1) -> None:
    """A response as it is stored, without the questions."""
    on = TODAY - timedelta(days=days_ago)
    request = outcome_request(
        plan.episode, key, due_on=on, state="answered", closed_at=NOW, occasion=f"{key}:{on}:{score}"
    )
    OutcomeResponse.objects.create(
        request=request,
        episode=plan.episode,
        instrument=request.instrument,
        answers={},
        score=Decimal(str(score)),
        on=on,
        filled_by="patient",
        recorded_by=plan.created_by,
        submitted_at=datetime.combine(on, datetime.min.time(), UTC),
    )


@pytest.mark.parametrize(
    ("what", "days", "nprs", "psfs", "groc", "stage"),
    [
        ("too early to say", 27, 7, 3.5, 0, None),
        ("four weeks, nothing", 28, 7, 3.5, 0, "week_4"),
        ("four weeks, nothing asked", 28, None, None, None, "week_4"),
        ("four weeks, pain down by 29 %", 28, 5, 3.5, 0, "week_4"),
        ("four weeks, pain down by 43 %", 28, 4, 3.5, 0, None),
        ("four weeks, activities up by 1.2", 28, 7, 4.7, 0, "week_4"),
        ("four weeks, activities up by 1.3", 28, 7, 4.8, 0, None),
        ("six weeks, nothing", 42, 7, 3.5, 0, "week_6"),
        ("six weeks, worse", 42, 9, 2, -4, "week_6"),
        ("six weeks, pain down by 2 points", 42, 5, 3.5, 0, "week_4"),  # matters, and still little response
        ("six weeks, rating of change +3 only", 42, 7, 3.5, 3, "week_4"),
        ("six weeks, good", 42, 3, 6.5, 5, None),
    ],
)
def test_when_a_review_is_due(
    what: str, days: int, nprs: float | None, psfs: float | None, groc: float | None, stage: str | None
) -> None:
    started = date(2026, 10, 1)
    today = started + timedelta(days=days)

    def series(key: str, first: float | None, last: float | None) -> Series:
        points = [Point(started, first)] if first is not None else []
        points += [Point(today, last)] if last is not None else []
        row = instrument_row(key)
        return Series(row, instrument_of(row), tuple(points))

    found = review_of([series("nprs", 7, nprs), series("psfs", 3.5, psfs), series("groc", None, groc)], started, today)

    assert (found.stage if found else None) == stage, what


def open_alerts() -> list[tuple[str, str, str]]:
    return [(a.rule, a.key.rpartition(":")[2], a.severity) for a in Alert.objects.exclude(state="done")]


def test_a_course_without_change_is_raised_once_and_closes_when_it_changes() -> None:
    plan = running_plan(30)
    answered(plan, "nprs", 7)

    assert raise_reviews(now=NOW) == 1
    assert raise_reviews(now=NOW) == 1
    assert open_alerts() == [("no_meaningful_change", "week_4", "normal")]
    alert = Alert.objects.get()
    assert (alert.plan, alert.patient) == (plan, plan.episode.patient)
    assert "Pain from 0 to 10: 7 to 7" in alert.text
    assert "Activities that matter to you: 3.5, not asked again" in alert.text

    answered(plan, "nprs", 2, days_ago=0)
    assert raise_reviews(now=NOW) == 0
    alert.refresh_from_db()
    assert (alert.state, alert.outcome) == ("done", "A change that matters was measured.")


def test_four_weeks_become_six() -> None:
    running_plan(30)
    raise_reviews(now=NOW)

    raise_reviews(now=NOW + timedelta(days=14))

    assert open_alerts() == [("no_meaningful_change", "week_6", "high")]
    assert Alert.objects.get(state="done").outcome == "Became the review of six weeks."


def test_what_a_person_dealt_with_stays_quiet_for_two_weeks() -> None:
    plan = running_plan(43)
    raise_reviews(now=NOW)
    Alert.objects.update(
        state="done", closed_at=NOW, closed_by=plan.created_by, action="referred", outcome="Letter to the GP"
    )

    raise_reviews(now=NOW + timedelta(days=13))
    assert open_alerts() == []
    raise_reviews(now=NOW + timedelta(days=15))
    assert open_alerts() == [("no_meaningful_change", "week_6", "high")]


def test_one_course_that_cannot_be_judged_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    started = [running_plan(days) for days in (30, 43)]
    assert len({plan.episode_id for plan in started}) == 2

    def judge(scores: object, began: date, today: date) -> object:
        if (today - began).days == 30:
            raise ValueError("broken")
        return review_of(scores, began, today)  # type: ignore[arg-type]

    monkeypatch.setattr(reviews, "review_of", judge)
    assert raise_reviews(now=NOW) == 1
    assert open_alerts() == [("no_meaningful_change", "week_6", "high")]


def test_a_plan_that_ended_leaves_the_worklist() -> None:
    plan = running_plan(30)
    raise_reviews(now=NOW)
    Plan.objects.filter(pk=plan.pk).update(state="completed")
    Episode.objects.filter(pk=plan.episode_id).update(state="closed", closed_on=timezone.localdate())

    raise_reviews(now=NOW)

    assert open_alerts() == []


def test_what_signed_visits_measured_counts() -> None:
    version = case_signed("case_01")
    plan = version.plan
    instrument_row()
    note = TreatmentNote.objects.create(
        plan=plan, version=version, phase=1, visit_on=TODAY, author=version.created_by, consent_confirmed=True,
        consent_at=NOW,
    )  # fmt: skip
    VisitMeasure.objects.create(note=note, metric="pain.nprs_worst_24h", value=4, day=TODAY)

    def last() -> float:
        found = {series.row.key: series for series in series_with_visits([plan.episode_id])[plan.episode_id]}
        return found["nprs"].points[-1].value

    assert last() == 8  # the assessment: a draft note says nothing yet
    TreatmentNote.objects.filter(pk=note.pk).update(
        state="signed", signed_at=NOW, signed_by=plan.episode.practitioner, content_hash="x"
    )
    assert last() == 4

"""The progress page: one axis, what counts as a value, what silence looks like, and what two years cost."""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.models import AmendedValue, Amendment
from exercises.adherence import DayState
from exercises.models import Prescription, PrescriptionPause
from plans.course.timeline import read_timeline
from plans.models import PhaseProgress, Plan
from staff.course.chart import chart_of
from staff.course.spark import spark_of
from tests.course.helpers import day, in_force, lead, log_days, running_plan, saw
from tests.factories.assessments import AssessmentFactory, FindingFactory
from tests.factories.clinic import EpisodeFactory
from tests.factories.plans import signed_assessment

pytestmark = pytest.mark.django_db
TWO_YEARS = 730


def long_plan(days: int) -> Plan:
    """A course whose logs go back that far, every day, every exercise."""
    plan = running_plan()
    early = day(-days)
    Prescription.objects.filter(episode=plan.episode_id).update(starts_on=early)
    PhaseProgress.objects.filter(plan=plan).update(entered_on=early)
    log_days(plan, -days, [n % 6 for n in range(days)], bouts=1)
    return plan


def test_pain_zero_is_a_value_and_silence_a_state_of_its_own() -> None:
    plan = running_plan()
    log_days(plan, 0, [5, 0])
    log_days(plan, 4, [3])
    timeline = read_timeline(plan.episode, today=day(6))
    assert [(p.day, p.value) for p in timeline.pain] == [(day(0), 8), (day(1), 0), (day(4), 3)]
    assert [d.state for d in timeline.days[2:4]] == [DayState.NOT_LOGGED, DayState.NOT_LOGGED]
    assert [d.day for d in timeline.days] == [day(n) for n in range(6)]  # today is not judged before it ends


def test_every_source_is_on_the_axis() -> None:
    plan = running_plan()
    saw(plan, 7, worst=4, psfs=6.5, rompct__lum_flexion=54, mmt__gluteus_maximus=4.3)
    timeline = read_timeline(plan.episode, today=day(8))
    assert timeline.function is not None
    assert [p.value for p in timeline.function.points][-1] == 6.5
    assert {line.metric for line in timeline.ranges} >= {"rompct.lum_flexion"}
    flexion = next(line for line in timeline.ranges if line.metric == "rompct.lum_flexion")
    assert flexion.last.value == 90.0
    assert any(label.startswith("Strength of gluteus maximus") for _, label, _ in timeline.measured)


def test_phases_are_bands_and_weeks_count_what_was_asked() -> None:
    plan = running_plan(phase=2, on=3)
    log_days(plan, 0, [4, 4, 4, 3, 3])
    timeline = read_timeline(plan.episode, today=day(6))
    assert [(band.number, band.first, band.last) for band in timeline.bands] == [
        (1, day(0), day(3)),
        (2, day(3), day(6)),
    ]
    week = next(week for week in timeline.weeks if week.first <= day(2) <= week.first + timedelta(days=6))
    assert week.worst == 8
    assert week.asked >= week.done > 0
    assert week.percent == int(week.done * 100 // week.asked)


def test_the_line_breaks_where_nobody_said_anything() -> None:
    plan = running_plan()
    log_days(plan, 0, [5, 4])
    log_days(plan, 12, [3, 3])
    chart = chart_of(read_timeline(plan.episode, today=day(15)))
    pain = next(panel for panel in chart.panels if panel.key == "pain")
    assert len(pain.strokes[0].pieces) == 2
    assert "silent" in {run.said.rpartition(": ")[2] for run in chart.runs}


def test_an_episode_without_anything_says_so(client: Client) -> None:
    episode = EpisodeFactory()
    client.force_login(episode.practitioner.user)
    page = client.get(reverse("staff:episode-progress", args=[episode.pk]))
    assert page.status_code == 200
    assert "Nothing to draw yet" in page.content.decode()


def test_two_years_of_daily_logs_cost_at_most_eighteen_queries(client: Client) -> None:
    plan = long_plan(TWO_YEARS)
    client.force_login(lead(plan))
    address = reverse("staff:episode-progress", args=[plan.episode_id])
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        begun = time.perf_counter()
        page = client.get(address)
        took = time.perf_counter() - begun
    assert page.status_code == 200
    assert len(in_force(plan, day(0))) >= 3
    assert len(seen) <= 18, "\n".join(q["sql"][:160] for q in seen)
    assert took < 5, took  # a broken loop, not a slow machine; the figure is in docs/architecture.md


def test_two_days_are_the_least_that_a_sparkline_shows() -> None:
    assert spark_of([["2026-11-24", 3]]) is None
    spark = spark_of([["2026-11-24", 0], ["2026-11-25", 4]])
    assert spark is not None
    assert spark.points == "3,25 93,3"
    assert spark_of([[date(2026, 11, 24).isoformat(), 2], ["2026-11-25", 2]]) is not None


def test_a_correction_counts_and_a_carried_value_does_not() -> None:
    plan = running_plan()
    signed = plan.versions.get().assessment
    practitioner = plan.episode.practitioner
    amendment = Amendment.objects.create(
        assessment=signed, reason="Typing error", size=1, signed_by=practitioner.user, signed_at=timezone.now()
    )
    AmendedValue.objects.create(
        amendment=amendment, name="f:pain.nprs_worst_24h::", before={"number": "8"}, after={"number": "7"}
    )
    timeline = read_timeline(plan.episode, today=day(1))
    assert [point.value for point in timeline.pain] == [7]
    assert timeline.pain_start == 7


def test_a_corrected_activity_moves_the_mean_and_the_active_range_is_drawn() -> None:
    plan = running_plan()
    signed = plan.versions.get().assessment
    made: dict[str, Any] = {"signed_by": plan.episode.practitioner.user, "signed_at": timezone.now()}
    amendment = Amendment.objects.create(assessment=signed, reason="Typing error", size=4, **made)
    for row in signed.activities.all():
        after = {"activity": row.activity, "score": 10}
        AmendedValue.objects.create(amendment=amendment, name=f"a:{row.position}", before={}, after=after)
    later = AssessmentFactory(episode=plan.episode, author=signed.author, assessed_on=day(1))
    for mode, value in (("active", 30), ("passive", 60)):
        FindingFactory(assessment=later, path="rom.lum_flexion", side="", mode=mode, number=value)
    signed_assessment(later)
    timeline = read_timeline(plan.episode, today=day(2))
    assert timeline.function is not None
    assert [point.value for point in timeline.function.points] == [10]
    flexion = next(line for line in timeline.ranges if line.metric == "rompct.lum_flexion")
    assert flexion.last.value == 50.0, "30 of 60 degrees, whatever the passive range"


def test_a_pause_is_no_silence() -> None:
    plan = running_plan()
    for row in in_force(plan, day(0)):
        PrescriptionPause.objects.create(prescription=row, starts_on=day(1), ends_on=day(2), by=lead(plan))
    states = [entry.state for entry in read_timeline(plan.episode, today=day(4)).days]
    assert states == [DayState.NOT_LOGGED, DayState.PAUSED, DayState.PAUSED, DayState.NOT_LOGGED]

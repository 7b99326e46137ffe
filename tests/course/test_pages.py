"""The pages of the course: what they show, what they keep when they refuse, what they cost."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from plans.models import Observation, PhaseProgress, PhaseReview, Plan, ReviewDecision
from tests.course.helpers import day, fresh, lead, log_days, running_plan, saw

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(client: Client, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Day 6 of phase 1; the pages' today is that day."""
    found = running_plan()
    monkeypatch.setattr("staff.course.views.patient_today", lambda _: day(6))
    client.force_login(lead(found))
    return found


def url(name: str, plan: Plan) -> str:
    return reverse(f"staff:plan-review{name}", args=[plan.pk])


def test_judging_reading_and_deciding_through_the_page(client: Client, plan: Plan) -> None:
    assert "Not judged yet" in client.get(url("", plan)).content.decode()
    log_days(plan, 0, [7, 6, 5, 4, 4, 3])
    assert client.post(url("-judge", plan)).status_code == 302
    page = client.get(url("", plan)).content.decode()
    assert "Not ready" in page
    assert "Not measured in this phase" in page
    review = PhaseReview.objects.get()
    answer = client.post(reverse("staff:phase-review-decide", args=[review.pk]), {"choice": "hold"})
    assert answer.status_code == 302
    assert ReviewDecision.objects.get().choice == "hold"


def test_a_decision_against_it_without_a_reason_stays_on_the_page(client: Client, plan: Plan) -> None:
    client.post(url("-judge", plan))
    review = PhaseReview.objects.get()
    answer = client.post(reverse("staff:phase-review-decide", args=[review.pk]), {"choice": "reassess", "reason": "x"})
    assert answer.status_code == 422
    assert 'value="x"' in answer.content.decode()
    assert not ReviewDecision.objects.exists()


def test_what_was_measured_is_recorded_and_judged(client: Client, plan: Plan) -> None:
    data = {"pain.nprs_worst_24h": "3", "check.neuro_unchanged": "yes", "day": day(6).isoformat()}
    assert client.post(url("-observe", plan), data).status_code == 302
    assert {row.metric: row.value for row in Observation.objects.all()} == {
        "pain.nprs_worst_24h": 3,
        "check.neuro_unchanged": True,
    }
    review = PhaseReview.objects.get()
    assert {c["key"]: c["met"] for c in review.criteria}["p1_neuro"] is True


def test_a_wrong_figure_keeps_what_was_typed(client: Client, plan: Plan) -> None:
    data = {"pain.nprs_worst_24h": "12", "check.neuro_unchanged": "yes", "day": day(6).isoformat()}
    answer = client.post(url("-observe", plan), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "between 0 and 10" in page
    assert 'value="12"' in page
    assert not Observation.objects.exists()


def test_a_waiver_that_is_not_due_is_refused(client: Client, plan: Plan) -> None:
    client.post(url("-judge", plan))
    answer = client.post(url("-waive", plan), {"key": "p1_pain", "reason": "Tired of waiting"})
    assert answer.status_code == 422


def test_the_page_says_when_something_came_in_since(client: Client, plan: Plan) -> None:
    client.post(url("-judge", plan))
    assert "Judge again before you decide" not in client.get(url("", plan)).content.decode()
    saw(plan, 5, worst=3)
    assert "Judge again before you decide" in client.get(url("", plan)).content.decode()


def test_a_plan_without_a_running_phase_says_so(client: Client, plan: Plan) -> None:
    PhaseProgress.objects.filter(plan=plan).update(left_on=timezone.localdate())
    assert "No phase is running" in client.get(url("", fresh(plan))).content.decode()


def test_queries_of_the_page(client: Client, plan: Plan) -> None:
    log_days(plan, 0, [5] * 6)
    client.post(url("-judge", plan))
    client.get(url("", plan))
    with CaptureQueriesContext(connection) as seen:
        client.get(url("", plan))
    assert len(seen) <= 39

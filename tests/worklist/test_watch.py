"""Running plans on the worklist: what is raised, what ends by itself, what a person does with it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from clinic.errors import Conflict, Invalid, ManyProblems, Refused
from exercises.models import Prescription, PrescriptionPause, SessionLog
from plans.models import Alert, Plan, PlanVersion, WatchLimits
from plans.watch.actions import set_limits, settle, snooze, watch_plans
from plans.watch.readers import cases_of, running_plans
from tests.factories.clinic import ManagerFactory
from tests.factories.exercises import SessionLogFactory
from tests.factories.plans import TODAY, case_signed

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 11, 28, 12, tzinfo=UTC)  # four days after the plan was signed


@pytest.fixture
def plan() -> Plan:
    version: PlanVersion = case_signed("case_01")
    Prescription.objects.update(starts_on=TODAY)
    found: Plan = Plan.objects.select_related("episode__patient", "episode__practitioner__user").get(pk=version.plan_id)
    return found


def log(plan: Plan, on: date, **more: Any) -> SessionLog:
    prescription = Prescription.objects.filter(episode=plan.episode).order_by("pk")[0]
    at = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    made: SessionLog = SessionLogFactory(prescription=prescription, on=on, acted_at=at, **more)
    return made


def waiting() -> list[tuple[str, str]]:
    return list(Alert.objects.exclude(state="done").order_by("rule").values_list("rule", "severity"))


@pytest.mark.hazard("H-18")
def test_silence_is_raised_once_and_ends_with_a_log(plan: Plan) -> None:
    assert watch_plans(now=LATER) == 1
    assert watch_plans(now=LATER) == 1
    assert waiting() == [("not_logged", "normal")]
    log(plan, LATER.date())
    assert watch_plans(now=LATER) == 0
    alert = Alert.objects.get()
    assert (alert.state, alert.action, alert.outcome, alert.closed_by) == (
        "done",
        "resolved",
        "No longer the case.",
        None,
    )


def test_a_hold_is_no_silence(plan: Plan) -> None:
    for prescription in Prescription.objects.all():
        by = plan.episode.practitioner.user
        PrescriptionPause.objects.create(prescription=prescription, starts_on=TODAY, by=by)
    assert watch_plans(now=LATER) == 0
    PrescriptionPause.objects.update(ends_on=LATER.date() - timedelta(days=1))
    assert watch_plans(now=LATER) == 0, "the time begins anew when the hold ends"


@pytest.mark.hazard("H-18")
def test_high_pain(plan: Plan) -> None:
    log(plan, LATER.date(), pain=9)
    watch_plans(now=LATER)
    assert waiting() == [("pain_high", "urgent")]
    assert Alert.objects.get().plan == plan


def test_an_ended_plan_says_nothing_more(plan: Plan) -> None:
    watch_plans(now=LATER)
    Plan.objects.update(state=Plan.State.COMPLETED)
    watch_plans(now=LATER)
    assert waiting() == []


def test_the_number_of_queries_does_not_grow(plan: Plan, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    case_signed("case_02")
    SessionLogFactory(prescription=Prescription.objects.order_by("pk")[0], on=TODAY)
    plans = list(running_plans())
    with django_assert_num_queries(6):
        assert len(cases_of(plans, now=LATER)) == 2
    with django_assert_num_queries(6):
        cases_of(plans[:1], now=LATER)


# --- People ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def alert(plan: Plan) -> Alert:
    watch_plans(now=LATER)
    return Alert.objects.get()


def test_put_away_it_comes_back(plan: Plan, alert: Alert) -> None:
    row = snooze(alert, plan.episode.practitioner.user, days="3", now=LATER)
    assert (row.state, row.snoozed_until) == ("snoozed", LATER + timedelta(days=3))
    watch_plans(now=LATER)
    assert Alert.objects.get().state == "snoozed"
    watch_plans(now=LATER + timedelta(days=4))
    assert (Alert.objects.get().state, Alert.objects.get().severity) == ("open", "high"), "silence became long"


@pytest.mark.hazard("H-18")
def test_what_is_urgent_cannot_wait(plan: Plan, alert: Alert) -> None:
    Alert.objects.update(severity="urgent")
    with pytest.raises(Refused, match="urgent"):
        snooze(alert, plan.episode.practitioner.user, days="1")
    assert Alert.objects.get().state == "open"


@pytest.mark.parametrize("days", ["", "2", "x", "-1"])
def test_only_the_offered_days(plan: Plan, alert: Alert, days: str) -> None:
    with pytest.raises(Invalid):
        snooze(alert, plan.episode.practitioner.user, days=days)
    assert Alert.objects.get().state == "open"


def test_settled_with_what_came_of_it(plan: Plan, alert: Alert) -> None:
    by = plan.episode.practitioner.user
    row = settle(alert, by, action="called", outcome=" On holiday until Monday. ")
    assert (row.state, row.action, row.outcome, row.closed_by) == ("done", "called", "On holiday until Monday.", by)
    with pytest.raises(Conflict, match="settled already"):
        settle(alert, by, action="called", outcome="")


def test_what_a_person_settled_does_not_come_back_with_the_next_tick(plan: Plan) -> None:
    now, by = timezone.now(), plan.episode.practitioner.user
    log(plan, now.date(), pain=8)
    watch_plans(now=now)
    settle(Alert.objects.get(), by, action="called", outcome="Rested, no warning signs.")
    watch_plans(now=now)
    watch_plans(now=now + timedelta(days=1))
    assert waiting() == []
    SessionLog.objects.update(pain=9)
    watch_plans(now=now)
    assert waiting() == [("pain_high", "urgent")], "worse is news"


def test_silence_that_was_settled_comes_back_after_days(plan: Plan) -> None:
    now, by = timezone.now(), plan.episode.practitioner.user
    Prescription.objects.update(starts_on=now.date() - timedelta(days=3))
    watch_plans(now=now)
    settle(Alert.objects.get(), by, action="called", outcome="On holiday.")
    watch_plans(now=now + timedelta(hours=5))
    assert waiting() == []
    watch_plans(now=now + timedelta(days=3, hours=1))
    assert [rule for rule, _ in waiting()] == ["not_logged"]


@pytest.mark.parametrize(
    ("action", "outcome", "field"),
    [("", "x", "action"), ("danced", "x", "action"), ("none", " ", "outcome"), ("called", "x" * 501, "outcome")],
)
def test_settling_says_what_is_missing(plan: Plan, alert: Alert, action: str, outcome: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        settle(alert, plan.episode.practitioner.user, action=action, outcome=outcome)
    assert caught.value.field == field
    assert Alert.objects.get().state == "open"


def test_managers_look_and_do_not_settle(alert: Alert) -> None:
    with pytest.raises(Refused):
        settle(alert, ManagerFactory(), action="called", outcome="x")


def test_limits_are_checked_and_take_effect_at_once(plan: Plan) -> None:
    by = plan.episode.practitioner.user
    log(plan, date.today(), pain=4)
    values = {"silent_hours": 49, "pain_high": 4, "pain_rise": 2, "function_drop_pct": 20}
    set_limits(plan, by, values)
    assert waiting() == [("pain_high", "high")]
    with pytest.raises(ManyProblems) as caught:
        set_limits(plan, by, {**values, "pain_high": 11, "silent_hours": 3})
    assert {problem.field for problem in caught.value.problems} == {"pain_high", "silent_hours"}
    assert WatchLimits.objects.get().pain_high == 4


# --- Pages ----------------------------------------------------------------------------------------------------------


def test_the_list_says_who_and_why(client: Client, plan: Plan, alert: Alert) -> None:
    client.force_login(plan.episode.practitioner.user)
    page = client.get("/staff/worklist/").content.decode()
    assert plan.episode.patient.display_name in page
    assert alert.text in page
    assert alert.suggestion in page
    assert alert.text in client.get("/staff/").content.decode()


@pytest.mark.parametrize(("rule", "leads"), [("phase_ready", "/staff/plans/{plan}/review/"),
                                             ("no_meaningful_change", "/staff/episodes/{episode}/outcomes/"),
                                             ("not_logged", "")])  # fmt: skip
def test_an_entry_leads_to_where_one_decides(client: Client, plan: Plan, alert: Alert, rule: str, leads: str) -> None:
    Alert.objects.filter(pk=alert.pk).update(rule=rule)
    client.force_login(plan.episode.practitioner.user)
    page = client.get("/staff/worklist/").content.decode()
    found = {link for link in ("/staff/plans/{plan}/review/", "/staff/episodes/{episode}/outcomes/")
             if f'href="{link.format(plan=plan.pk, episode=plan.episode_id)}"' in page}  # fmt: skip
    assert found == ({leads} if leads else set())


def test_an_empty_list_is_kind(client: Client, plan: Plan) -> None:
    client.force_login(plan.episode.practitioner.user)
    assert "Nobody waits for you" in client.get("/staff/worklist/").content.decode()
    assert "Nothing is put away" in client.get("/staff/worklist/?show=snoozed").content.decode()


def test_settling_on_the_page(client: Client, plan: Plan, alert: Alert) -> None:
    client.force_login(plan.episode.practitioner.user)
    refused = client.post(f"/staff/worklist/{alert.pk}/settle/", {"action": "none", "outcome": ""})
    assert refused.status_code == 422
    assert "Say what came of it" in refused.content.decode()
    client.post(f"/staff/worklist/{alert.pk}/settle/", {"action": "none", "outcome": "Ill with a cold."})
    assert "Ill with a cold." in client.get("/staff/worklist/?show=done").content.decode()


def test_putting_away_on_the_page(client: Client, plan: Plan, alert: Alert) -> None:
    client.force_login(plan.episode.practitioner.user)
    client.post(f"/staff/worklist/{alert.pk}/snooze/", {"days": "7"})
    assert alert.text not in client.get("/staff/worklist/").content.decode()
    assert alert.text in client.get("/staff/worklist/?show=snoozed").content.decode()


def test_limits_on_the_page_keep_what_was_typed(client: Client, plan: Plan) -> None:
    client.force_login(plan.episode.practitioner.user)
    data = {"silent_hours": "49", "pain_high": "12", "pain_rise": "2"}
    data |= {"function_drop_pct": "20", "adherence_low_pct": "60"}
    answer = client.post(f"/staff/plans/{plan.pk}/limits/", data)
    assert answer.status_code == 422
    assert 'value="12"' in answer.content.decode()
    assert not WatchLimits.objects.exists()

"""When what is asked: a table over the shipped rules, then the rules on rows, twice and across clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pydantic import ValidationError

from assessments.models import OutcomeRequest
from assessments.outcomes.actions import answer, decline
from assessments.outcomes.install import SHIPPED, install_shipped
from assessments.outcomes.schedule import Course, Rule, due, shipped_rules
from clinic.models import Episode, User
from plans.actions.phases import move_to_phase
from plans.models import PhaseProgress, Plan
from scheduling import outcomes
from scheduling.tasks import tick_outcomes, tick_reviews
from tests.factories.assessments import AssessmentFactory, FindingFactory, PsfsActivityFactory
from tests.factories.clinic import EpisodeFactory
from tests.factories.outcomes import instrument_row
from tests.factories.plans import case_signed, signed_assessment
from tests.factories.scheduling import AppointmentFactory

START = date(2026, 10, 1)
ONCE = frozenset({("nprs", "visit:2026-10-05")})


def day(number: int) -> date:
    return START + timedelta(days=number)


def asked(course: Course, today: date) -> list[str]:
    return sorted(f"{entry.instrument}:{entry.rule}" for entry in due(shipped_rules(), course, today))


def course(**more: Any) -> Course:
    return Course(**{"started": START, "phases": ((1, START),), **more})


@pytest.mark.parametrize(
    ("what", "given", "today", "wanted"),
    [
        ("nothing on the first day", {"visits": (day(0),)}, 0, []),
        ("the day before a visit", {"visits": (day(4),)}, 3, ["nprs:visit"]),
        ("the day of a visit", {"visits": (day(4),)}, 4, ["nprs:visit"]),
        ("not the day after", {"visits": (day(4),)}, 5, []),
        ("not two days before", {"visits": (day(4),)}, 2, []),
        ("spasms only with spasms", {"visits": (day(4),), "spasms": True}, 4, ["nprs:visit", "spasm_diary:visit"]),
        ("not what was answered for it", {"visits": (day(4),), "answered": {"nprs": day(3)}}, 4, []),
        ("again for the next visit", {"visits": (day(4),), "answered": {"nprs": day(2)}}, 4, ["nprs:visit"]),
        ("two weeks", {}, 14, ["groc:fortnight", "psfs:fortnight"]),
        ("not before two weeks", {}, 13, []),
        ("four visits", {"visits": (day(2), day(4), day(6), day(8))}, 9, ["groc:fortnight", "psfs:fortnight"]),
        ("not with three", {"visits": (day(2), day(4), day(6), day(20))}, 9, []),
        ("from the last time on", {"asked": {"psfs": day(10)}, "answered": {"groc": day(12)}}, 20, []),
        ("each by itself", {"asked": {"psfs": day(10)}, "answered": {"groc": day(12)}}, 24, ["psfs:fortnight"]),
        ("a lost fortnight is asked today", {}, 20, ["groc:fortnight", "psfs:fortnight"]),
        (
            "a phase begins",
            {"phases": ((1, START), (2, day(10))), "spasms": True},
            10,
            ["groc:phase_entry", "nprs:phase_entry", "psfs:phase_entry", "spasm_diary:phase_entry"],
        ),
        (
            "what was answered just before is not asked again",
            {"phases": ((1, START), (2, day(10))), "answered": {"nprs": day(7), "psfs": day(6), "groc": day(9)}},
            10,
            ["psfs:phase_entry"],
        ),
        ("a phase that began long ago", {"phases": ((1, START), (2, day(1)))}, 9, []),
        ("four weeks", {"asked": {"psfs": day(20), "groc": day(20)}}, 28, ["nprs:week_4", "psfs:week_4"]),
        ("four weeks, a day late", {"asked": {"psfs": day(20), "groc": day(20)}}, 33, ["nprs:week_4", "psfs:week_4"]),
        ("six weeks", {"asked": {"psfs": day(40), "groc": day(40)}}, 42, ["groc:week_6", "nprs:week_6", "psfs:week_6"]),
        ("the end", {"ended": day(60)}, 60, ["groc:discharge", "nprs:discharge", "psfs:discharge"]),
        ("nothing in between", {"ended": day(60), "visits": (day(100),)}, 100, []),
        ("three months after", {"ended": day(60)}, 151, ["groc:after", "nprs:after", "psfs:after"]),
        ("six months after", {"ended": day(60)}, 243, ["groc:after", "nprs:after", "psfs:after"]),
        ("never later", {"ended": day(60)}, 300, []),
        ("an open question is not asked twice", {"open": frozenset({"psfs"})}, 14, ["groc:fortnight"]),
        ("an occasion is asked once", {"occasions": ONCE, "visits": (day(4),)}, 4, []),
    ],
)  # fmt: skip
def test_the_rules(what: str, given: dict[str, Any], today: int, wanted: list[str]) -> None:
    assert asked(course(**given), day(today)) == wanted, what


def test_the_rules_name_shipped_instruments_only() -> None:
    named = {key for rule in shipped_rules() for key in (*rule.ask, *rule.ask_with_spasms)}

    assert named <= {path.stem for path in SHIPPED.glob("*.yaml")}


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "visit", "open_days": 1},
        {"key": "visit", "open_days": 1, "each": "visit", "at_days": 3},
        {"key": "visit", "open_days": -1, "each": "visit"},
        {"key": "nonsense", "open_days": 1, "each": "visit"},
        {"key": "week_4", "open_days": 1, "at_days": 3, "every_visits": 2},
    ],
)
def test_a_rule_that_does_not_say_once_when_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate(wrong)


# --- on rows --------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def running(db: None) -> Plan:
    """A plan that began 20 days ago, of a patient with two activities and spasms."""
    install_shipped()
    return running_plan(20)


def running_plan(days: int) -> Plan:
    began = TODAY - timedelta(days=days)
    assessment = AssessmentFactory(episode=EpisodeFactory(opened_on=began), assessed_on=began)
    FindingFactory(assessment=assessment, path="pain.nprs_worst_24h", number=7)
    FindingFactory(assessment=assessment, path="hist.chief_complaint", number=None, text="spasm")
    for position, score in enumerate((3, 4), start=1):
        PsfsActivityFactory(assessment=assessment, position=position, activity=f"Activity {position}", score=score)
    signed_assessment(assessment)
    plan: Plan = Plan.objects.create(
        episode=assessment.episode, state="active", current_phase=1, created_by=assessment.author
    )
    PhaseProgress.objects.create(plan=plan, number=1, entered_on=began, decided_by=assessment.author)
    return plan


def waiting(episode: Episode) -> dict[str, str]:
    return {row.instrument.key: row.why for row in OutcomeRequest.objects.filter(episode=episode, state="open")}


def book(plan: Plan, start: datetime, **more: Any) -> None:
    AppointmentFactory(patient=plan.episode.patient, practitioner=plan.episode.practitioner, start=start, **more)


def test_running_twice_asks_once(running: Plan) -> None:
    assert outcomes.ask(now=NOW) == 2
    assert outcomes.ask(now=NOW) == 0

    assert waiting(running.episode) == {"psfs": "fortnight", "groc": "fortnight"}
    assert OutcomeRequest.objects.get(instrument__key="psfs").activities == ["Activity 1", "Activity 2"]


def test_a_visit_asks_for_pain_and_spasms_and_a_cancelled_one_does_not(running: Plan) -> None:
    other = running_plan(5)
    book(running, NOW + timedelta(hours=20))
    book(other, NOW + timedelta(hours=22), state="cancelled", cancelled_at=NOW, cancel_reason="patient")

    outcomes.ask(now=NOW)

    assert waiting(running.episode) == {
        "nprs": "visit", "spasm_diary": "visit", "psfs": "fortnight", "groc": "fortnight",
    }  # fmt: skip
    assert waiting(other.episode) == {}


def test_the_visits_day_is_the_patients_own(running: Plan) -> None:
    running.episode.patient.time_zone = "Pacific/Auckland"
    running.episode.patient.save()
    book(running, datetime(2026, 11, 24, 18, tzinfo=UTC))

    outcomes.ask(now=NOW)

    assert OutcomeRequest.objects.get(instrument__key="nprs").expires_on == date(2026, 11, 25)


def test_what_is_over_expires_and_is_not_made_up_for(running: Plan) -> None:
    book(running, NOW + timedelta(hours=2))
    outcomes.ask(now=NOW)

    outcomes.ask(now=NOW + timedelta(days=1))

    assert OutcomeRequest.objects.get(instrument__key="nprs").state == "expired"
    assert "nprs" not in waiting(running.episode)


def test_a_refused_question_is_not_repeated_at_once(running: Plan) -> None:
    outcomes.ask(now=NOW)
    decline(OutcomeRequest.objects.get(instrument__key="groc"), now=NOW)

    assert outcomes.ask(now=NOW + timedelta(days=1)) == 0


def test_without_activities_psfs_is_not_asked(running: Plan) -> None:
    bare = Plan.objects.create(episode=EpisodeFactory(), state="active", current_phase=1, created_by=running.created_by)
    PhaseProgress.objects.create(plan=bare, number=1, entered_on=TODAY - timedelta(days=20), decided_by=bare.created_by)

    outcomes.ask(now=NOW)

    assert waiting(bare.episode) == {"groc": "fortnight"}


def test_a_closed_episode_is_asked_at_its_end_and_months_later(running: Plan) -> None:
    Episode.objects.filter(pk=running.episode_id).update(state="closed", closed_on=TODAY)
    Plan.objects.filter(pk=running.pk).update(state="completed")

    outcomes.ask(now=NOW)
    assert set(waiting(running.episode).values()) == {"discharge"}
    outcomes.ask(now=NOW + timedelta(days=92))
    assert set(waiting(running.episode).values()) == {"after"}
    outcomes.ask(now=NOW + timedelta(days=400))
    assert OutcomeRequest.objects.filter(why="after").count() == 4


def test_the_number_of_queries_does_not_grow_with_the_patients(running: Plan) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            outcomes.ask(now=NOW)
        return len(found)

    book(running, NOW + timedelta(hours=2))
    few = queries()
    for number in range(5):
        book(running_plan(16 + number), NOW + timedelta(hours=3 + number))

    assert queries() <= few
    assert few <= 16


@pytest.mark.django_db
def test_advancing_asks_at_once() -> None:
    install_shipped()
    version = case_signed("case_01")
    plan, by = version.plan, version.created_by
    plan.refresh_from_db()
    days_ago = TODAY - timedelta(days=10)
    PhaseProgress.objects.filter(plan=plan).update(entered_on=days_ago)
    _advance(plan, by)

    assert set(waiting(plan.episode).values()) == {"phase_entry"}


def _advance(plan: Plan, by: User) -> None:
    move_to_phase(plan, by, to=(plan.current_phase or 1) + 1, reason="Criteria met", today=TODAY)


def test_an_answer_lets_the_rule_rest(running: Plan) -> None:
    outcomes.ask(now=NOW)
    request = OutcomeRequest.objects.get(instrument__key="groc")
    by = running.episode.patient.user
    assert by is not None
    answer(request, {"change": "3"}, by=by, filled_by="patient", now=NOW)

    assert outcomes.ask(now=NOW + timedelta(days=1)) == 0


def test_beat_knows_the_ticks(running: Plan) -> None:
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert {"scheduling.tasks.tick_outcomes", "scheduling.tasks.tick_reviews"} <= tasks
    tick_outcomes()
    tick_reviews()


def test_without_instruments_nothing_is_asked(db: None) -> None:
    running_plan(20)

    assert outcomes.ask(now=NOW) == 0
    instrument_row()

"""Topics, tips and habits: only what the signed plan holds, never what a condition bars, one tip a day at most."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from clinic.locality import patient_date
from plans import learning
from plans.habits import open_to, strip_of
from plans.models import HabitTick, TopicAnswer
from plans.tips import ORDER, Moment, Rests, tip_of
from reminders.facts import fluids_barred
from tests.factories.plans import case_signed
from tests.portal.test_pages import own_log_in

MONDAY = date(2026, 11, 23)


def moment(day: date = MONDAY, **more: object) -> Moment:
    values: dict[str, object] = {"phase": 2, "days_in_phase": 20, "days_in_plan": 40, **more}
    return Moment(day, **values)  # type: ignore[arg-type]


# Two days in a row, so that the topic whose day it is comes up.
RIGHT_MOMENT: tuple[tuple[str, dict[str, object], dict[str, object]], ...] = (
    ("ed_warning_signs", {"days_in_plan": 3}, {"days_in_plan": 7}),
    ("ed_hydration", {"had_cramp": True}, {}),
    ("ed_hydration", {"causes": {"dehydration_electrolyte"}}, {"causes": {"hip_mobility_deficit"}}),
    ("ed_warmup_cooldown", {"kinds": {"strength"}}, {"kinds": {"static_stretch"}}),
    ("ed_ergonomics_workstation", {"days_in_phase": 2}, {"days_in_phase": 9}),
    ("ed_ergonomics_workstation", {"days_in_phase": 2}, {"days_in_phase": 2, "phase": 1}),
    ("ed_flare_plan", {"phase": 3}, {"phase": 2}),
    ("ed_heat_cold", {"phase": 1}, {"phase": 2}),
    ("ed_lifting", {"phase": 2}, {"phase": 1}),
    ("ed_microbreaks", {}, {"day": date(2026, 11, 28)}),
)


def tips(topic: str, changes: dict[str, object], **more: object) -> set[str | None]:
    start = changes.get("day", MONDAY)
    assert isinstance(start, date)
    rest = {key: value for key, value in changes.items() if key != "day"}
    days = (start, start + timedelta(days=1))
    return {tip_of(moment(day, **rest), [topic], Rests(), **more) for day in days}  # type: ignore[arg-type]


@pytest.mark.parametrize(("topic", "fits", "not_now"), RIGHT_MOMENT)
def test_each_tip_has_its_moment(topic: str, fits: dict[str, object], not_now: dict[str, object]) -> None:
    assert tips(topic, fits) == {topic, None}
    assert tips(topic, not_now) == {None}


def test_never_the_same_on_two_days_running() -> None:
    days = [MONDAY + timedelta(days=n) for n in range(60)]
    seen = [tip_of(moment(day, phase=1 + n % 3, days_in_plan=n), ORDER, Rests()) for n, day in enumerate(days)]
    assert all(a != b for a, b in pairwise(seen) if a)
    assert len({key for key in seen if key}) > 4


def test_barred_resting_and_unplanned_topics_never_come() -> None:
    assert tips("ed_hydration", {"had_cramp": True}, barred={"ed_hydration"}) == {None}
    for rests in (Rests({"ed_hydration"}), Rests((), {"ed_hydration": MONDAY + timedelta(days=7)})):
        days = (MONDAY, MONDAY + timedelta(days=1))
        assert {tip_of(moment(day, had_cramp=True), ["ed_hydration"], rests) for day in days} == {None}
        assert {tip_of(moment(day, had_cramp=True), [], Rests()) for day in days} == {None}
    after = Rests((), {"ed_hydration": MONDAY})
    assert "ed_hydration" in {
        tip_of(moment(MONDAY + timedelta(days=n), had_cramp=True), ["ed_hydration"], after) for n in (0, 1)
    }


def test_habits_without_what_is_barred() -> None:
    assert open_to({"ed_hydration"}) == ["warm_up", "hourly", "posture", "listen"]
    week = strip_of({MONDAY}, MONDAY + timedelta(days=1))
    assert [ticked for _day, ticked in week] == [False] * 5 + [True, False]


@pytest.fixture
def known(db: None) -> SimpleNamespace:
    """CASE-01 with a signed plan, logged in; her plan holds topics for the desk and for lifting."""
    call_command("load_knowledge", verbosity=0)
    version = case_signed("case_01")
    client = Client()
    client.force_login(own_log_in(version))
    patient = version.plan.episode.patient
    return SimpleNamespace(client=client, patient=patient, today=patient_date(patient, timezone.now()), version=version)


def test_only_topics_of_the_signed_plan_and_one_tap_answers(known: SimpleNamespace) -> None:
    planned = set(known.version.phases.get(number=1).education.values_list("topic__key", flat=True))
    topics = learning.topics_for(known.patient)
    assert {topic.key for topic in topics} == planned | {"ed_warning_signs"}
    key = next(topic.key for topic in topics if topic.why and topic.key != "ed_warning_signs")
    page = known.client.get(f"/portal/know/{key}/").content.decode()
    assert "Why for you" in page
    assert known.client.post(f"/portal/know/{key}/", {"answer": "maybe"}).status_code == 422
    for answer in ("ask", "understood"):
        assert known.client.post(f"/portal/know/{key}/", {"answer": answer}).status_code == 302
    assert list(TopicAnswer.objects.values_list("topic__key", "answer")) == [(key, "understood")]
    assert "Understood" in known.client.get("/portal/know/").content.decode()
    assert known.client.get("/portal/know/ed_home_tens/").status_code == 404


def test_a_tip_rests_when_asked_to(known: SimpleNamespace) -> None:
    days = [known.today + timedelta(days=n) for n in (0, 1)]
    assert "ed_warning_signs" in {tip.key for day in days if (tip := learning.tip_for(known.patient, day))}
    assert known.client.post("/portal/know/ed_warning_signs/rest/", {"for": "ever"}).status_code == 302
    found = {tip.key for day in days if (tip := learning.tip_for(known.patient, day))}
    assert "ed_warning_signs" not in found


def test_fluid_restriction_takes_the_habit_of_drinking_away(known: SimpleNamespace) -> None:
    learning.choose_habits(known.patient, ["drink", "hourly"], today=known.today)
    assert learning.habits_of(known.patient, known.today).chosen == ("drink", "hourly")
    known.patient.conditions.filter(condition__key="fluid_restriction").update(answer="yes")
    assert "ed_hydration" in learning.barred_topics(known.patient)
    assert learning.habits_of(known.patient, known.today).chosen == ("hourly",)
    page = known.client.post("/portal/habits/", {"habits": ["drink"]})
    assert page.status_code == 422
    assert "Drink through the day" not in page.content.decode()


@pytest.mark.hazard("H-18")
@pytest.mark.parametrize("key", ["fluid_restriction", "hyponatraemia_history"])
def test_no_reminder_to_drink_where_advice_on_drinking_differs(known: SimpleNamespace, key: str) -> None:
    assert fluids_barred([known.patient.pk]) == set()
    known.patient.conditions.filter(condition__key=key).update(answer="yes")
    assert fluids_barred([known.patient.pk]) == {known.patient.pk}


def test_choosing_and_ticking(known: SimpleNamespace) -> None:
    many = known.client.post("/portal/habits/", {"habits": ["drink", "hourly", "posture", "listen"]})
    assert many.status_code == 422
    assert known.patient.habits.count() == 0
    assert known.client.post("/portal/habits/", {"habits": ["hourly"]}).status_code == 302
    one = {"habit": "hourly", "on": known.today.isoformat(), "done": "1"}
    for _twice in range(2):
        assert known.client.post("/portal/habits/tick/", one).status_code == 302
    assert HabitTick.objects.count() == 1
    assert "One day of the last seven" in known.client.get("/portal/habits/").content.decode()
    for wrong in ({"habit": "drink"}, {"on": "2020-01-01"}, {"on": "x"}):
        assert known.client.post("/portal/habits/tick/", {**one, **wrong}).status_code == 422
    assert HabitTick.objects.count() == 1
    known.client.post("/portal/habits/tick/", {**one, "done": "0"})
    assert HabitTick.objects.count() == 0


def test_without_a_plan_there_is_nothing_to_read(home: SimpleNamespace) -> None:
    assert "Nothing to read yet" in home.client.get("/portal/know/").content.decode()
    assert home.client.get("/portal/know/ed_hydration/").status_code == 404
    assert home.client.post("/portal/know/ed_hydration/", {"answer": "understood"}).status_code == 404
    assert TopicAnswer.objects.count() == 0

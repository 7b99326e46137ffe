"""Planning of nudges, habit prompts, questions and new versions; which way is taken; what cannot be planned."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from clinic.models import Episode, Patient
from plans.models import Plan, PlanVersion
from reminders import planner
from reminders.clock import hourly, week_minute
from reminders.models import OutboxMessage, Preference, Timetable
from reminders.planner import plan
from tests.factories.clinic import EpisodeFactory
from tests.factories.exercises import PrescriptionFactory
from tests.factories.outcomes import outcome_request
from tests.factories.reminders import TimetableFactory, reachable_patient

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # a Tuesday, winter time in London


def exercising(**kwargs: Any) -> Patient:
    patient = reachable_patient(**kwargs)
    PrescriptionFactory(episode=EpisodeFactory(patient=patient))
    return patient


def wants(patient: Patient, kind: str, *ways: str) -> None:
    for way in ways:
        Preference.objects.update_or_create(patient=patient, kind=kind, channel=way, defaults={"enabled": True})


def rows(kind: str) -> list[tuple[str, str, str]]:
    """Occurrence, due time in London, channel."""
    found = OutboxMessage.objects.filter(kind=kind).order_by("due_at", "pk")
    return [(row.occurrence, f"{row.due_at:%H:%M}", row.channel) for row in found]


def test_one_nudge_a_day_whatever_the_times_become() -> None:
    patient = exercising()
    wants(patient, "nudge", "email")
    for hour in range(8, 20):
        plan(now=NOW.replace(hour=hour))
        plan(now=NOW.replace(hour=hour, minute=30))
    assert rows("nudge") == [("2026-11-24", "17:00", "email")]
    Timetable.objects.update(week_minutes=[week_minute(1, time(10))])
    plan(now=NOW.replace(hour=17, minute=10))
    assert rows("nudge") == [("2026-11-24", "17:00", "email")]
    assert OutboxMessage.objects.get(kind="nudge").not_after == NOW.replace(hour=19)


def test_no_nudge_where_the_evening_leaves_no_moment() -> None:
    patient = exercising()
    wants(patient, "nudge", "email")
    Timetable.objects.update(week_minutes=[week_minute(1, time(17, 30))])
    for hour in range(8, 24):
        plan(now=NOW.replace(hour=hour))
    assert rows("nudge") == []


def test_prompts_come_only_to_those_who_want_them_and_at_their_hours() -> None:
    patient = exercising()
    TimetableFactory(patient=patient, kind="movement", week_minutes=hourly([1], time(9), time(11), 60))
    plan(now=NOW)
    assert rows("movement") == []
    wants(patient, "movement", "email")
    for minute in range(0, 240, 10):
        plan(now=NOW + timedelta(minutes=minute))
    assert [(at, channel) for _, at, channel in rows("movement")] == [
        ("09:00", "email"), ("10:00", "email"), ("11:00", "email"),
    ]  # fmt: skip
    lasting = {row.not_after - row.due_at for row in OutboxMessage.objects.filter(kind="movement")}
    assert lasting == {timedelta(minutes=30)}


def test_prompts_need_no_exercises() -> None:
    patient = reachable_patient()
    TimetableFactory(patient=patient, kind="fluids", week_minutes=[week_minute(1, time(9))])
    wants(patient, "fluids", "email")
    plan(now=NOW)
    assert rows("fluids") == [("2026-11-24T09:00", "09:00", "email")]


@pytest.mark.hazard("H-16")
def test_prompts_never_come_in_a_burst_after_an_outage() -> None:
    patient = exercising()
    TimetableFactory(patient=patient, kind="movement", week_minutes=hourly([1], time(9), time(17), 60))
    wants(patient, "movement", "email")
    plan(now=NOW)  # plans 09:00; then nothing runs for six hours
    late = NOW.replace(hour=14, minute=5)
    plan(now=late)
    live = OutboxMessage.objects.filter(kind="movement", due_at__lte=late, not_after__gte=late)
    assert [f"{row.due_at:%H:%M}" for row in live] == ["14:00"]


def test_the_first_wanted_way_that_leads_anywhere_is_taken() -> None:
    patient = exercising(phone="07700 900123")
    wants(patient, "exercises", "push", "sms")
    Preference.objects.filter(channel="sms").update(rank=0)
    Preference.objects.filter(channel="email", kind="exercises").update(rank=1)
    plan(now=NOW)
    assert rows("exercises") == [("2026-11-24T09:00", "09:00", "sms")]  # no phone is subscribed to notifications


def test_a_change_of_ways_makes_no_second_message() -> None:
    patient = exercising(phone="07700 900123")
    plan(now=NOW)
    wants(patient, "exercises", "sms")
    Preference.objects.filter(channel="email", kind="exercises").update(enabled=False)
    plan(now=NOW)
    assert rows("exercises") == [("2026-11-24T09:00", "09:00", "email")]


@pytest.mark.parametrize(
    ("due_on", "expires_on", "due"),
    [
        ("2026-11-24", "2026-12-01", "2026-11-24T10:00"),
        ("2026-11-22", "2026-12-01", "2026-11-24T08:00"),  # after an outage: as soon as may be
        ("2026-11-20", "2026-12-01", None),  # too old to begin now
        ("2026-11-23", "2026-11-23", None),  # no answer is taken any more
        ("2026-11-25", "2026-12-01", None),
    ],
)
def test_questions_are_told_once_a_day_however_many(due_on: str, expires_on: str, due: str | None) -> None:
    episode = EpisodeFactory(patient=reachable_patient())
    for key in ("nprs", "groc"):
        outcome_request(episode, key, due_on=date.fromisoformat(due_on), expires_on=date.fromisoformat(expires_on))
    for _ in range(2):
        plan(now=NOW)
    found = list(OutboxMessage.objects.filter(kind="reassessment").values_list("subject", "occurrence", "due_at"))
    assert found == ([("questions", due_on, datetime.fromisoformat(due).replace(tzinfo=UTC))] if due else [])


def test_a_new_version_is_told_after_a_moment_and_for_two_days() -> None:
    plan_row = Plan(pk=7, episode=Episode(patient=Patient(pk=5)))
    row = planner.events._version_row(PlanVersion(plan=plan_row, number=3, signed_at=NOW))
    assert row is not None
    assert (row.patient_id, row.kind, row.subject, row.occurrence) == (5, "plan_changed", "plan:7", "3")
    assert (row.due_at, row.not_after) == (NOW + timedelta(minutes=10), NOW + timedelta(days=2))


@pytest.mark.hazard("H-16")
@pytest.mark.parametrize("kind", ["exercises", "movement"])
def test_what_cannot_be_planned_is_listed_and_the_others_go_on(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    poison, healthy = exercising(given_name="X" * 80, family_name="\u202e\U0001f4a9" * 40), exercising()
    for patient in (poison, healthy):
        Timetable.objects.update_or_create(
            patient=patient, kind=kind, defaults={"week_minutes": [week_minute(1, time(9))], "changed_at": NOW}
        )
        wants(patient, kind, "email")
    Patient.objects.filter(pk=poison.pk).update(time_zone="../etc/passwd")
    for _ in range(2):
        plan(now=NOW)
    assert OutboxMessage.objects.get(patient=healthy, kind=kind).state == "planned"
    listed = OutboxMessage.objects.get(patient=poison, kind=kind)
    assert (listed.state, listed.reason, listed.detail) == ("failed", "bad_zone", "ValueError")


def test_broken_times_are_listed_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    poison, healthy = exercising(), exercising()
    whole = planner.daily._digests

    def breaks(timetable: Timetable, now: datetime) -> Any:
        if timetable.patient_id == poison.pk:
            raise TypeError
        return whole(timetable, now)

    monkeypatch.setattr(planner.daily, "_digests", breaks)
    plan(now=NOW)
    assert OutboxMessage.objects.get(patient=healthy).state == "planned"
    assert OutboxMessage.objects.get(patient=poison).reason == "broken"


def test_a_thousand_patients_cost_as_many_queries_as_ten(django_assert_max_num_queries: Any) -> None:
    for _ in range(12):
        patient = exercising()
        wants(patient, "nudge", "email")
        wants(patient, "movement", "email")
        TimetableFactory(patient=patient, kind="movement", week_minutes=hourly([1], time(9), time(17), 60))
        outcome_request(patient.episodes.get(), due_on=date(2026, 11, 24))
    with django_assert_max_num_queries(22):
        planned = plan(now=NOW)
    assert (planned.daily, planned.questions) == (24, 12)  # the digest and the prompt of 09:00 each
    with django_assert_max_num_queries(9):  # nothing is missing
        assert plan(now=NOW).daily == 0

"""Planning: what is inserted, for whom, and that a second run adds nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from clinic.models import Patient
from reminders.actions import set_times
from reminders.models import ContactRules, Kind, OutboxMessage, Timetable
from reminders.planner import plan
from tests.factories.clinic import ConsentFactory, EpisodeFactory, PatientFactory
from tests.factories.exercises import PrescriptionFactory
from tests.factories.reminders import reachable_patient
from tests.factories.scheduling import AppointmentFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
AT_HALF_NINE = {1: [time(9, 30)]}


def exercising(patient: Patient, **kwargs: Any) -> Patient:
    PrescriptionFactory(episode=EpisodeFactory(patient=patient), **kwargs)
    return patient


def rows() -> list[tuple[str, str]]:
    return list(OutboxMessage.objects.order_by("pk").values_list("kind", "occurrence"))


def test_a_digest_is_planned_once_however_often_the_planner_runs() -> None:
    patient = exercising(reachable_patient())
    for _ in range(3):
        plan(now=NOW)
    row = OutboxMessage.objects.get()
    assert (row.patient, row.kind, row.subject, row.occurrence) == (
        patient,
        "exercises",
        "programme",
        "2026-11-24T09:00",
    )
    assert (row.due_at, row.not_after) == (NOW.replace(hour=9), NOW.replace(hour=12))
    assert row.state == "planned"


def test_the_patients_own_clock_decides() -> None:
    exercising(reachable_patient(time_zone="America/Edmonton"))
    plan(now=NOW)
    assert rows() == []
    plan(now=NOW.replace(hour=15))
    assert OutboxMessage.objects.get().due_at == NOW.replace(hour=16)


@pytest.mark.parametrize(
    ("hours_late", "planned"), [(0, 1), (2.9, 1), (3.1, 0), (24.5, 1)], ids=["on time", "still", "too late", "next day"]
)
def test_after_an_outage_only_what_still_makes_sense(hours_late: float, planned: int) -> None:
    exercising(reachable_patient())
    plan(now=NOW.replace(hour=9) + timedelta(hours=hours_late))
    assert OutboxMessage.objects.count() == planned


def _no_consent(patient: Patient) -> None:
    patient.consents.update(withdrawn_on=date(2026, 11, 1))


def _opted_out(patient: Patient) -> None:
    patient.reminder_preferences.update(enabled=False)


def _closed(patient: Patient) -> None:
    Patient.objects.filter(pk=patient.pk).update(is_active=False)


def _no_address(patient: Patient) -> None:
    Patient.objects.filter(pk=patient.pk).update(email="")


def _stopped(patient: Patient) -> None:
    patient.prescriptions.update(state="stopped")


def _over(patient: Patient) -> None:
    patient.prescriptions.update(ends_on=date(2026, 11, 20))


@pytest.mark.parametrize("change", [_no_consent, _opted_out, _closed, _no_address, _stopped, _over])
def test_nothing_is_planned_for_those_who_are_not_to_be_told(change: Callable[[Patient], None]) -> None:
    patient = exercising(reachable_patient())
    change(patient)
    plan(now=NOW)
    assert rows() == []


def test_new_patients_with_address_and_consent_get_the_defaults() -> None:
    patient = exercising(PatientFactory())
    plan(now=NOW)
    assert not Timetable.objects.exists()
    ConsentFactory(patient=patient, kind="messages")
    assert plan(now=NOW).defaults == 1
    assert plan(now=NOW).defaults == 0
    row = Timetable.objects.get(patient=patient)
    assert (row.kind, len(row.week_minutes)) == ("exercises", 7)
    assert ContactRules.objects.get(patient=patient).quiet_from == time(20)


def test_a_bad_time_zone_is_listed_and_the_others_go_on() -> None:
    poison = exercising(reachable_patient())
    Patient.objects.filter(pk=poison.pk).update(time_zone="Mars/Olympus")
    healthy = exercising(reachable_patient())
    for _ in range(2):
        plan(now=NOW)
    assert OutboxMessage.objects.get(patient=healthy).state == "planned"
    listed = OutboxMessage.objects.get(patient=poison)
    assert (listed.state, listed.reason) == ("failed", "bad_zone")


def test_a_new_time_counts_at_once_and_a_past_one_from_tomorrow() -> None:
    patient = exercising(reachable_patient())
    later = NOW.replace(hour=9, minute=45)
    set_times(patient, Kind.EXERCISES, AT_HALF_NINE, now=later)
    plan(now=later)
    assert rows() == []
    Timetable.objects.all().delete()
    set_times(patient, Kind.EXERCISES, AT_HALF_NINE, now=NOW)
    plan(now=NOW)
    assert rows() == [("exercises", "2026-11-24T09:30")]


@pytest.mark.parametrize(
    ("start", "due", "count"),
    [
        ("2026-11-25T09:30", "2026-11-24T09:30", 1),
        ("2026-11-25T10:30", None, 0),  # not within the horizon yet
        ("2026-11-24T15:00", "2026-11-24T08:00", 1),  # booked late: as soon as may be
        ("2026-11-25T07:00", "2026-11-24T08:00", 1),
        ("2026-11-24T09:00", None, 0),  # an hour ahead is too late to be of use
    ],
)
def test_visits_are_told_a_day_ahead(start: str, due: str | None, count: int) -> None:
    begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
    AppointmentFactory(patient=reachable_patient(), start=begin)
    for _ in range(2):
        plan(now=NOW)
    found = OutboxMessage.objects.filter(kind="appointment")
    assert found.count() == count
    if due:
        row = found.get()
        assert row.due_at == datetime.fromisoformat(due).replace(tzinfo=UTC)
        assert (row.occurrence, row.not_after) == (begin.isoformat(), begin - timedelta(hours=1))


def test_a_visit_reminder_respects_quiet_hours() -> None:
    evening = NOW.replace(hour=21)
    AppointmentFactory(patient=reachable_patient(), start=evening + timedelta(hours=20))
    plan(now=evening)
    assert OutboxMessage.objects.get().due_at == datetime(2026, 11, 25, 8, tzinfo=UTC)


def test_a_moved_visit_is_another_occurrence() -> None:
    visit = AppointmentFactory(patient=reachable_patient(), start=NOW + timedelta(hours=24))
    plan(now=NOW)
    later = NOW + timedelta(hours=25)
    type(visit).objects.filter(pk=visit.pk).update(during=(later, later + timedelta(minutes=30)))
    plan(now=NOW)
    assert [occurrence for _, occurrence in rows()] == [(NOW + timedelta(hours=24)).isoformat(), later.isoformat()]


def test_the_number_of_queries_does_not_grow_with_the_patients(django_assert_max_num_queries: Any) -> None:
    for _ in range(5):
        AppointmentFactory(patient=exercising(reachable_patient()), start=NOW + timedelta(hours=24))
    with django_assert_max_num_queries(20):
        plan(now=NOW)
    assert OutboxMessage.objects.count() == 10

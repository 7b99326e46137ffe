"""Days written on schedule: they equal what the pages count, whatever happened meanwhile."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from clinic.errors import Conflict, DomainError, Refused
from exercises.actions import LOG_DAYS_BACK, log_session, undo
from exercises.adherence import sum_of
from exercises.daily import CAUGHT_UP_DAYS, RECHECKED_DAYS, settle_days, stored_figures
from exercises.models import HomeDay, HomePause, Prescription, SessionLog
from exercises.pauses import add_pause, end_pause
from exercises.programme import read_programme
from tests.factories.clinic import PatientFactory, PractitionerFactory
from tests.factories.exercises import HomePauseFactory, PrescriptionFactory, SessionLogFactory

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = date(2026, 11, 24)
pytestmark = pytest.mark.django_db


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def log(row: Prescription, on: date, state: str = "done", *, now: datetime = NOW, bout: int = 1) -> SessionLog:
    assert row.patient.user is not None
    return log_session(
        row, by=row.patient.user, on=on, bout=bout, state=state, reason="" if state == "done" else "time",
        acted_at=now, client_id=uuid4(), now=now,
    ).log  # fmt: skip


def states(row: Prescription) -> dict[date, str]:
    return dict(HomeDay.objects.filter(prescription=row).values_list("day", "state"))


def test_silence_is_written_down_without_any_log() -> None:
    row = PrescriptionFactory(starts_on=ago(3))
    assert settle_days(NOW) == 3
    assert states(row) == {ago(3): "not_logged", ago(2): "not_logged", ago(1): "not_logged"}
    assert settle_days(NOW) == 0


def test_a_late_log_a_correction_and_taking_it_back_are_counted_at_once() -> None:
    row = PrescriptionFactory(starts_on=ago(3))
    settle_days(NOW)
    entry = log(row, ago(2))
    assert states(row)[ago(2)] == "done"
    log(row, ago(2), "skipped", now=NOW + timedelta(minutes=1))
    assert states(row)[ago(2)] == "skipped"
    undo(SessionLog.objects.get(pk=entry.pk), by=row.patient.user)
    assert states(row)[ago(2)] == "not_logged"


def test_the_day_itself_is_not_written_before_it_ends() -> None:
    row = PrescriptionFactory(starts_on=ago(1))
    log(row, TODAY)
    settle_days(NOW)
    assert states(row) == {ago(1): "not_logged"}


def test_an_outage_of_weeks_is_caught_up() -> None:
    row = PrescriptionFactory(starts_on=ago(40))
    ended = PrescriptionFactory(episode=row.episode, starts_on=ago(40), ends_on=ago(30), state="stopped")
    settle_days(NOW - timedelta(days=38))
    SessionLogFactory(prescription=row, on=ago(25))
    settle_days(NOW)
    assert len(states(row)) == 40
    assert len(states(ended)) == 11
    assert states(row)[ago(25)] == "done"
    assert settle_days(NOW) == 0


def test_nothing_older_than_what_is_judged_is_written() -> None:
    row = PrescriptionFactory(starts_on=ago(300))
    settle_days(NOW)
    assert min(states(row)) == ago(CAUGHT_UP_DAYS)


def test_what_was_written_past_the_pages_is_healed_the_next_night() -> None:
    row = PrescriptionFactory(starts_on=ago(10))
    settle_days(NOW)
    SessionLogFactory(prescription=row, on=ago(9))
    settle_days(NOW + timedelta(days=1))
    assert states(row)[ago(9)] == "done"
    assert RECHECKED_DAYS > LOG_DAYS_BACK


@pytest.mark.parametrize(
    ("zone", "moment", "last"),
    [
        ("Europe/London", datetime(2026, 11, 24, 0, 30, tzinfo=UTC), date(2026, 11, 23)),
        ("Pacific/Auckland", datetime(2026, 11, 23, 11, 30, tzinfo=UTC), date(2026, 11, 23)),
        ("America/Los_Angeles", datetime(2026, 11, 24, 7, 30, tzinfo=UTC), date(2026, 11, 22)),
        # The hour that is left out, and the one that comes twice.
        ("Europe/London", datetime(2026, 3, 28, 23, 59, tzinfo=UTC), date(2026, 3, 27)),
        ("Europe/London", datetime(2026, 3, 29, 0, 0, tzinfo=UTC), date(2026, 3, 28)),
        ("Europe/London", datetime(2026, 10, 25, 23, 59, tzinfo=UTC), date(2026, 10, 24)),
        ("Europe/London", datetime(2026, 10, 26, 0, 0, tzinfo=UTC), date(2026, 10, 25)),
        # Midnight itself does not exist on this day.
        ("Africa/Cairo", datetime(2026, 4, 23, 22, 0, tzinfo=UTC), date(2026, 4, 23)),
        ("Africa/Cairo", datetime(2026, 4, 23, 21, 59, tzinfo=UTC), date(2026, 4, 22)),
    ],
)
def test_a_day_ends_at_the_patients_own_midnight(zone: str, moment: datetime, last: date) -> None:
    row = PrescriptionFactory(starts_on=last - timedelta(days=2), episode__patient__time_zone=zone)
    settle_days(moment)
    assert max(states(row)) == last


def test_a_move_to_the_west_writes_the_day_again_when_it_has_really_ended() -> None:
    row = PrescriptionFactory(starts_on=ago(3), episode__patient__time_zone="Pacific/Auckland")
    midnight = datetime(2026, 11, 24, 0, 5, tzinfo=ZoneInfo("Pacific/Auckland"))
    settle_days(midnight)
    assert max(states(row)) == ago(1)
    row.patient.time_zone = "America/Los_Angeles"
    row.patient.save()
    later = datetime(2026, 11, 23, 20, tzinfo=ZoneInfo("America/Los_Angeles"))  # still the 23rd there
    log(row, ago(1), now=later)
    settle_days(datetime(2026, 11, 24, 0, 5, tzinfo=ZoneInfo("America/Los_Angeles")))
    assert states(row)[ago(1)] == "done"


@pytest.mark.parametrize("seed", range(6))
def test_written_days_and_pages_count_the_same(seed: int) -> None:
    dice = random.Random(seed)
    first = PrescriptionFactory(starts_on=ago(30), per_day=dice.randint(1, 3), days_per_week=dice.randint(1, 7))
    rows = [first] + [
        PrescriptionFactory(
            episode=first.episode, starts_on=ago(dice.randint(0, 30)), days_per_week=dice.randint(1, 7),
            ends_on=dice.choice([None, None, TODAY - timedelta(days=1)]),
        )
        for _ in range(3)
    ]  # fmt: skip
    HomePauseFactory(patient=first.patient, starts_on=ago(12), ends_on=ago(dice.randint(5, 12)))
    rows[0].pauses.create(starts_on=ago(4), ends_on=ago(3))
    settle_days(NOW - timedelta(days=8))
    for row in rows:
        for day in range(15):
            if ago(day) >= row.starts_on and (row.ends_on is None or ago(day) <= row.ends_on) and dice.random() < 0.6:
                state = dice.choice(["done", "part", "skipped"])
                log(row, ago(day), state, bout=dice.randint(1, row.per_day))
    settle_days(NOW)
    page = read_programme(first.patient, TODAY).adherence()
    written = sum_of(stored_figures([first.patient_id], first=ago(14), until=ago(1))[first.patient_id])
    assert (written.expected, written.credited, written.percent) == (page.expected, page.credited, page.percent)
    assert written.states == page.states


def test_the_database_gives_silence_no_credit() -> None:
    row = PrescriptionFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        HomeDay.objects.create(
            prescription=row, patient=row.patient, day=TODAY, state="not_logged", asked=1, credited=1, computed_at=NOW
        )


# --- Pauses ---------------------------------------------------------------------------------------------------------


def pause(row: Prescription, first: int, last: int, **more: object) -> HomePause:
    """From ``first`` to ``last`` days after today."""
    values: dict[str, object] = {"by": row.patient.user, "reason": "holiday", "now": NOW, **more}
    return add_pause(row.patient, starts_on=ago(-first), ends_on=ago(-last), **values)  # type: ignore[arg-type]


def test_a_pause_asks_for_nothing_and_neither_helps_nor_hurts() -> None:
    row = PrescriptionFactory(starts_on=ago(10))
    for day in range(3, 11):
        log(row, ago(day))
    settle_days(NOW)
    pause(row, -2, 3)
    assert (states(row)[ago(2)], states(row)[ago(3)]) == ("paused", "done")
    figure = read_programme(row.patient, TODAY).adherence()
    assert (figure.expected, figure.credited, figure.percent) == (8, 8, 100)
    assert read_programme(row.patient, TODAY).streak() == 8


@pytest.mark.parametrize(
    ("first", "last", "more", "code", "field"),
    [
        (-3, 3, {}, "pause_old", "starts_on"),
        (91, 92, {}, "pause_far", "starts_on"),
        (3, 2, {}, "pause_order", "ends_on"),
        (-2, -1, {}, "pause_over", "ends_on"),
        (0, 28, {}, "pause_long", "ends_on"),
        (0, 3, {"reason": "lazy"}, "reason", "reason"),
        (0, 3, {"note": "x" * 201}, "pause_note", "note"),
    ],
)
def test_limits_of_a_patients_pause(first: int, last: int, more: dict[str, object], code: str, field: str) -> None:
    row = PrescriptionFactory(starts_on=ago(30))
    with pytest.raises(DomainError) as refused:
        pause(row, first, last, **more)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert not HomePause.objects.exists()


def test_the_longest_and_the_earliest_pause_are_allowed() -> None:
    row = PrescriptionFactory(starts_on=ago(30))
    assert pause(row, -2, 25).pk


def test_six_weeks_in_twelve_are_the_most() -> None:
    row = PrescriptionFactory(starts_on=ago(30))
    pause(row, 0, 27)
    pause(row, 29, 42)
    with pytest.raises(DomainError) as refused:
        pause(row, 44, 44)
    assert refused.value.code == "pause_share"
    staff = PractitionerFactory().user
    assert pause(row, 44, 50, by=staff).pk


def test_days_are_paused_once_also_for_the_database() -> None:
    row = PrescriptionFactory(starts_on=ago(30))
    pause(row, 0, 5)
    with pytest.raises(Conflict) as refused:
        pause(row, 5, 6)
    assert refused.value.code == "pause_twice"
    with pytest.raises(IntegrityError), transaction.atomic():
        HomePauseFactory(patient=row.patient, starts_on=TODAY, ends_on=TODAY)


def test_only_the_patient_and_those_who_treat_pause() -> None:
    row = PrescriptionFactory()
    with pytest.raises(Refused):
        pause(row, 0, 3, by=PatientFactory().user)
    mine = pause(row, 0, 3)
    with pytest.raises(Refused):
        end_pause(mine, by=PatientFactory().user, now=NOW)
    assert HomePause.objects.count() == 1


def test_ending_a_pause_keeps_what_it_was_and_today_is_asked_again() -> None:
    row = PrescriptionFactory(starts_on=ago(10))
    mine = pause(row, -2, 6)
    left = end_pause(mine, by=row.patient.user, now=NOW)
    assert left is not None
    assert left.ends_on == ago(1)
    with pytest.raises(Conflict):
        end_pause(mine, by=row.patient.user, now=NOW)
    later = pause(row, 5, 6)
    assert end_pause(later, by=row.patient.user, now=NOW) is None
    assert HomePause.objects.count() == 1

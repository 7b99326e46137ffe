"""Logging, correcting and taking back; hold, resume and stop. On refusal nothing is written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from clinic.errors import Conflict, DomainError, Invalid, ManyProblems, Refused
from clinic.locality import patient_date
from exercises.actions import LOG_DAYS_BACK, Outcome, log_session, pause, resume, stop, undo
from exercises.models import Prescription, PrescriptionPause, SessionLog
from tests.factories.clinic import PatientFactory
from tests.factories.exercises import PrescriptionFactory

HISTORY: Any = SessionLog.pgh_event_model  # type: ignore[attr-defined]

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
CLIENT = UUID("11111111-1111-4111-8111-111111111111")


def send(prescription: Prescription, **changes: Any) -> Any:
    given: dict[str, Any] = {
        "by": prescription.patient.user,
        "on": TODAY,
        "bout": 1,
        "state": "done",
        "acted_at": NOW - timedelta(minutes=5),
        "client_id": CLIENT,
        "now": NOW,
        **changes,
    }
    return log_session(prescription, **given)


def test_a_log_is_stored_with_all_it_says() -> None:
    prescription = PrescriptionFactory(per_day=3)
    result = send(prescription, bout=2, state="part", reason="time", pain=4, comment="  Better than Monday ")
    log = SessionLog.objects.get()
    assert result.outcome is Outcome.CREATED
    assert (log.prescription, log.patient, log.on, log.bout) == (prescription, prescription.patient, TODAY, 2)
    assert (log.state, log.reason, log.pain, log.comment) == ("part", "time", 4, "Better than Monday")
    assert (log.client_id, log.acted_at) == (CLIENT, NOW - timedelta(minutes=5))
    assert log.recorded_by == prescription.patient.user


@pytest.mark.parametrize("pain", [0, 10, None])
def test_pain_zero_is_an_answer_and_none_is_none(pain: int | None) -> None:
    send(PrescriptionFactory(), pain=pain)
    assert SessionLog.objects.get().pain == pain


def test_sent_twice_is_stored_once() -> None:
    prescription = PrescriptionFactory()
    send(prescription)
    assert send(prescription).outcome is Outcome.UNCHANGED
    assert SessionLog.objects.count() == 1


def test_a_later_act_corrects_in_place_and_history_keeps_both() -> None:
    prescription = PrescriptionFactory()
    send(prescription)
    result = send(prescription, client_id=uuid4(), acted_at=NOW, state="skipped", reason="pain", pain=0)
    log = SessionLog.objects.get()
    assert result.outcome is Outcome.CORRECTED
    assert (log.state, log.reason, log.pain) == ("skipped", "pain", 0)
    assert list(HISTORY.objects.order_by("pgh_id").values_list("pgh_label", "state")) == [
        ("insert", "done"),
        ("update", "skipped"),
    ]


def test_an_earlier_act_that_arrives_late_does_not_win() -> None:
    prescription = PrescriptionFactory()
    send(prescription, state="part")
    result = send(prescription, client_id=uuid4(), acted_at=NOW - timedelta(hours=1))
    assert result.outcome is Outcome.SUPERSEDED
    assert SessionLog.objects.get().state == "part"


def test_a_clock_that_runs_ahead_does_not_win_for_ever() -> None:
    prescription = PrescriptionFactory()
    send(prescription, acted_at=NOW + timedelta(days=3))
    assert SessionLog.objects.get().acted_at == NOW
    later = NOW + timedelta(minutes=1)
    assert send(prescription, client_id=uuid4(), acted_at=later, now=later, state="part").outcome is Outcome.CORRECTED


def test_done_keeps_no_reason() -> None:
    send(PrescriptionFactory(), reason="pain")
    assert SessionLog.objects.get().reason == ""


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"on": TODAY + timedelta(days=1)}, "future_day", "on"),
        ({"on": TODAY - timedelta(days=LOG_DAYS_BACK + 1)}, "too_old", "on"),
        ({"on": date(2026, 11, 11)}, "not_in_force", "on"),
        ({"pain": 11}, "pain", "pain"),
        ({"pain": -1}, "pain", "pain"),
        ({"state": "skipped"}, "reason_missing", "reason"),
        ({"state": "skipped", "reason": "aliens"}, "reason", "reason"),
        ({"state": "finished"}, "state", "state"),
        ({"bout": 0}, "bout", "bout"),
        ({"bout": 2}, "bout", "bout"),
        ({"comment": "x" * 501}, "comment", "comment"),
        ({"comment": "a\x00b"}, "comment", "comment"),
    ],
)
def test_values_that_cannot_be_are_refused_by_field(changes: dict[str, Any], code: str, field: str) -> None:
    prescription = PrescriptionFactory(starts_on=date(2026, 11, 12))
    with pytest.raises(Invalid) as refusal:
        send(prescription, **changes)
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert not SessionLog.objects.exists()


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(ManyProblems) as refusal:
        send(PrescriptionFactory(), pain=11, state="skipped", on=TODAY + timedelta(days=1))
    assert [problem.field for problem in refusal.value.problems] == ["on", "reason", "pain"]
    assert not SessionLog.objects.exists()


@pytest.mark.parametrize(
    ("zone", "today"),
    [
        ("Pacific/Kiritimati", date(2026, 11, 25)),
        ("Europe/London", date(2026, 11, 24)),
        ("America/Los_Angeles", date(2026, 11, 24)),
    ],
)
def test_today_is_the_patients_own_calendar_day(zone: str, today: date) -> None:
    patient = PatientFactory(time_zone=zone)
    assert patient_date(patient, NOW) == today
    prescription = PrescriptionFactory(episode__patient=patient)
    send(prescription, on=today)
    with pytest.raises(Invalid):
        send(prescription, on=today + timedelta(days=1), client_id=uuid4())


def test_another_persons_exercise_is_refused() -> None:
    prescription = PrescriptionFactory()
    for stranger in (PatientFactory().user, prescription.prescribed_by):
        with pytest.raises(Refused):
            send(prescription, by=stranger)
    assert not SessionLog.objects.exists()


def test_a_client_id_names_one_log_only() -> None:
    first = PrescriptionFactory(per_day=2)
    send(first)
    second = PrescriptionFactory(episode=first.episode)
    for attempt in (lambda: send(second), lambda: send(first, bout=2), lambda: send(PrescriptionFactory())):
        with pytest.raises(Conflict) as refusal:
            attempt()
        assert refusal.value.code == "client_id_reused"
    assert SessionLog.objects.count() == 1


def test_undo_takes_back_and_history_keeps_it() -> None:
    prescription = PrescriptionFactory()
    log = send(prescription).log
    with pytest.raises(Refused):
        undo(log, by=PatientFactory().user)
    undo(log, by=prescription.patient.user)
    assert not SessionLog.objects.exists()
    assert HISTORY.objects.filter(pgh_label="delete").count() == 1


def test_hold_and_resume_keep_the_days() -> None:
    prescription = PrescriptionFactory()
    pause(prescription, by=prescription.prescribed_by, on=TODAY, reason="Swollen knee")
    pause(prescription, by=prescription.prescribed_by, on=TODAY, reason="Swollen knee")
    assert not Prescription.objects.current(TODAY).exists()
    with pytest.raises(Conflict) as refusal:
        send(prescription)
    assert refusal.value.code == "paused"
    resume(prescription, on=TODAY + timedelta(days=3))
    hold = PrescriptionPause.objects.get()
    assert (hold.starts_on, hold.ends_on) == (TODAY, TODAY + timedelta(days=2))
    assert prescription.state == "active"


def test_resumed_on_the_same_day_the_day_stays_on_hold() -> None:
    prescription = PrescriptionFactory()
    pause(prescription, by=prescription.prescribed_by, on=TODAY, reason="")
    resume(prescription, on=TODAY)
    assert PrescriptionPause.objects.get().ends_on == TODAY
    with pytest.raises(Conflict):
        resume(prescription, on=TODAY)


def test_stop_ends_the_day_before_and_refuses_logs() -> None:
    running, future, stopped = (
        PrescriptionFactory(),
        PrescriptionFactory(starts_on=TODAY + timedelta(days=5)),
        PrescriptionFactory(state="stopped", ends_on=date(2026, 11, 3)),
    )
    assert stop([running, future, stopped], on=TODAY) == 2
    ends = {row.pk: (row.state, row.ends_on) for row in Prescription.objects.all()}
    assert ends[running.pk] == ("stopped", TODAY - timedelta(days=1))
    assert ends[future.pk] == ("stopped", TODAY + timedelta(days=5))
    assert ends[stopped.pk] == ("stopped", date(2026, 11, 3))
    with pytest.raises(DomainError) as refusal:
        send(running)
    assert refusal.value.code == "stopped"
    with pytest.raises(Conflict):
        pause(running, by=running.prescribed_by, on=TODAY, reason="")
    assert not SessionLog.objects.exists()

"""The next way: once, only when the first has failed for certain, in time, and never for a doubtful message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clinic.errors import Invalid
from clinic.models import Patient
from reminders import dispatcher, outbox, sender
from reminders.actions import opt_out, set_times, set_ways, tell
from reminders.fallback import FALLS, fall_back
from reminders.models import OutboxMessage, Preference, Reason, State
from reminders.planner import plan
from reminders.readers import settings_for
from tests.factories.clinic import ClinicFactory, EpisodeFactory, ManagerFactory
from tests.factories.exercises import PrescriptionFactory, SessionLogFactory
from tests.factories.reminders import MessageFactory, reachable_patient

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ENDS = [(state, reason) for state in State.values for reason in Reason.values]


@pytest.fixture
def patient() -> Patient:
    ClinicFactory()
    found = reachable_patient(phone="07700 900123")
    PrescriptionFactory(episode=EpisodeFactory(patient=found))
    set_ways(found, "exercises", ["email", "sms"], now=NOW)
    return found


def ended(patient: Patient, state: str, reason: str, **changes: Any) -> OutboxMessage:
    row: OutboxMessage = MessageFactory(patient=patient, sent_at=NOW, **changes)
    if state in ("claimed", "sending"):
        row.token, row.lease_until = row.uid, NOW
    row.state, row.reason = state, reason
    row.save()
    return row


def test_the_next_way_is_a_row_of_its_own_that_names_the_first(patient: Patient) -> None:
    row = ended(patient, "failed", "bounced")
    found = fall_back(row, now=NOW)
    assert found is not None
    assert (found.channel, found.fallback_of, found.state, found.due_at) == ("sms", row, "planned", NOW)
    same = ("patient_id", "kind", "subject", "occurrence", "not_after")
    assert [getattr(found, name) for name in same] == [getattr(row, name) for name in same]


@pytest.mark.hazard("H-16")
def test_only_certain_failures_of_a_way_fall_back(patient: Patient) -> None:
    """Every state with every reason: above all never ``unknown``, which may have arrived."""
    row = ended(patient, "failed", "bounced")
    fell = []
    for state, reason in ENDS:
        row.state, row.reason = state, reason
        if fall_back(row, now=NOW) is not None:
            fell.append((state, reason))
        OutboxMessage.objects.filter(fallback_of=row).delete()
    certain = [("failed", r) for r in ("refused", "bounced", "gone", "not_set_up", "gave_up")]
    assert sorted(fell) == sorted([*certain, ("suppressed", "no_address"), ("suppressed", "opted_out")])
    assert "unknown" not in FALLS


@pytest.mark.hazard("H-16")
def test_a_failure_told_twice_makes_one_message(patient: Patient) -> None:
    row = ended(patient, "failed", "refused")
    assert fall_back(row, now=NOW) is not None
    assert fall_back(row, now=NOW) is None
    assert OutboxMessage.objects.count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():  # and the database agrees
        MessageFactory(patient=patient, channel="push", fallback_of=row)
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageFactory(patient=patient, channel="push")


def test_each_way_is_tried_once_and_then_none(patient: Patient) -> None:
    first = ended(patient, "failed", "refused")
    second = fall_back(first, now=NOW)
    assert second is not None
    second.state, second.reason = State.FAILED, Reason.REFUSED
    assert fall_back(second, now=NOW) is None


def test_a_late_bounce_falls_back_only_in_time(patient: Patient) -> None:
    row = ended(patient, "failed", "bounced")
    assert fall_back(row, now=row.not_after + timedelta(seconds=1)) is None
    assert fall_back(row, now=row.not_after) is not None


def test_no_way_that_is_not_wanted(patient: Patient) -> None:
    row = ended(patient, "failed", "refused")
    set_ways(patient, "exercises", ["email"], now=NOW)
    assert fall_back(row, now=NOW) is None


def send(now: datetime = NOW) -> None:
    dispatcher.tick(lambda ids, *rest: sender.send_batch(ids, clock=lambda: now), now=now)


def test_without_an_address_the_sender_takes_the_next_way_at_once(patient: Patient) -> None:
    plan(now=NOW)
    Patient.objects.filter(pk=patient.pk).update(email="", guardian_email="")
    send()
    rows = list(OutboxMessage.objects.order_by("pk").values_list("channel", "state", "reason"))
    assert rows == [("email", "suppressed", "no_address"), ("sms", "planned", "")]


def test_who_has_logged_meanwhile_hears_nothing_by_the_next_way(patient: Patient) -> None:
    fall_back(ended(patient, "failed", "bounced"), now=NOW)
    SessionLogFactory(
        prescription=patient.prescriptions.get(), patient=patient, on=NOW.date(), bout=1, state="done", acted_at=NOW,
        recorded_by=patient.user,
    )  # fmt: skip
    send()
    assert OutboxMessage.objects.get(channel="sms").reason == "logged"


def test_a_move_that_failed_leaves_no_second_row(patient: Patient) -> None:
    """The failure and its successor are one transaction: when the row is not ours any more, nothing is planned."""
    plan(now=NOW)
    (row,) = outbox.claim(list(OutboxMessage.objects.values_list("pk", flat=True)), now=NOW)
    OutboxMessage.objects.update(token=None, state="planned", lease_until=None)
    assert not outbox.move(row, State.SUPPRESSED, reason=Reason.NO_ADDRESS)
    assert fall_back(row, now=NOW) is None  # the row says claimed still
    assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "channel", "off", "left"),
    [
        ("exercises", "email", 1, ("sms",)),
        ("exercises", None, 3, ()),
        (None, "email", 9, ("sms",)),
        (None, None, 30, ()),
        ("nudge", "email", 1, ("email", "sms")),
    ],
)
def test_opting_out(patient: Patient, kind: str | None, channel: str | None, off: int, left: tuple[str, ...]) -> None:
    for _ in range(2):
        assert opt_out(patient, kind, channel, now=NOW, source="stop") == off
    assert settings_for(patient).kinds["exercises"].ways == left
    stopped = Preference.objects.filter(patient=patient, source="stop")
    assert stopped.count() == off
    assert not stopped.filter(enabled=True).exists()


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda p: opt_out(p, "jokes", now=NOW), "kind"),
        (lambda p: opt_out(p, None, "pigeon", now=NOW), "channel"),
        (lambda p: set_ways(p, "jokes", ["email"], now=NOW), "kind"),
        (lambda p: set_ways(p, "movement", ["sms"], now=NOW), "channel"),
        (lambda p: set_times(p, "appointment", {}, now=NOW), "kind"),
        (lambda p: set_times(p, "exercises", {7: [NOW.time()]}, now=NOW), "weekday"),
        (lambda p: tell(p, "exercises", subject="x", occurrence="1", now=NOW, not_after=NOW), "kind"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(patient: Patient, call: Any, code: str) -> None:
    before = list(Preference.objects.order_by("pk").values())
    with pytest.raises(Invalid) as refused:
        call(patient)
    assert refused.value.code == code
    assert list(Preference.objects.order_by("pk").values()) == before
    assert not OutboxMessage.objects.exists()


def test_an_answer_is_told_once_and_by_the_way_that_is_wanted(patient: Patient) -> None:
    later = NOW + timedelta(days=2)
    for _ in range(2):
        row = tell(patient, "question", subject="task:5", occurrence="1", now=NOW, not_after=later)
        assert row is not None
        assert (row.channel, row.state) == ("email", "planned")
    assert OutboxMessage.objects.count() == 1
    opt_out(patient, "question", now=NOW, by=ManagerFactory())
    assert tell(patient, "question", subject="task:6", occurrence="1", now=NOW, not_after=later) is None
    patient.consents.update(withdrawn_on=NOW.date())
    assert tell(patient, "wait_list", subject="offer:6", occurrence="1", now=NOW, not_after=later) is None

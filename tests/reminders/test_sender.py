"""Sending: what goes out, what is held back in the last moment, and what each answer of the provider leads to."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from clinic.models import Patient
from reminders import dispatcher, sender
from reminders.actions import settle
from reminders.channels.email import EmailChannel, classify
from reminders.channels.outcomes import Doubtful, NotReady, Permanent, Transient
from reminders.models import OutboxMessage, ReminderSwitch
from reminders.planner import plan
from reminders.stopping import stop_token
from reminders.switch import read_switch, turn
from scheduling.actions import cancel, move
from tests.factories.clinic import ClinicFactory, EpisodeFactory, ManagerFactory
from tests.factories.exercises import PrescriptionFactory, SessionLogFactory
from tests.factories.reminders import MessageFactory, reachable_patient
from tests.factories.scheduling import AppointmentFactory, works_all_week

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
CLINICAL = "sciatica"


@pytest.fixture(autouse=True)
def clinic() -> None:
    ClinicFactory(name="Riverside Physiotherapy", phone="+44 20 7946 0000")


@pytest.fixture
def patient() -> Patient:
    found = reachable_patient(given_name="Ada", language="en")
    PrescriptionFactory(episode=EpisodeFactory(patient=found, complaint=CLINICAL), why=CLINICAL)
    return found


def send(now: datetime = NOW, clock: Callable[[], datetime] | None = None) -> dict[str, int]:
    """One tick, and the worker that it wakes up."""
    tally: dict[str, int] = {}
    dispatcher.tick(lambda ids: tally.update(sender.send_batch(ids, clock=clock or (lambda: now))), now=now)
    return tally


def states() -> list[tuple[str, str]]:
    return list(OutboxMessage.objects.order_by("pk").values_list("state", "reason"))


@pytest.mark.hazard("H-15")
def test_a_digest_goes_out_once_and_names_clinic_and_link_only(patient: Patient, settings: Any) -> None:
    settings.PUBLIC_URL = "https://clinic.example.test"
    plan(now=NOW)
    assert send() == {"sent": 1}
    assert send(NOW + timedelta(minutes=1)) == {}
    (letter,) = mail.outbox
    row = OutboxMessage.objects.get()
    assert letter.to == [patient.email]
    assert letter.subject == "A reminder from Riverside Physiotherapy"
    assert "https://clinic.example.test/portal/" in letter.body
    headers = letter.message()
    assert headers["Message-ID"] == f"<{row.uid}@clinic.example.test>"
    assert headers["List-Unsubscribe"] == f"<https://clinic.example.test/portal/stop/{stop_token(row.uid)}/>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text = str(letter.message())
    assert CLINICAL not in text
    assert patient.prescriptions.get().exercise.name not in text
    assert (row.state, row.sent_at, row.provider_id, row.address) == ("sent", NOW, headers["Message-ID"], patient.email)


def test_a_visit_reminder_tells_day_and_time_on_the_clinics_clock_and_not_what_for(patient: Patient) -> None:
    AppointmentFactory(patient=patient, start=NOW + timedelta(hours=24, minutes=30), kind="needling")
    plan(now=NOW + timedelta(minutes=30))
    OutboxMessage.objects.exclude(kind="appointment").delete()
    assert send(NOW + timedelta(minutes=30)) == {"sent": 1}
    (letter,) = mail.outbox
    assert letter.subject == "Your visit at Riverside Physiotherapy on Wed 25 Nov, 09:30"
    assert "needling" not in str(letter.message()).lower()


def test_nothing_is_sent_once_everything_is_logged(patient: Patient) -> None:
    plan(now=NOW)
    SessionLogFactory(
        prescription=patient.prescriptions.get(), patient=patient, on=TODAY, bout=1, state="done",
        acted_at=NOW, recorded_by=patient.user,
    )  # fmt: skip
    assert send() == {"suppressed": 1}
    assert states() == [("suppressed", "logged")]
    assert mail.outbox == []


def _opt_out(patient: Patient) -> None:
    patient.reminder_preferences.filter(kind="exercises").update(enabled=False)


def _withdraw(patient: Patient) -> None:
    patient.consents.update(withdrawn_on=TODAY)


def _close(patient: Patient) -> None:
    Patient.objects.filter(pk=patient.pk).update(is_active=False)


def _forget(patient: Patient) -> None:
    Patient.objects.filter(pk=patient.pk).update(email="")


@pytest.mark.parametrize(
    ("change", "reason"),
    [(_opt_out, "opted_out"), (_withdraw, "no_consent"), (_close, "inactive"), (_forget, "no_address")],
)
def test_a_change_between_planning_and_sending_counts(
    patient: Patient, change: Callable[[Patient], None], reason: str
) -> None:
    plan(now=NOW)
    change(patient)
    assert send() == {"suppressed": 1}
    assert states() == [("suppressed", reason)]
    assert mail.outbox == []


@pytest.mark.hazard("H-16")
def test_an_address_change_counts_in_the_last_moment(patient: Patient) -> None:
    plan(now=NOW)
    Patient.objects.filter(pk=patient.pk).update(email="new@example.test")
    send()
    assert mail.outbox[0].to == ["new@example.test"]


def test_an_opt_out_while_a_batch_is_on_its_way_counts_within_seconds(patient: Patient) -> None:
    """The clock runs a second per question, as with a slow provider: facts are read again."""
    rest = [reachable_patient() for _ in range(3)]
    for other in rest:
        PrescriptionFactory(episode=EpisodeFactory(patient=other))
    plan(now=NOW)
    at = NOW

    def slow() -> datetime:
        nonlocal at
        at += timedelta(seconds=1.2)
        if len(mail.outbox) == 1:
            _opt_out(rest[-1])
        return at

    send(clock=slow)
    assert len(mail.outbox) == 3
    assert OutboxMessage.objects.get(patient=rest[-1]).reason == "opted_out"


def test_a_slow_provider_holds_a_worker_for_one_spell_only(patient: Patient) -> None:
    """Ten seconds per question: what was not begun is due as before, and nobody has to wait for a lease."""
    for _ in range(5):
        PrescriptionFactory(episode=EpisodeFactory(patient=reachable_patient()))
    plan(now=NOW)
    at = NOW

    def slow() -> datetime:
        nonlocal at
        at += timedelta(seconds=10)
        return at

    assert send(clock=slow) == {}
    assert OutboxMessage.objects.filter(state="planned", token=None, lease_until=None).count() == 6
    assert send() == {"sent": 6}


def test_each_batch_is_of_one_channel_and_the_channels_take_turns() -> None:
    person = reachable_patient()
    for number, channel in enumerate(["email"] * 3 + ["sms"] * 60 + ["portal"]):
        MessageFactory(patient=person, channel=channel, subject=f"programme {number}")
    woken: list[list[int]] = []
    assert dispatcher.tick(woken.append, now=NOW).due == 64
    channels = [set(OutboxMessage.objects.filter(pk__in=ids).values_list("channel", flat=True)) for ids in woken]
    assert channels == [{"email"}, {"sms"}, {"portal"}, {"sms"}, {"sms"}]
    assert sorted(map(len, woken)) == [1, 3, 10, 25, 25]


def test_quiet_hours_hold_a_message_back_until_they_end(patient: Patient) -> None:
    patient.contact_rules.quiet_from, patient.contact_rules.quiet_until = NOW.time(), NOW.replace(hour=10).time()
    patient.contact_rules.save()
    plan(now=NOW)
    assert send() == {"planned": 1}
    assert OutboxMessage.objects.get().due_at == NOW.replace(hour=10)
    assert send(NOW.replace(hour=9, minute=59)) == {}
    assert send(NOW.replace(hour=10)) == {"sent": 1}


def test_the_daily_cap_holds_within_one_batch(patient: Patient) -> None:
    patient.contact_rules.daily_cap = 1
    patient.contact_rules.save()
    patient.timetables.update(week_minutes=[1440 + 540, 1440 + 545])
    plan(now=NOW + timedelta(minutes=5))
    assert send(NOW + timedelta(minutes=5)) == {"sent": 1, "suppressed": 1}
    assert sorted(states()) == [("sent", ""), ("suppressed", "cap")]


def test_a_moved_or_cancelled_visit_is_not_reminded_of(patient: Patient) -> None:
    by = ManagerFactory()
    patient.prescriptions.update(state="stopped")
    visits = [AppointmentFactory(patient=patient, start=NOW + timedelta(hours=h)) for h in (23, 24)]
    plan(now=NOW)
    cancel(visits[0], "patient", by=by, now=NOW)
    works_all_week(visits[1].practitioner)
    move(visits[1], visits[1].practitioner, start=NOW + timedelta(hours=25), minutes=30, by=by, now=NOW)
    assert send() == {"cancelled": 2}
    assert states() == [("cancelled", "visit_cancelled"), ("cancelled", "visit_moved")]
    plan(now=NOW + timedelta(hours=1))
    assert send(NOW + timedelta(hours=1)) == {"sent": 1}


def test_a_poisoned_row_is_listed_and_the_others_go_on(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [MessageFactory(patient=reachable_patient(), occurrence="rubbish")]
    bad_zone = reachable_patient()
    Patient.objects.filter(pk=bad_zone.pk).update(time_zone="Mars/Olympus")
    rows.append(MessageFactory(patient=bad_zone))
    plan(now=NOW)
    assert send() == {"failed": 2, "sent": 1}
    assert [OutboxMessage.objects.get(pk=row.pk).reason for row in rows] == ["broken", "bad_zone"]


def _answer(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    def send_messages(self: Any, messages: Any) -> int:
        if error:
            raise error
        return len(messages)

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", send_messages)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no such user")}), Permanent("SMTPRecipientsRefused 550")),
        (smtplib.SMTPRecipientsRefused({"a": (450, b"later")}), Transient("SMTPRecipientsRefused 450")),
        (smtplib.SMTPDataError(552, b"too big"), Permanent("SMTPDataError 552")),
        (smtplib.SMTPDataError(451, b"later"), Transient("SMTPDataError 451")),
        (smtplib.SMTPSenderRefused(421, b"busy", "x"), Transient("SMTPSenderRefused 421")),
        (smtplib.SMTPServerDisconnected("gone"), Doubtful("SMTPServerDisconnected")),
        (TimeoutError("slow"), Doubtful("TimeoutError")),
        (ConnectionResetError("reset"), Doubtful("ConnectionResetError")),
    ],
)
def test_what_an_error_says_about_the_message(error: Any, outcome: object) -> None:
    assert classify(error) == outcome


def test_a_temporary_refusal_is_tried_again_with_growing_pauses(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(now=NOW)
    _answer(monkeypatch, smtplib.SMTPDataError(451, b"later"))
    at, pauses = NOW, []
    while (row := OutboxMessage.objects.get()).state == "planned":
        assert send(at)
        row.refresh_from_db()
        pauses.append(int((row.due_at - at).total_seconds() // 60))
        at = row.due_at
    assert pauses[:4] == [1, 5, 15, 60]
    assert (row.state, row.reason) == ("failed", "gave_up")
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("seconds", "pause"), [(None, 60), (20, 60), (61, 61), (600, 600)], ids=["none", "sooner", "a bit later", "later"]
)
def test_the_provider_is_left_alone_for_as_long_as_it_asked(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, seconds: int | None, pause: int
) -> None:
    plan(now=NOW)
    asked = None if seconds is None else timedelta(seconds=seconds)
    monkeypatch.setattr(EmailChannel, "send", lambda *_: Transient("429", asked))
    assert send() == {"planned": 1}
    row = OutboxMessage.objects.get()
    assert (row.reason, row.due_at - NOW) == ("retry", timedelta(seconds=pause))


def test_a_provider_that_asks_for_more_time_than_there_is_ends_it(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(now=NOW)
    monkeypatch.setattr(EmailChannel, "send", lambda *_: Transient("429", timedelta(hours=30)))
    assert send() == {"failed": 1}
    assert states() == [("failed", "gave_up")]


def test_a_final_refusal_is_listed(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    plan(now=NOW)
    _answer(monkeypatch, smtplib.SMTPDataError(550, b"no"))
    assert send() == {"failed": 1}
    assert states() == [("failed", "refused")]


def test_a_lost_connection_leaves_doubt_and_no_second_try(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    plan(now=NOW)
    _answer(monkeypatch, smtplib.SMTPServerDisconnected("gone"))
    assert send() == {"unknown": 1}
    _answer(monkeypatch, None)
    for minutes in (1, 10, 60):
        assert send(NOW + timedelta(minutes=minutes)) == {}
    assert states() == [("unknown", "no_answer")]


def test_an_unreachable_server_costs_no_attempt(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    plan(now=NOW)

    def refuse(self: EmailChannel) -> None:
        raise NotReady("ConnectionRefusedError")

    with monkeypatch.context() as patch:
        patch.setattr(EmailChannel, "open", refuse)
        assert send() == {"planned": 1}
    row = OutboxMessage.objects.get()
    assert (row.reason, row.attempts, row.due_at) == ("retry", 0, NOW + timedelta(minutes=1))
    assert send(NOW + timedelta(minutes=1)) == {"sent": 1}


def test_nothing_goes_while_paused_and_everything_after(patient: Patient) -> None:
    plan(now=NOW)
    turn(True, by=ManagerFactory(), why="Backup")
    assert send() == {}
    assert sender.send_batch([OutboxMessage.objects.get().pk], clock=lambda: NOW) == {}
    turn(False, by=ManagerFactory())
    assert send() == {"sent": 1}


def test_a_restored_copy_starts_paused(patient: Patient) -> None:
    plan(now=NOW)
    read_switch()
    ReminderSwitch.objects.update(database_id="another cluster:16384")
    assert send() == {}
    switch = ReminderSwitch.objects.get()
    assert switch.paused
    assert "restored" in switch.why
    assert mail.outbox == []
    turn(False, by=ManagerFactory())
    assert send() == {"sent": 1}


def test_only_a_person_sends_a_doubtful_message_again(patient: Patient) -> None:
    plan(now=NOW)
    row = OutboxMessage.objects.get()
    OutboxMessage.objects.update(state="unknown", sending_at=NOW)
    manager = ManagerFactory()
    settle(row, "resend", by=manager, now=NOW + timedelta(minutes=5))
    assert send(NOW + timedelta(minutes=5)) == {"sent": 1}
    row.refresh_from_db()
    assert (row.state, row.settled_by) == ("sent", manager)


@pytest.mark.parametrize(("outcome", "state"), [("sent", "sent"), ("drop", "cancelled")])
def test_settling_without_sending(patient: Patient, outcome: str, state: str) -> None:
    plan(now=NOW)
    row = OutboxMessage.objects.get()
    OutboxMessage.objects.update(state="unknown", sending_at=NOW)
    settle(row, outcome, by=ManagerFactory(), now=NOW)
    assert states() == [(state, "by_hand")]
    assert send() == {}


def test_the_patients_language_is_used(patient: Patient) -> None:
    Patient.objects.filter(pk=patient.pk).update(language="fr")
    AppointmentFactory(patient=patient, start=NOW + timedelta(hours=24))
    plan(now=NOW)
    OutboxMessage.objects.exclude(kind="appointment").delete()
    assert send() == {"sent": 1}
    assert "25 nov" in mail.outbox[0].subject.lower()


def test_the_number_of_queries_does_not_grow_faster_than_the_messages(django_assert_max_num_queries: Any) -> None:
    """Ten for the facts of fifty messages, one commit per message, a handful around."""
    for _ in range(10):
        PrescriptionFactory(episode=EpisodeFactory(patient=reachable_patient()))
    plan(now=NOW)
    ids = list(OutboxMessage.objects.values_list("pk", flat=True))
    read_switch()
    with django_assert_max_num_queries(10 + 10 + 8):
        assert sender.send_batch(ids, clock=lambda: NOW) == {"sent": 10}

"""Webhooks: signed or refused, heard twice or late without harm, and no hint about who is known."""

from __future__ import annotations

import json
import time
import uuid
from itertools import permutations
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clinic.models import Patient
from config.provider.reports import signed
from reminders import receipts
from reminders.models import ContactRules, OutboxMessage, Preference
from reminders.outbox import MOVES
from reminders.receipts import is_stop, uid_in
from tests.factories.clinic import PatientFactory
from tests.factories.reminders import MessageFactory

pytestmark = pytest.mark.django_db
SECRET = "a-secret-of-the-provider"
NUMBER = "+447700900123"


@pytest.fixture(autouse=True)
def set_up(settings: Any) -> None:
    settings.WEBHOOK_SECRET = SECRET


@pytest.fixture
def fallen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The messages whose next way was asked for."""
    found: list[int] = []
    monkeypatch.setattr(receipts, "fall_back", lambda row, now: found.append(row.pk))
    return found


def message(state: str = "sent", **kwargs: Any) -> OutboxMessage:
    now = timezone.now()
    times = {"due_at": now, "sending_at": now, "sent_at": now if state in ("sent", "delivered") else None}
    held = {"token": uuid.uuid4(), "lease_until": now} if state in ("claimed", "sending") else {}
    return MessageFactory(state=state, **{**times, **held, **kwargs})


def post(path: str, content: Any, *, secret: str = SECRET, at: float | None = None, **headers: str) -> Any:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    sent = {**signed(secret, body, time.time() if at is None else at), **headers}
    return Client(enforce_csrf_checks=True).post(path, body, content_type="application/json", headers=sent)


def report(row: OutboxMessage | str, event: str, path: str = "/hooks/email/") -> Any:
    reference = row if isinstance(row, str) else f"<{row.uid}@clinic.example.test>"
    return post(path, {"events": [{"reference": reference, "event": event}]})


def test_delivered_and_bounced(fallen: list[int]) -> None:
    row = message()
    assert report(row, "delivered").status_code == 200
    row.refresh_from_db()
    assert (row.state, row.delivered_at is not None) == ("delivered", True)
    assert report(row, "bounced").status_code == 200  # late, and it knows better
    row.refresh_from_db()
    assert (row.state, row.reason, fallen) == ("failed", "bounced", [row.pk])


def test_heard_twice_is_heard_once(fallen: list[int]) -> None:
    row = message()
    for _ in range(3):
        assert report(row, "bounced").status_code == 200
    assert fallen == [row.pk]
    other = message(occurrence="2026-11-25T09:00")
    for _ in range(2):
        report(other, "delivered")
    other.refresh_from_db()
    first = other.delivered_at
    report(other, "delivered")
    other.refresh_from_db()
    assert other.delivered_at == first


@pytest.mark.parametrize("order", list(permutations(("delivered", "bounced", "delivered"))))
def test_whatever_the_order_a_bounce_has_the_last_word(order: tuple[str, ...], fallen: list[int]) -> None:
    row = message()
    for event in order:
        report(row, event)
    row.refresh_from_db()
    assert (row.state, row.reason) == ("failed", "bounced")
    assert len(fallen) == 1


@pytest.mark.parametrize("event", ["delivered", "bounced", "failed"])
@pytest.mark.parametrize("state", list(MOVES))
def test_no_move_that_the_table_does_not_know(state: str, event: str, fallen: list[int]) -> None:
    row = message(state)
    answer = report(row, event)
    row.refresh_from_db()
    new = {"delivered": "delivered"}.get(event, "failed")
    if state in ("claimed", "sending"):
        assert (answer.status_code, row.state, answer.headers["Retry-After"]) == (503, state, "5")
    elif state == "unknown":
        assert row.state == new  # doubtful no more
    else:
        assert row.state == (new if new in MOVES[state] else state)
    assert bool(fallen) == (row.state == "failed" != state)


@pytest.mark.parametrize(("event", "source"), [("complained", "complaint"), ("unsubscribed", "link")])
def test_who_complains_is_written_to_no_more(event: str, source: str) -> None:
    row = message("delivered")
    report(row, event)
    found = Preference.objects.get(patient=row.patient, kind=row.kind, channel="email")
    assert not found.enabled
    assert found.source == source


# --- The signature ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/hooks/email/", "/hooks/sms/", "/hooks/sms/inbound/"])
@pytest.mark.parametrize(
    "case", ["none", "wrong secret", "old", "from tomorrow", "body changed", "no stamp", "odd stamp", "odd signature"]
)
def test_unsigned_is_refused(path: str, case: str) -> None:
    row = message()
    body = json.dumps({"events": [{"reference": str(row.uid), "event": "bounced"}], "from": NUMBER, "text": "STOP"})
    headers = signed(SECRET, body.encode(), time.time())
    match case:
        case "none":
            headers = {}
        case "wrong secret":
            headers = signed("another", body.encode(), time.time())
        case "old":
            headers = signed(SECRET, body.encode(), time.time() - 400)
        case "from tomorrow":
            headers = signed(SECRET, body.encode(), time.time() + 400)
        case "body changed":
            body = body.replace("bounced", "delivered").replace("STOP", "STOP ")
        case "no stamp":
            del headers["X-Kineplan-Timestamp"]
        case "odd stamp":
            headers["X-Kineplan-Timestamp"] = "1e9"
        case "odd signature":
            headers["X-Kineplan-Signature"] = "é"
    headers.pop("Content-Type", None)
    assert Client().post(path, body, content_type="application/json", headers=headers).status_code == 401
    row.refresh_from_db()
    assert row.state == "sent"


def test_signed_four_minutes_ago_is_fine() -> None:
    assert post("/hooks/sms/", {"events": []}, at=time.time() - 240).status_code == 200


def test_without_a_secret_nothing_is_there(settings: Any) -> None:
    settings.WEBHOOK_SECRET = ""
    assert post("/hooks/email/", {"events": []}, secret="").status_code == 404


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        ([], 400),
        ({}, 400),
        ({"events": "x"}, 400),
        ({"events": [{}] * 501}, 400),
        (b"x" * 300_000, 413),
        ({"events": [None, 7, {}, {"reference": 5, "event": "bounced"}, {"reference": "x", "event": "exploded"}]}, 200),
        ({"events": [{"reference": "\x00", "event": "bounced"}, {"reference": "x" * 9999, "event": "failed"}]}, 200),
    ],
)
def test_bad_input(content: Any, status: int) -> None:
    assert post("/hooks/email/", content).status_code == status


def test_unknown_and_known_get_the_same_answer(fallen: list[int]) -> None:
    row = message()
    known, unknown = report(row, "delivered"), report(str(uuid.uuid4()), "delivered")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)


def test_a_report_of_another_channel_is_not_about_this_message() -> None:
    row = message()
    assert report(row, "bounced", "/hooks/sms/").status_code == 200
    row.refresh_from_db()
    assert row.state == "sent"


@pytest.mark.parametrize("wrap", ["{}", "<{}@clinic.example.test>", " {} "])
def test_our_id_is_found_in_a_message_id(wrap: str) -> None:
    uid = uuid.uuid4()
    assert uid_in(wrap.format(uid)) == uid
    assert uid_in(wrap.format(str(uid).upper())) == uid
    assert uid_in("<x@y>") is None


# --- STOP ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("STOP", True), ("stop", True), (" Stop. ", True), ("STOP ALL", True), ("unsubscribe", True), ("ARRET", True),
        ("Arrêt", True), ("arrêt !", True), ("Please do not stop", False), ("stopping", False), ("", False),
        ("x" * 5000, False), ("OK", False),
    ],
)  # fmt: skip
def test_what_asks_for_an_end(text: str, stops: bool) -> None:
    assert is_stop(text) is stops


def sms_off(patient: Patient) -> bool:
    return Preference.objects.filter(patient=patient, channel="sms", enabled=False).exists()


def inbound(number: Any, text: Any) -> Any:
    return post("/hooks/sms/inbound/", {"from": number, "text": text})


def test_stop_ends_all_text_messages_to_this_number_and_no_others() -> None:
    texted = message(channel="sms", address=NUMBER).patient
    registered, other = PatientFactory(), message(channel="sms", address="+447700900999").patient
    ContactRules.objects.create(patient=registered, sms_number=NUMBER)
    assert inbound(NUMBER, "Arrêt").status_code == 200
    assert (sms_off(texted), sms_off(registered), sms_off(other)) == (True, True, False)
    assert not Preference.objects.filter(channel="email", enabled=False).exists()


def test_other_words_change_nothing_and_strangers_get_the_same_answer() -> None:
    patient = message(channel="sms", address=NUMBER).patient
    answers = [inbound(NUMBER, "Thank you"), inbound("+10000000", "STOP"), inbound("\x00", "STOP")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b'{"status": "ok"}')}
    assert not sms_off(patient)


@pytest.mark.parametrize(("number", "text"), [(None, "STOP"), (NUMBER, None), (5, "STOP"), ([], {})])
def test_a_text_message_that_is_none(number: Any, text: Any) -> None:
    assert inbound(number, text).status_code == 400

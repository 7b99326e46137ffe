"""Each channel against a provider of its own that behaves and misbehaves: what the sender may conclude."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError, SSLError

from clinic.errors import Invalid
from config.provider.behaviour import Rule
from config.provider.server import Provider
from reminders.channels.answers import by_error, by_status, pause_of
from reminders.channels.email import EmailChannel, stop_header
from reminders.channels.letters import Letter
from reminders.channels.outcomes import Accepted, Doubtful, NotReady, Outcome, Permanent, Transient
from reminders.channels.push import PushChannel, summed_up
from reminders.channels.registry import CLASSES, Channels
from reminders.channels.sms import SmsChannel
from reminders.models import Channel, PushKey, PushSubscription
from reminders.pushing import host_is_known, new_private_key, public_of, push_key, subscribe, unsubscribe
from tests.factories.clinic import PatientFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
BUSY = Transient("HTTP 429", timedelta(seconds=7))


def letter(to: str = "+447700900123", **changes: Any) -> Letter:
    base = {
        "key": "<8b6d9d5e-0000-4000-8000-000000000001@clinic.example.test>",
        "to": to,
        "subject": "A reminder",
        "text": "Hello\n",
        "stop_url": "https://clinic.example.test/portal/stop/abc.def/",
        "uid": "8b6d9d5e-0000-4000-8000-000000000001",
        "patient_id": 0,
        "sender": "Riverside",
        "line": "Something waits.",
        "short": "Riverside: something waits. https://clinic.example.test/portal/",
        "link": "https://clinic.example.test/portal/",
        "not_after": timezone.now() + timedelta(hours=1),
    }
    return Letter(**{**base, **changes})


@pytest.mark.parametrize(
    ("mode", "text", "push", "mail", "taken"),
    [
        ("accept", Accepted, Accepted, Accepted, 3),
        ("no_id", Accepted, Accepted, Accepted, 3),
        ("busy", BUSY, BUSY, Transient("SMTPRecipientsRefused 450"), 0),
        ("refuse", Permanent("HTTP 400"), Permanent("HTTP 400"), Permanent("SMTPRecipientsRefused 550"), 0),
        (
            "gone",
            Permanent("HTTP 410"),
            Permanent("no browser left", "gone"),
            Permanent("SMTPRecipientsRefused 550"),
            0,
        ),
        ("error", Doubtful("HTTP 500"), Doubtful("HTTP 500"), Transient("SMTPDataError 451"), 0),
        ("error_taken", Doubtful("HTTP 500"), Doubtful("HTTP 500"), Transient("SMTPDataError 451"), 3),
        ("timeout", Doubtful, Doubtful, Doubtful, 3),
        ("drop_before", Doubtful, Doubtful, Doubtful, 0),
        ("drop_after", Doubtful, Doubtful, Doubtful, 3),
    ],
)
def test_what_each_misbehaviour_means(
    provider: Provider, mode: str, text: Any, push: Any, mail: Any, taken: int
) -> None:
    patient = PatientFactory()
    subscribe(patient, provider.browsers.make(f"http://127.0.0.1:{provider.http}"), device="", now=NOW)
    provider.rules.put([Rule(mode, seconds=0.6)])
    for name, expected, to in (("sms", text, "+447700900123"), ("push", push, ""), ("email", mail, "ada@example.test")):
        outcome = hand_over(name, letter(to, patient_id=patient.pk))
        assert isinstance(outcome, expected) if isinstance(expected, type) else outcome == expected, (name, outcome)
    assert provider.ledger.count == taken


def hand_over(name: str, made: Letter) -> Outcome:
    with Channels() as channels:
        channel = channels.of(name)
        channel.open()
        return channel.send(made)


def test_a_text_message_carries_number_words_and_reference(provider: Provider) -> None:
    assert hand_over("sms", letter()) == Accepted(provider.ledger.last()[0]["number"])  # type: ignore[arg-type]
    (taken,) = provider.ledger.last()
    assert (taken["to"], taken["reference"]) == ("+447700900123", letter().uid)
    assert taken["text"] == letter().short


def test_the_next_service_is_asked_only_after_a_certain_refusal(provider: Provider, settings: Any) -> None:
    settings.SMS_URLS = ["smsjson://127.0.0.1:9/messages", *settings.SMS_URLS]
    assert isinstance(hand_over("sms", letter()), Accepted)
    provider.rules.put([Rule("drop_after", times=1)])
    settings.SMS_URLS = [settings.SMS_URLS[1]] * 2
    assert isinstance(hand_over("sms", letter()), Doubtful)
    assert provider.ledger.count == 2


@pytest.mark.parametrize("urls", [[], ["nonsense"], ["nosuchservice://x/{to}"]])
def test_without_a_service_it_is_not_set_up(urls: list[str], settings: Any) -> None:
    settings.SMS_URLS = urls
    outcome = hand_over("sms", letter())
    assert isinstance(outcome, Permanent)
    assert outcome.reason == "not_set_up"


@pytest.mark.parametrize(
    ("status", "expected"),
    [(201, Accepted("")), (400, Permanent("HTTP 400")), (500, Doubtful("HTTP 500")), (429, Transient("HTTP 429"))],
)
def test_another_service_of_apprise_is_read_by_its_log(
    monkeypatch: pytest.MonkeyPatch, settings: Any, capfd: pytest.CaptureFixture[str], status: int, expected: Outcome
) -> None:
    answer = requests.Response()
    answer.status_code, answer._content = status, b"{}"
    monkeypatch.setattr("requests.post", lambda *_, **__: answer)
    settings.SMS_URLS = [f"twilio://AC{'a' * 32}:{'b' * 32}@+15551230000/{{to}}"]
    assert hand_over("sms", letter()) == expected
    assert "447700900123" not in "".join(capfd.readouterr())


def test_a_service_of_apprise_that_times_out_leaves_doubt(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    def slow(*_: Any, **__: Any) -> None:
        raise requests.exceptions.ReadTimeout("slow")

    monkeypatch.setattr("requests.post", slow)
    settings.SMS_URLS = [f"twilio://AC{'a' * 32}:{'b' * 32}@+15551230000/{{to}}"]
    assert hand_over("sms", letter()) == Doubtful("no status")


def test_no_number_reaches_the_log(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    provider.rules.put([Rule("refuse"), Rule("error")])
    with caplog.at_level(0):
        hand_over("sms", letter())
    assert "447700900123" not in caplog.text


def test_a_provider_that_is_not_there(provider: Provider, settings: Any) -> None:
    settings.EMAIL_PORT, settings.SMS_URLS = 9, ["smsjson://127.0.0.1:9/"]
    with pytest.raises(NotReady):
        hand_over("email", letter("ada@example.test"))
    outcome = hand_over("sms", letter())
    assert isinstance(outcome, Transient)


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("7", timedelta(seconds=7)),
        ("999999999", timedelta(hours=24)),
        ("Tue, 24 Nov 2026 09:02:00 GMT", timedelta(minutes=2)),
        ("Tue, 24 Nov 2026 08:00:00 GMT", timedelta(0)),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("9" * 40, None),
    ],
)
def test_retry_after(header: str, pause: timedelta | None) -> None:
    assert pause_of(header, now=NOW) == pause


@pytest.mark.parametrize(
    ("code", "kind"),
    [(200, Accepted), (202, Accepted), (301, Permanent), (400, Permanent), (401, Transient), (404, Permanent),
     (408, Doubtful), (429, Transient), (500, Doubtful), (502, Doubtful), (503, Transient), (504, Doubtful)],
)  # fmt: skip
def test_statuses(code: int, kind: type) -> None:
    assert isinstance(by_status(code), kind)


def test_unsubscribe_header_with_and_without_a_mailbox(settings: Any) -> None:
    assert stop_header(letter()) == "<https://clinic.example.test/portal/stop/abc.def/>"
    settings.UNSUBSCRIBE_MAILBOX = "stop@clinic.example.test"
    assert stop_header(letter()).endswith(", <mailto:stop@clinic.example.test?subject=abc.def>")


# --- Notifications to browsers ---------------------------------------------------------------------------------------
def test_a_notification_is_readable_for_the_browser_only_and_says_clinic_and_link(provider: Provider) -> None:
    patient = PatientFactory()
    row = subscribe(patient, provider.browsers.make(f"http://127.0.0.1:{provider.http}"), device="Phone", now=NOW)
    assert isinstance(hand_over("push", letter("push", patient_id=patient.pk)), Accepted)
    (taken,) = provider.ledger.last()
    assert json.loads(str(taken["text"])) == {
        "title": "Riverside", "body": "Something waits.", "url": "/portal/", "tag": letter().uid,
    }  # fmt: skip
    row.refresh_from_db()
    assert row.used_at is not None


def test_a_browser_that_is_gone_is_not_asked_again_and_one_that_took_it_is_enough(provider: Provider) -> None:
    patient = PatientFactory()
    origin = f"http://127.0.0.1:{provider.http}"
    gone = subscribe(patient, provider.browsers.make(origin), device="", now=NOW)
    subscribe(patient, provider.browsers.make(origin), device="", now=NOW)
    provider.rules.put([Rule("gone", to=gone.endpoint.rpartition("/")[2])])
    assert isinstance(hand_over("push", letter("push", patient_id=patient.pk)), Accepted)
    assert PushSubscription.objects.get(pk=gone.pk).gone_at is not None
    provider.rules.put([])
    hand_over("push", letter("push", patient_id=patient.pk))
    assert provider.ledger.count == 2


def test_summing_up() -> None:
    gone, refused = Permanent("x", "gone"), Permanent("HTTP 400")
    doubt, later, taken = Doubtful("x"), Transient("x"), Accepted("1")
    assert summed_up([]) == Permanent("no browser left", "gone")
    assert summed_up([gone, refused]) == refused
    assert summed_up([gone, later, refused]) == later
    assert summed_up([later, doubt, gone]) == doubt
    assert summed_up([doubt, later, taken]) == taken


KEYS = {
    "p256dh": public_of("AQ" + "A" * 40 + "E"),
    "auth": "A" * 22,
}


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://user:pass@fcm.googleapis.com/x",
        "https://fcm.googleapis.com.evil.test/x",
        "https://evilfcm.googleapis.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[bad/x",
        "https://10.0.0.5/x",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/x",
        "https://push.services.mozilla.com/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "",
        None,
        7,
        "https://fcm.googleapis.com/" + "x" * 700,
        "https://fcm.googleapis.com/\x00",
    ],
)
def test_addresses_that_our_server_never_asks(endpoint: Any) -> None:
    with pytest.raises(Invalid):
        subscribe(PatientFactory(), {"endpoint": endpoint, "keys": KEYS}, device="", now=NOW)
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/x",
        "https://wns2-par02p.notify.windows.com/w/?token=x",
        "https://web.push.apple.com/x",
        "https://FCM.googleapis.com:443/x",
    ],
)
def test_known_push_services(endpoint: str) -> None:
    assert host_is_known(endpoint)
    assert subscribe(PatientFactory(), {"endpoint": endpoint, "keys": KEYS}, device="", now=NOW).gone_at is None


@pytest.mark.parametrize(
    "keys",
    [None, [], {}, {"p256dh": KEYS["p256dh"]}, {**KEYS, "auth": "short"}, {**KEYS, "p256dh": "A" * 87},
     {**KEYS, "p256dh": 5}, {**KEYS, "auth": "é" * 22}],
)  # fmt: skip
def test_keys_that_are_none(keys: Any) -> None:
    with pytest.raises(Invalid):
        subscribe(PatientFactory(), {"endpoint": "https://web.push.apple.com/x", "keys": keys}, device="", now=NOW)


def test_a_browser_belongs_to_who_used_it_last_and_only_they_forget_it() -> None:
    first, second = PatientFactory(), PatientFactory()
    given = {"endpoint": "https://web.push.apple.com/x", "keys": KEYS}
    subscribe(first, given, device="", now=NOW)
    subscribe(second, given, device="", now=NOW)
    assert [row.patient_id for row in PushSubscription.objects.all()] == [second.pk]
    assert not unsubscribe(first, given["endpoint"])  # type: ignore[arg-type]
    assert unsubscribe(second, given["endpoint"])  # type: ignore[arg-type]


def test_at_most_ten_browsers_the_oldest_goes() -> None:
    patient = PatientFactory()
    for number in range(12):
        given = {"endpoint": f"https://web.push.apple.com/{number}", "keys": KEYS}
        subscribe(patient, given, device="", now=NOW + timedelta(minutes=number))
    live = PushSubscription.objects.filter(gone_at__isnull=True).values_list("endpoint", flat=True)
    assert sorted(int(endpoint.rpartition("/")[2]) for endpoint in live) == list(range(2, 12))


def test_our_key_is_made_once_and_kept_or_comes_from_the_settings(settings: Any) -> None:
    made = push_key()
    assert push_key().public == made.public
    assert PushKey.objects.count() == 1
    assert public_of(made.private) == made.public
    settings.PUSH_PRIVATE_KEY = new_private_key()
    assert push_key().public == public_of(settings.PUSH_PRIVATE_KEY) != made.public


def test_every_channel_has_a_class() -> None:
    assert set(CLASSES) == set(Channel.values)
    assert isinstance(Channels().of("email"), EmailChannel)
    assert isinstance(Channels().of("sms"), SmsChannel)
    assert isinstance(Channels().of("push"), PushChannel)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), Transient("SSLError")),
        (ssl.SSLError(1, "bad record mac"), Doubtful("SSLError")),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), Doubtful("SSLError")),
    ],
)
def test_a_broken_tls_connection_leaves_doubt(error: ssl.SSLError, expected: Outcome) -> None:
    reason = MaxRetryError(HTTPSConnectionPool("gateway.example.test"), "/messages", SSLError(error))
    assert by_error(requests.exceptions.SSLError(reason)) == expected

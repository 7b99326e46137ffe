"""The provider that misbehaves on demand does exactly what its rule says: taken or not, answered or not."""

from __future__ import annotations

import json
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from config.provider.behaviour import BadRule, Rule, Rules
from config.provider.server import Provider

ROOT = Path(__file__).resolve().parent.parent.parent
MAIL = "Message-ID: <1@clinic.example.test>\r\nSubject: Hello\r\n\r\nText\r\n.dot\r\n"


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    made = Provider(tmp_path, mailbox=tmp_path / "mailbox")
    made.start()
    yield made
    made.stop()


def mail(provider: Provider) -> int | str:
    """The code of the answer to one mail, or the name of the error."""
    try:
        with smtplib.SMTP("127.0.0.1", provider.smtp, timeout=1) as client:
            client.sendmail("clinic@example.test", ["ada@example.test"], MAIL)
    except smtplib.SMTPRecipientsRefused as error:
        return error.recipients["ada@example.test"][0]
    except smtplib.SMTPResponseException as error:
        return error.smtp_code
    except OSError as error:
        return type(error).__name__
    return 250


def text(provider: Provider) -> int | str:
    content = {"to": "+440000000001", "text": "Hi", "reference": "ref-1"}
    try:
        return requests.post(f"http://127.0.0.1:{provider.http}/messages", json=content, timeout=1).status_code
    except requests.RequestException as error:
        return type(error).__name__


@pytest.mark.parametrize(
    ("mode", "by_mail", "by_text", "taken"),
    [
        ("accept", 250, 200, 2),
        ("no_id", 250, 200, 2),
        ("timeout", "SMTPServerDisconnected", "ConnectionError", 2),
        ("slow", 250, 200, 2),
        ("error", 451, 500, 0),
        ("error_taken", 451, 500, 2),
        ("busy", 450, 429, 0),
        ("refuse", 550, 400, 0),
        ("gone", 550, 410, 0),
        ("drop_before", "SMTPServerDisconnected", "ConnectionError", 0),
        ("drop_after", "SMTPServerDisconnected", "ConnectionError", 2),
    ],
)
def test_modes(provider: Provider, mode: str, by_mail: object, by_text: object, taken: int) -> None:
    provider.rules.put([Rule(mode, seconds=0.05)])
    assert (mail(provider), text(provider)) == (by_mail, by_text)
    assert provider.ledger.count == taken


def test_what_was_taken_is_on_the_disk_with_its_reference(provider: Provider, tmp_path: Path) -> None:
    mail(provider)
    text(provider)
    lines = [json.loads(line) for line in (tmp_path / "accepted.jsonl").read_text().splitlines()]
    assert [(line["channel"], line["to"], line["reference"]) for line in lines] == [
        ("email", "ada@example.test", "<1@clinic.example.test>"),
        ("sms", "+440000000001", "ref-1"),
    ]
    first = sorted((tmp_path / "mailbox").glob("*.eml"))[0].read_text()
    assert "Text\n.dot" in first.replace("\r\n", "\n")


def test_rules_count_and_the_first_that_fits_decides() -> None:
    rules = Rules()
    rules.put([Rule("busy", channel="sms", times=2), Rule("refuse", to="ada"), Rule("slow", channel="email")])
    picked = [rules.pick(channel, to).mode for channel, to in (("sms", "ada"),) * 3 + (("email", "bob"), ("push", "x"))]
    assert picked == ["busy", "busy", "refuse", "slow", "accept"]


@pytest.mark.parametrize(
    "given", [{"mode": "explode"}, {"report": "?"}, {"times": "x"}, {"seconds": 601}, {"nothing": 1}]
)
def test_a_rule_that_is_none(given: dict[str, Any]) -> None:
    with pytest.raises(BadRule):
        Rule.read(given)


def test_switched_over_http_as_a_process_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "config.provider", "--folder", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ports = json.loads(process.stdout.readline())
        base = f"http://127.0.0.1:{ports['http']}"
        try:
            rules: Any = {"rules": [{"mode": "busy", "channel": "sms", "times": 1}]}
            assert requests.post(f"{base}/control", json=rules, timeout=2).status_code == 200
            answers = [requests.post(f"{base}/messages", json={"to": "+1"}, timeout=2) for _ in range(2)]
            assert [answer.status_code for answer in answers] == [429, 200]
            assert answers[0].headers["Retry-After"] == "7"
            assert requests.post(f"{base}/control", json={"rules": [{"mode": "?"}]}, timeout=2).status_code == 400
            assert requests.get(f"{base}/control", timeout=2).json()["accepted"] == 1
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0

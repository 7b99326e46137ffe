"""The mail that is written directly says the same as the one that the general builder makes."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed

import pytest
from django.core.mail import EmailMessage

from reminders.channels.mail import is_plain, mail_bytes

HEADERS = {"Message-ID": "<a1@clinic.test>", "List-Unsubscribe": "<https://clinic.test/stop/x/>"}
SENDER = "Clinique Été <rappels@clinic.test>"
TEXTS = (
    "Hello Ann,\n\nyour programme is waiting:\nhttps://clinic.test/portal/\n",
    "Bonjour Zoë,\n\nvotre programme d’aujourd’hui vous attend.\n\n.\n--\nFin = bien\n",
    "One line of " + "many words " * 120 + "\n",
    "",
)


def parsed(raw: bytes) -> Parsed:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, Parsed)
    return message


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("subject", ["A reminder from Kineplan", "Rappel : séance à 9 h", "Long " * 30])
def test_it_reads_as_the_general_builders_mail(subject: str, text: str) -> None:
    subject = subject.strip()
    raw = mail_bytes(sender=SENDER, to="ann@home.test", subject=subject, text=text, headers=HEADERS)
    general = EmailMessage(subject, text, SENDER, ["ann@home.test"], headers=HEADERS)
    ours, theirs = parsed(raw), parsed(general.message().as_bytes())
    for name in ("Subject", "From", "To", *HEADERS):
        assert ours[name] == theirs[name], name
    assert ours["Date"]
    assert ours["MIME-Version"] == "1.0"
    assert ours.get_content().replace("\r\n", "\n").rstrip("\n") == theirs.get_content().rstrip("\n")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "Ann <ann@home.test>",
        "ann@home.test\r\nBcc: all@home.test",
        "anñ@home.test",
        "a@b@c",
        "a b@home.test",
    ],
)
def test_an_address_that_is_not_plain_never_gets_into_a_header(address: str) -> None:
    assert not is_plain(address)
    with pytest.raises(ValueError, match="plain"):
        mail_bytes(sender=SENDER, to=address, subject="x", text="x", headers={})


def test_a_header_cannot_bring_a_line_of_its_own() -> None:
    with pytest.raises(ValueError, match="printable"):
        mail_bytes(sender=SENDER, to="a@b.test", subject="x", text="x", headers={"X": "a\r\nBcc: all@home.test"})
    raw = mail_bytes(sender=SENDER, to="a@b.test", subject="a\r\nBcc: all@home.test", text="x", headers={})
    assert parsed(raw)["Bcc"] is None

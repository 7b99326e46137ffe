"""E-mail by Django's mail backend: SMTP by settings, a mailbox of files in the demo."""

from __future__ import annotations

import smtplib
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend

from reminders.channels import mail
from reminders.channels.letters import Letter
from reminders.channels.outcomes import Accepted, Doubtful, NotReady, Outcome, Permanent, Transient


class EmailChannel:
    """Keeps one connection open for a batch; opens it before anything counts as being sent."""

    def __init__(self) -> None:
        self._connection: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop()

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    def open(self) -> None:
        """Connect if need be. Raises :class:`NotReady`; nothing has been handed over then."""
        if self._connection is not None:
            return
        connection = get_connection()
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as error:
            raise NotReady(_name(error)) from error
        self._connection = connection

    def send(self, letter: Letter) -> Outcome:
        """Hand one letter over on the open connection."""
        try:
            hand_over(self._connection, letter, headers_of(letter))
        except (OSError, smtplib.SMTPException) as error:
            outcome = classify(error)
            if not isinstance(outcome, Permanent):
                self._drop()
            return outcome
        return Accepted(letter.key)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except (OSError, smtplib.SMTPException):
                return  # it is gone, which is what was wanted


def headers_of(letter: Letter) -> dict[str, str]:
    """What stands above a reminder beside subject and addresses."""
    return {
        "Message-ID": letter.key,
        "List-Unsubscribe": stop_header(letter),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    }


def hand_over(connection: Any, letter: Letter, headers: dict[str, str]) -> None:
    """By SMTP as bytes that are written directly, by any other backend of Django as its own kind of message."""
    server = connection.connection if isinstance(connection, SmtpBackend) else None
    if server is not None and mail.is_plain(letter.to):
        sender = settings.DEFAULT_FROM_EMAIL
        content = mail.mail_bytes(
            sender=sender, to=letter.to, subject=letter.subject, text=letter.text, headers=headers
        )
        server.sendmail(mail.from_header(sender)[1], [letter.to], content)
        return
    message = EmailMessage(
        letter.subject, letter.text, settings.DEFAULT_FROM_EMAIL, [letter.to], connection=connection, headers=headers
    )
    connection.send_messages([message])


def stop_header(letter: Letter) -> str:
    """Where a mail program ends these messages: one POST (RFC 8058), or a mail if the clinic has a mailbox for it."""
    token = urlsplit(letter.stop_url).path.rstrip("/").rpartition("/")[2]
    mailbox = settings.UNSUBSCRIBE_MAILBOX
    return f"<{letter.stop_url}>" + (f", <mailto:{mailbox}?subject={token}>" if mailbox else "")


def classify(error: OSError | smtplib.SMTPException) -> Outcome:
    """What an error during the hand-over says about the message.

    A coded answer of the server is a refusal: 4xx for now, 5xx for good. Anything else (time-out, lost connection)
    leaves open whether the message went.
    """
    codes = _codes(error)
    if not codes:
        return Doubtful(_name(error))
    detail = f"{_name(error)} {max(codes)}"
    return Permanent(detail) if max(codes) >= 500 else Transient(detail)


def _codes(error: Exception) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [int(code) for code, _ in error.recipients.values()]
    if isinstance(error, smtplib.SMTPResponseException) and 400 <= int(error.smtp_code) < 600:
        return [int(error.smtp_code)]
    return []


def _name(error: BaseException) -> str:
    """The kind of error only: its text may hold the address."""
    return type(error).__name__

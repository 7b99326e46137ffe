"""Text messages through apprise: any of its SMS services by URL, or our own JSON gateway.

``{to}`` in the URL is where the number goes. With several URLs the next one is asked only when the one before has
certainly not taken the message. Numbers never reach a log: apprise's own log lines are read here and thrown away.
"""

from __future__ import annotations

import re
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import apprise
from django.conf import settings

from reminders.channels.answers import NoDetours, by_status
from reminders.channels.gateway import GatewaySms, register
from reminders.channels.letters import Letter
from reminders.channels.outcomes import Accepted, Doubtful, Outcome, Permanent, Transient

# How apprise's services report a status.
STATUS = re.compile(r"error[ =:]+(\d{3})\b")


class SmsChannel:
    """Keeps one session to our gateway for a batch."""

    def __init__(self) -> None:
        self._session = NoDetours()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    @property
    def is_open(self) -> bool:
        return True

    def open(self) -> None:
        """Nothing to open: each message is a request of its own."""

    def send(self, letter: Letter) -> Outcome:
        """Hand one text message over."""
        outcome: Outcome = Permanent("no SMS service", "not_set_up")
        for url in settings.SMS_URLS:
            outcome = self._send_by(url, letter)
            if not isinstance(outcome, Transient):
                break
        return outcome

    def _send_by(self, url: str, letter: Letter) -> Outcome:
        service = service_for(url, letter.to)
        if service is None:
            return Permanent("unreadable SMS URL", "not_set_up")
        if isinstance(service, GatewaySms):
            service.to, service.reference, service.session = letter.to, letter.uid, self._session
            service.notify(body=letter.short)
            return service.outcome or Doubtful("no outcome")
        return _by_log(service, letter.short)


def service_for(url: str, to: str) -> Any:
    """apprise's service for one number; None when the URL is none."""
    register()
    return apprise.Apprise.instantiate(url.replace("{to}", quote(to, safe="")), suppress_exceptions=True)


def _by_log(service: Any, text: str) -> Outcome:
    """apprise says yes or no; only a status in its own log tells a refusal from doubt."""
    with apprise.LogCapture(level=apprise.logging.INFO) as log:
        try:
            taken = service.notify(body=text)
        except Exception as error:  # noqa: BLE001 - a service that breaks half-way leaves doubt
            return Doubtful(type(error).__name__)
        told = log.getvalue()
    if taken:
        return Accepted("")
    codes = [int(code) for code in STATUS.findall(told)]
    return by_status(codes[-1]) if codes and codes[-1] >= 300 else Doubtful("no status")

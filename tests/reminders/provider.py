"""A mail provider for tests with real processes: writes down what it accepted, and dies where it is told to.

``PROVIDER_LOG`` is a file that gets one line per accepted message, ``PROVIDER_DIES`` names the point and the count:
``open:1``, ``before:3`` (the third message is not accepted any more) or ``after:3`` (it is). ``PROVIDER_SLOW`` holds
seconds per message.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class LoggingBackend(BaseEmailBackend):
    """Accepts everything until it dies."""

    count = 0

    def open(self) -> bool:
        _die_at("open", 1)
        return True

    def close(self) -> None:
        return None

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        for message in messages:
            LoggingBackend.count += 1
            _die_at("before", LoggingBackend.count)
            _accept(message)
            _die_at("after", LoggingBackend.count)
        return len(messages)


def _accept(message: EmailMessage) -> None:
    time.sleep(float(os.environ.get("PROVIDER_SLOW", "0")))
    line = f"{message.extra_headers['Message-ID']}\n".encode()
    log = os.open(os.environ["PROVIDER_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, line)
    os.fsync(log)
    os.close(log)


def _die_at(point: str, count: int) -> None:
    if os.environ.get("PROVIDER_DIES") == f"{point}:{count}":
        os.kill(os.getpid(), signal.SIGKILL)

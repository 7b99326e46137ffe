"""The mailbox of the demo: messages are files under `var/mailbox`, nothing leaves the machine."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class MailboxBackend(BaseEmailBackend):
    """Writes each message as an `.eml` file whose name sorts by time; the file appears whole or not at all."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.DEMO_MAILBOX)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            _write(folder, message.message().as_bytes())
        return len(email_messages)


def _write(folder: Path, content: bytes) -> None:
    name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.eml"
    draft = folder / f".{name}"
    draft.write_bytes(content)
    os.replace(draft, folder / name)

"""The link that stops a message without logging in (RFC 8058).

It is signed and names a message of the outbox, so it says nothing about anybody: from the row follow patient, kind
and channel. It works for a year; whoever has it can do no more than stop these messages.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from datetime import timedelta

from django.core.signing import BadSignature, TimestampSigner

from reminders.models import OutboxMessage

VALID_FOR = timedelta(days=365)
STOP_PATH = "/portal/stop/"
_signer = TimestampSigner(salt="reminders.stop", sep=".")


def stop_token(uid: uuid.UUID) -> str:
    """The token for the message with this ``uid``."""
    return _signer.sign(base64.urlsafe_b64encode(uid.bytes).decode().rstrip("="))


def message_of(token: str) -> OutboxMessage | None:
    """The message that the token names; None when it is wrong, too old or names nothing."""
    try:
        raw = _signer.unsign(token, max_age=VALID_FOR)
        uid = uuid.UUID(bytes=base64.urlsafe_b64decode(f"{raw}=="))
    except (BadSignature, ValueError, binascii.Error):
        return None
    found: OutboxMessage | None = OutboxMessage.objects.select_related("patient").filter(uid=uid).first()
    return found

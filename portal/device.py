"""What a page tells the telephone it is shown on: whose page it is, and the key of what is kept there."""

from __future__ import annotations

from base64 import b64encode

from django.utils.crypto import salted_hmac

from clinic.models import User


def person_of(user: User) -> str:
    """A name by which a telephone tells its users apart; it says nothing about them."""
    return salted_hmac("portal.person", str(user.pk), algorithm="sha256").hexdigest()[:20]


def key_of(user: User) -> str:
    """The key under which this person's telephone keeps what is not sent yet: 256 bits, base64."""
    return b64encode(salted_hmac("portal.device", str(user.pk), algorithm="sha256").digest()).decode()

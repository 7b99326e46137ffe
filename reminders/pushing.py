"""Browsers that may be notified: our key, which push services are trusted, and who has asked for it.

A subscription's address is chosen by a browser and asked by our server, so only push services that are known by name
are ever asked; everything else (our own network above all) is refused when it is stored and again when it is used.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import transaction

from clinic.errors import Invalid
from clinic.models import Patient
from reminders.models import PushKey, PushSubscription

# Chrome and its kin, Firefox, Edge, Safari. An entry that begins with a dot stands for all hosts below it.
KNOWN_SERVICES = (
    "fcm.googleapis.com",
    ".push.services.mozilla.com",
    ".notify.windows.com",
    ".push.apple.com",
)
MOST_BROWSERS = 10
KEY_BYTES, AUTH_BYTES = 65, 16


def host_is_known(endpoint: str) -> bool:
    """Whether our server may ask this address: https at a known push service, or an origin named in the settings."""
    try:
        parts = urlsplit(endpoint)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None:
        return False
    if f"{parts.scheme}://{parts.netloc}".lower() in settings.PUSH_TRUSTED_ORIGINS:
        return True
    if parts.scheme != "https" or port not in (None, 443):
        return False
    known = (*KNOWN_SERVICES, *settings.PUSH_HOSTS)
    return any(host.endswith(name) and host != name if name.startswith(".") else host == name for name in known)


def subscribe(patient: Patient, given: Mapping[str, Any], *, device: str, now: datetime) -> PushSubscription:
    """Keep a browser's subscription. The same browser again, or another person at it: the row is theirs from now on.

    Raises ``Invalid`` when an entry is missing or impossible, or the push service is not known.
    """
    endpoint, p256dh, auth = _checked(given)
    with transaction.atomic():
        row, _ = PushSubscription.objects.update_or_create(
            endpoint=endpoint,
            defaults={
                "patient": patient,
                "p256dh": p256dh,
                "auth": auth,
                "device": _printable(device)[:80],
                "created_at": now,
                "used_at": None,
                "gone_at": None,
            },
        )
        live = PushSubscription.objects.filter(patient=patient, gone_at__isnull=True).order_by("-created_at", "-pk")
        PushSubscription.objects.filter(pk__in=[old.pk for old in live[MOST_BROWSERS:]]).update(gone_at=now)
    return row


def is_notified(patient: Patient) -> bool:
    """Whether any browser of the patient may be notified."""
    return PushSubscription.objects.filter(patient=patient, gone_at__isnull=True).exists()


def unsubscribe(patient: Patient, endpoint: str) -> bool:
    """Forget one browser of the patient's own; False when there was none."""
    found, _ = PushSubscription.objects.filter(patient=patient, endpoint=endpoint[:600]).delete()
    return bool(found)


def mark_gone(browser: PushSubscription, *, now: datetime) -> None:
    PushSubscription.objects.filter(pk=browser.pk, gone_at__isnull=True).update(gone_at=now)


def mark_used(browser: PushSubscription, *, now: datetime) -> None:
    PushSubscription.objects.filter(pk=browser.pk).update(used_at=now)


def _checked(given: Mapping[str, Any]) -> tuple[str, str, str]:
    endpoint, keys = given.get("endpoint"), given.get("keys")
    if not isinstance(endpoint, str) or not endpoint or len(endpoint) > 600 or not endpoint.isprintable():
        raise Invalid("push_endpoint", "The browser gave no address to notify.", field="endpoint")
    if not host_is_known(endpoint):
        raise Invalid("push_service", "Notifications by this browser's service are not possible.", field="endpoint")
    keys = keys if isinstance(keys, Mapping) else {}
    p256dh, auth = _raw(keys.get("p256dh")), _raw(keys.get("auth"))
    if len(p256dh) != KEY_BYTES or len(auth) != AUTH_BYTES or not _is_on_curve(p256dh):
        raise Invalid("push_keys", "The browser gave no usable keys.", field="keys")
    return endpoint, _text(p256dh), _text(auth)


def _raw(value: Any) -> bytes:
    if not isinstance(value, str) or len(value) > 200:
        return b""
    try:
        return base64.urlsafe_b64decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4))
    except (ValueError, binascii.Error):
        return b""


def _is_on_curve(point: bytes) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return True


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def push_key() -> PushKey:
    """The key that signs notifications: the one in the settings, else the one made here on first use and kept."""
    if settings.PUSH_PRIVATE_KEY:
        return PushKey(private=settings.PUSH_PRIVATE_KEY, public=public_of(settings.PUSH_PRIVATE_KEY))
    kept = PushKey.objects.first()
    if kept is not None:
        return kept
    private = new_private_key()
    made, _ = PushKey.objects.get_or_create(singleton=True, defaults={"private": private, "public": public_of(private)})
    return made


def new_private_key() -> str:
    """32 random bytes on the curve P-256, as base64url."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return _text(number.to_bytes(32, "big"))


@cache
def public_of(private: str) -> str:
    """The public half, as browsers want it. Raises ``ValueError`` for a text that is no key."""
    key = ec.derive_private_key(int.from_bytes(_raw(private), "big"), ec.SECP256R1())
    return _text(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

"""Browsers that exist only here: they have keys, and can read what is sent to them."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Unreadable(ValueError):
    """No such browser, or not encrypted for it."""


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Browsers:
    """Their keys are kept in the folder, so that a restart loses no browser."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "browsers"
        self._folder.mkdir(parents=True, exist_ok=True)

    def make(self, origin: str) -> dict[str, Any]:
        """A new browser's subscription, as a page would get it."""
        key, auth, name = ec.generate_private_key(ec.SECP256R1()), os.urandom(16), os.urandom(12).hex()
        private = key.private_numbers().private_value
        (self._folder / f"{name}.json").write_text(json.dumps({"private": private, "auth": auth.hex()}), "utf-8")
        public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": f"{origin}/push/{name}", "keys": {"p256dh": _text(public), "auth": _text(auth)}}

    def read(self, name: str, body: bytes) -> dict[str, Any]:
        """What the notification says. Raises ``Unreadable``."""
        path = self._folder / f"{name}.json"
        if not name.isalnum() or not path.is_file():
            raise Unreadable(name)
        kept = json.loads(path.read_text("utf-8"))
        key = ec.derive_private_key(int(kept["private"]), ec.SECP256R1())
        try:
            plain = http_ece.decrypt(
                body, private_key=key, auth_secret=bytes.fromhex(kept["auth"]), version="aes128gcm"
            )
            found = json.loads(plain)
        except (http_ece.ECEException, ValueError) as error:
            raise Unreadable(name) from error
        return found if isinstance(found, dict) else {}

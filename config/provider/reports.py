"""Telling the product what became of a message: signed webhooks, late, twice or wrong as the rule wants."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from config.provider.behaviour import Rule
from config.provider.ledger import Taken

# (event, seconds after the one before) per report
PLANS: dict[str, tuple[tuple[str, float], ...]] = {
    "none": (),
    "delivered": (("delivered", 0.2),),
    "delivered_twice": (("delivered", 0.2), ("delivered", 0.1)),
    "bounced": (("bounced", 0.2),),
    "late_bounce": (("delivered", 0.2), ("bounced", 1.0)),
    "failed": (("failed", 0.2),),
}


def signed(secret: str, body: bytes, at: float) -> dict[str, str]:
    """The headers of a signed webhook: seconds since 1970, and the HMAC-SHA256 of ``"<seconds>.<body>"``."""
    stamp = str(int(at))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Kineplan-Timestamp": stamp,
        "X-Kineplan-Signature": f"sha256={digest}",
    }


@dataclass(frozen=True, slots=True)
class Reporter:
    """Posts to the product's webhooks, or to nobody when there is no address."""

    url: str = ""
    secret: str = ""

    def follow(self, rule: Rule, taken: Taken) -> None:
        """Send what the rule's report asks for, from a thread of its own."""
        plan = PLANS[rule.report]
        if self.url and plan:
            threading.Thread(target=self._send_all, args=(plan, taken), daemon=True).start()

    def _send_all(self, plan: tuple[tuple[str, float], ...], taken: Taken) -> None:
        for event, pause in plan:
            time.sleep(pause)
            self.tell(f"{self.url}/hooks/{'email' if taken.channel == 'email' else 'sms'}/", taken.reference, event)

    def tell(self, url: str, reference: str, event: str) -> int:
        """One event; repeated while the product asks for patience (503). Returns the last status."""
        body = json.dumps({"events": [{"reference": reference, "event": event}]}).encode()
        return self._post(url, body)

    def text_back(self, number: str, text: str) -> int:
        """A text message of a patient to the clinic: STOP and the like."""
        return self._post(f"{self.url}/hooks/sms/inbound/", json.dumps({"from": number, "text": text}).encode())

    def _post(self, url: str, body: bytes) -> int:
        status = 0
        for pause in (0.5, 1.0, 2.0):
            request = urllib.request.Request(url, body, signed(self.secret, body, time.time()))  # noqa: S310
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - an address of our own
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                status = error.code
            except OSError:
                status = 0
            if status not in (0, 503):
                break
            time.sleep(pause)
        return status

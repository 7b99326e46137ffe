"""Our JSON gateway for text messages as a service of apprise: ``smsjsons://token@gateway.example.org/messages``.

One POST per message: ``{"to": "+44...", "text": "...", "reference": "<our id>"}`` with ``Authorization: Bearer`` and
``Idempotency-Key``. 2xx with ``{"id": "..."}`` means taken over; webhooks name ``reference`` again. ``smsjson`` is the
same without TLS, for a gateway on this machine.
"""

from __future__ import annotations

from typing import Any

import requests
from apprise import NotifyType
from apprise.manager_plugins import NotificationManager
from apprise.plugins.base import NotifyBase

from reminders.channels.answers import NoDetours, asking
from reminders.channels.outcomes import Accepted, Outcome


class GatewaySms(NotifyBase):  # type: ignore[misc]
    """Keeps what apprise's yes or no would lose: the status, the provider's id, and whether there is doubt."""

    service_name = "Kineplan SMS gateway"
    protocol = "smsjson"
    secure_protocol = "smsjsons"
    setup_url = "https://github.com/caronc/apprise"
    templates = ("{schema}://{host}", "{schema}://{user}@{host}:{port}")
    template_tokens = {
        **NotifyBase.template_tokens,
        "host": {"name": "Host", "type": "string", "required": True},
        "port": {"name": "Port", "type": "int", "min": 1, "max": 65535},
        "user": {"name": "Token", "type": "string", "private": True},
    }
    body_maxlen = 1000
    title_maxlen = 0
    request_rate_per_sec = 0
    outcome: Outcome | None = None
    to = ""
    reference = ""
    session: requests.Session | None = None

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.path = options.get("fullpath") or "/"

    def url(self, privacy: bool = False, *args: Any, **options: Any) -> str:
        """The address again; the token hidden when asked to."""
        token = self.pprint(self.user or "", privacy)
        return f"{self._scheme()}://{token}@{self.host}:{self.port or ''}{self.path}"

    def send(self, body: str, title: str = "", notify_type: Any = NotifyType.INFO, **options: Any) -> bool:
        """Hand one message over; what came of it stands in ``outcome``."""
        content = {"to": self.to, "text": body, "reference": self.reference}
        session = self.session or NoDetours()
        self.outcome = asking(lambda: session.post(self._address(), json=content, headers=self._headers()), _id_in)
        return isinstance(self.outcome, Accepted)

    def _scheme(self) -> str:
        return self.secure_protocol if self.secure else self.protocol

    def _address(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"http{'s' if self.secure else ''}://{self.host}{port}{self.path}"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.user or ''}", "Idempotency-Key": self.reference}


def _id_in(answer: requests.Response) -> str:
    """The provider's id; empty when there is none, which makes the message no less taken."""
    try:
        content = answer.json()
    except ValueError:
        return ""
    found = content.get("id", "") if isinstance(content, dict) else ""
    return str(found)[:200] if isinstance(found, str | int) else ""


def register() -> None:
    """Make the two schemes known to apprise."""
    manager = NotificationManager()
    if GatewaySms.protocol not in manager:
        manager.add(GatewaySms)

"""Notifications to browsers (Web Push): encrypted for the browser, signed with our own key (VAPID)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.utils import timezone
from py_vapid import Vapid, VapidException
from pywebpush import WebPushException, webpush

from reminders.channels.answers import NoDetours, by_error, by_status
from reminders.channels.letters import Letter
from reminders.channels.outcomes import Accepted, Doubtful, NotReady, Outcome, Permanent, Transient
from reminders.models import PushSubscription
from reminders.pushing import host_is_known, mark_gone, mark_used, push_key

GONE = frozenset({404, 410})
VAPID_SECONDS = 12 * 60 * 60


class PushChannel:
    """Notifies every browser of the patient; one that took it is enough."""

    def __init__(self) -> None:
        self._session = NoDetours()
        self._signer: Vapid | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    @property
    def is_open(self) -> bool:
        return self._signer is not None

    def open(self) -> None:
        """Read the key that signs what we send. Raises :class:`NotReady` when the settings hold none."""
        try:
            self._signer = Vapid.from_raw(push_key().private.encode())
        except (ValueError, VapidException) as error:
            raise NotReady(type(error).__name__) from error

    def send(self, letter: Letter) -> Outcome:
        """Ask each push service; those that say a browser is gone are not asked again."""
        browsers = list(PushSubscription.objects.filter(patient=letter.patient_id, gone_at__isnull=True))
        now = timezone.now()
        return summed_up([self._notify(browser, letter, now) for browser in browsers])

    def _notify(self, browser: PushSubscription, letter: Letter, now: datetime) -> Outcome:
        outcome = self._post(browser, letter, now)
        if isinstance(outcome, Accepted):
            mark_used(browser, now=now)
        elif isinstance(outcome, Permanent) and outcome.reason == "gone":
            mark_gone(browser, now=now)
        return outcome

    def _post(self, browser: PushSubscription, letter: Letter, now: datetime) -> Outcome:
        if not host_is_known(browser.endpoint):
            return Permanent("push service not allowed", "gone")
        parts = urlsplit(browser.endpoint)
        claims: dict[str, str | int] = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "sub": settings.PUSH_CONTACT,
            "exp": int(now.timestamp()) + VAPID_SECONDS,
        }
        try:
            answer = webpush(
                {"endpoint": browser.endpoint, "keys": {"p256dh": browser.p256dh, "auth": browser.auth}},
                payload_of(letter),
                vapid_private_key=self._signer,
                vapid_claims=claims,
                ttl=max(0, int((letter.not_after - now).total_seconds())),
                requests_session=self._session,
            )
        except WebPushException as error:
            return _refusal(error)
        except requests.RequestException as error:
            return by_error(error)
        except VapidException:
            return Permanent("unusable contact", "not_set_up")
        except (ValueError, TypeError) as error:
            return Permanent(f"unusable keys: {type(error).__name__}", "gone")
        return Accepted(answer.headers.get("Location", "")[:200] if isinstance(answer, requests.Response) else "")


def payload_of(letter: Letter) -> str:
    """What the browser shows: the clinic, one sentence, and where a tap leads. The tag: a repeat replaces itself."""
    path = urlsplit(letter.link).path
    return json.dumps({"title": letter.sender, "body": letter.line, "url": path, "tag": letter.uid})


def summed_up(outcomes: Sequence[Outcome]) -> Outcome:
    """One that took it is enough; then doubt, then another try; none left at all means gone."""
    for kind in (Accepted, Doubtful, Transient):
        found = next((outcome for outcome in outcomes if isinstance(outcome, kind)), None)
        if found is not None:
            return found
    other = next((o for o in outcomes if isinstance(o, Permanent) and o.reason != "gone"), None)
    return other or Permanent("no browser left", "gone")


def _refusal(error: WebPushException) -> Outcome:
    code = error.status_code
    if code is None:
        return Permanent("unusable keys", "gone")
    if code in GONE:
        return Permanent(f"HTTP {code}", "gone")
    return by_status(code, retry_after=error.retry_after or "")

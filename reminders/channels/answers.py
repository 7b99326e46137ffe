"""What an HTTP answer of a provider says about the message, in one place for all providers that speak HTTP."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from django.utils import timezone
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, SSLError

from reminders.channels.outcomes import Accepted, Doubtful, Outcome, Permanent, Transient

# Connecting, and waiting for the answer (seconds); together shorter than the lease of a message being sent.
TIMEOUT = (5, 15)
LONGEST_PAUSE = timedelta(hours=24)
# Not now: too many, briefly closed, or our own credentials are refused, which a person can repair.
LATER = frozenset({401, 402, 403, 407, 423, 425, 429, 503})


def by_status(code: int, *, provider_id: str = "", retry_after: str = "") -> Outcome:
    """2xx took it, a refusal is certain, and a server that broke while it had the message leaves doubt."""
    if 200 <= code < 300:
        return Accepted(provider_id)
    detail = f"HTTP {code}"
    if code in LATER:
        return Transient(detail, pause_of(retry_after, now=timezone.now()))
    if code == 408 or code >= 500 or code < 200:
        return Doubtful(detail)
    return Permanent(detail)


def pause_of(header: str, *, now: datetime) -> timedelta | None:
    """``Retry-After`` as seconds or as a date; None when it says nothing. At most a day."""
    header = header.strip()
    if header.isascii() and header.isdecimal() and len(header) < 10:
        return min(timedelta(seconds=int(header)), LONGEST_PAUSE)
    try:
        at = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(at - now, timedelta(0)), LONGEST_PAUSE)


def by_error(error: requests.RequestException) -> Outcome:
    """Never connected: certainly not accepted. Anything later: nobody knows."""
    detail = type(error).__name__
    return Transient(detail) if never_connected(error) else Doubtful(detail)


def never_connected(error: requests.RequestException) -> bool:
    """True when not one byte of the message can have left.

    Of the errors of TLS only a certificate that was refused says so: any other may come while the answer is read.
    """
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    inner: Any = error.args[0] if error.args else None
    reason = getattr(inner, "reason", inner)
    if isinstance(reason, SSLError):
        return any(isinstance(each, ssl.SSLCertVerificationError) for each in (reason.__cause__, *reason.args))
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def asking(ask: Callable[[], requests.Response], read_id: Callable[[requests.Response], str]) -> Outcome:
    """Carry out one request and say what came of it."""
    try:
        answer = ask()
    except requests.RequestException as error:
        return by_error(error)
    header = str(answer.headers.get("Retry-After", ""))
    return by_status(answer.status_code, provider_id=read_id(answer), retry_after=header)


class NoDetours(requests.Session):
    """Follows no redirects, reads no proxies or credentials from the machine, and always has an end."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def request(self, *args: Any, **options: Any) -> requests.Response:
        options.update(allow_redirects=False, timeout=TIMEOUT)
        return super().request(*args, **options)

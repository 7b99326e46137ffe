"""Webhooks of mail and text providers, signed. ``docs/operations.md`` has the protocol.

Every answer is the same whether or not a message or number is known: only the signature decides. They are free of the
CSRF check because they carry no cookie; the signature is what allows them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from reminders.receipts import Event, Taken, is_stop, stop_number, take

# A signature is good for this long (seconds), in both directions: clocks differ.
WINDOW = 300
BIGGEST = 256 * 1024
MOST_EVENTS = 500
Hook = Callable[[Any, datetime], JsonResponse]


def signed_hook(hook: Hook) -> Callable[[HttpRequest], JsonResponse]:
    """404 where no secret is set up, 401 for a signature that is wrong or old, 400 for anything but a JSON object."""

    @login_not_required
    @csrf_exempt
    @require_POST
    @wraps(hook)
    def view(request: HttpRequest) -> JsonResponse:
        now = timezone.now()
        if not settings.WEBHOOK_SECRET:
            return JsonResponse({"error": "not set up"}, status=404)
        if int(request.headers.get("Content-Length") or 0) > BIGGEST or len(request.body) > BIGGEST:
            return JsonResponse({"error": "too big"}, status=413)
        if not is_signed(request, now):
            return JsonResponse({"error": "signature"}, status=401)
        try:
            content = json.loads(request.body)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            return JsonResponse({"error": "a JSON object is expected"}, status=400)
        return hook(content, now)

    return view


def is_signed(request: HttpRequest, now: datetime) -> bool:
    """Whether the body bears our secret's signature, made within the last five minutes."""
    stamp = request.headers.get("X-Kineplan-Timestamp", "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12) or abs(now.timestamp() - int(stamp)) > WINDOW:
        return False
    signed = stamp.encode() + b"." + request.body
    expected = "sha256=" + hmac.new(settings.WEBHOOK_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return constant_time_compare(request.headers.get("X-Kineplan-Signature", ""), expected)


@signed_hook
def email(content: Any, now: datetime) -> JsonResponse:
    """What became of e-mails."""
    return _reports("email", content, now)


@signed_hook
def sms(content: Any, now: datetime) -> JsonResponse:
    """What became of text messages."""
    return _reports("sms", content, now)


@signed_hook
def sms_inbound(content: Any, now: datetime) -> JsonResponse:
    """A text message of a patient: STOP ends all text messages to this number; anything else is left alone."""
    number, text = content.get("from"), content.get("text")
    if not isinstance(number, str) or not isinstance(text, str):
        return JsonResponse({"error": "from and text are expected"}, status=400)
    if is_stop(text):
        stop_number(number.replace("\x00", "").strip()[:30], now=now)
    return JsonResponse({"status": "ok"})


def _reports(channel: str, content: Any, now: datetime) -> JsonResponse:
    """Each event in turn. 503 when one came before the sender could write down that the message went: send it again."""
    events = content.get("events")
    if not isinstance(events, list) or len(events) > MOST_EVENTS:
        return JsonResponse({"error": f"events is a list of at most {MOST_EVENTS}"}, status=400)
    read = [_event(each) for each in events]
    outcomes = [take(channel, reference, event, now=now) for reference, event in filter(None, read)]
    if Taken.LATER in outcomes:
        answer = JsonResponse({"status": "again, please"}, status=503)
        answer.headers["Retry-After"] = "5"
        return answer
    return JsonResponse({"status": "ok", "ignored": read.count(None)})


def _event(given: Any) -> tuple[str, Event] | None:
    """Reference and event; None for one that is none, or that is not known here."""
    if not isinstance(given, dict) or not isinstance(given.get("reference"), str):
        return None
    known = given.get("event") in set(Event)
    return (given["reference"], Event(given["event"])) if known else None

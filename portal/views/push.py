"""Notifications to this phone: the browser's own subscription is kept, or forgotten. JSON for ``static/js/push.js``."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.errors import DomainError
from portal.pages import Visitor, portal_page
from reminders.preferring import prefer_phone
from reminders.pushing import is_notified, push_key, subscribe, unsubscribe

BIGGEST = 4096


@require_safe
@portal_page
def push_key_page(request: HttpRequest, visitor: Visitor) -> JsonResponse:
    """The public key that a browser needs before it can be notified."""
    return JsonResponse({"key": push_key().public})


@require_POST
@portal_page
def push_on(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Keep the browser's subscription: ``{"endpoint": ..., "keys": {"p256dh": ..., "auth": ...}}``.

    With the first one notifications come before the other ways.
    """
    first = not is_notified(visitor.patient)
    try:
        subscribe(visitor.patient, _content(request), device=_device(request), now=visitor.now)
        if first:
            prefer_phone(visitor.patient, now=visitor.now, by=visitor.user)
    except DomainError as error:
        text = _("Notifications cannot be sent to this browser.")
        return JsonResponse({"error": text, "field": error.field}, status=422)
    return JsonResponse({"on": True}, status=201)


@require_POST
@portal_page
def push_off(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Forget the browser; fine when it was not known."""
    endpoint = _content(request).get("endpoint")
    if isinstance(endpoint, str):
        unsubscribe(visitor.patient, endpoint.replace("\x00", ""))
    return JsonResponse({"on": False})


def _content(request: HttpRequest) -> dict[str, Any]:
    """The JSON object sent; an empty one for anything else."""
    if len(request.body) > BIGGEST:
        return {}
    try:
        found = json.loads(request.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _device(request: HttpRequest) -> str:
    """Words by which a person knows the browser again."""
    agent = request.headers.get("User-Agent", "")
    systems = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac", "Mac"))
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    found = [next((name for mark, name in table if mark in agent), "") for table in (browsers, systems)]
    return ", ".join(filter(None, found))

"""The link at the end of every message: stops it without a log-in. Tells nobody whose it was.

GET shows a button, because mail scanners open links; a mail program's own button posts at once (RFC 8058). It is free
of the CSRF check for that reason: the signed token is what allows it.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clinic.locality import speaking_to
from clinic.models import Clinic
from reminders.actions import opt_out
from reminders.models import OutboxMessage
from reminders.stopping import message_of


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, or stop this kind by this channel; ``all`` stops everything by this channel."""
    message = message_of(token[:200])
    if message is None:
        return _page(request, {"state": "wrong"}, status=404)
    with speaking_to(message.patient):
        if request.method == "POST":
            everything = "all" in request.POST
            opt_out(
                message.patient,
                None if everything else message.kind,
                message.channel,
                now=timezone.now(),
                source="link",
            )
            return _page(request, {"state": "done", "everything": everything, **_words(message)})
        return _page(request, {"state": "ask", **_words(message)})


def _words(message: OutboxMessage) -> dict[str, str]:
    return {"kind": message.kind, "channel": message.channel}


def _page(request: HttpRequest, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    clinic = Clinic.objects.only("name", "phone").first()
    return render(
        request,
        "portal/stop.html",
        {"clinic": clinic, "clinic_name": clinic.name if clinic else "", **context},
        status=status,
    )

"""What every portal page shares: the patient's own record, clock, language, and the clinic's contact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language

from clinic.access import own_patient
from clinic.locality import patient_date, speaking_to
from clinic.models import Patient, Proxy, User
from clinic.pieces import ask
from clinic.proxies import live_proxies
from clinic.readers import CLINIC
from portal.cards import PAIN_CHOICES
from portal.device import key_of, person_of

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at the portal: the log-in, the own record, and the moment, frozen once per request."""

    user: User
    patient: Patient
    now: datetime
    proxy: Proxy | None = None

    @property
    def today(self) -> date:
        """Today in the patient's own calendar."""
        return patient_date(self.patient, self.now)


def portal_page(
    view: Callable[Concatenate[HttpRequest, Visitor, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Open the door to one's own record (403 for everyone else), then answer in the patient's language and zone."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        proxy: Proxy | None = getattr(request, "proxy", None)  # portal.proxying has opened the door
        try:
            patient = proxy.patient if proxy else own_patient(request.user)
        except Http404:
            if not live_proxies(request.user):
                raise
            return redirect("portal:people")
        visitor = Visitor(cast(User, request.user), patient, timezone.now(), proxy)
        with speaking_to(patient):
            response = view(request, visitor, *args, **kwargs)
            _remember(request, response, get_language() or settings.LANGUAGE_CODE)
        is_redirect = 300 <= response.status_code < 400
        return _told(response) if is_redirect and request.headers.get("X-Kineplan-Act") else response

    update_wrapper(guarded, view)
    return guarded


def _remember(request: HttpRequest, response: HttpResponse, language: str) -> None:
    """Pages outside this door (an error, no connection, the log-in) speak as the last page inside did."""
    response.headers["Content-Language"] = language
    if getattr(request, "LANGUAGE_CODE", language) != language:
        age, secure = settings.LANGUAGE_COOKIE_AGE, settings.LANGUAGE_COOKIE_SECURE
        name = settings.LANGUAGE_COOKIE_NAME
        response.set_cookie(name, language, max_age=age, secure=secure, httponly=True, samesite="Lax")


def _told(redirect: HttpResponse) -> HttpResponse:
    """Where to go next as a header: a script that followed the redirect would use up what the next page has to say."""
    return HttpResponse(status=204, headers={"Location": redirect["Location"]})


def page(
    request: HttpRequest, visitor: Visitor, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a portal page; every one of them can name the clinic and how to reach it.

    A view that has read the clinic already gives it as ``clinic`` of the context.
    """
    clinic = context["clinic"] if "clinic" in context else ask({"clinic": CLINIC})["clinic"]
    shared = {
        "visitor": visitor,
        "patient": visitor.patient,
        "proxy": visitor.proxy,
        "clinic": clinic,
        "today": visitor.today,
    }
    name = clinic.name if clinic else ""
    device: dict[str, Any] = {
        "person": person_of(visitor.user),
        "person_key": key_of(visitor.user),
        "pain_faces": PAIN_CHOICES,
    }
    response = render(request, template, {**shared, **device, "clinic_name": name, **context}, status=status)
    response["X-Kineplan-Person"] = device["person"]  # the service worker keeps the pages of one person apart
    return response

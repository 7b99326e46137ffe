"""Headers on every response, and the end of idle sessions."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from clinic.models import Role

GetResponse = Callable[[HttpRequest], HttpResponseBase]

STARTED_KEY = "kineplan_started"
ACTIVE_KEY = "kineplan_active"
# A page that polls sends this header, so that an unattended screen does not keep its session alive.
PASSIVE_HEADER = "X-Kineplan-Poll"
# Activity is written to the session at most this often (seconds): one row update a minute, not one a request.
WRITE_EVERY = 60
# Their words are English; half of them in the browser's language would be worse.
STAFF_PATHS = ("/staff/", "/admin/", "/api/")


class SecurityHeadersMiddleware:
    """Adds the content security policy and forbids storing, errors included.

    Stands outermost. A view that may be cached says so with its own Cache-Control; static files do.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.policy = "; ".join(f"{name} {value}" for name, value in settings.CONTENT_SECURITY_POLICY.items())

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response


class LanguageMiddleware(LocaleMiddleware):
    """The visitor's language before log-in and on shared pages; the pages of staff have one language only.

    Portal pages answer in the patient's own language (``clinic.locality.speaking_to``).
    """

    def process_request(self, request: HttpRequest) -> None:
        """Choose by the cookie of the language switch, else by what the browser asks for."""
        if request.path_info.startswith(STAFF_PATHS):
            translation.activate(settings.LANGUAGE_CODE)
            request.LANGUAGE_CODE = settings.LANGUAGE_CODE
        else:
            super().process_request(request)


class SessionLimitsMiddleware:
    """Ends a session that was idle too long or is too old, whatever the cookie says."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.session.session_key and request.user.is_authenticated:
            self._enforce(request, time.time())
        return self.get_response(request)

    def _enforce(self, request: HttpRequest, now: float) -> None:
        session = request.session
        started = float(session.get(STARTED_KEY, now))
        active = float(session.get(ACTIVE_KEY, now))
        if now - started > settings.SESSION_ABSOLUTE or now - active > idle_limit(request):
            logout(request)
            return
        if STARTED_KEY not in session:
            session[STARTED_KEY] = now
        passive = request.headers.get(PASSIVE_HEADER) == "1"
        if ACTIVE_KEY not in session or (now - active > WRITE_EVERY and not passive):
            session[ACTIVE_KEY] = now


def idle_limit(request: HttpRequest) -> int:
    """Seconds of silence that this person's session survives."""
    is_patient = getattr(request.user, "role", "") == Role.PATIENT
    return int(settings.SESSION_IDLE_PATIENT if is_patient else settings.SESSION_IDLE_STAFF)

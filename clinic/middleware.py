"""Per-request duties of the clinic: the reader's clock, and the access log."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from clinic import audit


class ReaderZoneMiddleware:
    """Shows every time in the zone of whoever is logged in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = getattr(request.user, "time_zone", None)
        if not zone:
            return self.get_response(request)
        with timezone.override(zone):
            return self.get_response(request)


class AccessLogMiddleware:
    """One event per patient seen. A response is not sent when its events cannot be written."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        audit.begin()
        try:
            response = self.get_response(request)
        finally:
            seen = audit.finish()
        if seen and response.status_code < 400:
            match = request.resolver_match
            audit.record(
                getattr(request.user, "pk", None),
                seen,
                view=match.view_name if match else request.path,
                method=request.method or "",
                status=response.status_code,
            )
        return response

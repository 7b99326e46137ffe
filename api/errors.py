"""Every refusal in one shape: ``{"error": {"code", "message", "fields": [{"field", "code", "message"}]}}``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from clinic.errors import Conflict, DomainError, ManyProblems, Refused
from scheduling.errors import SlotTaken

MESSAGES = {
    "not_found": "There is no such record.",
    "permission_denied": "Your role does not allow this.",
}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Translate domain, Django and framework errors; an unforeseen one stays a server error."""
    set_rollback()
    if isinstance(error, DomainError):
        return _domain(error)
    if isinstance(error, Http404):
        error = exceptions.NotFound(MESSAGES["not_found"])
    elif isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        error = exceptions.PermissionDenied(getattr(error, "detail", None) or MESSAGES["permission_denied"])
    if isinstance(error, exceptions.APIException):
        return _framework(error)
    return None


def answer(
    code: str, message: str, fields: list[dict[str, str]], http_status: int, *, headers: Any = None, **more: Any
) -> Response:
    """The one shape of every error."""
    return Response(
        {"error": {"code": code, "message": message, "fields": fields, **more}}, status=http_status, headers=headers
    )


def _domain(error: DomainError) -> Response:
    parts = error.problems if isinstance(error, ManyProblems) else (error,)
    fields = [{"field": part.field, "code": part.code, "message": part.message} for part in parts if part.field]
    more: dict[str, Any] = {}
    if isinstance(error, SlotTaken):
        more["alternatives"] = [{"start": slot.start, "end": slot.end} for slot in error.alternatives]
    return answer(error.code, error.message, fields, _status_of(error), **more)


def _status_of(error: DomainError) -> int:
    parts = error.problems if isinstance(error, ManyProblems) else (error,)
    if any(isinstance(part, Refused) for part in parts):
        return status.HTTP_403_FORBIDDEN
    if any(isinstance(part, Conflict) for part in parts):
        return status.HTTP_409_CONFLICT
    return status.HTTP_400_BAD_REQUEST


def _framework(error: exceptions.APIException) -> Response:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    if isinstance(error, exceptions.ValidationError):
        fields = list(_flat(error.detail))
        message = "Some entries cannot be accepted." if fields else "The request cannot be accepted."
        return answer("invalid", message, fields, error.status_code)
    code = error.get_codes()
    return answer(str(code), str(error.detail), [], error.status_code, headers=headers)


def _flat(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Nested problems as flat rows with dotted field names."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from _flat(value, ".".join(part for part in (path, name) if part))
    elif isinstance(detail, list):
        for position, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from _flat(value, f"{path}.{position}" if nested and path else path)
    else:
        yield {"field": path, "code": str(getattr(detail, "code", "invalid")), "message": str(detail)}

"""Pages that belong to no package: the front door."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from clinic.models import Role


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Send a person to their own first page."""
    is_patient = getattr(request.user, "role", "") == Role.PATIENT
    return redirect("/portal/" if is_patient else "/staff/")

"""Pages that belong to no package: the front door."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Send a person to their own first page."""
    is_patient = getattr(request.user, "role", "") == "patient"
    return redirect("/portal/" if is_patient else "/staff/")

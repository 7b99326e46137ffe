"""Pages that belong to no package: the front door, and its language."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language

from clinic.models import Role


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Send a person to their own first page."""
    is_patient = getattr(request.user, "role", "") == Role.PATIENT
    return redirect("/portal/" if is_patient else "/staff/")


@login_not_required
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the language of the pages before log-in in a cookie, and go back to where the visitor was."""
    return set_language(request)

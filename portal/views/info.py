"""Visits."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal.pages import Visitor, page, portal_page
from scheduling.readers import upcoming_for


@require_safe
@portal_page
def visits(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The next visits, and how to change one."""
    return page(request, visitor, "portal/visits.html", {"visits": upcoming_for(visitor.patient, visitor.now)})

"""What to do when something has changed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from clinic.models import Clinic
from portal.pages import Visitor, page, portal_page


@require_safe
@portal_page
def changed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Warning signs and whom to call; always reachable, plan or not."""
    clinic = Clinic.objects.first() or Clinic()
    return page(request, visitor, "portal/changed.html", {"emergency_number": clinic.emergency_number})

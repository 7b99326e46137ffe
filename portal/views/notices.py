"""Notices: what the clinic has told in the portal itself, with a mark for what is new."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from clinic.models import Clinic
from portal.pages import Visitor, page, portal_page
from reminders.notices import mark_all_seen, notices_of, open_notice


@require_safe
@portal_page
def notices(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The list, newest first."""
    clinic = Clinic.objects.first() or Clinic()
    rows = notices_of(visitor.patient, clinic, now=visitor.now)
    context = {"notices": rows, "unread": sum(row.unread for row in rows)}
    return page(request, visitor, "portal/notices.html", context)


@require_POST
@portal_page
def notice_open(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """Mark one as read and go where it leads."""
    path = open_notice(visitor.patient, pk, now=visitor.now)
    if path is None:
        raise Http404("No such notice.")
    return redirect(path)


@require_POST
@portal_page
def notices_seen(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Mark all as read."""
    mark_all_seen(visitor.patient, now=visitor.now)
    return redirect("portal:notices")

"""Visits: when and with whom, say that one comes, cancel by the clinic's rules, put it into one's own calendar."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.errors import Conflict, DomainError
from clinic.models import Clinic
from portal.pages import Visitor, page, portal_page
from portal.problems import words
from scheduling.calendar import calendar_of
from scheduling.models import Appointment
from scheduling.readers import past_for, upcoming_for
from scheduling.self_service import cancel_own, cancel_until, confirm_own, may_cancel, may_confirm, own_visit


@require_safe
@portal_page
def visits(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The next visits with what may be done about them, and the last ones that were."""
    return _list(request, visitor)


@require_POST
@portal_page
def confirm(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """The patient will come."""
    visit = own_visit(visitor.patient, pk)
    try:
        confirm_own(visit, by=visitor.user, now=visitor.now)
    except DomainError as error:
        return _list(request, visitor, problem=error)
    messages.success(request, _("Thank you. We look forward to seeing you."))
    return redirect("portal:visits")


@require_http_methods(["GET", "POST"])
@portal_page
def cancel(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """Ask once more, then cancel."""
    visit, clinic = own_visit(visitor.patient, pk), _clinic()
    if request.method == "POST":
        try:
            cancel_own(visit, clinic, sequence=_sequence(request, visit), by=visitor.user, now=visitor.now)
        except DomainError as error:
            return _list(request, visitor, problem=error)
        messages.success(request, _("Your visit is cancelled. Someone else can have the time now, thank you."))
        return redirect("portal:visits")
    if not may_cancel(visit, clinic, visitor.now):
        return redirect("portal:visits")
    return page(request, visitor, "portal/visit_cancel.html", {"visit": visit, "clinic": clinic})


@require_safe
@portal_page
def calendar(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """The visit as a file for the calendar on one's telephone."""
    visit = own_visit(visitor.patient, pk)
    answer = HttpResponse(calendar_of([visit], _clinic()), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return answer


def _clinic() -> Clinic:
    return Clinic.objects.first() or Clinic()


def _sequence(request: HttpRequest, visit: Appointment) -> int:
    """What the page showed; without it (or with nonsense) the visit counts as changed."""
    typed = request.POST.get("sequence", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else -1


def _list(request: HttpRequest, visitor: Visitor, *, problem: DomainError | None = None) -> HttpResponse:
    clinic = _clinic()
    lines: list[dict[str, Any]] = [
        {
            "visit": visit,
            "may_confirm": may_confirm(visit, visitor.now),
            "may_cancel": may_cancel(visit, clinic, visitor.now),
            "until": cancel_until(visit, clinic),
        }
        for visit in upcoming_for(visitor.patient, visitor.now)
    ]
    context = {
        "lines": lines,
        "past": past_for(visitor.patient, visitor.now),
        "clinic": clinic,
        "problem": words(problem) if problem else "",
    }
    status = 200 if problem is None else 409 if isinstance(problem, Conflict) else 422
    return page(request, visitor, "portal/visits.html", context, status=status)

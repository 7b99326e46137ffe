"""Something has changed: what to do now, and the physiotherapist is told."""

from __future__ import annotations

from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from clinic.errors import DomainError
from clinic.models import Clinic
from plans.access import own_report
from plans.actions.told import TooMany, report_change
from plans.signs import CARRY_ON, EMERGENCY, SIGNS, TODAY, signs_for
from portal.forms import ChangedForm
from portal.pages import Visitor, page, portal_page
from portal.problems import attach


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page
def changed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Warning signs and whom to call; always reachable, plan or not. What is ticked goes to the physiotherapist."""
    if request.method != "POST":
        return _page(request, visitor, ChangedForm(initial={"client_id": uuid4()}))
    form = ChangedForm(request.POST)
    if not form.is_valid():
        return _page(request, visitor, form, status=422)
    try:
        report = report_change(visitor.patient, visitor.user, now=visitor.now, today=visitor.today, **form.said())
    except DomainError as error:
        attach(form, error)
        return _page(request, visitor, form, status=429 if isinstance(error, TooMany) else 422)
    return redirect("portal:told", pk=report.pk)


@require_safe
@portal_page
def told(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """What to do now, after telling; the emergency number stands on top."""
    report = own_report(visitor.patient, pk)
    context = {"report": report, "said": [SIGNS[key].text for key in report.signs if key in SIGNS], **_number()}
    return page(request, visitor, "portal/told.html", context)


def _page(request: HttpRequest, visitor: Visitor, form: ChangedForm, *, status: int = 200) -> HttpResponse:
    groups = {"emergency": EMERGENCY, "today_signs": TODAY, "fine": CARRY_ON}
    ticked = set(form["signs"].value() or ())
    context = {name: [(sign, sign.key in ticked) for sign in signs_for(then)] for name, then in groups.items()}
    return page(request, visitor, "portal/changed.html", {"form": form, **context, **_number()}, status=status)


def _number() -> dict[str, str]:
    clinic = Clinic.objects.only("emergency_number").first() or Clinic()
    return {"emergency_number": clinic.emergency_number}

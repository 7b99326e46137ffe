"""A question to my physiotherapist: one answer comes back here."""

from __future__ import annotations

from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.errors import DomainError
from clinic.models import Clinic
from plans.access import own_question
from plans.actions import questions as acts
from plans.models import PatientQuestion
from portal.forms import AskForm
from portal.pages import Visitor, page, portal_page
from portal.problems import attach

SHOWN = 30


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page
def ask(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The form, and what was asked and answered so far. ``?about=`` names an exercise, ``?after=`` a question."""
    if request.method != "POST":
        first = {"client_id": uuid4(), "prescription": request.GET.get("about"), "follows": request.GET.get("after")}
        topic = PatientQuestion.Topic.EXERCISE if first["prescription"] else None
        return _page(request, visitor, AskForm(visitor.patient, initial={**first, "topic": topic}))
    form = AskForm(visitor.patient, request.POST)
    if not form.is_valid():
        return _page(request, visitor, form, status=422)
    try:
        acts.ask(visitor.patient, visitor.user, now=visitor.now, **form.said())
    except DomainError as error:
        attach(form, error)
        return _page(request, visitor, form, status=429 if isinstance(error, acts.TooMany) else 422)
    messages.success(request, _("Sent. The answer will appear here."))
    return redirect("portal:ask")


@require_POST
@portal_page
def answer_read(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """The answer was read."""
    acts.note_read(own_question(visitor.patient, pk), now=visitor.now)
    return redirect("portal:ask")


def _page(request: HttpRequest, visitor: Visitor, form: AskForm, *, status: int = 200) -> HttpResponse:
    rows = PatientQuestion.objects.filter(patient=visitor.patient).for_page()[:SHOWN]
    clinic = Clinic.objects.only("emergency_number", "answer_within_days").first() or Clinic()
    context = {"form": form, "questions": rows, "emergency_number": clinic.emergency_number}
    return page(request, visitor, "portal/ask.html", {**context, "days": clinic.answer_within_days}, status=status)

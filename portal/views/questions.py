"""How are you? The questions of outcome measures, one short list at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments.access import own_request
from assessments.models import OutcomeRequest
from assessments.outcomes.actions import answer, decline
from assessments.outcomes.install import instrument_of
from assessments.outcomes.sheet import loose_problem, sheet_of
from clinic.errors import Conflict, DomainError, ManyProblems
from portal.pages import Visitor, page, portal_page
from portal.problems import words


def waiting(visitor: Visitor) -> list[OutcomeRequest]:
    """What this patient may answer today."""
    return list(OutcomeRequest.objects.waiting_for(visitor.patient, visitor.today))


@require_safe
@portal_page
def first(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The next questions that wait, or a word that there are none."""
    open_requests = waiting(visitor)
    if open_requests:
        return redirect("portal:questions", pk=open_requests[0].pk)
    return page(request, visitor, "portal/questions_none.html", {})


@require_http_methods(["GET", "POST"])
@portal_page
def questions(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """One instrument; after it the next one, then back to today."""
    asked = own_request(visitor.patient, pk)
    if request.method != "POST":
        return _page(request, visitor, asked)
    typed = {key: str(value) for key, value in request.POST.items() if key != "csrfmiddlewaretoken"}
    try:
        answer(asked, typed, by=visitor.user, filled_by="patient", now=visitor.now)
    except ManyProblems as error:
        problems = {problem.field or "": words(problem) for problem in error.problems}
        return _page(request, visitor, asked, typed=typed, problems=problems, status=422)
    except DomainError as error:
        return _page(request, visitor, asked, typed=typed, refusal=error)
    return _next(request, visitor, _("Thank you. Your physiotherapist sees your answers."))


@require_POST
@portal_page
def not_wanted(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """These questions are not wanted this time."""
    asked = own_request(visitor.patient, pk)
    try:
        decline(asked, now=visitor.now)
    except DomainError as error:
        return _page(request, visitor, asked, refusal=error)
    return _next(request, visitor, _("All right, we leave these out this time."))


def _next(request: HttpRequest, visitor: Visitor, thanks: str) -> HttpResponse:
    left = waiting(visitor)
    if left:
        return redirect("portal:questions", pk=left[0].pk)
    messages.success(request, thanks)
    return redirect("portal:today")


def _page(
    request: HttpRequest,
    visitor: Visitor,
    asked: OutcomeRequest,
    *,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    refusal: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    asked.refresh_from_db(fields=["state"])
    instrument = instrument_of(asked.instrument)
    is_open = asked.state == OutcomeRequest.State.OPEN and asked.expires_on >= visitor.today
    rows = sheet_of(instrument, asked.activities, typed, problems)
    context: dict[str, Any] = {
        "asked": asked,
        "instrument": instrument,
        "rows": rows,
        "other_problem": loose_problem(rows, problems or {}),
        "has_problems": bool(problems),
        "refusal": refusal,
        "refused": words(refusal) if refusal is not None else "",
        "is_open": is_open and (refusal is None or not isinstance(refusal, Conflict)),
        "left": len(waiting(visitor)),
    }
    if refusal is not None:
        status = 409 if isinstance(refusal, Conflict) else 422
    return page(request, visitor, "portal/questions.html", context, status=status)

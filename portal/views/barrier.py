"""One question after a short week, and what may help."""

from __future__ import annotations

from datetime import time

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.errors import DomainError
from plans.barriers.actions import answer, decline, suggested_minute
from plans.barriers.readers import question_of
from plans.barriers.rules import ROUTES
from plans.models import BarrierQuestion
from portal.barriers import ANSWERS, SYMBOLS, TIPS
from portal.pages import Visitor, page, portal_page
from portal.problems import words


@require_http_methods(["GET", "POST"])
@portal_page
def barrier(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The question, or after the answer what may help."""
    question = question_of(visitor.patient, visitor.today)
    problem = ""
    if request.method == "POST" and question is not None:
        try:
            if "later" in request.POST:
                decline(question, by=visitor.user, now=visitor.now)
                messages.success(request, _("All right. We do not ask again this week."))
                return redirect("portal:today")
            answer(question, by=visitor.user, answer=request.POST.get("answer", ""), now=visitor.now)
        except DomainError as error:
            problem = words(error)
        else:
            return redirect("portal:barrier")
    return _page(request, visitor, question, problem)


def _page(request: HttpRequest, visitor: Visitor, question: BarrierQuestion | None, problem: str) -> HttpResponse:
    answered = question is not None and question.state == BarrierQuestion.State.ANSWERED
    said = question.answer if question is not None and answered else ""
    link = ROUTES[said].link if said else ""
    minute = suggested_minute(visitor.patient, visitor.now) if link == "reminders" else 0
    context = {
        "is_open": question is not None and question.state == BarrierQuestion.State.OPEN,
        "choices": [(key, label, SYMBOLS[key]) for key, label in ANSWERS.items()],
        "said": ANSWERS.get(said, ""),
        "tip": TIPS.get(said, ""),
        "link": link,
        "suggested": time(minute // 60, minute % 60),
        "problem": problem,
    }
    return page(request, visitor, "portal/barrier.html", context, status=422 if problem else 200)

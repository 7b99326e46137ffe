"""Good to know, one topic at a time, and the habits that prevent."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.errors import DomainError
from plans.engine.education import WARNING_SIGNS
from plans.habits import MOST
from plans.learning import (
    answer_topic,
    choose_habits,
    habits_of,
    rest_tip,
    tick_habit,
    tip_for,
    topic_for,
    topics_for,
)
from portal.learning import SELF_CHECKS, shown
from portal.pages import Visitor, page, portal_page
from portal.problems import words


@require_safe
@portal_page
def topics(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The topics of the signed plan, and the one for today."""
    context = {"topics": topics_for(visitor.patient), "tip": tip_for(visitor.patient, visitor.today)}
    return page(request, visitor, "portal/know.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page
def topic(request: HttpRequest, visitor: Visitor, key: str) -> HttpResponse:
    """Why for you, what to do, a question to check oneself; one tap says that it was understood."""
    found = topic_for(visitor.patient, key)
    problem = ""
    if request.method == "POST":
        try:
            answer_topic(visitor.patient, key, answer=request.POST.get("answer", ""), now=visitor.now)
        except DomainError as error:
            problem = words(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("portal:know")
    context = {"topic": found, "check": SELF_CHECKS.get(key, ""), "problem": problem, "is_safety": key == WARNING_SIGNS}
    return page(request, visitor, "portal/topic.html", context, status=422 if problem else 200)


@require_POST
@portal_page
def rest(request: HttpRequest, visitor: Visitor, key: str) -> HttpResponse:
    """Not this tip now, or never again."""
    rest_tip(visitor.patient, key, today=visitor.today, forever=request.POST.get("for") == "ever")
    messages.success(request, _("This tip rests."))
    return redirect("portal:today" if request.POST.get("then") == "today" else "portal:know")


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page
def habits(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The habits with their week; a POST chooses them."""
    if request.method != "POST":
        return _habits(request, visitor)
    try:
        choose_habits(visitor.patient, request.POST.getlist("habits"), today=visitor.today)
    except DomainError as error:
        return _habits(request, visitor, words(error), request.POST.getlist("habits"))
    messages.success(request, _("Saved."))
    return redirect("portal:habits")


@require_POST
@portal_page
def tick(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """One habit done on one day, or taken back."""
    try:
        on = date.fromisoformat(request.POST.get("on", ""))
    except ValueError:
        on = date.min
    key, done = request.POST.get("habit", ""), request.POST.get("done") == "1"
    try:
        tick_habit(visitor.patient, key, on=on, today=visitor.today, done=done)
    except DomainError as error:
        return _habits(request, visitor, words(error))
    return redirect("portal:habits")


def _habits(request: HttpRequest, visitor: Visitor, problem: str = "", picked: list[str] | None = None) -> HttpResponse:
    rows = shown(habits_of(visitor.patient, visitor.today), visitor.today)
    ticked = set(picked) if picked is not None else {row.key for row in rows if row.is_chosen}
    context = {
        "habits": [row for row in rows if row.is_chosen],
        "choices": [(row, row.key in ticked) for row in rows],
        "most": MOST,
        "problem": problem,
    }
    return page(request, visitor, "portal/habits.html", context, status=422 if problem else 200)

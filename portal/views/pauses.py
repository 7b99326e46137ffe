"""Pauses: days on which I do no exercises, so that nobody reads silence into them."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.errors import DomainError
from exercises.models import HomePause
from exercises.pauses import AHEAD_DAYS, BACK_DAYS, LONGEST_DAYS, add_pause, end_pause
from portal.forms import PauseForm
from portal.pages import Visitor, page, portal_page
from portal.problems import attach, words


@require_http_methods(["GET", "POST"])
@portal_page
def pauses(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """What is paused now and later, and a form for the next pause."""
    initial = {"starts_on": visitor.today, "ends_on": visitor.today + timedelta(days=6)}
    form = PauseForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            add_pause(visitor.patient, by=visitor.user, now=visitor.now, **form.cleaned_data)
        except DomainError as error:
            attach(form, error)
        else:
            messages.success(request, _("Noted. Nothing is expected on these days."))
            return redirect("portal:pauses")
    return _page(request, visitor, form)


@require_POST
@portal_page
def end(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """Go on today."""
    pause = HomePause.objects.filter(patient=visitor.patient, pk=pk).first()
    if pause is None:
        raise Http404("No such pause.")
    pause.patient = visitor.patient
    try:
        left = end_pause(pause, by=visitor.user, now=visitor.now)
    except DomainError as error:
        messages.warning(request, words(error))
    else:
        messages.success(request, _("Welcome back. Your exercises go on today.") if left else _("Taken back."))
    return redirect("portal:pauses")


def _page(request: HttpRequest, visitor: Visitor, form: PauseForm) -> HttpResponse:
    rows = list(HomePause.objects.filter(patient=visitor.patient).from_day(visitor.today))
    context = {
        "form": form,
        "rows": [(row, row.covers(visitor.today)) for row in rows],
        "longest": LONGEST_DAYS,
        "back": BACK_DAYS,
        "ahead": AHEAD_DAYS,
    }
    return page(request, visitor, "portal/pauses.html", context, status=422 if form.errors else 200)

"""Logging a session, correcting it, taking it back. Works as plain forms; htmx swaps the card in place."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.errors import Conflict, DomainError
from exercises.access import own_log, own_prescription
from exercises.actions import log_session
from exercises.actions import take_back as undo_now
from exercises.models import Prescription, SessionLog
from exercises.programme import read_programme
from portal.cards import PAIN_FACE_OF, cards_of
from portal.forms import LogForm, log_initial
from portal.pages import Visitor, page, portal_page
from portal.problems import attach
from portal.views.today import chosen_day, day_context


@require_http_methods(["GET", "POST"])
@portal_page
def log(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """The form of one session: what was done, why not, pain, a comment."""
    prescription = own_prescription(visitor.patient, pk)
    if request.method != "POST":
        return log_page(request, visitor, prescription, LogForm(initial=_first(request, visitor, prescription)))
    form = LogForm(request.POST)
    if form.is_valid():
        try:
            stored = _log(visitor, prescription, form.cleaned_data)
        except DomainError as error:
            attach(form, error)
            status = 409 if isinstance(error, Conflict) else 422
            return log_page(request, visitor, prescription, form, status=status)
        return after(request, visitor, stored)
    return log_page(request, visitor, prescription, form, status=422)


@require_POST
@portal_page
def pain(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """Add the answer about pain to a session that was logged with one tap."""
    stored = own_log(visitor.patient, pk)
    kept = {"on": stored.on, "bout": stored.bout, "state": stored.state, "reason": stored.reason}
    form = LogForm({**kept, "client_id": uuid4(), "comment": stored.comment, "pain": request.POST.get("pain", "")})
    if form.is_valid() and form.cleaned_data["pain"] is not None:
        try:
            return after(request, visitor, _log(visitor, stored.prescription, form.cleaned_data))
        except DomainError as error:
            attach(form, error)
    elif form.is_valid():
        form.add_error("pain", _("Choose a number from 0 to 10."))
    return log_page(request, visitor, stored.prescription, form, status=422)


@require_POST
@portal_page
def take_back(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """As if it had not been tapped."""
    stored = own_log(visitor.patient, pk)
    undo_now(stored, by=visitor.user, now=visitor.now)
    return after(request, visitor, stored)


def log_page(
    request: HttpRequest, visitor: Visitor, prescription: Prescription, form: LogForm, *, status: int = 200
) -> HttpResponse:
    """The full page of the form, with what is stored for that session when something is."""
    raw = form.data if form.is_bound else form.initial
    day = chosen_day(str(raw.get("on") or ""), visitor.today)
    items = read_programme(visitor.patient, visitor.today).day(day)
    card = next((card for card in cards_of(day, items) if card.prescription.pk == prescription.pk), None)
    bout = str(raw.get("bout") or "1")
    stored = next((log for log in card.item.logs if str(log.bout) == bout), None) if card else None
    context = {"form": form, "card": card, "prescription": prescription, "day": day, "bout": bout, "stored": stored}
    more = {"is_today": day == visitor.today, "faces": PAIN_FACE_OF}
    response = page(request, visitor, "portal/log.html", {**context, **more}, status=status)
    if request.headers.get("HX-Request"):  # a whole page cannot take the place of a card
        response["HX-Retarget"], response["HX-Reswap"] = "body", "innerHTML"
    return response


def after(request: HttpRequest, visitor: Visitor, stored: SessionLog) -> HttpResponse:
    """Back to the day; with htmx the whole list, so that ring and closing words agree with the card."""
    if request.headers.get("HX-Request"):
        context = {**day_context(visitor, stored.on), "just": stored.prescription_id}
        return render(request, "portal/_day.html", {"patient": visitor.patient, **context})
    messages.success(request, _("Saved."))
    if request.POST.get("then") == "session":
        return redirect("portal:session")
    if request.POST.get("then") == "one":
        return redirect("portal:session-one", pk=stored.prescription_id)
    query = "" if stored.on == visitor.today else f"?day={stored.on.isoformat()}"
    return redirect(f"{reverse('portal:today')}{query}#exercise-{stored.prescription_id}")


def _log(visitor: Visitor, prescription: Prescription, data: dict[str, Any]) -> SessionLog:
    return log_session(prescription, by=visitor.user, acted_at=visitor.now, now=visitor.now, **data).log


def _first(request: HttpRequest, visitor: Visitor, prescription: Prescription) -> dict[str, Any]:
    """What the form opens with: the session that the address names, as stored or as the tapped button says."""
    day = chosen_day(request.GET.get("day", ""), visitor.today)
    bout = request.GET.get("bout", "")
    number = int(bout) if bout.isascii() and bout.isdigit() and 1 <= int(bout) <= prescription.per_day else 1
    stored = SessionLog.objects.filter(prescription=prescription, on=day, bout=number).first()
    state = request.GET.get("state", "")
    allowed = state if state in SessionLog.State.values else ""
    return {**log_initial(stored, state=allowed), "on": day, "bout": number, "client_id": uuid4()}

"""Outcome measures of an episode: how they went, what waits, filling in for the patient, correcting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments.access import request_for, response_for
from assessments.models import OutcomeRequest
from assessments.outcomes.actions import answer, ask_by_hand, correct, decline
from assessments.outcomes.install import in_force, instrument_of
from assessments.outcomes.sheet import loose_problem, sheet_of
from clinic.access import episode_for
from clinic.errors import Conflict, DomainError, ManyProblems
from clinic.locality import patient_date
from clinic.models import Episode
from clinic.permissions import Permission, may
from plans.outcomes.reviews import series_with_visits
from staff.headers import header_for, staff_user
from staff.outcomes.page import cards_of


def _crumbs(episode: Episode, *, inner: bool = False) -> list[dict[str, str]]:
    steps = [
        {"label": episode.patient.display_name, "url": reverse("staff:patient-detail", args=[episode.patient_id])},
        {"label": episode.complaint, "url": reverse("staff:episode-detail", args=[episode.pk])},
        {"label": "Outcome measures", "url": reverse("staff:outcomes", args=[episode.pk])},
    ]
    return [*steps, {"label": "Questions", "url": ""}] if inner else steps


@require_safe
def outcomes(request: HttpRequest, pk: int) -> HttpResponse:
    """Every instrument with its chart and table, and the questions that wait."""
    episode = episode_for(request.user, pk)
    return _overview(request, episode)


def _overview(request: HttpRequest, episode: Episode, *, problem: str = "", status: int = 200) -> HttpResponse:
    today = patient_date(episode.patient, timezone.now())
    asked = list(OutcomeRequest.objects.filter(episode=episode).select_related("instrument"))
    context = {
        "episode": episode,
        "patient": episode.patient,
        "header": header_for(request, episode.patient),
        "crumbs": _crumbs(episode),
        "cards": cards_of(episode, series_with_visits([episode.pk])[episode.pk], today),
        "waiting": [row for row in asked if row.state == "open" and row.expires_on >= today],
        "missed": sum(
            row.state in ("expired", "declined") or row.expires_on < today for row in asked if row.state != "answered"
        ),
        "instruments": list(in_force().values()) if episode.state == Episode.State.OPEN else [],
        "problem": problem,
        "may_treat": may(request.user, Permission.CLINICAL_EDIT),
    }
    return render(request, "staff/outcomes/overview.html", context, status=status)


@require_POST
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask one instrument now: in the portal for a week, or straight here."""
    episode = episode_for(request.user, pk, to="treat")
    row = in_force().get(request.POST.get("instrument", ""))
    if row is None:
        return _overview(request, episode, problem="Choose what to ask.", status=422)
    try:
        asked = ask_by_hand(episode, row, by=staff_user(request), now=timezone.now())
    except DomainError as error:
        return _overview(request, episode, problem=error.message, status=409)
    if request.POST.get("here"):
        return redirect("staff:outcome-fill", pk=asked.pk)
    messages.success(request, f"{row.title}: the patient finds it in the portal until {asked.expires_on:%d %b}.")
    return redirect("staff:outcomes", pk=pk)


@require_http_methods(["GET", "POST"])
def fill(request: HttpRequest, pk: int) -> HttpResponse:
    """Fill in for the patient, with the patient."""
    asked = request_for(request.user, pk, to="treat")
    if request.method != "POST":
        return _form(request, asked)
    typed = _typed(request)
    try:
        answer(asked, typed, by=staff_user(request), filled_by="clinician", now=timezone.now())
    except DomainError as error:
        return _form(request, asked, typed=typed, error=error)
    messages.success(request, "Saved.")
    return redirect("staff:outcomes", pk=asked.episode_id)


@require_POST
def leave_out(request: HttpRequest, pk: int) -> HttpResponse:
    """The questions are not needed this time."""
    asked = request_for(request.user, pk, to="treat")
    try:
        decline(asked, now=timezone.now())
        messages.success(request, f"{asked.instrument.title}: left out this time.")
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("staff:outcomes", pk=asked.episode_id)


@require_http_methods(["GET", "POST"])
def correct_answers(request: HttpRequest, pk: int) -> HttpResponse:
    """Put wrong answers right: new ones take their place, the old ones stay on record."""
    response = response_for(request.user, pk, to="treat")
    typed: Mapping[str, object] = response.answers
    reason = ""
    error: DomainError | None = None
    if request.method == "POST":
        typed, reason = _typed(request), request.POST.get("reason", "")
        try:
            correct(response, typed, by=staff_user(request), reason=reason, now=timezone.now())
        except DomainError as refused:
            error = refused
        else:
            messages.success(request, "Corrected. The first answers stay on record.")
            return redirect("staff:outcomes", pk=response.episode_id)
    return _form(
        request,
        response.request,
        typed=typed,
        error=error,
        activities=response.activities,
        response=response,
        reason=reason,
    )


def _typed(request: HttpRequest) -> dict[str, str]:
    return {key: str(value) for key, value in request.POST.items() if key not in ("csrfmiddlewaretoken", "reason")}


def _form(
    request: HttpRequest,
    asked: OutcomeRequest,
    *,
    typed: Mapping[str, object] | None = None,
    error: DomainError | None = None,
    **correction: Any,
) -> HttpResponse:
    """The questions, with what was typed and what is wrong with it."""
    response = correction.get("response")
    row = response.instrument if response is not None else asked.instrument
    instrument = instrument_of(row)
    several = error.problems if isinstance(error, ManyProblems) else ()
    problems = {problem.field or "": problem.message for problem in several}
    episode = asked.episode
    rows = sheet_of(instrument, correction.get("activities", asked.activities), typed, problems)
    context = {
        "asked": asked,
        "instrument": instrument,
        "rows": rows,
        "has_problems": bool(problems),
        "other_problem": loose_problem(rows, problems),
        "refusal": error.message if error is not None and not several else "",
        "response": response,
        "reason": correction.get("reason", ""),
        "is_open": response is not None or asked.state == OutcomeRequest.State.OPEN,
        "header": header_for(request, episode.patient),
        "patient": episode.patient,
        "crumbs": _crumbs(episode, inner=True),
    }
    status = 200 if error is None else 409 if isinstance(error, Conflict) else 422
    return render(request, "staff/outcomes/form.html", context, status=status)

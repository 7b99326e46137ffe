"""What a change of a draft answers: the phase anew when htmx asks from the plan's own page, else the way back to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django_htmx.http import (
    HttpResponseClientRedirect,
    HttpResponseClientRefresh,
    reswap,
    retarget,
    trigger_client_event,
)

from staff.plans.page import column_of
from staff.plans.views import plan_context, version_url

REASONS = "plan_reasons"


def on_plan_page(request: HttpRequest, version_id: int) -> bool:
    """True when htmx asks from the page of this version."""
    htmx = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and version_url(version_id) in (htmx.current_url or "")


def changed(
    request: HttpRequest,
    version_id: int,
    phase: int | None,
    *,
    said: str = "",
    anchor: str = "",
    notes: Sequence[str] = (),
    undo: bool = True,
) -> HttpResponse:
    """Show the phase with its meters, the sign bar and the list of changes anew; ``said`` offers to take it back."""
    plan_page = version_url(version_id)
    if not on_plan_page(request, version_id) or phase is None:
        return _elsewhere(request, plan_page, anchor, said, notes)
    context = plan_context(request, version_id)
    column = column_of(context["page"], phase)
    if column is None:
        return HttpResponseClientRefresh()
    response = render(request, "staff/plans/_changed.html", {**context, "column": column, "phase_notes": notes})
    response = reswap(retarget(response, f"#phase-{phase}"), "outerHTML")
    if said:
        detail: dict[str, Any] = {"text": said}
        if undo:
            detail["undo"] = reverse("staff:plan-undo", args=[version_id])
        response = trigger_client_event(response, "toast", detail)
    return trigger_client_event(response, "kp:plan-changed", {"anchor": anchor}, after="settle")


def _elsewhere(request: HttpRequest, plan_page: str, anchor: str, said: str, notes: Sequence[str]) -> HttpResponse:
    """Without htmx, or from a page of its own."""
    if said:
        messages.success(request, said)
    for note in notes:
        messages.warning(request, note)
    htmx = getattr(request, "htmx", None)
    if not htmx:
        return HttpResponseRedirect(f"{plan_page}#{anchor}" if anchor else plan_page)
    # A redirect that differs from the present address in its fragment only would not load anything.
    if plan_page in (htmx.current_url or ""):
        return HttpResponseClientRefresh()
    return HttpResponseClientRedirect(f"{plan_page}#{anchor}")


# --- One reason for a series of changes -------------------------------------------------------------------------------


def kept_reason(request: HttpRequest, version_id: int) -> str:
    """The reason that this person gave for the changes that follow."""
    return str(request.session.get(REASONS, {}).get(str(version_id), ""))


def keep_reason(request: HttpRequest, version_id: int, text: str) -> None:
    """Remember it for this log-in; only the last few plans are kept."""
    kept = dict(request.session.get(REASONS, {}))
    kept.pop(str(version_id), None)
    if text:
        kept[str(version_id)] = text
    request.session[REASONS] = dict(list(kept.items())[-5:])

"""The worklist: who needs attention, across patients."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import patient_for, require
from clinic.audit import note_seen
from clinic.errors import DomainError
from clinic.permissions import Permission, may
from plans.access import plan_for
from plans.models import Alert, WatchLimits
from plans.watch import actions
from staff.forms import add_problems
from staff.headers import header_for, staff_user
from staff.worklist.board import SNOOZE_LABELS, VIEWS, alerts_for, entries_of, tabs
from staff.worklist.forms import LimitsForm, SettleForm


@require_safe
def worklist(request: HttpRequest) -> HttpResponse:
    """Who, why now, how bad, since when, one suggested action."""
    return _list(request)


def _list(request: HttpRequest, *, typed: tuple[int, SettleForm] | None = None, status: int = 200) -> HttpResponse:
    user = staff_user(request)
    require(user, Permission.CLINICAL_VIEW)
    # Managers lead no episode: for them the list begins with everybody's.
    first = "" if may(user, Permission.CLINICAL_EDIT) else "all"
    view = request.GET.get("show", first)
    view = view if view in VIEWS else first
    alerts = list(alerts_for(user, view))
    note_seen(alert.patient_id for alert in alerts)
    context = {
        "entries": entries_of(alerts, typed=typed),
        "tabs": tabs(view),
        "view": view,
        "snoozes": SNOOZE_LABELS,
        "may_treat": may(user, Permission.CLINICAL_EDIT),
    }
    return render(request, "staff/worklist/list.html", context, status=status)


def _alert_for(request: HttpRequest, pk: int) -> Alert:
    """The alert behind the door of its patient: 404 outside one's patients, 403 for those who do not treat."""
    alert = Alert.objects.select_related("patient").filter(pk=pk).first()
    if alert is None:
        raise Http404("No such alert.")
    patient_for(request.user, alert.patient_id, to="treat")
    return alert


def _back(request: HttpRequest) -> HttpResponse:
    view = request.POST.get("show", "")
    query = f"?show={view}" if view in VIEWS and view else ""
    return redirect(f"{reverse('staff:worklist')}{query}")


@require_POST
def alert_snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an alert away for some days."""
    alert = _alert_for(request, pk)
    try:
        row = actions.snooze(alert, staff_user(request), days=request.POST.get("days", ""))
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request, f"Put away until {row.snoozed_until:%a %d %b}; it comes back sooner if it gets worse."
        )
    return _back(request)


@require_POST
def alert_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an alert with what was done and what came of it."""
    alert = _alert_for(request, pk)
    form = SettleForm(request.POST, auto_id=f"id_{pk}_%s")
    if form.is_valid():
        try:
            actions.settle(alert, staff_user(request), **form.cleaned_data)
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, f"Settled: {alert.patient.display_name}.")
            return _back(request)
    return _list(request, typed=(pk, form), status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def plan_limits(request: HttpRequest, pk: int) -> HttpResponse:
    """From where on this plan calls for attention."""
    plan = plan_for(request.user, pk, to="treat")
    current = WatchLimits.objects.filter(plan=plan).first() or WatchLimits(plan=plan)
    form = LimitsForm(request.POST or None, instance=current)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_limits(plan, staff_user(request), form.cleaned_data)
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, "The limits of this plan are saved.")
            return redirect("staff:episode-detail", pk=plan.episode_id)
    episode = plan.episode
    crumbs = [
        {"label": episode.patient.display_name, "url": reverse("staff:patient-detail", args=[episode.patient_id])},
        {"label": episode.complaint, "url": reverse("staff:episode-detail", args=[episode.pk])},
        {"label": "When to be told", "url": ""},
    ]
    header = header_for(request, episode.patient)
    context = {"form": form, "plan": plan, "patient": episode.patient, "header": header, "crumbs": crumbs}
    return render(request, "staff/worklist/limits.html", context, status=422 if form.errors else 200)

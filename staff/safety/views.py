"""Releasing a held item, and the manager's view of overrides per rule."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clinic.access import require
from clinic.audit import note_seen
from clinic.errors import DomainError
from clinic.locality import patient_today
from clinic.models import SignatureCheck
from clinic.permissions import Permission
from plans.access import hold_for
from plans.actions import OverrideRequest
from plans.actions.holds import release_hold
from plans.holds import counts_per_rule, overrides_since, refusals_since, releases_since
from staff.forms import add_problems
from staff.headers import staff_user
from staff.plans.views import back_to_version, show_version
from staff.safety.lines import HoldForm

PERIODS = {"30": "30 days", "90": "90 days", "365": "One year"}
SHOWN = 50


@require_POST
def hold_release(request: HttpRequest, pk: int) -> HttpResponse:
    """Release a held item with a reason; where its rule asks for one, with the approval."""
    hold = hold_for(request.user, pk, to="treat")
    version_id = hold.item.phase.version_id
    form = HoldForm(request.POST, prefix=f"hold{pk}")
    if form.is_valid():
        data = form.cleaned_data
        stated = data["reason_code"] or data["approval"]
        override = OverrideRequest(data["reason_code"], data["approval"], data["reason"]) if stated else None
        today = patient_today(hold.plan.episode.patient)
        try:
            release_hold(hold, staff_user(request), reason=data["reason"], today=today, override=override)
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, "Released. The patient sees it again from now on.")
            return back_to_version(version_id)
    return show_version(request, version_id, status=422, hold_form=(pk, form))


@require_safe
def safety_review(request: HttpRequest) -> HttpResponse:
    """Overrides per rule, who and why; refused attempts; the last verification of the signatures."""
    require(staff_user(request), Permission.AUDIT_VIEW)
    days = request.GET.get("days", "90")
    days = days if days in PERIODS else "90"
    since = timezone.now() - timedelta(days=int(days))
    overrides = list(overrides_since(since)[:SHOWN])
    releases = list(releases_since(since)[:SHOWN])
    refusals = list(refusals_since(since)[:SHOWN])
    note_seen(
        [
            *(row.patient_id for row in overrides),
            *(row.plan.episode.patient_id for row in releases),
            *(row.patient_id for row in refusals),
        ]
    )
    context = {
        "rules": counts_per_rule(since),
        "overrides": overrides,
        "releases": releases,
        "refusals": refusals,
        "check": SignatureCheck.objects.order_by("-at", "-pk").first(),
        "tabs": [{"label": label, "url": f"?days={key}", "active": key == days} for key, label in PERIODS.items()],
        "shown": SHOWN,
        "nav": "safety-review",
    }
    return render(request, "staff/safety/review.html", context)

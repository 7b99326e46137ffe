"""The end of a course of care: the record from data, what the person decides, signed in one act; then read only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from clinic.access import episode_for
from clinic.actions import first_message
from clinic.errors import Conflict, DomainError
from clinic.locality import patient_today
from clinic.models import Clinic, Episode
from clinic.permissions import Permission, may
from plans.access import discharge_for
from plans.actions.discharge import DischargeWish, discharge, dischargeable
from plans.discharge.record import build_record, flare_plan_draft
from plans.models import Discharge, Plan
from staff.forms import add_problems
from staff.headers import header_for, staff_user

CAUSE_STATES = {
    "corrected": ("ok", "Corrected"),
    "weaker": ("progress", "Weaker"),
    "remaining": ("caution", "Remaining"),
    "not_retested": ("notasked", "Not re-tested"),
}
LETTER = {"yes": True, "no": False}


class DischargeForm(forms.Form):
    """What the person decides; everything else is built from data."""

    kind = forms.ChoiceField(label="How it ended", choices=Discharge.Kind.choices, widget=forms.RadioSelect)
    summary = forms.CharField(
        label="Summary", required=False, max_length=3000, widget=forms.Textarea(attrs={"rows": 3})
    )
    flare_plan = forms.CharField(
        label="If it comes back",
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text="The patient reads this in the portal. Use plain words.",
    )
    home = forms.ChoiceField(label="Home programme", choices=Discharge.Home.choices, widget=forms.RadioSelect)
    follow_up_on = forms.DateField(
        label="Follow-up on", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    letter_consent = forms.ChoiceField(
        label="Letter to the GP or referrer",
        choices=[("yes", "Patient agrees"), ("no", "Patient does not want one")],
        widget=forms.RadioSelect,
    )

    def wish(self) -> DischargeWish:
        """The decisions as the action takes them."""
        data = self.cleaned_data
        return DischargeWish(
            kind=data["kind"],
            home=data["home"],
            flare_plan=data["flare_plan"],
            summary=data["summary"],
            follow_up_on=data["follow_up_on"],
            letter_consent=LETTER.get(data["letter_consent"]),
        )


def _crumbs(episode: Episode) -> list[dict[str, str]]:
    return [
        {"label": episode.patient.display_name, "url": reverse("staff:patient-detail", args=[episode.patient_id])},
        {"label": episode.complaint, "url": reverse("staff:episode-detail", args=[episode.pk])},
        {"label": "Discharge", "url": ""},
    ]


def _shared(request: HttpRequest, episode: Episode, record: dict[str, Any]) -> dict[str, Any]:
    return {
        "episode": episode,
        "patient": episode.patient,
        "header": header_for(request, episode.patient),
        "crumbs": _crumbs(episode),
        "nav": "patient-list",
        "record": record,
        "causes": [(row, *CAUSE_STATES[row["state"]]) for row in record["causes"]],
        "met": sum(goal["met"] is True for goal in record["goals"]),
        "retested": any(row["end"] for row in record["outcomes"]),
        "emergency_number": Clinic.objects.values_list("emergency_number", flat=True).first() or "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
def discharge_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Look at what was reached, decide, sign. A plan that was ended already shows its discharge."""
    episode = episode_for(request.user, pk, to="treat")
    plan = Plan.objects.filter(episode=episode).order_by("-created_at").first()
    done = Discharge.objects.filter(plan=plan).first() if plan else None
    if done is not None:
        return redirect("staff:discharge-detail", pk=done.pk)
    try:
        if plan is None:
            raise Conflict("no_plan", "There is no plan to end.")
        version = dischargeable(plan)
    except DomainError as error:
        messages.error(request, first_message(error))
        return redirect("staff:episode-detail", pk=pk)
    today = patient_today(episode.patient)
    form = DischargeForm(
        request.POST if request.method == "POST" else None, initial={"flare_plan": flare_plan_draft(version)}
    )
    if request.method == "POST" and form.is_valid():
        try:
            row = discharge(plan, staff_user(request), wish=form.wish(), today=today)
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, "Signed. The course of care is closed.")
            return redirect("staff:discharge-detail", pk=row.pk)
    context = {
        **_shared(request, episode, build_record(version, today=today)),
        "form": form,
    }
    return render(request, "staff/discharge/form.html", context, status=422 if form.errors else 200)


@require_safe
def discharge_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The signed record, read-only and printable."""
    row = discharge_for(request.user, pk)
    may_treat = may(request.user, Permission.CLINICAL_EDIT)
    context = {**_shared(request, row.plan.episode, row.record), "discharge": row, "may_treat": may_treat}
    return render(request, "staff/discharge/detail.html", context)

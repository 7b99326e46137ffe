"""What a patient told has changed: read it, act, say what was done, let the exercises go on or not."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinic.errors import DomainError
from clinic.locality import patient_today
from plans.access import question_for, report_for
from plans.actions.questions import REPLY_MAX, reply
from plans.actions.told import look_at
from plans.models import ChangeReport
from plans.signs import SIGNS
from staff.forms import add_problems
from staff.headers import header_for, staff_user

CHIPS = {"emergency": "stop", "today": "caution", "carry_on": "ok"}


class LookForm(forms.Form):
    """What was done. Nothing is chosen beforehand."""

    goes_on = forms.ChoiceField(
        label="The exercises",
        choices=[("yes", "May go on"), ("no", "Stay on hold: I change the plan")],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label="What did you do?",
        max_length=500,
        help_text="Who was called and what came of it. Kept with the record.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """One report with the form that closes it."""
    found = report_for(request.user, pk, to="treat")
    form = LookForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            look_at(
                found,
                staff_user(request),
                goes_on=form.cleaned_data["goes_on"] == "yes",
                note=form.cleaned_data["note"],
                today=patient_today(found.patient),
            )
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, f"Looked at: {found.patient.display_name}.")
            return redirect("staff:worklist")
    return render(request, "staff/told/report.html", _context(request, found, form), status=422 if form.errors else 200)


def _context(request: HttpRequest, found: ChangeReport, form: LookForm) -> dict[str, object]:
    crumbs = [
        {"label": found.patient.display_name, "url": reverse("staff:patient-detail", args=[found.patient_id])},
        {"label": "Something has changed", "url": ""},
    ]
    return {
        "report": found,
        "look": getattr(found, "look", None),
        "chip": CHIPS[found.then],
        "signs": [SIGNS[key].text for key in found.signs if key in SIGNS],
        "form": form,
        "header": header_for(request, found.patient),
        "patient": found.patient,
        "crumbs": crumbs,
    }


class ReplyForm(forms.Form):
    """One answer; the patient reads it in the portal."""

    text = forms.CharField(
        label="Your answer",
        max_length=REPLY_MAX,
        help_text="The patient reads this in the portal. A new dose or exercise belongs into the plan.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, pk: int) -> HttpResponse:
    """A question of a patient, with the form that answers it."""
    found = question_for(request.user, pk, to="treat")
    form = ReplyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            reply(found, staff_user(request), text=form.cleaned_data["text"])
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, f"Answered: {found.patient.display_name} reads it in the portal.")
            return redirect("staff:worklist")
    crumbs = [
        {"label": found.patient.display_name, "url": reverse("staff:patient-detail", args=[found.patient_id])},
        {"label": "Question", "url": ""},
    ]
    context = {"question": found, "form": form, "patient": found.patient, "crumbs": crumbs}
    context["header"] = header_for(request, found.patient)
    return render(request, "staff/told/question.html", context, status=422 if form.errors else 200)

"""Conditions, consents and episodes of one patient."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments.models import Assessment
from clinic.access import episode_for, patient_for
from clinic.actions import (
    answer_condition,
    deny_unanswered_conditions,
    first_message,
    open_episode,
    record_consent,
    withdraw_consent,
)
from clinic.errors import DomainError
from clinic.models import Condition, Consent, Episode, Patient, PatientCondition
from clinic.permissions import Permission, may
from exercises.models import Prescription
from plans.actions.holds import facts_may_change
from plans.models import Discharge, TreatmentNote
from scheduling.readers import upcoming_for
from staff.forms import add_problems
from staff.headers import header_for, staff_user
from staff.patients.forms import ConditionForm, ConsentForm, EpisodeForm


def _condition_forms(patient: Patient, data: Any = None) -> list[ConditionForm]:
    rows: dict[int, PatientCondition] = {row.condition_id: row for row in patient.conditions.prefetch_related("sites")}
    return [
        ConditionForm(condition, rows.get(condition.pk), data)
        for condition in Condition.objects.filter(is_active=True).order_by("kind", "position")
    ]


def _save_conditions(request: HttpRequest, patient: Patient, forms: list[ConditionForm]) -> int:
    """Write the answers that changed; each is its own act, so one refusal does not lose the others."""
    saved = 0
    for form in forms:
        if not form.has_changed():
            continue
        try:
            answer_condition(
                patient,
                form.condition,
                answer=form.cleaned_data["answer"],
                sites=form.sites(),
                since=form.cleaned_data["since"],
                note=form.cleaned_data["note"],
                by=staff_user(request),
            )
            saved += 1
        except DomainError as error:
            add_problems(form, error)
    return saved


@require_http_methods(["GET", "POST"])
def conditions(request: HttpRequest, pk: int) -> HttpResponse:
    """The shared condition list: yes, no or not asked, with region, side and since."""
    patient = patient_for(request.user, pk, to="treat" if request.method == "POST" else "clinical")
    forms = _condition_forms(patient, request.POST if request.method == "POST" else None)
    if request.method == "POST" and all(form.is_valid() for form in forms):
        with facts_may_change(patient, by=staff_user(request), today=timezone.localdate()):
            saved = _save_conditions(request, patient, forms)
        if not any(form.errors for form in forms):
            messages.success(request, f"{saved} answers saved." if saved != 1 else "1 answer saved.")
            return redirect("staff:patient-conditions", pk=pk)
    kinds = [(kind, list(group)) for kind, group in groupby(forms, key=lambda form: form.condition.kind)]
    unanswered = sum(1 for form in forms if form.row is None or form.row.answer == "not_asked")
    context = {
        "patient": patient,
        "header": header_for(request, patient),
        "kinds": kinds,
        "unanswered": unanswered,
        "total": len(forms),
        "invalid": [form for form in forms if form.is_bound and form.errors],
        "may_treat": may(request.user, Permission.CLINICAL_EDIT),
    }
    return render(request, "staff/patients/conditions.html", context, status=422 if context["invalid"] else 200)


@require_POST
def conditions_deny_rest(request: HttpRequest, pk: int) -> HttpResponse:
    """ "Everything else was asked and denied", as one deliberate act."""
    patient = patient_for(request.user, pk, to="treat")
    with facts_may_change(patient, by=staff_user(request), today=timezone.localdate()):
        count = deny_unanswered_conditions(patient, by=staff_user(request))
    messages.success(request, f"{count} conditions recorded as asked and denied.")
    return redirect("staff:patient-conditions", pk=pk)


@require_http_methods(["GET", "POST"])
def consents(request: HttpRequest, pk: int) -> HttpResponse:
    """Consents on file, and a form to add a signed one."""
    patient = patient_for(request.user, pk, to="treat" if request.method == "POST" else "clinical")
    today = timezone.localdate()
    form = ConsentForm(request.POST or None, initial={"signed_on": today, "signed_by": patient.display_name})
    if request.method == "POST" and form.is_valid():
        try:
            with facts_may_change(patient, by=staff_user(request), today=today):
                record_consent(patient, **form.cleaned_data, by=staff_user(request), today=today)
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, "Consent is on file.")
            return redirect("staff:patient-consents", pk=pk)
    context = {
        "patient": patient,
        "header": header_for(request, patient),
        "form": form,
        "consents": Consent.objects.filter(patient=patient).select_related("recorded_by"),
        "may_treat": may(request.user, Permission.CLINICAL_EDIT),
    }
    return render(request, "staff/patients/consents.html", context, status=422 if form.errors else 200)


@require_POST
def consent_withdraw(request: HttpRequest, pk: int, consent_pk: int) -> HttpResponse:
    """End a consent from today; the record of it stays."""
    patient = patient_for(request.user, pk, to="treat")
    consent = Consent.objects.filter(patient=patient, pk=consent_pk).first()
    if consent is None:
        raise Http404("No such consent.")
    try:
        with facts_may_change(patient, by=staff_user(request), today=timezone.localdate()):
            withdraw_consent(consent, on=timezone.localdate())
        messages.success(request, f"{consent.get_kind_display()}: consent withdrawn.")
    except DomainError as error:
        messages.error(request, first_message(error))
    return redirect("staff:patient-consents", pk=pk)


@require_http_methods(["GET", "POST"])
def episode_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Open an episode of care."""
    patient = patient_for(request.user, pk, to="treat")
    practitioner = getattr(staff_user(request), "practitioner", None)
    form = EpisodeForm(request.POST or None, initial={"practitioner": practitioner})
    if request.method == "POST" and form.is_valid():
        try:
            episode = open_episode(patient, **form.cleaned_data, today=timezone.localdate())
        except DomainError as error:
            add_problems(form, error)
        else:
            return redirect("staff:episode-detail", pk=episode.pk)
    context = {"patient": patient, "header": header_for(request, patient), "form": form}
    return render(request, "staff/patients/episode_form.html", context, status=422 if form.errors else 200)


def _assessments(episode: Episode) -> dict[str, Any]:
    """The assessments of the episode; what is in progress, and which two a comparison begins with (first and last)."""
    rows = list(episode.assessments.select_related("author", "signed_by"))
    signed = [row for row in rows if row.state == Assessment.State.SIGNED]
    return {
        "assessments": rows,
        "in_progress": next((row for row in rows if row.state != Assessment.State.SIGNED), None),
        "last_signed": signed[0] if signed else None,
        "first": rows[-1] if rows else None,
    }


@require_safe
def episode_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One episode: assessments, plans, home programme and visits."""
    episode = episode_for(request.user, pk)
    plans = list(episode.plans.prefetch_related("versions__signed_by__user"))
    context = {
        "episode": episode,
        "patient": episode.patient,
        "header": header_for(request, episode.patient),
        "crumbs": [
            {"label": episode.patient.display_name, "url": reverse("staff:patient-detail", args=[episode.patient_id])},
            {"label": episode.complaint, "url": ""},
        ],
        **_assessments(episode),
        "plans": plans,
        "letters": episode.letters.select_related("written_by__user"),
        "prescriptions": Prescription.objects.filter(episode=episode).current(timezone.localdate()).for_portal(),
        "visits": upcoming_for(episode.patient, timezone.now()),
        "may_treat": may(request.user, Permission.CLINICAL_EDIT),
        "notes": TreatmentNote.objects.filter(plan__episode=episode).select_related("author"),
        "can_write": any(plan.state == "active" for plan in plans),
        "discharges": Discharge.objects.filter(plan__episode=episode),
    }
    return render(request, "staff/patients/episode.html", context)

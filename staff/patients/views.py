"""Today, the patient list, registration and the record's front page."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from assessments.models import Assessment
from clinic.access import patient_for, require
from clinic.actions import register_patient, similar_patients, update_patient
from clinic.audit import note_seen
from clinic.errors import Conflict, DomainError
from clinic.models import Consent, Episode, Patient, Role, User
from clinic.permissions import Permission, may
from plans.actions.holds import facts_may_change
from plans.models import PlanVersion
from reminders.alarm import is_stuck
from scheduling.models import Appointment
from scheduling.readers import clinic_zone, day_bounds, upcoming_for
from staff.forms import add_problems
from staff.headers import header_for, staff_user
from staff.knowledge.page import knowledge_banner
from staff.outbox.rows import timeline_of
from staff.patients.forms import PatientForm
from staff.patients.paging import page_of
from staff.worklist.board import alerts_for

ROWS_A_PAGE = 25


def crumbs(*steps: tuple[str, str]) -> list[dict[str, str]]:
    """Breadcrumb steps as (label, url)."""
    return [{"label": label, "url": url} for label, url in steps]


def _clinical_today(user: User) -> dict[str, Any]:
    """Work that waits for this clinician: open assessment drafts and plans to sign."""
    drafts = (
        Assessment.objects.visible_to(user)
        .filter(state=Assessment.State.DRAFT)
        .select_related("episode__patient")
        .order_by("-saved_at")[:8]
    )
    versions = (
        PlanVersion.objects.filter(state=PlanVersion.State.DRAFT, plan__episode__in=Episode.objects.visible_to(user))
        .select_related("plan__episode__patient")
        .order_by("-created_at")[:8]
    )
    view = "" if may(user, Permission.CLINICAL_EDIT) else "all"
    return {
        "drafts": list(drafts),
        "unsigned": list(versions),
        "waiting": list(alerts_for(user, view)[:5]),
        "to_cosign": _to_cosign(user),
    }


def _to_cosign(user: User) -> list[Assessment]:
    """What students handed in to this supervisor; a clinical lead sees all that wait among their patients."""
    practitioner = getattr(user, "practitioner", None)
    if practitioner is None or practitioner.is_student:
        return []
    rows = Assessment.objects.visible_to(user).filter(state=Assessment.State.COSIGN)
    if not practitioner.is_clinical_lead:
        rows = rows.filter(submitted_by__practitioner__supervisor=practitioner)
    return list(rows.select_related("episode__patient", "submitted_by").order_by("submitted_at")[:8])


def _visits_on(user: User, day: date) -> list[Appointment]:
    """The day's visits: a physiotherapist's own, everybody's for the front desk and managers."""
    bounds = day_bounds(day, clinic_zone())
    visits = Appointment.objects.visible_to(user).touching(bounds.start, bounds.end).for_diary()
    return list(visits.filter(practitioner__user=user) if user.role == Role.PHYSIOTHERAPIST else visits)


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """The first page of every member of staff: today's visits, and for clinicians what waits for them."""
    user = staff_user(request)
    require(user, Permission.CONTACT_VIEW)
    day = timezone.localdate()
    visits = _visits_on(user, day)
    context: dict[str, Any] = {"visits": visits, "day": day, "clinical": may(user, Permission.CLINICAL_VIEW)}
    context["reminders_stuck"] = user.role == Role.MANAGER and is_stuck(now=timezone.now())
    seen = [visit.patient_id for visit in visits]
    if context["clinical"]:
        context.update(_clinical_today(user), knowledge=knowledge_banner(user, today=day))
        seen += [draft.episode.patient_id for draft in context["drafts"]]
        seen += [waiting.episode.patient_id for waiting in context["to_cosign"]]
        seen += [version.plan.episode.patient_id for version in context["unsigned"]]
        seen += [alert.patient_id for alert in context["waiting"]]
    note_seen(seen)
    return render(request, "staff/patients/today.html", context)


@require_safe
def patient_list(request: HttpRequest) -> HttpResponse:
    """Search and page through the patients one may see; constant queries however many there are."""
    user = staff_user(request)
    require(user, Permission.CONTACT_VIEW)
    text = request.GET.get("q", "")[:100]
    found = Patient.objects.visible_to(user).search_for(text)
    page = page_of(found, after=request.GET.get("after", ""), size=ROWS_A_PAGE)
    note_seen([patient.pk for patient in page.rows])
    context = {"page": page, "search_text": text, "today": timezone.localdate()}
    template = "staff/patients/_rows.html" if getattr(request, "htmx", False) else "staff/patients/list.html"
    return render(request, template, context)


def _similar(form: PatientForm) -> list[Patient]:
    data = form.cleaned_data
    return similar_patients(
        given_name=data["given_name"],
        family_name=data["family_name"],
        date_of_birth=data["date_of_birth"],
        email=data["email"],
    )


@require_http_methods(["GET", "POST"])
def patient_new(request: HttpRequest) -> HttpResponse:
    """Register a patient; someone alike on file is shown before a second record is made."""
    user = staff_user(request)
    require(user, Permission.CONTACT_EDIT)
    form = PatientForm(request.POST or None, initial={"time_zone": user.time_zone})
    similar: list[Patient] = []
    if request.method == "POST" and form.is_valid():
        try:
            patient = register_patient(
                form.cleaned_data,
                user,
                today=timezone.localdate(),
                accept_similar=form.cleaned_data["accept_similar"],
            )
        except Conflict:
            similar = _similar(form)
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, f"{patient.display_name} is registered as {patient.number}.")
            return redirect("staff:patient-detail", pk=patient.pk)
    visible = Patient.objects.visible_to(user).filter(pk__in=[patient.pk for patient in similar])
    note_seen([patient.pk for patient in visible])
    context = {"form": form, "similar": visible, "hidden_similar": len(similar) - len(visible), "has_similar": similar}
    status = 409 if similar else 422 if form.errors else 200
    return render(request, "staff/patients/form.html", context, status=status)


@require_http_methods(["GET", "POST"])
def patient_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change contact data."""
    patient = patient_for(request.user, pk, to="edit")
    # A fresh instance for the form: a refused entry must not leak into the header.
    form = PatientForm(request.POST or None, instance=Patient.objects.get(pk=pk))
    if request.method == "POST" and form.is_valid():
        try:
            with facts_may_change(patient, by=staff_user(request), today=timezone.localdate()):
                update_patient(patient, form.cleaned_data, today=timezone.localdate())
        except DomainError as error:
            patient.refresh_from_db()
            add_problems(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect("staff:patient-detail", pk=pk)
    context = {"form": form, "patient": patient, "header": header_for(request, patient)}
    return render(request, "staff/patients/form.html", context, status=422 if form.errors else 200)


@require_safe
def patient_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The record's front page: contact and visits for everyone, episodes and conditions for clinicians."""
    patient = patient_for(request.user, pk)
    user = staff_user(request)
    clinical = may(user, Permission.CLINICAL_VIEW)
    context: dict[str, Any] = {
        "patient": patient,
        "header": header_for(request, patient),
        "visits": upcoming_for(patient, timezone.now()),
        "clinical": clinical,
        "may_treat": may(user, Permission.CLINICAL_EDIT),
        "may_edit": may(user, Permission.CONTACT_EDIT),
        **timeline_of(user, patient),
    }
    if clinical:
        context["episodes"] = patient.episodes.select_related("practitioner__user").prefetch_related(
            "assessments", "plans__versions"
        )
        context["consents"] = Consent.objects.filter(patient=patient, withdrawn_on__isnull=True)
        answered = patient.conditions.exclude(answer="not_asked").select_related("condition")
        context["conditions_yes"] = [row for row in answered if row.answer == "yes"]
        context["conditions_answered"] = len(answered)
    return render(request, "staff/patients/detail.html", context)

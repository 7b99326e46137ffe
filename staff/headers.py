"""The patient header of the staff pages: contact from the clinic, phase from the plan, next visit from the diary."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from clinic.headers import PatientHeader, patient_header
from clinic.models import Patient, User
from clinic.permissions import Permission, may
from plans.models import Plan
from scheduling.readers import next_visit


def staff_user(request: HttpRequest) -> User:
    """The logged-in member of staff; the doors have made sure that there is one."""
    assert isinstance(request.user, User)  # noqa: S101 - narrows the type, LoginRequiredMiddleware guarantees it
    return request.user


def _phase_of(patient: Patient) -> int | None:
    return (
        Plan.objects.filter(episode__patient=patient, state=Plan.State.ACTIVE)
        .order_by("-created_at")
        .values_list("current_phase", flat=True)
        .first()
    )


def header_for(request: HttpRequest, patient: Patient) -> PatientHeader:
    """The fixed header for this reader: at most four queries, two for the front desk."""
    user = staff_user(request)
    visit = next_visit(patient, timezone.now())
    return patient_header(
        user,
        patient,
        today=timezone.localdate(),
        url=reverse("staff:patient-detail", args=[patient.pk]),
        phase=_phase_of(patient) if may(user, Permission.CLINICAL_VIEW) else None,
        next_visit=visit.starts_at if visit else None,
        next_visit_with=visit.practitioner_name if visit else "",
    )

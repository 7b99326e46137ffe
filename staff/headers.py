"""The patient header of the staff pages: contact from the clinic, phase from the plan, next visit from the diary."""

from __future__ import annotations

from dataclasses import replace

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from clinic.headers import Alert, PatientHeader, patient_header
from clinic.models import Patient, User
from clinic.permissions import Permission, may
from clinic.readers import has_unsettled_facts
from plans.models import ItemHold, Plan
from scheduling.readers import next_visit


def staff_user(request: HttpRequest) -> User:
    """The logged-in member of staff; the doors have made sure that there is one."""
    assert isinstance(request.user, User)  # noqa: S101 - narrows the type, LoginRequiredMiddleware guarantees it
    return request.user


def _plan_in_force(patient: Patient) -> tuple[int | None, tuple[Alert, ...]]:
    """Phase of the plan in force, and what of it is held; one query."""
    open_holds = ItemHold.objects.filter(plan=OuterRef("pk"), released_at__isnull=True).order_by().values("plan")
    held = Coalesce(Subquery(open_holds.annotate(n=Count("pk")).values("n")), 0)
    row = (
        Plan.objects.filter(episode__patient=patient, state=Plan.State.ACTIVE)
        .order_by("-created_at")
        .values_list("current_phase", held, has_unsettled_facts("episode__patient"))
        .first()
    )
    if row is None:
        return None, ()
    phase, count, alarm = row
    if alarm:
        return phase, (Alert("stop", "All held: a new fact is being checked"),)
    return phase, (Alert("stop", f"{count} items held" if count != 1 else "1 item held"),) if count else ()


def header_for(request: HttpRequest, patient: Patient) -> PatientHeader:
    """The fixed header for this reader: at most four queries, two for the front desk."""
    user = staff_user(request)
    visit = next_visit(patient, timezone.now())
    clinical = may(user, Permission.CLINICAL_VIEW)
    phase, held = _plan_in_force(patient) if clinical else (None, ())
    header = patient_header(
        user,
        patient,
        today=timezone.localdate(),
        url=reverse("staff:patient-detail", args=[patient.pk]),
        phase=phase,
        next_visit=visit.starts_at if visit else None,
        next_visit_with=visit.practitioner_name if visit else "",
    )
    return replace(header, alerts=(*held, *header.alerts))

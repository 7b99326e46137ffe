"""What the fixed patient header says. Whose record is open must never be in doubt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from clinic.models import Answer, Consent, Patient, User
from clinic.permissions import Permission, may

MAX_ALERTS = 6
# These two only repeat that no signed form is on file, which the consent line says better.
CONSENT_CONDITIONS = ("no_written_consent", "no_thrust_consent")


@dataclass(frozen=True, slots=True)
class Alert:
    """A short word with its state: stop, caution, ok, notasked or info."""

    state: str
    label: str


@dataclass(frozen=True, slots=True)
class PatientHeader:
    """The header of every patient page. ``alerts`` and ``phase`` stay empty for those who may not see them."""

    patient_id: int
    name: str
    number: str
    age: int
    birth_date: date
    pronouns: str
    contact: str
    preference: str
    clinical: bool
    url: str = ""
    alerts: tuple[Alert, ...] = ()
    phase: int | None = None
    next_visit: datetime | None = None
    next_visit_with: str = ""


def _needling(patient: Patient, today: date) -> Alert:
    open_on_file = Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gt=today)
    signed = patient.consents.filter(open_on_file, kind=Consent.Kind.NEEDLING, signed_on__lte=today).exists()
    return Alert("ok", "Needling consent on file") if signed else Alert("info", "No needling consent")


def _alerts(patient: Patient, today: date) -> tuple[Alert, ...]:
    yes = (
        patient.conditions.filter(answer=Answer.YES)
        .exclude(condition__key__in=CONSENT_CONDITIONS)
        .values_list("condition__label", flat=True)
        .order_by("condition__position")
    )
    labels = list(yes)
    alerts = [Alert("caution", label) for label in labels[:MAX_ALERTS]]
    if len(labels) > MAX_ALERTS:
        alerts.append(Alert("caution", f"{len(labels) - MAX_ALERTS} more conditions"))
    return (*alerts, _needling(patient, today))


def patient_header(
    user: User,
    patient: Patient,
    *,
    today: date,
    url: str = "",
    phase: int | None = None,
    next_visit: datetime | None = None,
    next_visit_with: str = "",
) -> PatientHeader:
    """Build the header for one viewer: two queries for clinicians, none for the front desk."""
    clinical = may(user, Permission.CLINICAL_VIEW)
    return PatientHeader(
        patient_id=patient.pk,
        name=patient.display_name,
        number=patient.number,
        age=patient.age(today),
        birth_date=patient.date_of_birth,
        pronouns=patient.pronouns,
        contact="" if clinical else patient.phone,
        preference="" if clinical else patient.booking_preferences,
        clinical=clinical,
        url=url,
        alerts=_alerts(patient, today) if clinical else (),
        phase=phase if clinical else None,
        next_visit=next_visit,
        next_visit_with=next_visit_with,
    )

"""What the fixed patient header says. Whose record is open must never be in doubt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from clinic.models import Answer, Consent, Patient, User
from clinic.permissions import Permission, may

# Conditions that change what may be done in the next minute; shown as alerts in the header.
ALERT_KINDS = ("implant", "pregnancy", "bleeding", "medication")


@dataclass(frozen=True, slots=True)
class Alert:
    """A short word with its level: stop, caution, ready or info."""

    text: str
    level: str


@dataclass(frozen=True, slots=True)
class PatientHeader:
    """The header of every patient page. ``alerts``, ``phase`` and ``next_visit`` stay empty for those who may not
    see them (front desk: no clinical content)."""

    patient_id: int
    name: str
    number: str
    age: int
    born: date
    pronouns: str
    phone: str
    is_minor: bool
    guardian: str
    shows_clinical: bool
    alerts: tuple[Alert, ...] = ()
    phase: int | None = None
    next_visit: datetime | None = None
    extra: dict[str, str] = field(default_factory=dict)


def _alerts(patient: Patient, today: date) -> tuple[Alert, ...]:
    yes = patient.conditions.filter(answer=Answer.YES).select_related("condition").order_by("condition__position")
    alerts = [
        Alert(row.condition.label, "stop")
        for row in yes
        if row.condition.key not in ("no_written_consent", "no_thrust_consent")
    ][:6]
    needling = patient.consents.filter(
        kind=Consent.Kind.NEEDLING, withdrawn_on__isnull=True, signed_on__lte=today
    ).exists()
    alerts.append(Alert("Needling consent on file", "ready") if needling else Alert("No needling consent", "info"))
    return tuple(alerts)


def patient_header(
    user: User, patient: Patient, *, today: date, phase: int | None = None, next_visit: datetime | None = None
) -> PatientHeader:
    """Build the header for one viewer; two queries for clinicians, none for the front desk."""
    clinical = may(user, Permission.CLINICAL_VIEW)
    return PatientHeader(
        patient_id=patient.pk,
        name=patient.display_name,
        number=patient.number,
        age=patient.age(today),
        born=patient.date_of_birth,
        pronouns=patient.pronouns,
        phone=patient.phone,
        is_minor=patient.is_minor(today),
        guardian=patient.guardian_name,
        shows_clinical=clinical,
        alerts=_alerts(patient, today) if clinical else (),
        phase=phase if clinical else None,
        next_visit=next_visit,
    )

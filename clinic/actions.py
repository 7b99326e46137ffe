"""Writes about people and records. HTML and API call these; each is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from clinic.anatomy import REGIONS, SIDES
from clinic.errors import Conflict, DomainError, Invalid, ManyProblems
from clinic.models import (
    Answer,
    Condition,
    ConditionSite,
    Consent,
    Episode,
    Patient,
    PatientCondition,
    Practitioner,
    Role,
    User,
)

PATIENT_FIELDS = (
    "given_name",
    "family_name",
    "preferred_name",
    "pronouns",
    "date_of_birth",
    "sex_at_birth",
    "email",
    "phone",
    "address",
    "time_zone",
    "language",
    "emergency_name",
    "emergency_relation",
    "emergency_phone",
    "guardian_name",
    "guardian_phone",
    "guardian_email",
    "booking_preferences",
)


def problems_from(error: ValidationError) -> ManyProblems:
    """Translate Django's model validation into domain problems that keep their field names."""
    problems = tuple(
        Invalid("invalid", message, field=None if field == "__all__" else field)
        for field, messages in error.message_dict.items()
        for message in messages
    )
    return ManyProblems("invalid", "Some entries cannot be accepted.", problems)


def check_clean(instance: Any, *, exclude: Iterable[str] = (), constraints: bool = True) -> None:
    """Run ``full_clean`` and raise :class:`ManyProblems` instead of Django's own error."""
    try:
        instance.full_clean(exclude=set(exclude), validate_constraints=constraints)
    except ValidationError as error:
        raise problems_from(error) from error


def next_patient_number() -> str:
    """The next record number, ``K-000123``; gaps are possible and harmless."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('clinic_patient_number')")
        row = cursor.fetchone()
    return f"K-{row[0]:06d}"


def similar_patients(*, given_name: str, family_name: str, date_of_birth: date, email: str = "") -> list[Patient]:
    """Patients who may be the same person: same birth date with one name equal, or the same e-mail address."""
    same_day = Q(date_of_birth=date_of_birth) & (Q(family_name__iexact=family_name) | Q(given_name__iexact=given_name))
    query = same_day | Q(email__iexact=email) if email else same_day
    return list(Patient.objects.filter(query).by_name()[:5])


def _guardian_problem(patient: Patient, today: date) -> Invalid | None:
    """Under 16 needs a parent or guardian who can be reached (assessment reference, section 3.2)."""
    if not patient.is_minor(today) or (patient.guardian_name and (patient.guardian_phone or patient.guardian_email)):
        return None
    return Invalid(
        "guardian_missing",
        "A patient under 16 needs a parent or guardian with a telephone number or e-mail address.",
        field="guardian_name",
    )


def _check_patient(patient: Patient, today: date) -> None:
    check_clean(patient, exclude=["number", "user", "search"])
    problem = _guardian_problem(patient, today)
    if problem is not None:
        raise ManyProblems("invalid", "Some entries cannot be accepted.", (problem,))


def _log_in_for(patient: Patient) -> User | None:
    """The log-in that the patient's e-mail address opens (code by mail); none without an address."""
    if not patient.email:
        return None
    email = patient.email.strip().lower()
    if User.objects.filter(email=email).exists():
        raise Invalid(
            "email_taken",
            "This e-mail address already belongs to another log-in. Leave it empty or use another one.",
            field="email",
        )
    return User.objects.create_user(email, name=patient.display_name, role=Role.PATIENT, time_zone=patient.time_zone)


@transaction.atomic
def register_patient(data: Mapping[str, Any], by: User, *, today: date, accept_similar: bool = False) -> Patient:
    """Register a patient. Raises :class:`Conflict` (code ``similar``) when someone alike is on file already,
    unless ``accept_similar`` says that this was looked at."""
    patient = Patient(**{name: data[name] for name in PATIENT_FIELDS if name in data}, registered_by=by)
    _check_patient(patient, today)
    if not accept_similar:
        alike = similar_patients(
            given_name=patient.given_name,
            family_name=patient.family_name,
            date_of_birth=patient.date_of_birth,
            email=patient.email,
        )
        if alike:
            raise Conflict("similar", "Someone like this is registered already. Open that record or confirm.")
    patient.number = next_patient_number()
    patient.user = _log_in_for(patient)
    patient.save()
    if by.role == Role.PHYSIOTHERAPIST:
        patient.care_team.add(by)
    return patient


@transaction.atomic
def update_patient(patient: Patient, data: Mapping[str, Any], *, today: date) -> Patient:
    """Change contact data; the log-in follows the e-mail address and the clock."""
    before = patient.email.strip().lower()
    for name in PATIENT_FIELDS:
        if name in data:
            setattr(patient, name, data[name])
    _check_patient(patient, today)
    email = patient.email.strip().lower()
    if patient.user is None:
        patient.user = _log_in_for(patient)
    elif email and email != before:
        if User.objects.filter(email=email).exclude(pk=patient.user.pk).exists():
            raise Invalid("email_taken", "This e-mail address already belongs to another log-in.", field="email")
        patient.user.email = email
    if patient.user is not None:
        patient.user.name = patient.display_name
        patient.user.time_zone = patient.time_zone
        patient.user.save()
    patient.save()
    return patient


def _check_site(region: str, side: str) -> None:
    if region not in REGIONS:
        raise Invalid("region", f"“{region}” is not a body region.", field="region")
    if side and side not in SIDES:
        raise Invalid("side", f"“{side}” is not a side.", field="side")


@transaction.atomic
def answer_condition(
    patient: Patient,
    condition: Condition,
    *,
    answer: str,
    by: User,
    sites: Iterable[tuple[str, str]] = (),
    since: date | None = None,
    note: str = "",
) -> PatientCondition:
    """Record yes, no or not asked, with the regions where a yes applies. The sites given replace the old ones."""
    if answer not in Answer.values:
        raise Invalid("answer", "Answer yes, no or not asked.", field="answer")
    wanted = list(dict.fromkeys(sites)) if answer == Answer.YES else []
    for region, side in wanted:
        _check_site(region, side)
    row, _ = PatientCondition.objects.select_for_update().get_or_create(
        patient=patient, condition=condition, defaults={"recorded_by": by, "answer": answer}
    )
    row.answer, row.since, row.note, row.recorded_by = answer, since, note, by
    check_clean(row)
    row.save()
    present = {(site.region, site.side): site for site in row.sites.all()}
    for key, site in present.items():
        if key not in wanted:
            site.delete()
    for region, side in wanted:
        if (region, side) not in present:
            ConditionSite.objects.create(patient_condition=row, region=region, side=side)
    return row


@transaction.atomic
def deny_unanswered_conditions(patient: Patient, *, by: User) -> int:
    """ "All others asked and denied": every condition without an answer becomes a no. Returns how many."""
    asked = patient.conditions.filter(answer=Answer.NOT_ASKED, condition__is_active=True)
    changed = asked.update(answer=Answer.NO, recorded_by=by, recorded_at=timezone.now())
    without_row = Condition.objects.filter(is_active=True).exclude(pk__in=patient.conditions.values("condition_id"))
    fresh = [
        PatientCondition(patient=patient, condition=condition, answer=Answer.NO, recorded_by=by)
        for condition in without_row
    ]
    # An answer that somebody gives at this very moment stands.
    PatientCondition.objects.bulk_create(fresh, ignore_conflicts=True)
    return changed + len(fresh)


@transaction.atomic
def record_consent(
    patient: Patient,
    *,
    kind: str,
    signed_on: date,
    signed_by: str,
    by: User,
    today: date,
    by_guardian: bool = False,
    note: str = "",
) -> Consent:
    """Put a signed consent on file. A second open one of the same kind is refused."""
    consent = Consent(
        patient=patient,
        kind=kind,
        signed_on=signed_on,
        signed_by=signed_by,
        by_guardian=by_guardian,
        note=note,
        recorded_by=by,
    )
    if signed_on > today:
        raise Invalid("future", "The signature date lies in the future.", field="signed_on")
    if patient.is_minor(signed_on) and not by_guardian:
        raise Invalid("guardian", "Under 16, a parent or guardian signs.", field="by_guardian")
    # That it is the only open one of its kind is for the database to say, below: two people may record it at once.
    check_clean(consent, constraints=False)
    try:
        with transaction.atomic():
            consent.save()
    except IntegrityError as error:
        raise Conflict("consent_open", "This consent is on file already.", field="kind") from error
    return consent


def withdraw_consent(consent: Consent, *, on: date) -> Consent:
    """End a consent from the given day; it stays on file."""
    if consent.withdrawn_on is not None:
        raise Conflict("withdrawn", "This consent was withdrawn already.")
    if on < consent.signed_on:
        raise Invalid("before_signing", "A consent cannot end before it was signed.", field="withdrawn_on")
    consent.withdrawn_on = on
    consent.save()
    return consent


@transaction.atomic
def open_episode(
    patient: Patient,
    *,
    practitioner: Practitioner,
    complaint: str,
    opened_on: date,
    today: date,
    referral_source: str = "",
) -> Episode:
    """Open an episode of care; its practitioner joins the care team."""
    if opened_on > today:
        raise Invalid("future", "An episode cannot begin in the future.", field="opened_on")
    episode = Episode(
        patient=patient,
        practitioner=practitioner,
        complaint=complaint,
        opened_on=opened_on,
        referral_source=referral_source,
    )
    check_clean(episode)
    episode.save()
    patient.care_team.add(practitioner.user)
    return episode


def first_message(error: DomainError) -> str:
    """One sentence for a flash message."""
    if isinstance(error, ManyProblems) and error.problems:
        return error.problems[0].message
    return error.message

"""Granting, ending and checking who looks after whom. Every check reads the database: what ended is over at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from clinic.audit import note_seen
from clinic.errors import Conflict, Invalid, Refused
from clinic.locality import patient_today
from clinic.models import Clinic, Patient, Proxy, Role, User
from clinic.permissions import Permission, may

LONGEST = timedelta(days=731)
MOST_OPEN = 10


def live_proxies(user: User | AnonymousUser) -> list[Proxy]:
    """The people this log-in looks after today."""
    if not may(user, Permission.OWN_RECORD):
        return []
    rows = Proxy.objects.filter(user=user.pk, revoked_at__isnull=True, patient__is_active=True)
    return [row for row in rows.select_related("patient") if row.is_live(patient_today(row.patient))]


def proxy_for(user: User | AnonymousUser, patient_id: int) -> Proxy:
    """The right of this log-in to that record; 404 without one, or when it has ended."""
    found = next((row for row in live_proxies(user) if row.patient_id == patient_id), None)
    if found is None:
        raise Http404("No such record.")
    return found


def check_scope(proxy: Proxy, scope: str | None) -> None:
    """403 for a page outside the right; None is a page that no proxy opens, "" one that every proxy does."""
    if scope is None or (scope and scope not in proxy.scopes):
        raise PermissionDenied
    note_seen([proxy.patient_id])


def acts_for(user: User, patient: Patient, scope: str) -> bool:
    """Whether the person may act in the patient's place in this part."""
    if patient.user_id is not None and patient.user_id == user.pk:
        return True
    return any(row.patient_id == patient.pk and scope in row.scopes for row in live_proxies(user))


def last_day(patient: Patient, today: date) -> date:
    """The latest end of a new right: the birthday on which a minor comes of age, else two years from now."""
    clinic = Clinic.objects.only("age_of_majority").first() or Clinic()
    if patient.age(today) >= clinic.age_of_majority:
        return today + LONGEST
    born = patient.date_of_birth
    try:
        of_age = born.replace(year=born.year + clinic.age_of_majority)
    except ValueError:  # born on 29 February
        of_age = date(born.year + clinic.age_of_majority, 3, 1)
    return min(of_age, today + LONGEST) if of_age > today else today + LONGEST


@transaction.atomic
def grant(
    patient: Patient,
    by: User,
    *,
    email: str,
    name: str,
    relation: str,
    scopes: Collection[str],
    expires_on: date,
    consent_by: str,
    today: date,
) -> Proxy:
    """Let somebody use parts of a patient's portal until a day. By staff, or by a patient who is of age.

    Raises Refused for everybody else, Invalid naming the field, Conflict when the person has a right already.
    """
    _may_grant(patient, by, today)
    Patient.objects.select_for_update().only("pk").get(pk=patient.pk)
    address = _address(email)
    _check(patient, relation, scopes, expires_on, today)
    if not consent_by.strip() or "\x00" in consent_by:
        raise Invalid("consent_by", "Say who agreed to it.", field="consent_by")
    if patient.user is not None and patient.user.email == address:
        raise Invalid("own_address", "This is the patient's own address.", field="email")
    if Proxy.objects.filter(patient=patient, revoked_at__isnull=True).count() >= MOST_OPEN:
        raise Conflict("too_many_proxies", "Ten people have access already. End one first.")
    user = _log_in(address, name)
    _end_expired(patient, user, by, today)
    if Proxy.objects.filter(patient=patient, user=user, revoked_at__isnull=True).exists():
        raise Conflict("proxy_there", "This person has access already. End it first to change it.", field="email")
    kept = [scope for scope in Proxy.Scope.values if scope in scopes]
    return Proxy.objects.create(
        patient=patient,
        user=user,
        relation=relation,
        scopes=kept,
        consent_by=consent_by.strip()[:120],
        granted_by=by,
        expires_on=expires_on,
    )


def _may_grant(patient: Patient, by: User, today: date) -> None:
    if may(by, Permission.CONTACT_EDIT):
        return
    clinic = Clinic.objects.only("age_of_majority").first() or Clinic()
    if patient.user_id is None or by.pk != patient.user_id or patient.age(today) < clinic.age_of_majority:
        raise Refused("not_of_age", "Please ask the clinic to change this.")


def _address(email: str) -> str:
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise Invalid("email", "Write an e-mail address.", field="email") from error
    return address


def _check(patient: Patient, relation: str, scopes: Collection[str], expires_on: date, today: date) -> None:
    if relation not in Proxy.Relation.values:
        raise Invalid("relation", "Choose from the list.", field="relation")
    if not scopes or not set(scopes) <= set(Proxy.Scope.values):
        raise Invalid("scopes", "Choose at least one part.", field="scopes")
    if expires_on <= today:
        raise Invalid("expires_past", "Choose a day that is to come.", field="expires_on")
    if expires_on > last_day(patient, today):
        raise Invalid("expires_late", f"Choose a day until {last_day(patient, today)}.", field="expires_on")


def _log_in(address: str, name: str) -> User:
    """The person's log-in; a new one logs in by code. A log-in of staff never becomes that of a carer."""
    user = User.objects.filter(email=address).first()
    if user is None:
        called = " ".join(name.replace("\x00", "").split())[:120]
        if not called:
            raise Invalid("name", "Write the name.", field="name")
        return User.objects.create_user(address, None, name=called, role=Role.PATIENT)
    if user.role != Role.PATIENT or not user.is_active:
        raise Invalid("email", "Write another e-mail address.", field="email")
    return user


def _end_expired(patient: Patient, user: User, by: User, today: date) -> None:
    Proxy.objects.filter(patient=patient, user=user, revoked_at__isnull=True, expires_on__lte=today).update(
        revoked_at=timezone.now(), revoked_by=by
    )


def end(proxy: Proxy, by: User, *, now: datetime) -> None:
    """End a right with effect from the next request. By staff, the patient, or the person who has it; twice is once."""
    if not may(by, Permission.CONTACT_EDIT) and by.pk not in (proxy.patient.user_id, proxy.user_id):
        raise Refused("not_yours", "Please ask the clinic to change this.")
    Proxy.objects.filter(pk=proxy.pk, revoked_at__isnull=True).update(revoked_at=now, revoked_by=by)

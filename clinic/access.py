"""The doors: every guarded object is fetched here or not at all.

404 outside one's scope (the object might as well not exist), 403 inside it when the role forbids the step.
"""

from __future__ import annotations

from typing import Literal

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from clinic.audit import note_seen
from clinic.models import Episode, Patient, User
from clinic.permissions import Permission, may
from clinic.pieces import Columns, Piece, ask

Purpose = Literal["view", "edit", "clinical", "treat", "book", "own"]

NEEDED: dict[str, Permission] = {
    "view": Permission.CONTACT_VIEW,
    "edit": Permission.CONTACT_EDIT,
    "clinical": Permission.CLINICAL_VIEW,
    "treat": Permission.CLINICAL_EDIT,
    "book": Permission.BOOKING,
    "own": Permission.OWN_RECORD,
}

# Every page of the portal begins with it. The column that serves the search is the only one left out.
_ALL = Columns(Patient, "p", *(field.attname for field in Patient._meta.concrete_fields if field.name != "search"))
_OWN = Piece(
    f"SELECT json_build_array({_ALL.sql}) FROM clinic_patient p WHERE p.user_id = %(user)s",  # noqa: S608 - own columns
    lambda values: None if values is None else _ALL.row(values),
)


def require(user: User | AnonymousUser, permission: Permission) -> None:
    """Raise ``PermissionDenied`` (403) when the role does not hold the permission."""
    if not may(user, permission):
        raise PermissionDenied


def patient_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "view") -> Patient:
    """The patient, if this user may see the row (else 404) and the role allows the purpose (else 403)."""
    patient = Patient.objects.visible_to(user).filter(pk=pk).first()
    if patient is None:
        raise Http404("No such patient.")
    require(user, NEEDED[to])
    note_seen([patient.pk])
    return patient


def episode_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical") -> Episode:
    """The episode with its patient; the same two answers as :func:`patient_for`.

    The front desk sees patients but no episodes: 403, because the patient is inside its scope.
    """
    episode = Episode.objects.select_related("patient", "practitioner__user").filter(pk=pk).first()
    if episode is None:
        raise Http404("No such episode.")
    patient_for(user, episode.patient_id, to=to)
    return episode


def own_patient(user: User | AnonymousUser) -> Patient:
    """The logged-in patient's own record; 403 for everyone else."""
    require(user, Permission.OWN_RECORD)
    patient: Patient | None = ask({"own": _OWN}, user=user.pk)["own"]
    if patient is None:
        raise Http404("No record belongs to this log-in.")
    note_seen([patient.pk])
    return patient

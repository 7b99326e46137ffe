"""Small reads that several packages share."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from clinic.models import Clinic, FactChange
from clinic.pieces import Columns, Piece

_NAMED = Columns(Clinic, "c", "id", "name", "phone", "email", "address", "emergency_number", "time_zone")

# The clinic as every page of the portal names it; None before it is set up.
CLINIC = Piece(
    f"SELECT json_build_array({_NAMED.sql}) FROM clinic_clinic c ORDER BY c.id LIMIT 1",  # noqa: S608 - own columns
    lambda values: None if values is None else _NAMED.row(values),
)


def facts_unsettled(patient_id: int) -> bool:
    """True while a new fact of the patient was not yet screened against the plans: then nothing of them is done."""
    return FactChange.objects.filter(patient=patient_id, settled_at__isnull=True).exists()


def has_unsettled_facts(patient: str) -> Exists:
    """The same as a column of a query; ``patient`` is the path to the patient's id."""
    return Exists(FactChange.objects.filter(patient=OuterRef(patient), settled_at__isnull=True))

"""Small reads that several packages share."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from clinic.models import Clinic, FactChange
from clinic.pieces import Piece, columns_of

_NAMED = columns_of(Clinic, "id", "name", "phone", "email", "address", "emergency_number", "time_zone")


def _clinic(values: list[Any] | None) -> Clinic | None:
    return None if values is None else Clinic.from_db("default", list(_NAMED), values)


# The clinic as every page of the portal names it; None before it is set up.
CLINIC = Piece(
    f"SELECT json_build_array({', '.join(_NAMED)}) FROM clinic_clinic ORDER BY id LIMIT 1",  # noqa: S608 - own columns
    _clinic,
)


def facts_unsettled(patient_id: int) -> bool:
    """True while a new fact of the patient was not yet screened against the plans: then nothing of them is done."""
    return FactChange.objects.filter(patient=patient_id, settled_at__isnull=True).exists()


def has_unsettled_facts(patient: str) -> Exists:
    """The same as a column of a query; ``patient`` is the path to the patient's id."""
    return Exists(FactChange.objects.filter(patient=OuterRef(patient), settled_at__isnull=True))

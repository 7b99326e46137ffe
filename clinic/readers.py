"""Small reads that several packages share."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from clinic.models import FactChange


def facts_unsettled(patient_id: int) -> bool:
    """True while a new fact of the patient was not yet screened against the plans: then nothing of them is done."""
    return FactChange.objects.filter(patient=patient_id, settled_at__isnull=True).exists()


def has_unsettled_facts(patient: str) -> Exists:
    """The same as a column of a query; ``patient`` is the path to the patient's id."""
    return Exists(FactChange.objects.filter(patient=OuterRef(patient), settled_at__isnull=True))

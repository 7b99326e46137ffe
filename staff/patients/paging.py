"""Keyset paging over the patient list: no counting, no offset, the same cost on every page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core import signing
from django.db.models import Q

if TYPE_CHECKING:
    from clinic.models import Patient
    from clinic.querysets import PatientQuerySet

SALT = "patient-list"


@dataclass(frozen=True, slots=True)
class KeysetPage:
    """One page of rows and the cursor of the next, empty on the last."""

    rows: Sequence[Patient]
    next_cursor: str
    is_first: bool


def _cursor(patient: Patient) -> str:
    return signing.dumps([patient.family_name, patient.given_name, patient.pk], salt=SALT)


def _after(cursor: str) -> Q:
    """Rows behind the cursor in (family name, given name, key) order; a broken cursor starts again."""
    try:
        family, given, pk = signing.loads(cursor, salt=SALT)
    except signing.BadSignature:
        return Q()
    same_family = Q(family_name=family)
    return (
        Q(family_name__gt=family)
        | (same_family & Q(given_name__gt=given))
        | (same_family & Q(given_name=given, pk__gt=pk))
    )


def page_of(patients: PatientQuerySet, *, after: str, size: int) -> KeysetPage:
    """The page behind ``after`` (a cursor or ""), one query."""
    ordered = patients.by_name()
    rows = list((ordered.filter(_after(after)) if after else ordered)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return KeysetPage(rows=rows, next_cursor=_cursor(rows[-1]) if more else "", is_first=not after)

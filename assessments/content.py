"""What the signature under an assessment binds: every recorded row, as plain data.

The columns are named one by one: a column that a later version adds must not change the hash of what is signed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from assessments.models import Amendment, Assessment
from clinic.hashing import content_hash

HEAD = ("episode_id", "kind", "author_id", "assessed_on", "story")
ROWS: dict[str, tuple[str, ...]] = {
    "findings": ("path", "side", "mode", "number", "text", "truth", "choices", "pain_limited", "note"),
    "symptom_regions": ("region", "side", "position"),
    "pain_marks": ("view", "x", "y", "region", "side", "depth", "quality", "nprs"),
    "activities": ("position", "activity", "score"),
    "surgeries": ("procedure", "region", "side", "performed_on"),
    "flag_answers": ("flag", "answer", "region", "side", "note"),
}


def content_hashes(ids: Iterable[int]) -> dict[int, str]:
    """The hash of each signed assessment as it reads now; drafts and missing ones are left out."""
    signed = Assessment.objects.filter(pk__in=list(ids), state=Assessment.State.SIGNED).prefetch_related(*ROWS)
    return {row.pk: content_hash(signed_content(row)) for row in signed}


def signed_content(assessment: Assessment) -> dict[str, Any]:
    """Head and rows, in an order that does not depend on how they were written."""
    rows = {
        name: sorted(([_plain(getattr(row, column)) for column in columns] for row in getattr(assessment, name).all()),
                     key=repr)
        for name, columns in ROWS.items()
    }  # fmt: skip
    return {name: _plain(getattr(assessment, name)) for name in HEAD} | rows


def amendment_hashes(ids: Iterable[int]) -> dict[int, str]:
    """The hash of each amendment as it reads now; missing ones are left out."""
    rows = Amendment.objects.filter(pk__in=list(ids)).prefetch_related("values")
    return {row.pk: content_hash(amendment_content(row)) for row in rows}


def amendment_content(row: Amendment) -> dict[str, Any]:
    """What the signature under an amendment binds."""
    values = sorted(([value.name, value.before, value.after] for value in row.values.all()), key=repr)
    return {"assessment": row.assessment_id, "reason": row.reason, "addition": row.addition, "values": values}


def _plain(value: Any) -> Any:
    """Numbers, texts and lists as they are; decimals and dates as the text the database gives back."""
    return value if value is None or isinstance(value, (bool, int, str, list)) else str(value)

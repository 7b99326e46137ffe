"""Copying the last findings forward into a reassessment. Each copied row says where it was really measured."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from assessments.current import current
from assessments.models import Assessment, Finding, PainMark, PsfsActivity, Surgery, SymptomRegion
from assessments.vocabulary.carry import carry_rules
from clinic.models import Episode

_FINDING = ("path", "side", "mode", "number", "text", "truth", "choices", "pain_limited", "note")
_REGION = ("region", "side", "position")
_MARK = ("key", "view", "x", "y", "region", "side", "depth", "quality", "nprs")
_ACTIVITY = ("position", "activity", "score")
_SURGERY = ("key", "procedure", "region", "side", "performed_on")


def last_signed(episode: Episode) -> Assessment | None:
    """The assessment whose findings a reassessment would carry forward."""
    found: Assessment | None = (
        episode.assessments.filter(state=Assessment.State.SIGNED).order_by("-assessed_on", "-id").first()
    )
    return found


def carry_forward(source: Assessment, into: Assessment, *, today: date) -> int:
    """Copy what may be copied from ``source`` into the empty draft ``into``; the number of rows.

    Left out: red-flag answers, the story in the patient's words, and what ``carry.yaml`` asks anew. Amended values
    are copied as amended. A value that ``source`` had carried itself keeps the day of its real measurement.
    """
    now = current(source)
    findings = [row for row in now.findings if not carry_rules().reason_against(row.path)]
    dated = any(row.path == "hist.onset_date" for row in findings)
    kept = [row for row in findings if not (dated and row.path in carry_rules().ages)]
    made = [_copy(row, source, into, _FINDING) for row in kept]
    for row in made:
        _grow_older(row, (today - source.assessed_on).days)
    copies: list[tuple[Any, list[Any]]] = [
        (Finding, made),
        (SymptomRegion, [_copy(row, source, into, _REGION) for row in now.regions]),
        (PainMark, [_copy(row, source, into, _MARK) for row in source.pain_marks.all()]),
        (PsfsActivity, [_copy(row, source, into, _ACTIVITY) for row in now.activities]),
        (Surgery, [_copy(row, source, into, _SURGERY) for row in source.surgeries.all()]),
    ]
    for model, rows in copies:
        model.objects.bulk_create(rows)
    return sum(len(rows) for _, rows in copies)


def _copy(row: Any, source: Assessment, into: Assessment, columns: tuple[str, ...]) -> Any:
    made = type(row)(assessment=into, **{name: getattr(row, name) for name in columns})
    made.carried_from_id = row.carried_from_id or source.pk
    made.measured_on = row.measured_on or source.assessed_on
    return made


def _grow_older(row: Finding, days: int) -> None:
    """A duration that was told then is longer now."""
    if row.path in carry_rules().ages and row.number is not None:
        row.number = min(row.number + Decimal(max(0, days)), Decimal(36500))


def carried_count(assessment: Assessment) -> int:
    """How many rows still wait to be measured or confirmed."""
    related = ("findings", "symptom_regions", "pain_marks", "activities", "surgeries")
    return sum(row.is_carried for name in related for row in getattr(assessment, name).all())

"""What an assessment says now: its rows, with every amendment laid over them. The one place where both are read.

Signed rows never change; a correction is a row beside them. Whoever needs the value that counts (the engine's facts,
readouts, the record, comparison, the API) takes it from here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch

from assessments.models import (
    AmendedValue,
    Assessment,
    Finding,
    PsfsActivity,
    RedFlagAnswer,
    SymptomRegion,
)

Json = Any  # what a JSON column holds


@dataclass(frozen=True, slots=True)
class Current:
    """The rows that count. Amended ones are unsaved copies; ``amended`` holds the corrections by name."""

    findings: list[Finding] = field(default_factory=list)
    regions: list[SymptomRegion] = field(default_factory=list)
    activities: list[PsfsActivity] = field(default_factory=list)
    flags: list[RedFlagAnswer] = field(default_factory=list)
    amended: dict[str, AmendedValue] = field(default_factory=dict)


def amended_values(assessment: Assessment) -> dict[str, AmendedValue]:
    """The last correction of each value, by name; no query for an assessment that cannot have any."""
    if assessment.state != Assessment.State.SIGNED:
        return {}
    rows = AmendedValue.objects.filter(amendment__assessment=assessment)
    return {row.name: row for row in rows.select_related("amendment__signed_by").order_by("amendment_id", "id")}


def current(assessment: Assessment) -> Current:
    """Everything as it counts now: one query more than the rows themselves, none for a draft."""
    amended = amended_values(assessment)
    return Current(
        findings=findings_now(assessment, amended),
        regions=_regions(assessment, amended),
        activities=_activities(assessment, amended),
        flags=flags_now(assessment, amended),
        amended=amended,
    )


def findings_now(assessment: Assessment, amended: dict[str, AmendedValue] | None = None) -> list[Finding]:
    """The findings alone."""
    rows: Iterable[Finding] = assessment.findings.all()
    changes = _of("f", amended_values(assessment) if amended is None else amended)
    if not changes:
        return list(rows)
    kept = [row for row in rows if finding_name(row) not in changes]
    made = [finding_from(assessment, name, value.after) for name, value in changes.items() if value.after is not None]
    return sorted([*kept, *made], key=lambda row: (row.path, row.side, row.mode))


def activities_now(assessment: Assessment, amended: dict[str, AmendedValue] | None = None) -> list[PsfsActivity]:
    """The activities alone."""
    return _activities(assessment, amended_values(assessment) if amended is None else amended)


def amended_by_assessment(assessments: Iterable[Assessment]) -> dict[int, dict[str, AmendedValue]]:
    """The last correction of each value of several assessments, in one query."""
    found: dict[int, dict[str, AmendedValue]] = {}
    rows = AmendedValue.objects.filter(amendment__assessment__in=list(assessments)).select_related("amendment")
    for row in rows.order_by("amendment_id", "id"):
        found.setdefault(row.amendment.assessment_id, {})[row.name] = row
    return found


def signed_now(
    episodes: Iterable[int], paths: Collection[str] = ()
) -> Iterator[tuple[Assessment, list[Finding], list[PsfsActivity]]]:
    """The signed assessments of these episodes, oldest first, each with its findings of these paths and its activities
    as they count now. Four queries, however many assessments."""
    wanted = Prefetch("findings", queryset=Finding.objects.filter(path__in=paths))
    rows = list(
        Assessment.objects.filter(episode__in=list(episodes), state=Assessment.State.SIGNED)
        .only("episode", "state", "assessed_on")
        .prefetch_related(wanted, "activities")
        .order_by("assessed_on", "pk")
    )
    amended = amended_by_assessment(rows) if rows else {}
    for row in rows:
        now = amended.get(row.pk, {})
        yield row, [f for f in findings_now(row, now) if f.path in paths], activities_now(row, now)


def _of(kind: str, amended: dict[str, AmendedValue]) -> dict[str, AmendedValue]:
    return {name: value for name, value in amended.items() if name.startswith(f"{kind}:")}


def finding_name(row: Finding) -> str:
    return f"f:{row.path}:{row.side}:{row.mode}"


def finding_json(row: Finding | None) -> Json:
    """A finding as an amendment keeps it."""
    if row is None:
        return None
    value = row.value
    shown = str(value) if isinstance(value, Decimal) else value
    kind = "number" if isinstance(value, Decimal) else "value"
    return {kind: shown, "pain_limited": row.pain_limited, "note": row.note}


def finding_from(assessment: Assessment, name: str, kept: Json) -> Finding:
    """The unsaved row that an amendment stands for."""
    _, path, side, mode = name.split(":")
    row = Finding(assessment=assessment, path=path, side=side, mode=mode)
    row.pain_limited, row.note = kept.get("pain_limited", False), kept.get("note", "")
    if "number" in kept:
        row.number = Decimal(kept["number"])
    elif isinstance(kept["value"], bool):
        row.truth = kept["value"]
    elif isinstance(kept["value"], list):
        row.choices = kept["value"]
    else:
        row.text = kept["value"]
    return row


def _regions(assessment: Assessment, amended: dict[str, AmendedValue]) -> list[SymptomRegion]:
    changes = _of("r", amended)
    rows = [row for row in assessment.symptom_regions.all() if f"r:{row.region}:{row.side}" not in changes]
    for name, value in changes.items():
        _, region, side = name.split(":")
        if value.after:
            rows.append(SymptomRegion(assessment=assessment, region=region, side=side, position=len(rows)))
    return rows


def _activities(assessment: Assessment, amended: dict[str, AmendedValue]) -> list[PsfsActivity]:
    changes = _of("a", amended)
    rows = [row for row in assessment.activities.all() if f"a:{row.position}" not in changes]
    for name, value in changes.items():
        if value.after is not None:
            position = int(name.partition(":")[2])
            rows.append(PsfsActivity(assessment=assessment, position=position, **value.after))
    return sorted(rows, key=lambda row: row.position)


def flags_now(assessment: Assessment, amended: dict[str, AmendedValue] | None = None) -> list[RedFlagAnswer]:
    """The red-flag answers alone."""
    changes = _of("g", amended_values(assessment) if amended is None else amended)
    rows = [row for row in assessment.flag_answers.all() if f"g:{row.flag}" not in changes]
    for name, value in changes.items():
        if value.after is not None:
            rows.append(RedFlagAnswer(assessment=assessment, flag=name.partition(":")[2], **value.after))
    return sorted(rows, key=lambda row: row.flag) if changes else rows

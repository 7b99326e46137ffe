"""An assessment in which every field of the vocabulary is recorded, on both sides and in every mode."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from assessments.actions import save_changes
from assessments.changes import (
    ActivityChange,
    Change,
    ConditionChange,
    FindingChange,
    FlagChange,
    MarkChange,
    RegionChange,
    SurgeryChange,
)
from assessments.models import Assessment
from assessments.vocabulary import RED_FLAGS, VOCABULARY, VocabularyField
from assessments.writing import HELD_ELSEWHERE
from clinic.models import Condition

# Where the middle of the limits contradicts another field.
CHOSEN: dict[str, object] = {
    "hist.onset_date": "2026-11-01",
    "hist.desk_hours_per_day": 7,
    "hist.driving_hours_per_day": 1,
    "hist.sleep_hours": 7,
    "hist.postpartum_weeks": None,  # not beside weeks of pregnancy
}


def _value(field: VocabularyField) -> object:
    if field.path in CHOSEN:
        return CHOSEN[field.path]
    if field.type == "bool":
        return False
    if field.choices:
        first = field.choices[0].value
        return [first] if field.type == "multi" else first
    if field.codes:
        return field.codes[0]
    if field.valid is None:
        return ["Text"] if field.type == "list" else "Text"
    low, high = field.valid
    middle = round((low + high) / 2)
    return middle - (middle - low) % field.step if field.step else middle


def every_finding() -> Iterator[FindingChange]:
    for path, field in VOCABULARY.items():
        if path in HELD_ELSEWHERE or field.namespace == "rompct":
            continue
        value = _value(field)
        for side in ("left", "right") if field.sided else ("",):
            for mode in field.modes or ("",):
                if value is not None:
                    yield FindingChange(path, side, mode, value)


def every_change() -> list[Change]:
    changes: list[Change] = [RegionChange("lumbar", "right"), RegionChange("whole_body", "midline")]
    changes += every_finding()
    changes += [FlagChange(flag, "no") for flag in RED_FLAGS]
    conditions = Condition.objects.filter(is_active=True)
    changes += [ConditionChange(row.key, "yes", (("lumbar", "right"),), note="known") for row in conditions]
    changes += [ActivityChange(position, f"Activity {position}", 4) for position in range(1, 6)]
    changes += [MarkChange(UUID(int=n), view="back", x=500, y=400, region="lumbar", nprs=5) for n in range(1, 6)]
    changes += [SurgeryChange(UUID(int=n), "Operation", "knee", "left", "2020-02-02") for n in range(1, 4)]
    return changes


def fill_everything(assessment: Assessment) -> None:
    """Record every field; a refused one raises."""
    day = assessment.assessed_on
    saved = save_changes(assessment, every_change(), by=assessment.author, revision=0, today=day)
    if saved.problems:
        raise RuntimeError("; ".join(f"{problem.name}: {problem.message}" for problem in saved.problems))

"""One change, one write. Each function validates before it writes; a refused change (``Refusal``) writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from assessments.answering import write_condition, write_flag
from assessments.changes import (
    NOT_MEASURED,
    ActivityChange,
    Change,
    ConditionChange,
    FindingChange,
    FlagChange,
    HeadChange,
    MarkChange,
    RegionChange,
    SurgeryChange,
)
from assessments.chart import Value, figures_of, plain
from assessments.crosschecks import CHECKED_TOGETHER, rejections
from assessments.desk import Desk, OvertakenBy, Refusal, is_empty, remove, site_of, store, text_of
from assessments.models import Finding, PainMark, PsfsActivity, Surgery, SymptomRegion
from assessments.vocabulary import VOCABULARY, ValueProblem, VocabularyField, check_value, value_label

# Held elsewhere or computed from other rows: typing them would make a second truth.
HELD_ELSEWHERE = {
    "hist.age_years": "Age follows from the date of birth on the patient's record.",
    "hist.sex_at_birth": "Sex at birth is changed on the patient's record.",
    "hist.symptom_regions": "Choose the regions in the pain section.",
    "hist.medication_keys": "Answer the medicine questions in the conditions section.",
    "hist.condition_keys": "Answer the questions in the conditions section.",
    "hist.surgery_history": "Enter each operation on a line of its own.",
    "func.psfs_avg": "The mean follows from the activities.",
    "func.adherence_pct": "This follows from the logged home sessions.",
}
MAX_ACTIVITIES = 5


def apply(desk: Desk, change: Change) -> bool:
    """Write one change; False when it was so already. Raises Refusal or OvertakenBy, having written nothing."""
    return _APPLY[type(change)](desk, change)


# --- Findings -------------------------------------------------------------------------------------------------------


def field_of(change: FindingChange) -> VocabularyField:
    """The field that a change means. Raises Refusal for a path, side or mode that is not recorded here."""
    field = VOCABULARY.get(change.path)
    if field is None:
        raise Refusal("unknown", f"“{change.path[:60]}” is not a finding of the assessment.")
    if change.path in HELD_ELSEWHERE:
        raise Refusal("derived", HELD_ELSEWHERE[change.path])
    if field.namespace == "rompct":
        raise Refusal("derived", "Per cent of the norm follows from the degrees.")
    sides = ("", "left", "right") if field.sided else ("",)
    if change.side not in sides:
        raise Refusal("side", f"{field.label} is not recorded on the side “{change.side[:20]}”.")
    if change.mode not in (field.modes or ("",)):
        raise Refusal("mode", f"{field.label} is recorded as {' or '.join(field.modes) or 'one value'}.")
    return field


def typed_value(field: VocabularyField, raw: object) -> Value | None:
    """The value as it is kept, None when empty. Raises Refusal for one outside the limits of the field."""
    if is_empty(raw):
        return None
    if field.type == "list" and isinstance(raw, str):
        raw = [line for line in raw.splitlines() if line.strip()]
    try:
        value = check_value(field.path, raw)
    except ValueProblem as problem:
        raise Refusal("invalid", problem.message) from problem
    if isinstance(value, tuple) and any(len(item) > 200 for item in value):
        raise Refusal("invalid", f"{field.label}: each line takes at most 200 characters.")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return round(value, 2)
    return value


def columns_of(value: Value) -> dict[str, Any]:
    """The value columns of a finding, exactly one filled."""
    empty: dict[str, Any] = {"number": None, "text": None, "truth": None, "choices": None}
    if isinstance(value, bool):
        return empty | {"truth": value}
    if isinstance(value, (int, float)):
        return empty | {"number": Decimal(str(value))}
    if isinstance(value, tuple):
        return empty | {"choices": list(value)}
    return empty | {"text": value}


def _check_across(desk: Desk, change: FindingChange, value: Value) -> None:
    if change.path not in CHECKED_TOGETHER:
        return
    chart = figures_of(desk.assessment, today=desk.today, findings=desk.findings.values())
    place = (change.path, change.side, change.mode)
    for problem in rejections(replace(chart, values={**chart.values, place: value}), change.path):
        raise Refusal("cross", problem.message)


def _finding(desk: Desk, change: FindingChange) -> bool:
    field = field_of(change)
    value = typed_value(field, change.value)
    if value is not None:
        _check_across(desk, change, value)
    place = (change.path, change.side, change.mode)
    row = desk.findings.get(place)
    note = None if change.note is None else text_of(change.note, 300, "Note")
    if row is not None and row.note == NOT_MEASURED and note in (None, NOT_MEASURED) and plain(row) != value:
        note = ""
    same_pain = row is None or change.pain_limited is None or row.pain_limited == change.pain_limited
    same_note = row is None or note is None or row.note == note
    same = (plain(row) if row else None) == value and same_pain and same_note
    if same and (row is None or change.untouched or not row.is_carried):
        return False
    if row is not None and row.revision > desk.base:
        raise OvertakenBy(value_label(change.path, plain(row)))
    if value is None:
        if row is not None:
            desk.drop(row)
            del desk.findings[place]
        return row is not None
    row = row or Finding(assessment=desk.assessment, path=change.path, side=change.side, mode=change.mode)
    for name, column in columns_of(value).items():
        setattr(row, name, column)
    if change.pain_limited is not None:
        row.pain_limited = change.pain_limited and field.namespace == "mmt"
    if note is not None:
        row.note = note
    row.revision = desk.next
    row.touch()
    desk.keep(row)
    desk.findings[place] = row
    return True


# --- Picture, function, history -------------------------------------------------------------------------------------


def whole_number(raw: object, low: int, high: int, label: str) -> int | None:
    """A whole number or None when empty. Raises Refusal outside ``low`` to ``high``."""
    if is_empty(raw):
        return None
    try:
        number = float(str(raw).strip().replace(",", "."))
        if not number.is_integer() or isinstance(raw, bool):
            raise ValueError
    except (ValueError, OverflowError):
        raise Refusal("invalid", f"{label} must be a whole number from {low} to {high}.") from None
    if not low <= number <= high:
        raise Refusal("invalid", f"{label} must be between {low} and {high}.")
    return int(number)


def _region(desk: Desk, change: RegionChange) -> bool:
    region, side = site_of(change.region, change.side)
    rows = desk.assessment.symptom_regions.filter(region=region, side=side)
    if not change.present:
        return rows.delete()[0] > 0
    if rows.exists():
        return not change.untouched and rows.carried().update(carried_from=None, measured_on=None) > 0
    position = desk.assessment.symptom_regions.count()
    SymptomRegion.objects.create(assessment=desk.assessment, region=region, side=side, position=position)
    return True


def _qualities() -> set[str]:
    return {str(choice.value) for choice in VOCABULARY["hist.symptom_quality"].choices}


def _mark(desk: Desk, change: MarkChange) -> bool:
    row = PainMark.objects.filter(assessment=desk.assessment, key=change.key).first()
    if change.remove:
        return remove(desk, row)
    region, side = site_of(change.region, change.side)
    if change.view not in PainMark.View.values:
        raise Refusal("view", "A mark lies on the front or the back.")
    if change.depth not in PainMark.Depth.values:
        raise Refusal("depth", "Depth is superficial or deep.")
    if change.quality and change.quality not in _qualities():
        raise Refusal("quality", "Choose the quality from the list.")
    values = {
        "view": change.view,
        "x": whole_number(change.x, 0, 1000, "Position"),
        "y": whole_number(change.y, 0, 1000, "Position"),
        "region": region,
        "side": side,
        "depth": change.depth,
        "quality": change.quality,
        "nprs": whole_number(change.nprs, 0, 10, "Pain of this mark"),
    }
    _region(desk, RegionChange(region, side, untouched=change.untouched))  # what hurts is a symptom region
    row = row or PainMark(assessment=desk.assessment, key=change.key)
    return store(desk, row, values, untouched=change.untouched)


def _activity(desk: Desk, change: ActivityChange) -> bool:
    if not 1 <= change.position <= MAX_ACTIVITIES:
        raise Refusal("position", f"At most {MAX_ACTIVITIES} activities are scored.")
    row = desk.assessment.activities.filter(position=change.position).first()
    text = text_of(change.activity, 120, "Activity")
    score = whole_number(change.score, 0, 10, f"Score of activity {change.position}")
    if not text and score is None:
        return remove(desk, row)
    if not text:
        raise Refusal("invalid", f"Name activity {change.position} before scoring it.")
    row = row or PsfsActivity(assessment=desk.assessment, position=change.position)
    return store(desk, row, {"activity": text, "score": score}, untouched=change.untouched)


def _day(raw: object, label: str, desk: Desk) -> date | None:
    if is_empty(raw):
        return None
    try:
        day = raw if isinstance(raw, date) else date.fromisoformat(str(raw).strip())
    except ValueError:
        raise Refusal("invalid", f"{label} must be a date (year-month-day).") from None
    if not desk.assessment.episode.patient.date_of_birth <= day <= desk.today:
        raise Refusal("invalid", f"{label} must lie between the date of birth and today.")
    return day


def _surgery(desk: Desk, change: SurgeryChange) -> bool:
    row = Surgery.objects.filter(assessment=desk.assessment, key=change.key).first()
    procedure = text_of(change.procedure, 120, "Operation")
    if not procedure:
        return remove(desk, row)
    region, side = site_of(change.region, change.side)
    values = {
        "procedure": procedure,
        "region": region,
        "side": side,
        "performed_on": _day(change.performed_on, "Date of the operation", desk),
    }
    row = row or Surgery(assessment=desk.assessment, key=change.key)
    return store(desk, row, values, untouched=change.untouched)


def _head(desk: Desk, change: HeadChange) -> bool:
    if change.attribute == "story":
        value: object = text_of(change.value, 4000, "History")
    elif change.attribute == "assessed_on":
        value = _day(change.value, "Date of the assessment", desk)
        if value is None:
            raise Refusal("invalid", "The assessment needs a date.")
    else:
        raise Refusal("unknown", "No such field.")
    if getattr(desk.assessment, change.attribute) == value:
        return False
    setattr(desk.assessment, change.attribute, value)
    return True


_APPLY: dict[type, Callable[[Desk, Any], bool]] = {
    FindingChange: _finding,
    RegionChange: _region,
    MarkChange: _mark,
    ActivityChange: _activity,
    SurgeryChange: _surgery,
    FlagChange: write_flag,
    ConditionChange: write_condition,
    HeadChange: _head,
}

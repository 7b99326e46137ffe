"""One change, one write. Each function validates before it writes; a refused change (``Refusal``) writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from assessments.changes import (
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
from assessments.chart import Place, Value, figures_of, plain
from assessments.crosschecks import CHECKED_TOGETHER, rejections
from assessments.models import Assessment, Finding, PainMark, PsfsActivity, RedFlagAnswer, Surgery, SymptomRegion
from assessments.vocabulary import RED_FLAGS, VOCABULARY, ValueProblem, VocabularyField, check_value, value_label
from clinic.actions import answer_condition
from clinic.anatomy import REGIONS, SIDES
from clinic.errors import DomainError, ManyProblems
from clinic.models import Answer, Condition, PatientCondition, User

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


class Refusal(Exception):
    """A change that cannot be accepted. Code ``cross`` may pass once another field was corrected."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class OvertakenBy(Exception):
    """Somebody else changed the same row meanwhile; ``theirs`` is what they wrote."""

    def __init__(self, theirs: str) -> None:
        super().__init__(theirs)
        self.theirs = theirs


@dataclass
class Desk:
    """What a save works on: the locked assessment, its findings, who writes, on top of which revision."""

    assessment: Assessment
    findings: dict[Place, Finding]
    by: User
    today: date
    base: int  # the revision that the writer saw
    next: int  # the revision that this save makes

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        return {condition.key: condition for condition in Condition.objects.filter(is_active=True)}

    @cached_property
    def answers(self) -> dict[int, PatientCondition]:
        """What the patient answered before, by condition."""
        rows = self.assessment.episode.patient.conditions.prefetch_related("sites")
        return {row.condition_id: row for row in rows}


def apply(desk: Desk, change: Change) -> bool:
    """Write one change; False when it was so already. Raises Refusal or OvertakenBy, having written nothing."""
    return _APPLY[type(change)](desk, change)


# --- Findings -------------------------------------------------------------------------------------------------------


def _field_of(change: FindingChange) -> VocabularyField:
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


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value in ((), [])


def _typed(field: VocabularyField, raw: object) -> Value | None:
    if _is_empty(raw):
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


def _columns(value: Value) -> dict[str, Any]:
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
    field = _field_of(change)
    value = _typed(field, change.value)
    if value is not None:
        _check_across(desk, change, value)
    note = None if change.note is None else _text(change.note, 300, "Note")
    place = (change.path, change.side, change.mode)
    row = desk.findings.get(place)
    same_pain = row is None or change.pain_limited is None or row.pain_limited == change.pain_limited
    same_note = row is None or note is None or row.note == note
    if (plain(row) if row else None) == value and same_pain and same_note:
        return False
    if row is not None and row.revision > desk.base:
        raise OvertakenBy(value_label(change.path, plain(row)))
    if value is None:
        if row is not None:
            row.delete()
            del desk.findings[place]
        return row is not None
    row = row or Finding(assessment=desk.assessment, path=change.path, side=change.side, mode=change.mode)
    for name, column in _columns(value).items():
        setattr(row, name, column)
    if change.pain_limited is not None:
        row.pain_limited = change.pain_limited and field.namespace == "mmt"
    if note is not None:
        row.note = note
    row.revision = desk.next
    row.save()
    desk.findings[place] = row
    return True


# --- Picture, function, history -------------------------------------------------------------------------------------


def _text(raw: str, limit: int, label: str) -> str:
    text = raw.strip()
    if "\x00" in text:
        raise Refusal("invalid", f"{label} contains a character that cannot be stored.")
    if len(text) > limit:
        raise Refusal("invalid", f"{label} is longer than {limit} characters.")
    return text


def _whole(raw: object, low: int, high: int, label: str) -> int | None:
    if _is_empty(raw):
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


def _site(region: str, side: str, *, needed: bool = True) -> tuple[str, str]:
    if region not in REGIONS and (needed or region):
        raise Refusal("region", "Choose a body region from the list.")
    if side and side not in SIDES:
        raise Refusal("side", "Choose left, right, both or midline.")
    return region, side


def _region(desk: Desk, change: RegionChange) -> bool:
    region, side = _site(change.region, change.side)
    rows = desk.assessment.symptom_regions.filter(region=region, side=side)
    if not change.present:
        return rows.delete()[0] > 0
    if rows.exists():
        return False
    position = desk.assessment.symptom_regions.count()
    SymptomRegion.objects.create(assessment=desk.assessment, region=region, side=side, position=position)
    return True


def _qualities() -> set[str]:
    return {str(choice.value) for choice in VOCABULARY["hist.symptom_quality"].choices}


def _store(desk: Desk, row: Any, values: dict[str, Any]) -> bool:
    """Set and save a row whose values changed; refuse when it was changed meanwhile by somebody else."""
    if row.pk is not None:
        if all(getattr(row, name) == value for name, value in values.items()):
            return False
        if row.revision > desk.base:
            raise OvertakenBy(str(row))
    for name, value in values.items():
        setattr(row, name, value)
    row.revision = desk.next
    row.save()
    return True


def _remove(desk: Desk, row: models.Model | None) -> bool:
    if row is None:
        return False
    if getattr(row, "revision", 0) > desk.base:
        raise OvertakenBy(str(row))
    row.delete()
    return True


def _mark(desk: Desk, change: MarkChange) -> bool:
    row = PainMark.objects.filter(assessment=desk.assessment, key=change.key).first()
    if change.remove:
        return _remove(desk, row)
    region, side = _site(change.region, change.side)
    if change.view not in PainMark.View.values:
        raise Refusal("view", "A mark lies on the front or the back.")
    if change.depth not in PainMark.Depth.values:
        raise Refusal("depth", "Depth is superficial or deep.")
    if change.quality and change.quality not in _qualities():
        raise Refusal("quality", "Choose the quality from the list.")
    values = {
        "view": change.view,
        "x": _whole(change.x, 0, 1000, "Position"),
        "y": _whole(change.y, 0, 1000, "Position"),
        "region": region,
        "side": side,
        "depth": change.depth,
        "quality": change.quality,
        "nprs": _whole(change.nprs, 0, 10, "Pain of this mark"),
    }
    _region(desk, RegionChange(region, side))  # what hurts is a symptom region
    return _store(desk, row or PainMark(assessment=desk.assessment, key=change.key), values)


def _activity(desk: Desk, change: ActivityChange) -> bool:
    if not 1 <= change.position <= MAX_ACTIVITIES:
        raise Refusal("position", f"At most {MAX_ACTIVITIES} activities are scored.")
    row = desk.assessment.activities.filter(position=change.position).first()
    text = _text(change.activity, 120, "Activity")
    score = _whole(change.score, 0, 10, f"Score of activity {change.position}")
    if not text and score is None:
        return _remove(desk, row)
    if not text:
        raise Refusal("invalid", f"Name activity {change.position} before scoring it.")
    row = row or PsfsActivity(assessment=desk.assessment, position=change.position)
    return _store(desk, row, {"activity": text, "score": score})


def _day(raw: object, label: str, desk: Desk) -> date | None:
    if _is_empty(raw):
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
    procedure = _text(change.procedure, 120, "Operation")
    if not procedure:
        return _remove(desk, row)
    region, side = _site(change.region, change.side)
    values = {
        "procedure": procedure,
        "region": region,
        "side": side,
        "performed_on": _day(change.performed_on, "Date of the operation", desk),
    }
    return _store(desk, row or Surgery(assessment=desk.assessment, key=change.key), values)


def _head(desk: Desk, change: HeadChange) -> bool:
    if change.attribute == "story":
        value: object = _text(change.value, 4000, "History")
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


# --- Answers --------------------------------------------------------------------------------------------------------


def _flag(desk: Desk, change: FlagChange) -> bool:
    if change.flag not in RED_FLAGS:
        raise Refusal("unknown", f"“{change.flag[:40]}” is not a red-flag question.")
    if change.answer not in Answer.values:
        raise Refusal("answer", "Answer yes, no or not asked.")
    row = RedFlagAnswer.objects.filter(assessment=desk.assessment, flag=change.flag).first()
    if change.answer == Answer.NOT_ASKED:
        return _remove(desk, row)
    region, side = ("", "")
    if change.answer == Answer.YES:
        region, side = _site(change.region, change.side, needed=False)
    values = {"answer": change.answer, "region": region, "side": side, "note": _text(change.note, 300, "Note")}
    return _store(desk, row or RedFlagAnswer(assessment=desk.assessment, flag=change.flag), values)


def _answered_so(row: PatientCondition | None, change: ConditionChange, note: str) -> bool:
    if row is None:
        return change.answer == Answer.NOT_ASKED
    sites = {(site.region, site.side) for site in row.sites.all()}
    return (row.answer, sites, row.since, row.note) == (change.answer, set(change.sites), change.since, note)


def _condition(desk: Desk, change: ConditionChange) -> bool:
    condition = desk.conditions.get(change.condition)
    if condition is None:
        raise Refusal("unknown", f"“{change.condition[:60]}” is not a condition question.")
    note = _text(change.note, 300, "Note")
    if _answered_so(desk.answers.get(condition.pk), change, note):
        return False
    try:
        answer_condition(
            desk.assessment.episode.patient,
            condition,
            answer=change.answer,
            by=desk.by,
            sites=change.sites,
            since=change.since,
            note=note,
        )
    except ManyProblems as error:
        raise Refusal(error.code, error.problems[0].message if error.problems else error.message) from error
    except DomainError as error:
        raise Refusal(error.code, error.message) from error
    except ValidationError as error:
        raise Refusal("invalid", "; ".join(error.messages)) from error
    return True


_APPLY: dict[type, Callable[[Desk, Any], bool]] = {
    FindingChange: _finding,
    RegionChange: _region,
    MarkChange: _mark,
    ActivityChange: _activity,
    SurgeryChange: _surgery,
    FlagChange: _flag,
    ConditionChange: _condition,
    HeadChange: _head,
}

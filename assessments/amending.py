"""Correcting a signed assessment: a dated amendment beside it, never a change of what was signed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from assessments.actions import licensed
from assessments.changes import ActivityChange, FindingChange, FlagChange, RegionChange
from assessments.chart import figures_of
from assessments.content import amendment_hashes
from assessments.crosschecks import CHECKED_TOGETHER, rejections
from assessments.current import Current, current, finding_from, finding_json, finding_name
from assessments.desk import Refusal, site_of, text_of
from assessments.models import AmendedValue, Amendment, Assessment, Finding
from assessments.vocabulary import RED_FLAGS
from assessments.writing import (
    MAX_ACTIVITIES,
    columns_of,
    field_of,
    typed_value,
    whole_number,
)
from clinic.errors import Conflict, DomainError, Invalid, ManyProblems
from clinic.models import Answer, User
from clinic.signatures import Kind, append

Correction = FindingChange | FlagChange | ActivityChange | RegionChange
Json = Any
LONGEST = 100


@transaction.atomic
def amend(
    assessment: Assessment,
    corrections: Collection[Correction] = (),
    *,
    by: User,
    reason: str,
    addition: str = "",
    today: date,
) -> Amendment:
    """Sign a correction of a signed assessment. The signed rows stay; :mod:`assessments.current` reads both.

    ``addition`` is a late entry in words. A correction to the value that counts already is left out. Raises Refused
    without a valid registration, Conflict when the assessment is not signed, Invalid without reason or without
    anything to correct, ManyProblems with every correction that cannot be accepted. Nothing is written then.
    """
    licensed(by, today)
    row = Assessment.objects.with_people().select_for_update(of=("self",)).get(pk=assessment.pk)
    if row.state != Assessment.State.SIGNED:
        raise Conflict("not_signed", "Only a signed assessment is amended. Change the draft instead.")
    reason, addition = " ".join(reason.split()), addition.strip()
    if not 3 <= len(reason) <= 500:
        raise Invalid("reason", "Say why, in at most 500 characters.", field="reason")
    if len(addition) > 2000:
        raise Invalid("addition", "A late entry takes at most 2000 characters.", field="addition")
    pairs = _pairs(row, corrections, today)
    if not pairs and not addition:
        raise Invalid("nothing", "Correct a value or write a late entry.", field="addition")
    made = Amendment.objects.create(
        assessment=row, reason=reason, addition=addition, size=len(pairs), signed_by=by, signed_at=timezone.now()
    )
    for name, before, after in pairs:
        AmendedValue.objects.create(amendment=made, name=name, before=before, after=after)
    append(Kind.AMENDMENT, made.pk, amendment_hashes([made.pk])[made.pk], by=by, at=made.signed_at)
    return made


def _pairs(row: Assessment, corrections: Iterable[Correction], today: date) -> list[tuple[str, Json, Json]]:
    """Name, value that counts now, corrected value; only where they differ."""
    now = current(row)
    problems: list[DomainError] = []
    found: dict[str, tuple[str, Json, Json]] = {}
    for change in corrections:
        try:
            before, after = _BEFORE_AFTER[type(change)](row, now, change)
        except Refusal as refusal:
            problems.append(Invalid(refusal.code, refusal.message, field=change.name))
            continue
        if before != after:
            found[change.name] = (change.name, before, after)
    if len(found) > LONGEST:
        problems.append(Invalid("too_many", f"At most {LONGEST} values at once."))
    problems += _contradictions(row, now, found, today)
    if problems:
        raise ManyProblems("amendment", "Some corrections cannot be accepted.", tuple(problems))
    return list(found.values())


def _contradictions(
    row: Assessment, now: Current, found: dict[str, tuple[str, Json, Json]], today: date
) -> list[DomainError]:
    """The refusing checks that the corrected record would break."""
    touched = {name.split(":")[1] for name in found if name.startswith("f:")} & CHECKED_TOGETHER
    if not touched:
        return []
    kept = [finding for finding in now.findings if finding_name(finding) not in found]
    made = [finding_from(row, name, after) for name, _, after in found.values() if name[0] == "f" and after is not None]
    chart = figures_of(row, today=today, findings=[*kept, *made])
    broken = {p.key: p for path in touched for p in rejections(chart, path)}
    return [Invalid(p.key, p.message, field=_first(found, p.paths)) for p in broken.values()]


def _first(names: Iterable[str], paths: Collection[str]) -> str | None:
    """The first of the corrected fields that a check looks at."""
    return next((name for name in names if name.split(":")[1] in paths), None)


def _finding(row: Assessment, now: Current, change: FindingChange) -> tuple[Json, Json]:
    field = field_of(change)
    value = typed_value(field, change.value)
    old = next((f for f in now.findings if finding_name(f) == change.name), None)
    before = finding_json(old)
    if value is None:
        return before, None
    made = Finding(assessment=row, path=change.path, side=change.side, mode=change.mode, **columns_of(value))
    made.pain_limited = change.pain_limited if change.pain_limited is not None else bool(old and old.pain_limited)
    made.pain_limited = made.pain_limited and field.namespace == "mmt"
    made.note = text_of(change.note, 300, "Note") if change.note is not None else (old.note if old else "")
    if (
        old is not None
        and _same(old.value, made.value)
        and (old.pain_limited, old.note)
        == (
            made.pain_limited,
            made.note,
        )
    ):
        return before, before
    return before, finding_json(made)


def _same(old: object, new: object) -> bool:
    """Equal values; the order in which several were ticked says nothing."""
    if isinstance(old, list) and isinstance(new, list):
        return sorted(old) == sorted(new)
    return old == new


def _flag(row: Assessment, now: Current, change: FlagChange) -> tuple[Json, Json]:
    if change.flag not in RED_FLAGS:
        raise Refusal("unknown", "This is not a red-flag question.")
    if change.answer not in Answer.values:
        raise Refusal("answer", "Answer yes, no or not asked.")
    old = next((f for f in now.flags if f.flag == change.flag), None)
    kept = ("answer", "region", "side", "note")
    before = {name: getattr(old, name) for name in kept} if old else None
    if change.answer == Answer.NOT_ASKED:
        return before, None
    region, side = site_of(change.region, change.side, needed=False) if change.answer == Answer.YES else ("", "")
    note = text_of(change.note, 300, "Note")
    return before, {"answer": str(change.answer), "region": region, "side": side, "note": note}


def _activity(row: Assessment, now: Current, change: ActivityChange) -> tuple[Json, Json]:
    if not 1 <= change.position <= MAX_ACTIVITIES:
        raise Refusal("position", f"At most {MAX_ACTIVITIES} activities are scored.")
    old = next((a for a in now.activities if a.position == change.position), None)
    before = {"activity": old.activity, "score": old.score} if old else None
    text = text_of(change.activity, 120, "Activity")
    score = whole_number(change.score, 0, 10, f"Score of activity {change.position}")
    if not text and score is not None:
        raise Refusal("invalid", f"Name activity {change.position} before scoring it.")
    return before, {"activity": text, "score": score} if text else None


def _region(row: Assessment, now: Current, change: RegionChange) -> tuple[Json, Json]:
    region, side = site_of(change.region, change.side)
    before = True if any((r.region, r.side) == (region, side) for r in now.regions) else None
    return before, True if change.present else None


_BEFORE_AFTER: dict[type, Any] = {
    FindingChange: _finding,
    FlagChange: _flag,
    ActivityChange: _activity,
    RegionChange: _region,
}

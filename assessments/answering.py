"""Writes of answers: red flags of the assessment, conditions of the patient."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from hashlib import sha256

from django.core.exceptions import ValidationError

from assessments.changes import ConditionChange, FlagChange
from assessments.desk import Desk, OvertakenBy, Refusal, remove, site_of, store, text_of
from assessments.models import RedFlagAnswer
from assessments.vocabulary import RED_FLAGS
from clinic.actions import answer_condition
from clinic.errors import DomainError, ManyProblems
from clinic.models import Answer, Condition, PatientCondition


def write_flag(desk: Desk, change: FlagChange) -> bool:
    """Answer one red-flag question; "not asked" takes the answer away."""
    if change.flag not in RED_FLAGS:
        raise Refusal("unknown", f"“{change.flag[:40]}” is not a red-flag question.")
    if change.answer not in Answer.values:
        raise Refusal("answer", "Answer yes, no or not asked.")
    row = desk.flags.get(change.flag)
    if change.answer == Answer.NOT_ASKED:
        return remove(desk, row)
    region, side = ("", "")
    if change.answer == Answer.YES:
        region, side = site_of(change.region, change.side, needed=False)
    values = {"answer": change.answer, "region": region, "side": side, "note": text_of(change.note, 300, "Note")}
    return store(desk, row or RedFlagAnswer(assessment=desk.assessment, flag=change.flag), values)


def told(answer: str, sites: Iterable[tuple[str, str]] = (), since: date | None = None, note: str = "") -> str:
    """A short mark of a condition's answer, empty for "not asked". A page sends the mark of what it showed along, so
    that an answer which somebody else gave meanwhile is noticed."""
    if answer == Answer.NOT_ASKED:
        return ""
    places = sorted(set(sites)) if answer == Answer.YES else []
    return sha256(repr((str(answer), places, since and since.isoformat(), note)).encode()).hexdigest()[:12]


def told_by(change: ConditionChange) -> str:
    """The mark of the answer that the change makes."""
    return told(change.answer, change.sites, change.since, change.note.strip())


def _mark_of(row: PatientCondition | None) -> str:
    if row is None:
        return ""
    return told(row.answer, [(site.region, site.side) for site in row.sites.all()], row.since, row.note)


def write_condition(desk: Desk, change: ConditionChange) -> bool:
    """Answer one condition question; the record is the patient's, so others may have answered it elsewhere."""
    condition = desk.conditions.get(change.condition)
    if condition is None:
        raise Refusal("unknown", f"“{change.condition[:60]}” is not a condition question.")
    text_of(change.note, 300, "Note")
    row = desk.answers.get(condition.pk)
    now = _mark_of(row)
    if now == told_by(change):
        return False
    if change.seen is not None and change.seen != now:
        raise OvertakenBy(row.get_answer_display() if row else Answer.NOT_ASKED.label, now)
    if row is None and change.answer == Answer.NO and not change.note.strip() and change.since is None:
        patient = desk.assessment.episode.patient
        desk.keep(PatientCondition(patient=patient, condition=condition, answer=Answer.NO, recorded_by=desk.by))
    else:
        _answer(desk, condition, change)
    return True


def _answer(desk: Desk, condition: Condition, change: ConditionChange) -> None:
    try:
        answer_condition(
            desk.assessment.episode.patient,
            condition,
            answer=change.answer,
            by=desk.by,
            sites=change.sites,
            since=change.since,
            note=change.note.strip(),
        )
    except ManyProblems as error:
        raise Refusal(error.code, error.problems[0].message if error.problems else error.message) from error
    except DomainError as error:
        raise Refusal(error.code, error.message) from error
    except ValidationError as error:
        raise Refusal("invalid", "; ".join(error.messages)) from error

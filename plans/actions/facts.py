"""Writing facts of an assessment where plans must follow: pages and API save through here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from assessments import actions as assessing
from assessments.changes import Change, ConditionChange, FlagChange, Saved
from assessments.models import Assessment, FlagClearance
from clinic.models import User
from plans.actions.holds import facts_may_change

FACTS = (ConditionChange, FlagChange)


def save_changes(assessment: Assessment, changes: Iterable[Change], *, by: User, revision: int, today: date) -> Saved:
    """:func:`assessments.actions.save_changes`; a condition or red flag among the changes is screened against the
    patient's plans in the same transaction."""
    rows = list(changes)
    if not any(isinstance(change, FACTS) for change in rows):
        return assessing.save_changes(assessment, rows, by=by, revision=revision, today=today)
    with facts_may_change(assessment.episode.patient, by=by, today=today):
        return assessing.save_changes(assessment, rows, by=by, revision=revision, today=today)


def clear_flag(assessment: Assessment, flag: str, *, by: User, reason: str, source: str, today: date) -> FlagClearance:
    """:func:`assessments.actions.clear_flag`; what the flag held is screened again in the same transaction."""
    with facts_may_change(assessment.episode.patient, by=by, today=today):
        return assessing.clear_flag(assessment, flag, by=by, reason=reason, source=source, today=today)

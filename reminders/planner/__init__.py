"""Plans what is to be sent in the next hours: inserts the rows that are missing, so that running twice is harmless.

Works through everything in batches by key: a fixed number of queries per batch, whatever the number of patients.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clinic.models import Patient
from reminders.planner.base import BATCH, DEFAULT_TIME, EVERY_DAY, HORIZON, PROGRAMME, ensure_defaults
from reminders.planner.daily import CATCH_UP, PROMPT_LASTS, add_daily, plan_daily, timetables
from reminders.planner.events import (
    add_questions,
    add_versions,
    add_visits,
    new_versions,
    plan_questions,
    plan_versions,
    plan_visits,
    questions_due,
    visits_ahead,
)

__all__ = [
    "BATCH",
    "CATCH_UP",
    "DEFAULT_TIME",
    "EVERY_DAY",
    "HORIZON",
    "PROGRAMME",
    "PROMPT_LASTS",
    "Planned",
    "ensure_defaults",
    "plan",
    "plan_patient",
]


@dataclass(frozen=True, slots=True)
class Planned:
    """How many rows one run has added; ``daily`` are digests, nudges and habit prompts."""

    defaults: int
    daily: int
    visits: int
    questions: int
    versions: int


def plan(*, now: datetime) -> Planned:
    """Add defaults for new patients, then everything that comes up in the next hours."""
    return Planned(
        defaults=ensure_defaults(now=now),
        daily=plan_daily(now=now),
        visits=plan_visits(now=now),
        questions=plan_questions(now=now),
        versions=plan_versions(now=now),
    )


def plan_patient(patient: Patient, *, now: datetime) -> None:
    """Plan for one patient at once, after a change of settings."""
    add_daily(list(timetables(now).filter(patient=patient)), now)
    add_visits(list(visits_ahead(now).filter(patient=patient)), now)
    add_questions(list(questions_due(now).filter(episode__patient=patient)), now)
    add_versions(list(new_versions(now).filter(plan__episode__patient=patient)), now)

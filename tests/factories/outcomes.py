"""Outcome measures in tests: the shipped instruments, and questions that wait."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from assessments.models import InstrumentVersion, OutcomeRequest, OutcomeResponse
from assessments.outcomes.actions import answer
from assessments.outcomes.install import in_force, install_shipped
from clinic.locality import patient_date
from clinic.models import Episode


def instrument_row(key: str = "nprs") -> InstrumentVersion:
    """The row in force; the shipped instruments are installed when needed."""
    found = in_force([key])
    if not found:
        install_shipped()
        found = in_force([key])
    return found[key]


def outcome_request(episode: Episode, key: str = "nprs", *, due_on: date | None = None, **more: Any) -> OutcomeRequest:
    """Open questions, due today in the patient's calendar and open for a week."""
    due = due_on or patient_date(episode.patient, timezone.now())
    fields = {"why": "by_hand", "occasion": f"test:{key}:{due}", "expires_on": due + timedelta(days=7), **more}
    return OutcomeRequest.objects.create(episode=episode, instrument=instrument_row(key), due_on=due, **fields)


def outcome_response(episode: Episode, key: str = "groc", **more: Any) -> OutcomeResponse:
    """An answered question: a rating of change of +2, filled in by the patient."""
    request = outcome_request(episode, key, **more)
    by = episode.patient.user
    assert by is not None
    raw = {"groc": {"change": 2}, "nprs": {"now": 3, "worst": 6, "best": 1}}[key]
    return answer(request, raw, by=by, filled_by="patient", now=timezone.now())

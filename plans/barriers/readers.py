"""What a page needs of the question."""

from __future__ import annotations

from datetime import date, timedelta

from clinic.models import Patient
from clinic.pieces import Piece
from plans.models import BarrierQuestion, Plan

# How long an answer speaks for the doses: two weeks, and never for an exercise prescribed after it.
SPEAKS_DAYS = 14

# Whether the question waits. Parameters: ``patient``, ``today``.
BARRIER = Piece(
    """SELECT to_json(EXISTS (SELECT 1 FROM plans_barrierquestion b WHERE b.patient_id = %(patient)s
                              AND b.state = 'open' AND b.asked_on <= %(today)s AND b.expires_on >= %(today)s))""",
    bool,
)


def question_of(patient: Patient, today: date) -> BarrierQuestion | None:
    """This week's question, whatever became of it."""
    return BarrierQuestion.objects.filter(patient=patient, asked_on__lte=today, expires_on__gte=today).first()


def said_of(plan: Plan, today: date) -> BarrierQuestion | None:
    """The last answer that still speaks for the doses of this plan."""
    since = today - timedelta(days=SPEAKS_DAYS)
    return BarrierQuestion.objects.filter(plan=plan, state="answered", asked_on__gte=since).first()

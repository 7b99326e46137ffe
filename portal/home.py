"""Everything that the first page shows, in one read: it is opened every day, by everybody, on a telephone.

Whoever has something to put on this page adds a piece here instead of a query.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from assessments.outcomes.readers import WAITING
from clinic.models import Clinic
from clinic.pieces import Piece, ask
from clinic.readers import CLINIC
from exercises.day import DAY
from exercises.programme import Programme
from plans.barriers.readers import BARRIER
from plans.news import STANDING, Standing
from plans.summary import HAS_PLAN
from portal.pages import Visitor
from reminders.notices import UNREAD
from scheduling.readers import NEXT_VISIT, NextVisit

PIECES: dict[str, Piece] = {
    "clinic": CLINIC,
    "programme": DAY,
    "has_plan": HAS_PLAN,
    "standing": STANDING,
    "next_visit": NEXT_VISIT,
    "questions": WAITING,
    "notices": UNREAD,
    "barrier": BARRIER,
}


@dataclass(frozen=True, slots=True)
class Home:
    """The answers, one field per piece."""

    clinic: Clinic | None
    programme: Programme
    has_plan: bool
    standing: Standing | None
    next_visit: NextVisit | None
    questions: int
    notices: int
    barrier: bool


def read_home(visitor: Visitor, day: date) -> Home:
    """The first page for one day of the patient's calendar, in one query."""
    return Home(**ask(PIECES, patient=visitor.patient.pk, day=day, today=visitor.today, now=visitor.now))

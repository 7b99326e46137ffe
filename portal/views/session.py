"""The guided session: one exercise at a time. ``static/js/session.js`` keeps the time; without it each is a page."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from exercises.access import own_prescription
from exercises.models import SkipReason
from exercises.programme import read_programme
from plans.signs import SIGNS
from portal.cards import PAIN_CHOICES, cards_of
from portal.forms import REASON_CHOICES
from portal.guide import position_of, steps_of
from portal.pages import Visitor, page, portal_page
from portal.sheets import sheet_of
from scheduling.readers import next_visit

# Shown when somebody stops because of pain; the page "Something has changed" has them all.
FIRST_SIGNS = ("saddle", "bladder", "both_legs", "chest", "stroke", "headache")


@require_safe
@portal_page
def session(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Everything that is still open today."""
    return _page(request, visitor)


@require_safe
@portal_page
def one(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """One exercise alone."""
    return _page(request, visitor, only=own_prescription(visitor.patient, pk).pk)


def _page(request: HttpRequest, visitor: Visitor, only: int | None = None) -> HttpResponse:
    programme = read_programme(visitor.patient, visitor.today, rows_since=visitor.today)
    steps = steps_of(programme, only)
    answered = [item for item in programme.day(visitor.today) if item.logs]
    tomorrow = programme.day(visitor.today + timedelta(days=1))
    context = {
        "steps": steps,
        "at": position_of(steps, request.GET.get("at", "")),
        "only": only,
        "is_checked": programme.is_checked,
        "on_hold": programme.on_hold(visitor.today),
        "answered": [sheet_of(card) for card in cards_of(visitor.today, tuple(answered))],
        "tomorrow": sum(item.is_due for item in tomorrow),
        "next_visit": next_visit(visitor.patient, visitor.now),
        "reasons": [choice for choice in REASON_CHOICES if choice[0] != SkipReason.FORGOT],
        "pain_choices": PAIN_CHOICES,
        "signs": [SIGNS[key] for key in FIRST_SIGNS],
    }
    return page(request, visitor, "portal/session.html", context)

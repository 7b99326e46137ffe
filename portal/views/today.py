"""Today: what do I do now, and why. Logging happens here and on the page of one exercise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from exercises.access import own_prescription
from exercises.actions import LOG_DAYS_BACK
from exercises.programme import finished, read_programme
from portal.cards import Card, cards_of
from portal.changes import told_since
from portal.home import read_home
from portal.pages import Visitor, page, portal_page
from portal.sheets import sheet_of
from portal.wording import greeting


@require_safe
@portal_page
def today(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Today's exercises, or those of a day that is to be filled in (``?day=``)."""
    day = chosen_day(request.GET.get("day", ""), visitor.today)
    is_blank = request.GET.get("sheet") == "blank"  # kept by the service worker for another day without a connection
    return page(request, visitor, "portal/today.html", day_context(visitor, day, is_blank=is_blank))


@require_safe
@portal_page
def exercise(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """How one exercise is done, and the buttons to log it."""
    prescription = own_prescription(visitor.patient, pk)
    day = chosen_day(request.GET.get("day", ""), visitor.today)
    cards = cards_of(day, read_programme(visitor.patient, visitor.today, rows_since=day).day(day))
    card = next((card for card in cards if card.prescription.pk == prescription.pk), None)
    template = "portal/exercise.html" if card else "portal/exercise_over.html"
    shown = {"card": card, "sheet": sheet_of(card) if card else None, "prescription": prescription}
    return page(request, visitor, template, {**shown, "day": day, "is_today": day == visitor.today})


def chosen_day(text: str, today: date) -> date:
    """The day named in the address when it may still be filled in; else today."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if today - timedelta(days=LOG_DAYS_BACK) <= day <= today else today


def day_context(visitor: Visitor, day: date, *, is_blank: bool = False) -> dict[str, Any]:
    """Everything the list of one day shows. Only the closing words of the day need the history as well.

    ``is_blank`` leaves out what was answered already.
    """
    home = read_home(visitor, day)
    items = (replace(home.programme, logs=(), entries=()) if is_blank else home.programme).day(day)
    cards = cards_of(day, items)
    is_today, is_over = day == visitor.today, finished(items)
    return {
        "clinic": home.clinic,
        "day": day,
        "is_today": is_today,
        "yesterday": day - timedelta(days=1),
        "greeting": greeting(visitor.patient.preferred_name or visitor.patient.given_name, timezone.localtime()),
        "due": [(card, sheet_of(card)) for card in cards if card.item.is_due],
        "extra": [sheet_of(card) for card in cards if not card.item.is_due],
        "on_hold": home.programme.on_hold(day),
        "is_checked": home.programme.is_checked,
        "finished": is_over,
        "streak": read_programme(visitor.patient, visitor.today).streak() if is_today and is_over else 0,
        "next_visit": home.next_visit if is_today else None,
        "news": told_since(home.standing) if is_today else None,
        "questions": home.questions if is_today else 0,
        "barrier": home.barrier and is_today,
        "notices": home.notices if is_today else 0,
        "may_start": is_today and not is_over and any(card.item.is_due for card in cards),
        "has_plan": bool(cards) or home.has_plan,
        **ring_of(cards),
    }


def ring_of(cards: list[Card]) -> dict[str, int]:
    """Sessions done and asked for; what was asked on other days is a bonus that the ring leaves out."""
    due = [card.item for card in cards if card.item.is_due]
    return {"ring_value": sum(item.done for item in due), "ring_total": sum(item.expected for item in due)}

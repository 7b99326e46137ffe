"""What changed in the programme, said plainly: new, changed, no longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.models import Patient
from clinic.said import said
from exercises import wording
from plans.contents import said_side
from plans.models import PlanExercise
from plans.news import Moved, News, Standing, news_for, news_since
from plans.summary import PHASE_TITLES


@dataclass(frozen=True, slots=True)
class Line:
    """One change: ``kind`` is new, changed or gone; ``text`` says it, ``detail`` how."""

    kind: str
    label: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """The card: when, by whom, which lines."""

    signed_at: datetime
    signed_by: str
    lines: tuple[Line, ...]


def told(patient: Patient) -> Told | None:
    """What to tell the patient; None when everything was seen."""
    return _told(news_for(patient))


def told_since(standing: Standing | None) -> Told | None:
    """The same from where the plan stands, when that was read already."""
    return _told(news_since(standing))


def _told(news: News | None) -> Told | None:
    return Told(news.signed_at, news.signed_by, tuple(_lines(news))) if news else None


def _lines(news: News) -> list[Line]:
    lines = []
    if news.phase != news.phase_before:
        step = _("step {n}: {title}").format(n=news.phase, title=PHASE_TITLES.get(news.phase, ""))
        lines.append(Line("changed", _("You are now in"), step))
    lines += [Line("new", _("New"), said(row.exercise.name), dose_text(row)) for row in news.new]
    for row, before in news.instead:
        text = _("{new} instead of {old}").format(new=said(row.exercise.name), old=said(before))
        lines.append(Line("changed", _("Changed"), text, dose_text(row)))
    lines += [Line("changed", _("Changed"), said(moved.after.exercise.name), moved_text(moved)) for moved in news.moved]
    lines += [Line("gone", _("No longer"), said(name)) for name in news.gone]
    lines += [Line("new", _("New at your visits"), said(name)) for name in news.treatments_new]
    lines += [Line("gone", _("No longer at your visits"), said(name)) for name in news.treatments_gone]
    if news.words:
        lines.append(Line("changed", _("From your physiotherapist"), news.words))
    return lines


def dose_text(row: PlanExercise) -> str:
    """ "2 sets of 10, twice a day, every day"."""
    return ", ".join((wording.dose_words(row), _daily(row), wording.week_words(row)))


def _daily(row: PlanExercise) -> str:
    return ngettext("once a day", "{n} times a day", row.per_day).format(n=row.per_day)


def moved_text(moved: Moved) -> str:
    """Only what differs: "now 3 sets of 10 instead of 2 sets of 10"."""
    sayings = (
        wording.dose_words, _daily, wording.week_words, wording.effort_words, wording.rest_words, _side_text
    )  # fmt: skip
    parts = []
    for say in sayings:
        before, after = say(moved.before), say(moved.after)
        if before != after:
            parts.append(_("now {new} instead of {old}").format(new=after or _("none"), old=before or _("none")))
    return "; ".join(parts)


def _side_text(row: PlanExercise) -> str:
    return wording.side_words(said_side(row))

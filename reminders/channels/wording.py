"""What each kind of message says. Clinic, day and link only: never a condition, an exercise or the kind of visit.

A locked screen, a shared mailbox and a parent's phone may all show these words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from reminders.models import Kind

TODAY, VISITS, SETTINGS = "/portal/", "/portal/visits/", "/portal/settings/"
PLAN, QUESTIONS, NOTICES = "/portal/plan/", "/portal/questions/", "/portal/notices/"
PATHS: Mapping[str, str] = {
    Kind.APPOINTMENT: VISITS,
    Kind.WAIT_LIST: VISITS,
    Kind.REASSESSMENT: QUESTIONS,
    Kind.PLAN_CHANGED: PLAN,
    Kind.QUESTION: NOTICES,
}


@dataclass(frozen=True, slots=True)
class Words:
    """Of one kind: ``subject`` of a mail, ``lead`` above its link and ``after`` below, and one ``line`` for elsewhere.

    ``line`` is read on phones and in the list of notices; it stands beside the clinic's name.
    """

    subject: str
    lead: str
    line: str
    after: str = ""


Facts = Mapping[str, str]


def words_for(kind: str, facts: Facts) -> Words:
    """The words in the language that is active. ``facts`` has clinic, phone, address, day and time."""
    return WRITERS[kind](facts)


def path_for(kind: str) -> str:
    """The page of the portal that a message of this kind leads to."""
    return PATHS.get(kind, TODAY)


def _exercises(facts: Facts) -> Words:
    return Words(
        _("A reminder from %(clinic)s") % facts,
        _("Your programme for today is waiting for you:"),
        _("Your programme for today is waiting."),
        _("It takes only a few minutes. If something has changed, say so there."),
    )


def _nudge(facts: Facts) -> Words:
    return Words(
        _("A short reminder from %(clinic)s") % facts,
        _("Nothing is noted for today yet. If you have a few minutes, start here:"),
        _("Nothing is noted for today yet."),
        _("If today does not suit you, that is all right: one tap tells us what got in the way."),
    )


def _movement(facts: Facts) -> Words:
    return Words(
        _("A short break, says %(clinic)s") % facts,
        _("Time to get up and move a little. Your page for today:"),
        _("Time to get up and move a little."),
    )


def _fluids(facts: Facts) -> Words:
    return Words(
        _("A glass of water, says %(clinic)s") % facts,
        _("Time for something to drink. Your page for today:"),
        _("Time for something to drink."),
    )


def _appointment(facts: Facts) -> Words:
    lead = _("We look forward to seeing you at %(clinic)s on %(day)s at %(time)s.") % facts
    place = f"\n{facts['address']}" if facts["address"] else ""
    call = _("If you cannot come, please call us as early as you can: %(phone)s.") % facts
    return Words(
        _("Your visit at %(clinic)s on %(day)s, %(time)s") % facts,
        f"{lead}{place}\n\n" + _("Your visits:"),
        _("Your visit is on %(day)s at %(time)s.") % facts,
        call if facts["phone"] else "",
    )


def _reassessment(facts: Facts) -> Words:
    return Words(
        _("A few questions from %(clinic)s") % facts,
        _("A few questions are waiting for you. Your answers show how things are going:"),
        _("A few questions are waiting for you."),
        _("They take about five minutes."),
    )


def _plan_changed(facts: Facts) -> Words:
    return Words(
        _("Something new from %(clinic)s") % facts,
        _("Something has changed in your programme. Please look at it before you go on:"),
        _("Something has changed in your programme. Please look at it before you go on."),
    )


def _question(facts: Facts) -> Words:
    return Words(
        _("A message from %(clinic)s") % facts,
        _("A message is waiting for you in your portal:"),
        _("A message is waiting for you in your portal."),
    )


def _wait_list(facts: Facts) -> Words:
    return Words(
        _("A visit at %(clinic)s has become free") % facts,
        _("A visit has become free that may suit you. It goes to whoever takes it first:"),
        _("A visit has become free that may suit you."),
    )


WRITERS: Mapping[str, Callable[[Facts], Words]] = {
    Kind.EXERCISES: _exercises,
    Kind.NUDGE: _nudge,
    Kind.MOVEMENT: _movement,
    Kind.FLUIDS: _fluids,
    Kind.APPOINTMENT: _appointment,
    Kind.REASSESSMENT: _reassessment,
    Kind.PLAN_CHANGED: _plan_changed,
    Kind.QUESTION: _question,
    Kind.WAIT_LIST: _wait_list,
}

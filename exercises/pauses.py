"""Pauses of the whole home programme that a person asks for: a holiday, ill, something else.

Limits, so that a pause is a plan and no make-up for silence: it begins at most 2 days back (one falls ill before one
says so), lasts at most 28 days, is entered at most 90 days ahead, and no more than 42 days in any 84 are paused by the
patient. Staff may enter what the patient may not, up to 14 days back, the span in which logs may be filled in.
A pause is no safety hold: it never ends one, and the exercises may be done all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from clinic.errors import Conflict, DomainError, Invalid, ManyProblems, Refused
from clinic.locality import patient_date
from clinic.models import Patient, User
from clinic.permissions import Permission, may
from exercises.daily import refresh
from exercises.models import HomePause

BACK_DAYS = 2
BACK_DAYS_STAFF = 14
LONGEST_DAYS = 28
LONGEST_DAYS_STAFF = 84
AHEAD_DAYS = 90
SHARE_DAYS, SHARE_OF = 42, 84


@dataclass(frozen=True, slots=True)
class _Limits:
    back: int
    longest: int


def add_pause(
    patient: Patient, *, by: User, starts_on: date, ends_on: date, reason: str, note: str = "", now: datetime
) -> HomePause:
    """Store a pause of the whole programme.

    Raises Refused for anyone but the patient and those who treat, Invalid or ManyProblems naming the field for days
    outside the limits, Conflict when some of the days are paused already.
    """
    limits = _limits_of(patient, by)
    today = patient_date(patient, now)
    _raise_all([*_day_problems(starts_on, ends_on, today, limits), *_word_problems(reason, note)])
    with transaction.atomic():
        Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)
        if limits.longest == LONGEST_DAYS and _share(patient, starts_on, ends_on) > SHARE_DAYS:
            raise Invalid("pause_share", "That is a long break. Please speak to your physiotherapist.", field="ends_on")
        pause = HomePause(
            patient=patient, starts_on=starts_on, ends_on=ends_on, reason=reason, note=note.strip(), by=by
        )
        _save(pause)
        refresh([patient], since=starts_on, now=now)
    return pause


def end_pause(pause: HomePause, *, by: User, now: datetime) -> HomePause | None:
    """End a pause: today is expected again. One that has not begun is taken back (None); history keeps both.

    Raises Refused as :func:`add_pause` does, Conflict when it is over.
    """
    _limits_of(pause.patient, by)
    today = patient_date(pause.patient, now)
    with transaction.atomic():
        locked = HomePause.objects.select_for_update().filter(pk=pause.pk).first()
        if locked is None or locked.ends_on < today:
            raise Conflict("pause_ended", "This pause is over already.")
        if locked.starts_on >= today:
            locked.delete()
            return None
        locked.ends_on = today - timedelta(days=1)
        locked.save(update_fields=["ends_on"])
    return locked


def _limits_of(patient: Patient, by: User) -> _Limits:
    if may(by, Permission.CLINICAL_EDIT):
        return _Limits(BACK_DAYS_STAFF, LONGEST_DAYS_STAFF)
    if patient.user_id is not None and patient.user_id == by.pk:
        return _Limits(BACK_DAYS, LONGEST_DAYS)
    raise Refused("pause_not_yours", "Only the patient or a physiotherapist enters a pause.")


def _day_problems(starts_on: date, ends_on: date, today: date, limits: _Limits) -> list[DomainError]:
    found: list[DomainError] = []
    if starts_on < today - timedelta(days=limits.back):
        found.append(Invalid("pause_old", f"A pause begins at most {limits.back} days back.", field="starts_on"))
    if starts_on > today + timedelta(days=AHEAD_DAYS):
        found.append(Invalid("pause_far", f"Enter it at most {AHEAD_DAYS} days ahead.", field="starts_on"))
    if ends_on < starts_on:
        found.append(Invalid("pause_order", "The last day is before the first.", field="ends_on"))
    elif ends_on < today:
        found.append(Invalid("pause_over", "Choose a last day that is not over yet.", field="ends_on"))
    if (ends_on - starts_on).days >= limits.longest:
        found.append(Invalid("pause_long", f"A pause lasts at most {limits.longest} days.", field="ends_on"))
    return found


def _word_problems(reason: str, note: str) -> list[DomainError]:
    found: list[DomainError] = []
    if reason not in HomePause.Reason.values:
        found.append(Invalid("reason", "Choose one of the reasons.", field="reason"))
    if len(note.strip()) > 200 or "\x00" in note:
        found.append(Invalid("pause_note", "Please use at most 200 letters.", field="note"))
    return found


def _raise_all(problems: list[DomainError]) -> None:
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ManyProblems("invalid", "Please check the marked answers.", tuple(problems))


def _share(patient: Patient, starts_on: date, ends_on: date) -> int:
    """Days that the patient has paused in the 84 days up to the end of this pause, with it."""
    first = ends_on - timedelta(days=SHARE_OF - 1)
    own = HomePause.objects.filter(patient=patient, by=patient.user_id, ends_on__gte=first, starts_on__lte=ends_on)
    spans = [*own.values_list("starts_on", "ends_on"), (starts_on, ends_on)]
    return sum((min(last, ends_on) - max(begin, first)).days + 1 for begin, last in spans)


def _save(pause: HomePause) -> None:
    try:
        with transaction.atomic():
            pause.save()
    except IntegrityError as error:
        raise Conflict("pause_twice", "There is a pause on some of these days already.", field="starts_on") from error

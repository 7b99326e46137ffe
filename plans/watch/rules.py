"""The rules that put a running plan on the worklist. Pure: plain values in, what holds now out.

Silence is silence and pain 0 is a value. Limits are the clinic's, per plan (product reference, capability 9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from statistics import fmean
from typing import Literal

Severity = Literal["low", "normal", "high", "urgent"]
RULES = ("not_logged", "pain_high", "pain_rise", "function_drop", "skipped_for_pain")
RECENT_DAYS = 3
USUAL_DAYS = 7  # answered days that make the usual level
SKIPS = 2
LONG_SILENCE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Limits:
    """Where the rules begin to speak; hours, points of 0-10, per cent of the best score, of a week's sessions."""

    silent_hours: int = 49
    pain_high: int = 7
    pain_rise: int = 2
    function_drop_pct: int = 20
    adherence_low_pct: int = 60  # verify


@dataclass(frozen=True, slots=True)
class PainDay:
    """The worst pain that was said on one day of the patient's calendar, and how often pain made them skip."""

    day: date
    worst: int | None
    skipped_for_pain: int = 0


@dataclass(frozen=True, slots=True)
class Watched:
    """A running plan. ``due_since``: since when exercises are due without a break, None when none is due now;
    ``days_per_week``: of the exercise that is due most often; ``days`` and ``function`` oldest first."""

    today: date
    now: datetime
    due_since: datetime | None
    last_log_at: datetime | None
    days_per_week: int
    days: Sequence[PainDay] = ()
    function: Sequence[tuple[date, float]] = ()


@dataclass(frozen=True, slots=True)
class Holds:
    """A rule that holds now, with what to say and one thing to do."""

    rule: str
    severity: Severity
    text: str
    suggestion: str


def check(watched: Watched, limits: Limits) -> tuple[Holds, ...]:
    """Every rule that holds, in the order of ``RULES``."""
    found = (
        _not_logged(watched, limits),
        _pain_high(watched, limits),
        _pain_rise(watched, limits),
        _function_drop(watched, limits),
        _skipped_for_pain(watched),
    )
    return tuple(holds for holds in found if holds is not None)


def silence_allowed(days_per_week: int, limits: Limits) -> timedelta:
    """How long nothing may be heard: the limit for daily exercises, longer by the rest days in between."""
    rest_days = ceil(7 / max(1, days_per_week)) - 1
    return timedelta(hours=limits.silent_hours, days=rest_days)


def _not_logged(watched: Watched, limits: Limits) -> Holds | None:
    if watched.due_since is None:
        return None
    since = max(watched.due_since, watched.last_log_at or watched.due_since)
    silent = watched.now - since
    if silent < silence_allowed(watched.days_per_week, limits):
        return None
    ever = "Nothing logged yet" if watched.last_log_at is None else "No log"
    text = f"{ever} for {_span(silent)}, although exercises are due."
    severity: Severity = "high" if silent >= LONG_SILENCE else "normal"
    return Holds("not_logged", severity, text, "Call, and ask what gets in the way.")


def _span(silent: timedelta) -> str:
    hours = int(silent.total_seconds() // 3600)
    return f"{hours} hours" if hours < 96 else f"{hours // 24} days"


def _answered(watched: Watched) -> list[tuple[date, int]]:
    return [(day.day, day.worst) for day in watched.days if day.worst is not None]


def _latest_pain(watched: Watched) -> tuple[date, int] | None:
    """The last answer, unless it is too old to act on."""
    answered = _answered(watched)
    if not answered or (watched.today - answered[-1][0]).days >= RECENT_DAYS:
        return None
    return answered[-1]


def _pain_high(watched: Watched, limits: Limits) -> Holds | None:
    latest = _latest_pain(watched)
    if latest is None or latest[1] < limits.pain_high:
        return None
    text = f"Pain {latest[1]} of 10 on {_day(latest[0])}."
    severity: Severity = "urgent" if latest[1] >= 9 else "high"
    return Holds("pain_high", severity, text, "Call today: ask for warning signs, ease the programme.")


def _pain_rise(watched: Watched, limits: Limits) -> Holds | None:
    latest = _latest_pain(watched)
    before = [pain for _, pain in _answered(watched)[:-1]][-USUAL_DAYS:]
    if latest is None or not before:
        return None
    usual = fmean(before)
    if latest[1] - usual < limits.pain_rise:
        return None
    text = f"Pain up from about {usual:.0f} to {latest[1]} of 10 on {_day(latest[0])}."
    return Holds("pain_rise", "high", text, "Ask what set it off; review the dose.")


def _function_drop(watched: Watched, limits: Limits) -> Holds | None:
    scores = list(watched.function)
    if len(scores) < 2:
        return None
    best = max(score for _, score in scores[:-1])
    day, last = scores[-1]
    drop = 100 * (best - last) / best if best > 0 else 0
    if drop < limits.function_drop_pct:
        return None
    text = f"Function down {drop:.0f} %: {last:g} of 10 on {_day(day)}, {best:g} before."
    return Holds("function_drop", "high", text, "Reassess: question the cause, look for a new sign.")


def _skipped_for_pain(watched: Watched) -> Holds | None:
    recent = [day for day in watched.days if (watched.today - day.day).days < RECENT_DAYS]
    skips = sum(day.skipped_for_pain for day in recent)
    if skips < SKIPS:
        return None
    text = f"Left out {skips} times in {RECENT_DAYS} days because it hurt too much."
    return Holds("skipped_for_pain", "normal", text, "Offer an easier step or a smaller dose.")


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"

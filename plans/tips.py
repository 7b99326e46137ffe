"""The right moment for a topic: at most one tip a day, never the same two days running. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

WORK = frozenset({"strength", "endurance", "aerobic", "plyometric", "motor_control"})
SATURDAY = 5
FIRST_WEEK = 7  # days


@dataclass(frozen=True, slots=True)
class Moment:
    """A day of a patient: step and days since it began and since the plan began, causes, kinds of exercise due, and
    whether a spasm or cramp was noted in the last two days."""

    day: date
    phase: int
    days_in_phase: int
    days_in_plan: int
    causes: Collection[str] = ()
    kinds: Collection[str] = ()
    had_cramp: bool = False

    @property
    def is_workday(self) -> bool:
        return self.day.weekday() < SATURDAY


def _drinks(moment: Moment) -> bool:
    return moment.had_cramp or "dehydration_electrolyte" in moment.causes


# In order of weight: the first that fits the day is shown.
RULES: Mapping[str, Callable[[Moment], bool]] = {
    "ed_warning_signs": lambda m: m.days_in_plan < FIRST_WEEK,
    "ed_hydration": _drinks,
    "ed_warmup_cooldown": lambda m: bool(WORK.intersection(m.kinds)),
    "ed_pain_explained": lambda m: m.phase == 1 and m.days_in_phase < 2 * FIRST_WEEK,
    "ed_heat_cold": lambda m: m.phase == 1,
    "ed_flare_plan": lambda m: m.phase == 3,
    "ed_ergonomics_workstation": lambda m: m.phase == 2 and m.days_in_phase < FIRST_WEEK,
    "ed_microbreaks": lambda m: m.is_workday,
    "ed_posture": lambda m: m.is_workday,
    "ed_lifting": lambda m: m.phase >= 2,
    "ed_pacing": lambda m: m.phase < 3,
    "ed_sleep_position": lambda m: not m.is_workday or m.phase == 1,
    "ed_home_tens": lambda m: m.phase == 1,
}
ORDER = tuple(RULES)


@dataclass(frozen=True, slots=True)
class Rests:
    """Topics that are not shown: ``never``, and ``until`` that day."""

    never: Collection[str] = ()
    until: Mapping[str, date] = field(default_factory=dict)

    def covers(self, key: str, day: date) -> bool:
        return key in self.never or (key in self.until and day < self.until[key])


def tip_of(moment: Moment, topics: Sequence[str], rests: Rests, barred: Collection[str] = ()) -> str | None:
    """The topic to show on that day, out of those that the signed plan contains; None on most quiet days.

    ``barred`` are topics that a condition of the patient forbids or changes: never shown. A topic has every other day,
    by its place in the list, so that the same one never comes on two days running whatever else has changed.
    """
    for place, key in enumerate(ORDER):
        its_day = (moment.day.toordinal() + place) % 2 == 0
        if its_day and key in topics and key not in barred and not rests.covers(key, moment.day) and RULES[key](moment):
            return key
    return None

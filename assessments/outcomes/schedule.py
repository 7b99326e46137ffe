"""When which instrument is asked: rules as data, a course of care as plain values, `today` as an argument. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, model_validator

from assessments.vocabulary.fields import Frozen
from clinic.vocabulary import read_yaml

FILE = Path(__file__).parent / "schedule.yaml"
Days = Annotated[int, Field(ge=0, le=400)]


class Rule(Frozen):
    """One rule; exactly one of ``each``, ``at_days``, ``every_days`` (with ``every_visits``) and
    ``days_after_discharge`` says when."""

    key: Literal["visit", "phase_entry", "week_4", "week_6", "fortnight", "discharge", "after"]
    each: Literal["visit", "phase_entry", "discharge", ""] = ""
    at_days: Days | None = None
    every_days: Annotated[int, Field(ge=1, le=400)] | None = None
    every_visits: Annotated[int, Field(ge=1, le=50)] | None = None
    days_after_discharge: tuple[Days, ...] = ()
    opens_before: Days = 0
    open_days: Days
    fresh_days: Days = 0
    ask: tuple[str, ...] = ()
    ask_with_spasms: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_when(self) -> Rule:
        whens = (self.each, self.at_days is not None, self.every_days is not None, self.days_after_discharge)
        if sum(bool(when) for when in whens) != 1:
            raise ValueError("say once when: each, at_days, every_days or days_after_discharge")
        if self.every_visits is not None and self.every_days is None:
            raise ValueError("every_visits goes with every_days")
        return self


@cache
def shipped_rules() -> tuple[Rule, ...]:
    """The rules of the file, read once."""
    return TypeAdapter(tuple[Rule, ...]).validate_python(read_yaml(FILE)["rules"])


@dataclass(frozen=True, slots=True)
class Course:
    """A course of care. started: the first phase began; phases: (number, entered), the first included; visits: days
    of visits held or booked, in order; ended: the episode was closed; answered, asked: instrument -> last day on
    which it was answered or refused, and on which it was last due; occasions: (instrument, occasion) asked ever."""

    started: date
    phases: tuple[tuple[int, date], ...] = ()
    visits: tuple[date, ...] = ()
    spasms: bool = False
    ended: date | None = None
    answered: Mapping[str, date] = field(default_factory=dict)
    asked: Mapping[str, date] = field(default_factory=dict)
    occasions: frozenset[tuple[str, str]] = frozenset()
    open: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Due:
    """An instrument that is to be asked now."""

    instrument: str
    rule: str
    occasion: str
    due_on: date
    expires_on: date
    phase: int | None = None


def due(rules: Sequence[Rule], course: Course, today: date) -> tuple[Due, ...]:
    """What to ask today and has not been asked: once per instrument, the first rule that wants it.

    An occasion whose time is over is not made up for; an instrument that waits for an answer is not asked twice.
    """
    found: dict[str, Due] = {}
    for rule in rules:
        for entry in _of_rule(rule, course, today):
            known = (entry.instrument, entry.occasion) in course.occasions
            if not known and entry.instrument not in course.open and entry.instrument not in found:
                found[entry.instrument] = entry
    return tuple(found.values())


def _of_rule(rule: Rule, course: Course, today: date) -> Iterator[Due]:
    if rule.every_days is not None:
        yield from _repeated(rule, course, today)
        return
    for occasion, day, phase in _occasions(rule, course):
        opens, closes = day - timedelta(days=rule.opens_before), day + timedelta(days=rule.open_days)
        if not opens <= today <= closes:
            continue
        for key in _instruments(rule, course):
            last = course.answered.get(key)
            if last is None or last < opens - timedelta(days=rule.fresh_days):
                yield Due(key, rule.key, occasion, opens, closes, phase)


def _instruments(rule: Rule, course: Course) -> tuple[str, ...]:
    return rule.ask + (rule.ask_with_spasms if course.spasms else ())


def _occasions(rule: Rule, course: Course) -> Iterator[tuple[str, date, int | None]]:
    """(name, day, phase) of everything the rule speaks of."""
    if rule.each == "visit" and course.ended is None:
        # The first day's assessment measures everything.
        yield from ((f"visit:{day}", day, None) for day in course.visits if day > course.started)
    elif rule.each == "phase_entry" and course.ended is None:
        yield from ((f"phase:{number}:{day}", day, number) for number, day in course.phases[1:])
    elif rule.each == "discharge" and course.ended is not None:
        yield f"discharge:{course.ended}", course.ended, None
    elif rule.at_days is not None and course.ended is None:
        yield rule.key, course.started + timedelta(days=rule.at_days), None
    elif rule.days_after_discharge and course.ended is not None:
        for days in rule.days_after_discharge:
            yield f"after:{days}", course.ended + timedelta(days=days), None


def _repeated(rule: Rule, course: Course, today: date) -> Iterator[Due]:
    """Every so many days or visits since the instrument was last asked or answered."""
    if course.ended is not None:
        return
    for key in _instruments(rule, course):
        last = max(course.started, course.asked.get(key, course.started), course.answered.get(key, course.started))
        visits = sum(1 for day in course.visits if last < day <= today)
        by_days = (today - last).days >= (rule.every_days or 0)
        if by_days or (rule.every_visits is not None and visits >= rule.every_visits):
            yield Due(key, rule.key, f"{rule.key}:{today}", today, today + timedelta(days=rule.open_days))

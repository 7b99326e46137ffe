"""The bounds a person may dose within, and the refusal that names the range.

Exercises: the allowed ranges of the exercise reference, narrowed by the ceilings of the phase and by what the patient's
conditions forbid. Techniques: minimum and maximum of each parameter. Pure: values in, bounds out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from clinic.errors import Conflict, Invalid, ManyProblems
from plans.engine.dose import HEAVY_RPE, STRENGTH_DAYS_MAX, minutes_per_day
from plans.engine.knowledge import Dosage, DoseParameter, Exercise, Knowledge, Technique
from plans.wording import parameter_label, unit_word

LOADING = ("ex_strength_progressive", "ex_eccentric", "ex_plyometric_return")
DEPTH_MAX_PHASE_1 = 5.0
LABELS = {
    "sets": "Sets",
    "reps": "Repetitions",
    "hold_s": "Hold, seconds",
    "duration_min": "Duration, minutes",
    "per_day": "Times a day",
    "days_per_week": "Days a week",
    "rpe_low": "Effort from",
    "rpe_high": "Effort to",
    "rest_s": "Rest, seconds",
}
UNITS = {"hold_s": "s", "duration_min": "min", "rest_s": "s"}


@dataclass(frozen=True, slots=True)
class Bound:
    """Lowest and highest value of one dose field, and why it ends there when a rule narrows it."""

    field: str
    label: str
    low: float
    high: float
    unit: str = ""
    why: str = ""
    whole: bool = True

    def text(self) -> str:
        """ "1 to 5", with unit and reason."""
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.low:g} to {self.high:g}{unit}" + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True, slots=True)
class WordBound:
    """A parameter that is said in words (a grade): the words that may stand there."""

    field: str
    label: str
    words: tuple[str, ...]
    unit: str = ""


def exercise_bounds(
    exercise: Exercise, phase: int, knowledge: Knowledge, *, heavy_avoided: bool = False
) -> dict[str, Bound]:
    """Bounds of each field that this exercise's dose has in this phase."""
    if phase not in exercise.dosage:
        raise Conflict("no_dose", f"{exercise.name} has no dose in phase {phase}. Take it out of this phase.")
    ranges = knowledge.exercise_rules.allowed_ranges
    timed = exercise.dosage[phase].duration_min is not None
    names = ["sets", "reps", "duration_min" if timed else "hold_s", "per_day", "days_per_week", "rest_s"]
    bounds = {name: _bound(name, *ranges[name]) for name in names}
    top, why = float(knowledge.phases[phase].rpe[1]), f"ceiling of phase {phase}"
    if heavy_avoided and top > HEAVY_RPE:
        top, why = float(HEAVY_RPE), "heavy load is to be avoided"
    for name in ("rpe_low", "rpe_high"):
        bounds[name] = _bound(name, ranges["rpe"][0], top, why)
    if phase > 1 and exercise.technique in LOADING:
        days = bounds["days_per_week"]
        bounds["days_per_week"] = _bound("days_per_week", days.low, STRENGTH_DAYS_MAX, "48 h between loading sessions")
    return bounds


def _bound(name: str, low: float, high: float, why: str = "") -> Bound:
    return Bound(name, LABELS[name], low, high, UNITS.get(name, ""), why, whole=name != "duration_min")


def technique_bounds(technique: Technique, phase: int) -> dict[str, Bound | WordBound]:
    """Bounds of each parameter; parameters without any bounds stay as the knowledge gives them."""
    found = {p.parameter: _parameter_bound(p, phase) for p in technique.dose}
    return {name: bound for name, bound in found.items() if bound is not None}


def _parameter_bound(parameter: DoseParameter, phase: int) -> Bound | WordBound | None:
    name, low, high = parameter.parameter, parameter.minimum, parameter.maximum
    label = parameter_label(name).capitalize()
    if isinstance(low, (int, float)) and isinstance(high, (int, float)):
        narrowed = name == "depth" and phase == 1 and high > DEPTH_MAX_PHASE_1
        top = DEPTH_MAX_PHASE_1 if narrowed else float(high)
        why = "ceiling of phase 1" if narrowed else ""
        return Bound(name, label, float(low), top, unit_word(parameter.unit), why, whole=False)
    words = [str(word) for word in (low, parameter.default, high) if isinstance(word, str)]
    return WordBound(name, label, tuple(dict.fromkeys(words)), parameter.unit) if len(set(words)) > 1 else None


# --- Checking -------------------------------------------------------------------------------------------------------


def parse_number(text: object) -> float:
    """A number as people type it; a decimal comma is understood. Raises ValueError."""
    try:
        value = Decimal(str(text).strip().replace(",", "."))
    except InvalidOperation:
        raise ValueError(text) from None
    if not value.is_finite():
        raise ValueError(text)
    return float(value)


def checked_exercise_dose(values: Mapping[str, object], bounds: Mapping[str, Bound]) -> dict[str, Any]:
    """The dose as typed values. Raises ManyProblems: each problem names its field and the range."""
    found: dict[str, Any] = {}
    problems = []
    for name, bound in bounds.items():
        try:
            found[name] = _within(values.get(name), bound)
        except Invalid as problem:
            problems.append(problem)
    if not problems and found["rpe_low"] > found["rpe_high"]:
        problems.append(Invalid("dose_order", "“Effort from” may not be above “Effort to”.", field="rpe_low"))
    _refuse(problems)
    return found


def checked_technique_dose(
    values: Mapping[str, object], current: Mapping[str, Any], bounds: Mapping[str, Bound | WordBound]
) -> dict[str, Any]:
    """The whole dose of a technique with the changed parameters. Raises ManyProblems, or Invalid for a fixed one."""
    found = dict(current)
    problems = []
    for name, value in values.items():
        bound = bounds.get(name)
        if bound is None:
            problems.append(Invalid("dose_fixed", f"“{name}” cannot be changed.", field=name))
            continue
        try:
            found[name] = _within(value, bound) if isinstance(bound, Bound) else _word(value, bound)
        except Invalid as problem:
            problems.append(problem)
    _refuse(problems)
    return found


def fitted_dose(wanted: Mapping[str, Any], start: Mapping[str, Any], bounds: Mapping[str, Bound]) -> dict[str, Any]:
    """A dose carried over to another exercise: each value kept inside that exercise's bounds.

    What the other exercise does not have (a hold, minutes instead of repetitions) comes from its starting dose.
    """
    found = dict(start)
    if (start.get("duration_min") is None) != (wanted.get("duration_min") is None):
        return found
    for name, bound in bounds.items():
        if wanted.get(name) is not None and start.get(name) is not None:
            value = min(max(wanted[name], bound.low), bound.high)
            found[name] = int(value) if bound.whole else value
    found["rpe_low"] = min(found["rpe_low"], found["rpe_high"])
    return found


def _within(value: object, bound: Bound) -> int | float:
    if value is None or str(value).strip() == "":
        raise Invalid("dose_missing", f"Enter a number, {bound.text()}.", field=bound.field)
    try:
        number = parse_number(value)
    except ValueError:
        raise Invalid(
            "dose_number", f"“{value}” is not a number. Allowed: {bound.text()}.", field=bound.field
        ) from None
    if bound.whole and number != int(number):
        raise Invalid("dose_number", f"Enter a whole number, {bound.text()}.", field=bound.field)
    if not bound.low <= number <= bound.high:
        message = f"{number:g} is out of range. Allowed: {bound.text()}."
        raise Invalid("dose_range", message, field=bound.field)
    return int(number) if number == int(number) else number


def _word(value: object, bound: WordBound) -> str:
    text = str(value or "").strip()
    if text not in bound.words:
        raise Invalid("dose_range", f"Choose one of {', '.join(bound.words)}.", field=bound.field)
    return text


def _refuse(problems: list[Invalid]) -> None:
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ManyProblems("dose", "The dose was not changed.", tuple(problems))


def minutes_of(dose: Mapping[str, Any]) -> float:
    """Minutes a day of an exercise dose given as columns (time estimate of the exercise reference)."""
    duration = dose.get("duration_min")
    return minutes_per_day(
        Dosage(
            sets=dose["sets"],
            reps=dose["reps"],
            per_day=dose["per_day"],
            days_per_week=dose["days_per_week"],
            rpe=(dose["rpe_low"], dose["rpe_high"]),
            rest_s=dose["rest_s"],
            hold_s=dose.get("hold_s"),
            duration_min=None if duration is None else float(duration),
        )
    )

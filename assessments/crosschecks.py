"""Checks over several fields (assessment reference, section 3.2): some refuse, some ask. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from assessments.chart import Chart
from assessments.scoring import body_mass_index
from assessments.vocabulary import RULES, VOCABULARY, confirm_message

_TEXTS = {row["key"]: row for row in RULES["cross_checks"]}
WEAK_CODE = 2
NORMAL_COUNT = {"endur.heel_raise_reps": 20, "endur.single_leg_bridge_hold": 20}
# Muscle groups whose grade the two counts test as well.
TESTED_BY = {
    "endur.heel_raise_reps": ("mmt.gastrocnemius", "mmt.soleus"),
    "endur.single_leg_bridge_hold": ("mmt.gluteus_maximus",),
}


@dataclass(frozen=True, slots=True)
class CrossProblem:
    """A check that failed. ``level``: reject stops, ask wants a confirmation. ``paths`` are the fields involved."""

    key: str
    level: str
    message: str
    paths: tuple[str, ...]


def _above(chart: Chart, low: str, high: str) -> bool:
    first, second = chart.number(low), chart.number(high)
    return first is not None and second is not None and first > second


def _onset_date(chart: Chart) -> bool:
    return chart.onset is not None and not chart.birth_date <= chart.onset <= chart.today


def _duration(chart: Chart) -> bool:
    typed, onset = chart.number("hist.symptom_duration_days"), chart.onset
    return typed is not None and onset is not None and abs((chart.today - onset).days - typed) > 7


def _pregnant_and_postpartum(chart: Chart) -> bool:
    return chart.has("hist.pregnancy_weeks") and chart.has("hist.postpartum_weeks")


def _pregnancy_age(chart: Chart) -> bool:
    return chart.has("hist.pregnancy_weeks") and not 10 <= chart.age <= 60


def _blood_pressure(chart: Chart) -> bool:
    low, high = chart.number("spec.bp_diastolic"), chart.number("spec.bp_systolic")
    return low is not None and high is not None and low >= high


def _hours(chart: Chart) -> bool:
    paths = ("hist.desk_hours_per_day", "hist.driving_hours_per_day", "hist.sleep_hours")
    return sum(chart.number(path) or 0 for path in paths) > 24


def _night_cramps(chart: Chart) -> bool:
    return chart.get("hist.cramp_timing") == "at_night" and chart.number("hist.nocturnal_cramps_per_week") == 0


def _cramp_timing(chart: Chart) -> bool:
    return chart.get("hist.chief_complaint") == "cramp" and chart.get("hist.cramp_timing") == "none"


def _weak_but_functional(chart: Chart) -> bool:
    for count, muscles in TESTED_BY.items():
        for side in ("left", "right"):
            done = chart.number(count, side)
            grades = [grade for muscle in muscles if (grade := chart.number(muscle, side)) is not None]
            if done is not None and done >= NORMAL_COUNT[count] and grades and min(grades) <= WEAK_CODE:
                return True
    return False


def _active_above_passive(chart: Chart) -> bool:
    for (path, side, mode), _ in chart.values.items():
        if mode == "active":
            active, passive = chart.number(path, side, mode), chart.number(path, side, "passive")
            if active is not None and passive is not None and active - passive > 5:
                return True
    return False


def _range_above_norm(chart: Chart) -> bool:
    shares = [chart.range_percent(*place) for place in chart.values if place[0].startswith("rom.")]
    return any(share is not None and share > 130 for share in shares)


def _active_without_referral(chart: Chart) -> bool:
    active = any(path.startswith("trp.") and value == "active" for (path, _, _), value in chart.values.items())
    described = any(path.startswith("trp_referral.") for path, _, _ in chart.values)
    return active and not described and not chart.has("pain.distribution")


def _bmi(chart: Chart) -> bool:
    height, weight = chart.number("hist.height_cm"), chart.number("hist.weight_kg")
    return height is not None and weight is not None and not 12 <= body_mass_index(height, weight) <= 70


def _start_back(chart: Chart) -> bool:
    return _above(chart, "hist.start_back_psych", "hist.start_back_total")


_CHECKS: dict[str, Callable[[Chart], bool]] = {
    "onset_date": _onset_date,
    "duration_matches_onset": _duration,
    "best_above_worst": lambda chart: _above(chart, "pain.nprs_best_24h", "pain.nprs_worst_24h"),
    "now_above_worst": lambda chart: _above(chart, "pain.nprs_current", "pain.nprs_worst_24h"),
    "pregnant_and_postpartum": _pregnant_and_postpartum,
    "pregnancy_age": _pregnancy_age,
    "blood_pressure_order": _blood_pressure,
    "hours_in_day": _hours,
    "night_cramp_count": _night_cramps,
    "cramp_timing": _cramp_timing,
    "weak_but_functional": _weak_but_functional,
    "active_above_passive": _active_above_passive,
    "range_above_norm": _range_above_norm,
    "active_without_referral": _active_without_referral,
    "bmi": _bmi,
    "start_back_order": _start_back,
}
# The sub-score can never exceed the total (assessment reference, section 3); it stands in the field table there.
_EXTRA: dict[str, dict[str, Any]] = {
    "start_back_order": {
        "level": "reject",
        "message": "The psychosocial score cannot be above the STarT Back total.",
        "fields": ["hist.start_back_psych", "hist.start_back_total"],
    }
}


def cross_problems(chart: Chart) -> list[CrossProblem]:
    """Every failed check, in the order of the reference. Under-16 guardian rules stop the plan, not the record."""
    found = []
    for key, check in _CHECKS.items():
        if check(chart):
            row = _TEXTS.get(key) or _EXTRA[key]
            found.append(CrossProblem(key, row["level"], row["message"], tuple(row["fields"])))
    return found


def rejections(chart: Chart, path: str) -> list[CrossProblem]:
    """The refusing checks that a change of ``path`` can break."""
    return [problem for problem in cross_problems(chart) if problem.level == "reject" and path in problem.paths]


def _unusual(chart: Chart) -> Iterator[CrossProblem]:
    for (path, side, mode), value in chart.values.items():
        message = confirm_message(path, value, age=chart.age)
        if message is not None and not path.startswith("rom."):
            where = f" ({side})" if side else ""
            yield CrossProblem(f"value:{path}:{side}:{mode}", "ask", message + where, (path,))


def questions(chart: Chart) -> list[CrossProblem]:
    """What signing asks to have looked at: unusual combinations and unusual single values."""
    return [problem for problem in cross_problems(chart) if problem.level == "ask"] + list(_unusual(chart))


def field_label(path: str) -> str:
    """The name of a field for a message."""
    field = VOCABULARY.get(path)
    return field.label if field is not None else path

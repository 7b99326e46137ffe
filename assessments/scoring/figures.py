"""Arithmetic over findings: per cent of norm, sides, cut-offs, irritability. Pure: plain values in, plain values out.

Figures and thresholds come from the vocabulary files; nothing here reads a database or a clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assessments.vocabulary import RULES, VOCABULARY, Norm, Rule, VocabularyField
from assessments.vocabulary.check import show
from assessments.vocabulary.load import read

Level = Literal["low", "moderate", "high"]
_LEVELS: tuple[Level, ...] = ("low", "moderate", "high")
RANGE_BANDS: tuple[tuple[str, float], ...] = tuple((b["key"], float(b["at_least"])) for b in read("rom")["bands"])
_SPINE_PREFIXES = ("cerv_", "thor_", "tl_", "lum_")


@dataclass(frozen=True, slots=True)
class Compared:
    """A value beside its norm. ``percent`` is unrounded; ``norm_name`` says which norm was chosen and why."""

    percent: float
    norm: float
    norm_name: str


def norm_of_range(key: str, age: float | None = None) -> float | None:
    """Norm of a joint range in degrees (jaw: mm), by age where the reference gives one."""
    field = VOCABULARY.get(f"rom.{key}")
    if field is None or field.norm is None:
        return None
    for special in field.norm_by_age:
        if age is not None and special.age[0] <= int(age) <= special.age[1]:
            return float(special.norm)
    return float(field.norm)


def rompct(key: str, degrees: float, age: float | None = None) -> float | None:
    """100 x range / norm, kept between 0 and 200; None when the norm is 0 (see `deficit`) or the key is unknown."""
    norm = norm_of_range(key, age)
    if not norm:
        return None
    return min(200.0, max(0.0, 100 * degrees / norm))


def deficit(key: str, degrees: float) -> float | None:
    """Degrees missing to a norm of 0 (elbow and knee extension); None for ranges that have a percentage."""
    norm = norm_of_range(key)
    return max(0.0, -degrees) if norm == 0 else None


def rompct_band(percent: float) -> str:
    """normal, mild, moderate or marked (project rule, to be verified)."""
    return next(key for key, at_least in RANGE_BANDS if percent >= at_least)


def percent_of_norm(
    path: str, value: float, *, sex: str | None = None, age: float | None = None, side: str = ""
) -> Compared | None:
    """A value as per cent of the norm for this sex and age; None when the reference gives no norm.

    When the sex is not male or female the lower of the two norms is used, and the name says so.
    """
    field = VOCABULARY.get(path)
    if field is None:
        return None
    if field.namespace == "rom":
        return _range_compared(field, value, age)
    found = _norm_for(field, sex, age, side)
    if found is None:
        return None
    norm, name = found
    return Compared(100 * value / norm, norm, name) if norm else None


def _range_compared(field: VocabularyField, value: float, age: float | None) -> Compared | None:
    percent = rompct(field.key, value, age)
    norm = norm_of_range(field.key, age)
    if percent is None or norm is None:
        return None
    return Compared(percent, norm, f"norm {show(norm)} {field.unit}")


def _norm_for(field: VocabularyField, sex: str | None, age: float | None, side: str) -> tuple[float, str] | None:
    of_age = [norm for norm in field.norms if _age_fits(norm, age)]
    exact = [norm for norm in of_age if norm.sex in (None, sex)]
    figures = [figure for norm in (exact or of_age) if (figure := norm.figure(side)) is not None]
    if not figures:
        return None
    who = "" if exact and exact[0].sex is None else f", {sex}" if exact else ", lower norm because sex is not given"
    return min(figures), f"norm {show(min(figures))} {field.unit}{who}".strip()


def _age_fits(norm: Norm, age: float | None) -> bool:
    return norm.age is None or (age is not None and norm.age[0] <= int(age) <= norm.age[1])


@dataclass(frozen=True, slots=True)
class SideDifference:
    """Left against right: absolute difference in the unit, and per cent of the larger side (None when that is 0)."""

    absolute: float
    percent: float | None
    weaker: Literal["left", "right", ""]


def side_difference(path: str, left: float, right: float) -> SideDifference:
    """Difference between the sides; ``weaker`` is the side that is worse for this test."""
    field = VOCABULARY.get(path)
    larger = max(abs(left), abs(right))
    percent = 100 * abs(left - right) / larger if larger else None
    if left == right:
        return SideDifference(0.0, percent, "")
    high_is_worse = field is not None and field.worse == "high"
    weaker: Literal["left", "right"] = "left" if (left > right) == high_is_worse else "right"
    return SideDifference(abs(left - right), percent, weaker)


def is_side_finding(key: str, left: float, right: float) -> bool:
    """Range: more than 10 degrees between the sides is a finding; in the spine more than 15 %."""
    difference = side_difference(f"rom.{key}", left, right)
    if key.startswith(_SPINE_PREFIXES):
        return difference.percent is not None and difference.percent > 15
    return difference.absolute > 10


def fitting_rule(rules: Sequence[Rule], sex: str | None, age: float | None) -> Rule | None:
    """The rule for this person; with sex unknown the milder of the rules for the age."""
    exact = [rule for rule in rules if rule.fits(sex, age)]
    if exact:
        return exact[0]
    of_age = [rule for rule in rules if rule.fits(rule.sex, age)]
    return min(of_age, key=lambda rule: float(rule.value) if not isinstance(rule.value, tuple) else 0.0, default=None)


def is_short(path: str, values: Mapping[str, float]) -> bool | None:
    """Whether a length test fails: by value on a recorded side or by difference between the sides.

    ``values`` maps side ("left", "right", "") to the value; None when the path has no rule or nothing is recorded.
    """
    field = VOCABULARY.get(path)
    if field is None or field.short_rule is None or not values:
        return None
    if any(field.short_rule.holds(value) for value in values.values()):
        return True
    limit = field.short_side_difference
    return limit is not None and {"left", "right"} <= set(values) and abs(values["left"] - values["right"]) > limit


def is_flagged(
    path: str, values: Mapping[str, float], *, sex: str | None = None, age: float | None = None
) -> bool | None:
    """Whether an endurance test meets its flag rule or its side difference; None without rule or value."""
    field = VOCABULARY.get(path)
    if field is None or not values or not (field.flag_rules or field.flag_side_difference_pct):
        return None
    rule = fitting_rule(field.flag_rules, sex, age)
    if rule is not None and any(rule.holds(value) for value in values.values()):
        return True
    limit = field.flag_side_difference_pct
    if limit is None or not {"left", "right"} <= set(values):
        return False
    percent = side_difference(path, values["left"], values["right"]).percent
    return percent is not None and percent > limit


def is_weak(code: float, other_side: float | None = None) -> bool:
    """Strength grade: weak at code 4 or less, or one full grade below the other side."""
    return code <= 4 or (other_side is not None and other_side - code >= 1)


def _movement_level(nprs: float) -> Level:
    return "high" if nprs >= 7 else "moderate" if nprs >= 4 else "low"


def _provoked_level(minutes: float) -> Level:
    return "high" if minutes < 5 else "moderate" if minutes <= 30 else "low"


def _settling_level(minutes: float) -> Level:
    return "high" if minutes > 60 else "moderate" if minutes >= 10 else "low"


def irritability(
    nprs_movement: float | None, provoked_in_min: float | None, settles_in_min: float | None
) -> Level | None:
    """Irritability (Maitland concept) from movement pain 0-10 and two times in minutes.

    The level named by two columns; three different ones give moderate; of two known that differ the higher;
    None with fewer than two known: it must be asked.
    """
    levels: list[Level] = []
    if nprs_movement is not None:
        levels.append(_movement_level(nprs_movement))
    if provoked_in_min is not None:
        levels.append(_provoked_level(provoked_in_min))
    if settles_in_min is not None:
        levels.append(_settling_level(settles_in_min))
    if len(levels) < 2:
        return None
    for level in _LEVELS:
        if levels.count(level) >= 2:
            return level
    return "moderate" if len(levels) == 3 else max(levels, key=_LEVELS.index)


def stage(duration_days: int) -> Literal["acute", "subacute", "persistent"]:
    """Stage by time: under 42 days acute, to 84 subacute, then persistent (6- and 12-week convention)."""
    return "acute" if duration_days < 42 else "subacute" if duration_days <= 84 else "persistent"


def umn_any(
    *,
    hoffmann: bool | None,
    babinski: bool | None,
    clonus_beats: int | None,
    inverted_supinator: bool | None,
    tone_mas: float | None,
    velocity_dependent: bool = False,
) -> bool | None:
    """Any upper-motor-neurone sign. None (not assessed) until Hoffmann or Babinski, and clonus, were tested."""
    brisk_tone = velocity_dependent and tone_mas is not None and tone_mas >= 1
    clonus = clonus_beats is not None and clonus_beats >= 3
    if hoffmann or babinski or inverted_supinator or clonus or brisk_tone:
        return True
    tested = (hoffmann is not None or babinski is not None) and clonus_beats is not None
    return False if tested else None


def meaningful_pain_change(baseline: float, latest: float) -> Literal["improved", "worse", "same"]:
    """System rule: improved = down by 2 points and 30 %; worse = up by 2 points (lasting over 24 h)."""
    if latest - baseline >= 2:
        return "worse"
    drop = baseline - latest
    return "improved" if drop >= 2 and drop >= 0.3 * baseline else "same"


def body_mass_index(height_cm: float, weight_kg: float) -> float:
    """Weight in kg over height in metres squared."""
    return weight_kg / (height_cm / 100) ** 2


IRRITABILITY_RULE: str = RULES["irritability"]["rule"]

"""Do the findings fit together? Impossible combinations are refused, odd ones asked about. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from assessments.scoring.figures import body_mass_index, norm_of_range
from assessments.vocabulary import RULES, label_of
from assessments.vocabulary.check import show

ProblemLevel = Literal["reject", "ask", "block_plan"]
_MESSAGES: dict[str, str] = {row["key"]: row["message"] for row in RULES["cross_checks"]}
_LEVELS: dict[str, ProblemLevel] = {row["key"]: row["level"] for row in RULES["cross_checks"]}
_CALF = ("gastrocnemius", "soleus")
_GLUTEAL = ("gluteus_maximus", "gluteus_medius")
_HEEL_RAISES_NORMAL = 20
_BRIDGE_SECONDS_NORMAL = 20
_ADULT_BMI = (12.0, 70.0)
_FERTILE_AGE = (10, 60)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded value of a finding; side "" when there is none, mode "active" or "passive" for ranges."""

    value: object
    side: str = ""
    mode: str = ""


Findings = Mapping[str, Sequence[Recorded]]


@dataclass(frozen=True, slots=True)
class Problem:
    """reject: cannot be saved; ask: may be confirmed; block_plan: no plan until it is put right."""

    key: str
    level: ProblemLevel
    fields: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Person:
    """What the checks need to know of the person. `has_guardian` None = not known here."""

    today: date
    date_of_birth: date | None = None
    has_guardian: bool | None = None


def check_together(findings: Findings, person: Person) -> list[Problem]:
    """Every cross-field problem, in the order of the rules file."""
    return [problem for check in _CHECKS for problem in check(findings, person)]


def _problem(key: str, *fields: str, detail: str = "") -> Problem:
    message = f"{detail}: {_MESSAGES[key]}" if detail else _MESSAGES[key]
    return Problem(key, _LEVELS[key], fields, message)


def number(findings: Findings, path: str, side: str | None = None) -> float | None:
    """The recorded number (of a side); None when nothing fits."""
    for recorded in findings.get(path, ()):
        value = recorded.value
        fits = side is None or recorded.side == side
        if fits and isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    return None


def word(findings: Findings, path: str) -> str | None:
    """The recorded word; None when there is none."""
    return next((str(recorded.value) for recorded in findings.get(path, ()) if isinstance(recorded.value, str)), None)


def _onset(findings: Findings, person: Person) -> Iterator[Problem]:
    raw = word(findings, "hist.onset_date")
    if raw is None:
        return
    onset = date.fromisoformat(raw)
    if onset > person.today or (person.date_of_birth is not None and onset < person.date_of_birth):
        yield _problem("onset_date", "hist.onset_date")
        return
    days = number(findings, "hist.symptom_duration_days")
    if days is not None and abs((person.today - onset).days - days) > 7:
        yield _problem("duration_matches_onset", "hist.symptom_duration_days", "hist.onset_date")


def _pain(findings: Findings, person: Person) -> Iterator[Problem]:
    worst = number(findings, "pain.nprs_worst_24h")
    for key, path in (("best_above_worst", "pain.nprs_best_24h"), ("now_above_worst", "pain.nprs_current")):
        value = number(findings, path)
        if worst is not None and value is not None and value > worst:
            yield _problem(key, path, "pain.nprs_worst_24h")


def _pregnancy(findings: Findings, person: Person) -> Iterator[Problem]:
    weeks = number(findings, "hist.pregnancy_weeks")
    if weeks is None:
        return
    if number(findings, "hist.postpartum_weeks") is not None:
        yield _problem("pregnant_and_postpartum", "hist.pregnancy_weeks", "hist.postpartum_weeks")
    age = number(findings, "hist.age_years")
    if age is not None and not _FERTILE_AGE[0] <= age <= _FERTILE_AGE[1]:
        yield _problem("pregnancy_age", "hist.pregnancy_weeks", "hist.age_years")


def _blood_pressure(findings: Findings, person: Person) -> Iterator[Problem]:
    systolic, diastolic = number(findings, "spec.bp_systolic"), number(findings, "spec.bp_diastolic")
    if systolic is not None and diastolic is not None and diastolic >= systolic:
        yield _problem("blood_pressure_order", "spec.bp_diastolic", "spec.bp_systolic")


def _hours(findings: Findings, person: Person) -> Iterator[Problem]:
    paths = ("hist.desk_hours_per_day", "hist.driving_hours_per_day", "hist.sleep_hours")
    if sum(number(findings, path) or 0.0 for path in paths) > 24:
        yield _problem("hours_in_day", *paths)


def _cramps(findings: Findings, person: Person) -> Iterator[Problem]:
    timing = word(findings, "hist.cramp_timing")
    if timing == "at_night" and number(findings, "hist.nocturnal_cramps_per_week") == 0:
        yield _problem("night_cramp_count", "hist.cramp_timing", "hist.nocturnal_cramps_per_week")
    if timing == "none" and word(findings, "hist.chief_complaint") == "cramp":
        yield _problem("cramp_timing", "hist.chief_complaint", "hist.cramp_timing")


def _weak_but_functional(findings: Findings, person: Person) -> Iterator[Problem]:
    pairs = [
        (_CALF, "endur.heel_raise_reps", _HEEL_RAISES_NORMAL),
        (_GLUTEAL, "endur.single_leg_bridge_hold", _BRIDGE_SECONDS_NORMAL),
    ]
    for muscles, test, normal in pairs:
        for muscle in muscles:
            for grade in findings.get(f"mmt.{muscle}", ()):
                count = number(findings, test, grade.side)
                weak = isinstance(grade.value, (int, float)) and grade.value <= 2
                if weak and count is not None and count >= normal:
                    yield _problem("weak_but_functional", f"mmt.{muscle}", test, detail=label_of(f"mmt.{muscle}"))


def _ranges(findings: Findings, person: Person) -> Iterator[Problem]:
    for path, values in findings.items():
        if path.startswith("rom."):
            yield from _active_above_passive(path, values)
            yield from _above_norm(path, values, number(findings, "hist.age_years"))
        elif path.startswith("rompct.") and any(_numeric(recorded.value) > 130 for recorded in values):
            yield _problem("range_above_norm", path, detail=label_of(path))


def _numeric(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _active_above_passive(path: str, values: Sequence[Recorded]) -> Iterator[Problem]:
    passive = {recorded.side: _numeric(recorded.value) for recorded in values if recorded.mode == "passive"}
    for recorded in values:
        if recorded.mode == "active" and _numeric(recorded.value) > passive.get(recorded.side, float("inf")) + 5:
            yield _problem("active_above_passive", path, detail=f"{label_of(path)} {recorded.side}".strip())


def _above_norm(path: str, values: Sequence[Recorded], age: float | None) -> Iterator[Problem]:
    norm = norm_of_range(path.removeprefix("rom."), age)
    highest = max((_numeric(recorded.value) for recorded in values), default=0.0)
    if norm and 100 * highest / norm > 130:
        yield _problem("range_above_norm", path, detail=f"{label_of(path)} {show(highest)}")


def _trigger_points(findings: Findings, person: Person) -> Iterator[Problem]:
    for path, values in findings.items():
        if not path.startswith("trp.") or all(recorded.value != "active" for recorded in values):
            continue
        muscle = path.removeprefix("trp.")
        referred = word(findings, "pain.distribution") not in (None, "local")
        if not referred and not findings.get(f"trp_referral.{muscle}"):
            yield _problem("active_without_referral", path, "pain.distribution", detail=label_of(path))


def _bmi(findings: Findings, person: Person) -> Iterator[Problem]:
    height, weight = number(findings, "hist.height_cm"), number(findings, "hist.weight_kg")
    if height and weight is not None and not _ADULT_BMI[0] <= body_mass_index(height, weight) <= _ADULT_BMI[1]:
        yield _problem("bmi", "hist.height_cm", "hist.weight_kg")


def _guardian(findings: Findings, person: Person) -> Iterator[Problem]:
    age = number(findings, "hist.age_years")
    if age is not None and age < 16 and person.has_guardian is False:
        yield _problem("minor_without_guardian", "hist.age_years")


_CHECKS: tuple[Callable[[Findings, Person], Iterator[Problem]], ...] = (
    _onset,
    _pain,
    _pregnancy,
    _blood_pressure,
    _hours,
    _cramps,
    _weak_but_functional,
    _ranges,
    _trigger_points,
    _bmi,
    _guardian,
)

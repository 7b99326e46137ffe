"""Step 4: the dose of an exercise or technique in a phase (selection rule 10).

The library dose is kept inside the technique's limits, then capped: irritability, age 60, heavy load avoided, phase.
A cap only lowers; the one exception is the 30 s minimum stretch hold from age 60.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from plans.engine.draft import Reason
from plans.engine.knowledge import Dosage, Exercise, PhaseRules, Technique
from plans.engine.limits import capped_rpe
from plans.engine.picture import Picture
from plans.engine.screen import Screen

OLDER_FROM = 60
OLDER_HOLD = (30, 60)
OLDER_REPS_MAX = 15
HEAVY_RPE = 6
IRRITABLE_RPE = 3
STRENGTH_DAYS_MAX = 3
DEPTH_PHASE_1 = 5.0


@dataclass(frozen=True, slots=True)
class Dosed:
    dosage: Dosage
    reasons: tuple[Reason, ...]

    @property
    def minutes_per_day(self) -> float:
        return minutes_per_day(self.dosage)


def minutes_per_day(dose: Dosage) -> float:
    """Minutes a day, spread over the week: per_day x bout x days_per_week / 7, not rounded."""
    if dose.duration_min is not None:
        bout = dose.duration_min
    else:
        bout = dose.sets * (dose.reps * ((dose.hold_s or 0) + 3) + dose.rest_s) / 60
    return dose.per_day * bout * dose.days_per_week / 7


class Dosing:
    """The caps that hold for one patient."""

    def __init__(self, picture: Picture, screen: Screen, phases: Mapping[int, PhaseRules]) -> None:
        self.phases = phases
        self.irritable = picture.value("hist.irritability") == "high"
        age = picture.number("hist.age_years")
        self.age = age
        self.older = age is not None and age >= OLDER_FROM
        self.heavy_avoided = screen.heavy_avoided
        self.limited = picture.index.limited_doses
        self._cache: dict[tuple[str, int], Dosed] = {}

    def exercise(self, exercise: Exercise, phase: int) -> Dosed:
        key = (exercise.key, phase)
        if key not in self._cache:
            self._cache[key] = self._dose(exercise, phase)
        return self._cache[key]

    def _dose(self, exercise: Exercise, phase: int) -> Dosed:
        dose, limits = self.limited[exercise.key, phase]
        reasons = list(limits)
        dose = self._irritability(dose, reasons)
        dose = self._older(exercise, dose, reasons)
        dose = self._heavy(dose, reasons)
        dose = self._phase_ceiling(exercise, dose, phase, reasons)
        return Dosed(dose, tuple(reasons))

    def _irritability(self, dose: Dosage, reasons: list[Reason]) -> Dosage:
        if not self.irritable:
            return dose
        text = f"irritability is high: 1 set and RPE at most {IRRITABLE_RPE}"
        reasons.append(Reason("dose.irritability", text, ("hist.irritability",), "selection 10"))
        return replace(dose, sets=1, rpe=capped_rpe(dose.rpe, IRRITABLE_RPE))

    def _older(self, exercise: Exercise, dose: Dosage, reasons: list[Reason]) -> Dosage:
        if not self.older:
            return dose
        if exercise.kind == "static_stretch" and dose.hold_s is not None:
            low, high = OLDER_HOLD
            text = f"age {self.age:g}: stretch hold {low}-{high} s"
            reasons.append(Reason("dose.age_60", text, ("hist.age_years",), "ACSM 2021"))
            return replace(dose, hold_s=min(max(dose.hold_s, low), high))
        if exercise.kind == "strength":
            text = f"age {self.age:g}: 10-{OLDER_REPS_MAX} repetitions at lower load"
            reasons.append(Reason("dose.age_60", text, ("hist.age_years",), "ACSM 2021"))
            return replace(dose, reps=min(dose.reps, OLDER_REPS_MAX))
        return dose

    def _heavy(self, dose: Dosage, reasons: list[Reason]) -> Dosage:
        if not self.heavy_avoided or dose.rpe[1] <= HEAVY_RPE:
            return dose
        text = f"heavy load is avoided ({', '.join(self.heavy_avoided)}): RPE at most {HEAVY_RPE}"
        reasons.append(Reason("dose.heavy_avoided", text, self.heavy_avoided, "selection 10"))
        return replace(dose, rpe=capped_rpe(dose.rpe, HEAVY_RPE))

    def _phase_ceiling(self, exercise: Exercise, dose: Dosage, phase: int, reasons: list[Reason]) -> Dosage:
        top = self.phases[phase].rpe[1]
        if dose.rpe[1] > top:
            reasons.append(Reason("dose.phase", f"phase {phase}: RPE at most {top}", (), "phases, section 1"))
            dose = replace(dose, rpe=capped_rpe(dose.rpe, top))
        loading = exercise.technique in ("ex_strength_progressive", "ex_eccentric", "ex_plyometric_return")
        if loading and phase > 1 and dose.days_per_week > STRENGTH_DAYS_MAX:
            text = f"phase {phase}: at most {STRENGTH_DAYS_MAX} loading days a week, 48 h apart"
            reasons.append(Reason("dose.phase", text, (), "phases, section 5"))
            dose = replace(dose, days_per_week=STRENGTH_DAYS_MAX)
        return dose


def fit_first_item(dosed: Dosed, budget: float) -> Dosed:
    """The first item of a phase is always taken; alone above the budget it is done fewer times a day (at least 1)."""
    dose = dosed.dosage
    per_day = dose.per_day
    while per_day > 1 and minutes_per_day(replace(dose, per_day=per_day)) > budget + 1e-9:
        per_day -= 1
    if per_day == dose.per_day:
        return dosed
    text = f"{per_day} times a day instead of {dose.per_day}: the phase has {budget:g} minutes a day"
    reason = Reason("dose.minutes", text, ("hist.exercise_time_min_day",), "selection 5a")
    return Dosed(replace(dose, per_day=per_day), (*dosed.reasons, reason))


def dose_dict(dose: Dosage) -> dict[str, object]:
    """The dose as plain values; unused parts (hold or duration) are left out."""
    shown: dict[str, object] = {"sets": dose.sets, "reps": dose.reps}
    if dose.hold_s is not None:
        shown["hold_s"] = dose.hold_s
    if dose.duration_min is not None:
        shown["duration_min"] = dose.duration_min
    shown |= {
        "per_day": dose.per_day,
        "days_per_week": dose.days_per_week,
        "rpe": list(dose.rpe),
        "rest_s": dose.rest_s,
    }
    return shown


def technique_dose(technique: Technique, phase: int) -> dict[str, object]:
    """Start at the default; deep pressure stays light in phase 1."""
    dose: dict[str, object] = {}
    for parameter in technique.dose:
        value = parameter.default
        if parameter.parameter == "depth" and phase == 1 and isinstance(value, (int, float)):
            value = min(value, DEPTH_PHASE_1)
        dose[parameter.parameter] = value
    return dose

"""Dose caps in their order, minutes, and that a cap only lowers."""

from typing import Any

import pytest

from clinic.errors import DomainError
from plans.doses import exercise_bounds
from plans.engine.derive import build_picture
from plans.engine.dose import Dosing, minutes_per_day, technique_dose
from plans.engine.index import index_for
from plans.engine.knowledge import Dosage
from plans.engine.limits import capped_rpe
from plans.engine.screen import Screen, active_flags
from tests.engine.helpers import TODAY, knowledge, make_facts


def dosing(changes: dict[str, Any] | None = None, **more: Any) -> Dosing:
    known = knowledge()
    picture = build_picture(make_facts(changes, **more), index_for(known), TODAY)
    return Dosing(picture, Screen(picture, active_flags(picture)), known.phases)


def dose(key: str, phase: int, changes: dict[str, Any] | None = None, **more: Any) -> Dosage:
    return dosing(changes, **more).exercise(knowledge().exercises[key], phase).dosage


@pytest.mark.parametrize(
    ("parts", "minutes"),
    [
        ({"sets": 1, "reps": 8, "hold_s": 2, "per_day": 3, "days_per_week": 7, "rest_s": 0}, 3 * 8 * 5 / 60),
        (
            {"sets": 3, "reps": 10, "hold_s": 1, "per_day": 1, "days_per_week": 3, "rest_s": 60},
            3 * (10 * 4 + 60) / 60 * 3 / 7,
        ),
        ({"sets": 1, "reps": 1, "duration_min": 20, "per_day": 1, "days_per_week": 5, "rest_s": 0}, 20 * 5 / 7),
    ],
)
def test_minutes_per_day(parts: dict[str, Any], minutes: float) -> None:
    assert minutes_per_day(Dosage(rpe=(1, 3), **parts)) == pytest.approx(minutes)


def test_no_cap_leaves_the_library_dose() -> None:
    assert dose("pelvic_tilt_supine", 1) == knowledge().exercises["pelvic_tilt_supine"].dosage[1]


def test_high_irritability_is_one_set_at_rpe_3() -> None:
    found = dose("bridge_double", 2, {"hist.irritability": "high"})
    assert (found.sets, found.rpe[1]) == (1, 3)


@pytest.mark.parametrize(("age", "hold"), [(59, 20), (60, 30), (80, 30)])
def test_stretches_are_held_at_least_30_seconds_from_60(age: int, hold: int) -> None:
    stretch = next(
        e
        for e in knowledge().exercises.values()
        if e.kind == "static_stretch" and e.dosage.get(1) and e.dosage[1].hold_s == 20
    )
    assert dose(stretch.key, 1, {"hist.age_years": age}).hold_s == hold


def test_strength_repetitions_are_capped_not_raised_from_60() -> None:
    for exercise in knowledge().exercises.values():
        for phase in exercise.phases:
            usual, older = exercise.dosage[phase], dose(exercise.key, phase, {"hist.age_years": 70})
            if exercise.kind == "strength":
                assert older.reps == min(usual.reps, 15)


@pytest.mark.parametrize(
    "more",
    [
        {"conditions": {"hypertension_uncontrolled": ()}},
        {"flags": {"hypertension_moderate": ()}},
        {"flags": {"systemic_unwell": ()}},
    ],
)
def test_heavy_avoided_caps_every_dose_at_rpe_6(more: dict[str, Any]) -> None:
    caps = dosing(**more)
    for exercise in knowledge().exercises.values():
        for phase in exercise.phases:
            assert caps.exercise(exercise, phase).dosage.rpe[1] <= 6


@pytest.mark.hazard("H-10")
def test_every_dose_lies_inside_the_technique_limits_and_phase_ceilings() -> None:
    known, caps = knowledge(), dosing()
    for exercise in known.exercises.values():
        limits = {p.parameter: p.maximum for p in known.techniques[exercise.technique].dose}
        for phase in exercise.phases:
            found = caps.exercise(exercise, phase).dosage
            assert found.rpe[1] <= known.phases[phase].rpe[1]
            for name in ("sets", "reps", "hold_s", "per_day", "days_per_week"):
                top, value = limits.get(name), getattr(found, name)
                if isinstance(top, (int, float)) and value is not None:
                    assert value <= top, (exercise.key, phase, name)
            if exercise.technique in ("ex_strength_progressive", "ex_eccentric") and phase > 1:
                assert found.days_per_week <= 3


@pytest.mark.hazard("H-10")
@pytest.mark.parametrize(
    "changes",
    [{}, {"hist.irritability": "high"}, {"hist.age_years": 75}, {"hist.age_years": 75, "hist.irritability": "high"}],
)
def test_a_cap_only_lowers_except_the_stretch_hold(changes: dict[str, Any]) -> None:
    caps = dosing(changes)
    for exercise in knowledge().exercises.values():
        for phase in exercise.phases:
            before, after = exercise.dosage[phase], caps.exercise(exercise, phase).dosage
            for name in ("sets", "reps", "per_day", "days_per_week", "rest_s"):
                assert getattr(after, name) <= getattr(before, name)
            assert after.rpe[0] <= before.rpe[0]
            assert after.rpe[1] <= before.rpe[1]
            if exercise.kind != "static_stretch":
                assert (after.hold_s or 0) <= (before.hold_s or 0)


def test_rpe_caps_keep_the_range_in_order() -> None:
    assert capped_rpe((5, 7), 6) == (5, 6)
    assert capped_rpe((5, 7), 3) == (3, 3)


def test_techniques_start_at_their_default_and_light_in_phase_1() -> None:
    soft = knowledge().techniques["mt_soft_tissue_release"]
    assert technique_dose(soft, 1)["session_min"] == 10
    assert technique_dose(soft, 1)["depth"] <= 5  # type: ignore[operator]
    assert technique_dose(knowledge().techniques["es_tens_conventional"], 1)["frequency_hz"] == 100


def test_a_phase_without_a_dose_is_refused_in_words() -> None:
    exercise = next(e for e in knowledge().exercises.values() if 2 not in e.dosage)
    with pytest.raises(DomainError, match="no dose in phase 2"):
        exercise_bounds(exercise, 2, knowledge())

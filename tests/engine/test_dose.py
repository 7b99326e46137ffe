"""Dose caps in their order, minutes, and that a cap only lowers."""

from dataclasses import replace
from typing import Any

import pytest

from clinic.errors import DomainError
from plans.doses import exercise_bounds
from plans.engine.derive import build_picture
from plans.engine.dose import Dosed, Dosing, dose_dict, fit_first_item, minutes_per_day, technique_dose
from plans.engine.index import index_for
from plans.engine.knowledge import Dosage, DoseParameter
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


# --- exact values of each cap (phases table, sections 1 and 5; irritability: 1 set, RPE 3) ---------------------------

PLAIN = Dosage(sets=3, reps=10, per_day=2, days_per_week=3, rpe=(5, 6), rest_s=60, hold_s=2)


def capped(
    usual: dict[str, Any], *, kind: str = "strength", by: str = "ex_muscle_endurance", phase: int = 2, **more: Any
) -> tuple[Dosage, list[tuple[str, str]]]:
    """What becomes of a dose, and the reasons given."""
    caps, exercise = dosing(**more), knowledge().exercises["bridge_double"]
    caps.limited = {(exercise.key, phase): (replace(PLAIN, **usual), ())}
    found = caps.exercise(replace(exercise, kind=kind, technique=by), phase)
    return found.dosage, [(r.rule, r.text) for r in found.reasons]


HEAVY = {"conditions": {"hypertension_uncontrolled": ()}}
WHY_HEAVY = ("dose.heavy_avoided", "heavy load is avoided (cond.hypertension_uncontrolled): RPE at most 6")


@pytest.mark.parametrize(
    ("usual", "more", "after", "why"),
    [
        ({}, {}, {}, []),
        (
            {},
            {"changes": {"hist.irritability": "high"}},
            {"sets": 1, "rpe": (3, 3)},
            [("dose.irritability", "irritability is high: 1 set and RPE at most 3")],
        ),
        ({}, {"changes": {"hist.irritability": "moderate"}}, {}, []),
        ({"reps": 16}, {"changes": {"hist.age_years": 59}}, {}, []),
        *(
            (
                {"reps": before},
                {"changes": {"hist.age_years": age}},
                {"reps": after},
                [("dose.age_60", f"age {age}: 10-15 repetitions at lower load")],
            )
            for before, age, after in [(16, 60, 15), (15, 60, 15), (14, 61, 14), (8, 80, 8)]
        ),
        ({"reps": 20}, {"changes": {"hist.age_years": 70}, "kind": "mobility"}, {}, []),
        *(
            (
                {"hold_s": before},
                {"changes": {"hist.age_years": 60}, "kind": "static_stretch"},
                {"hold_s": after},
                [("dose.age_60", "age 60: stretch hold 30-60 s")],
            )
            for before, after in [(20, 30), (29, 30), (30, 30), (45, 45), (60, 60), (61, 60)]
        ),
        ({"hold_s": None}, {"changes": {"hist.age_years": 60}, "kind": "static_stretch"}, {}, []),
        ({"hold_s": 20}, {"changes": {"hist.age_years": 59}, "kind": "static_stretch"}, {}, []),
        ({"rpe": (5, 6)}, HEAVY, {}, []),
        ({"rpe": (5, 7)}, HEAVY, {"rpe": (5, 6)}, [WHY_HEAVY]),
        ({"rpe": (7, 7)}, HEAVY, {"rpe": (6, 6)}, [WHY_HEAVY]),
        ({"rpe": (5, 7)}, {}, {}, []),
        ({"rpe": (5, 8)}, {}, {"rpe": (5, 7)}, [("dose.phase", "phase 2: RPE at most 7")]),
        ({"rpe": (2, 4)}, {"phase": 1}, {}, []),
        ({"rpe": (2, 5)}, {"phase": 1}, {"rpe": (2, 4)}, [("dose.phase", "phase 1: RPE at most 4")]),
        ({"rpe": (6, 8)}, {"phase": 3}, {}, []),
        ({"rpe": (6, 9)}, {"phase": 3}, {"rpe": (6, 8)}, [("dose.phase", "phase 3: RPE at most 8")]),
    ],
)
def test_each_cap(
    usual: dict[str, Any], more: dict[str, Any], after: dict[str, Any], why: list[tuple[str, str]]
) -> None:
    assert capped(usual, **more) == (replace(PLAIN, **{**usual, **after}), why)


@pytest.mark.parametrize("by", ["ex_strength_progressive", "ex_eccentric", "ex_plyometric_return"])
@pytest.mark.parametrize(("phase", "before", "after"), [(2, 4, 3), (2, 3, 3), (2, 2, 2), (3, 5, 3)])
def test_three_loading_days_a_week_from_phase_2(by: str, phase: int, before: int, after: int) -> None:
    why = [("dose.phase", f"phase {phase}: at most 3 loading days a week, 48 h apart")] if before > 3 else []
    assert capped({"days_per_week": before}, by=by, phase=phase) == (replace(PLAIN, days_per_week=after), why)


def test_light_activation_in_phase_1_may_be_daily_and_so_may_what_is_no_loading() -> None:
    light: dict[str, Any] = {"days_per_week": 7, "rpe": (2, 4)}
    assert capped(light, by="ex_strength_progressive", phase=1) == (replace(PLAIN, **light), [])
    assert capped({"days_per_week": 7}) == (replace(PLAIN, days_per_week=7), [])


def test_the_limits_of_the_technique_are_among_the_reasons() -> None:
    caps, exercise = dosing(), knowledge().exercises["bridge_double"]
    found, (usual, why) = caps.exercise(exercise, 2), caps.limited["bridge_double", 2]
    assert (found.dosage, found.reasons) == (usual, tuple(why))
    assert caps.exercise(exercise, 2) is found


# 1 set of 10 x (2 + 3) s + 10 s rest = 1 minute a bout, on 7 days of 7
MINUTE = Dosage(sets=1, reps=10, per_day=4, days_per_week=7, rpe=(1, 3), rest_s=10, hold_s=2)


@pytest.mark.parametrize(
    ("budget", "times"),
    [(5, 4), (4, 4), (3.9, 3), (3, 3), (2.99, 2), (2, 2), (1.5, 1), (1, 1), (0.5, 1), (0, 1)],
)
def test_the_first_item_of_a_phase_fits_the_minutes_or_is_done_once_a_day(budget: float, times: int) -> None:
    found = fit_first_item(Dosed(MINUTE, ()), budget)
    assert found.dosage == replace(MINUTE, per_day=times)
    assert found.minutes_per_day == pytest.approx(times)
    text = f"{times} times a day instead of 4: the phase has {budget:g} minutes a day"
    assert [(r.rule, r.text) for r in found.reasons] == ([("dose.minutes", text)] if times < 4 else [])


def test_a_dose_is_shown_without_its_unused_parts() -> None:
    rest: dict[str, object] = {"per_day": 4, "days_per_week": 7, "rpe": [1, 3], "rest_s": 10}
    assert dose_dict(MINUTE) == {"sets": 1, "reps": 10, "hold_s": 2, **rest}
    assert dose_dict(replace(MINUTE, hold_s=0)) == {"sets": 1, "reps": 10, "hold_s": 0, **rest}
    timed = replace(MINUTE, hold_s=None, duration_min=20)
    assert dose_dict(timed) == {"sets": 1, "reps": 10, "duration_min": 20, **rest}


def test_without_a_hold_a_repetition_takes_three_seconds() -> None:
    assert minutes_per_day(replace(MINUTE, hold_s=None, rest_s=0, per_day=1)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("phase", "usual", "start"), [(1, 4, 4), (1, 5, 5), (1, 6, 5), (2, 6, 6), (1, "light", "light"), (3, 7, 7)]
)
def test_pressure_starts_at_5_of_10_at_most_in_phase_1(phase: int, usual: Any, start: Any) -> None:
    soft = knowledge().techniques["mt_soft_tissue_release"]
    depth: DoseParameter = next(p for p in soft.dose if p.parameter == "depth")
    other = replace(depth, parameter="other", default=9)
    assert technique_dose(replace(soft, dose=(replace(depth, default=usual), other)), phase) == {
        "depth": start,
        "other": 9,
    }

"""Figures, consistency and completeness, by table. Borders are the ones that the reference names."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from assessments.scoring import (
    Answers,
    Person,
    Recorded,
    check_together,
    completeness,
    deficit,
    irritability,
    is_flagged,
    is_short,
    is_side_finding,
    is_weak,
    meaningful_pain_change,
    percent_of_norm,
    rompct,
    rompct_band,
    side_difference,
    stage,
    umn_any,
)

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("movement", "provoked", "settles", "level"),
    [
        (8, 3, 5, "high"),
        (7, 60, 61, "high"),
        (6, 40, 30, "moderate"),
        (8, 20, 5, "moderate"),  # all three differ
        (3, 31, 9, "low"),
        (2, 5, 10, "moderate"),  # both times on their border
        (3, 30, 60, "moderate"),
        (2, 40, None, "low"),
        (2, None, 90, "high"),  # two known that differ: the higher
        (None, 4, 30, "high"),
        (5, None, None, None),
        (None, None, None, None),
    ],
)
def test_irritability(movement: float | None, provoked: float | None, settles: float | None, level: str | None) -> None:
    assert irritability(movement, provoked, settles) == level


@pytest.mark.parametrize(
    ("key", "degrees", "age", "percent"),
    [
        ("lum_flexion", 60, None, 100.0),
        ("lum_flexion", 33, 40, 55.0),
        ("hip_extension", 15, 61, 100.0),
        ("hip_extension", 15, 60, 75.0),
        ("hip_extension", -5, 40, 0.0),
        ("jaw_opening_mm", 80, None, 200.0),
        ("knee_extension", -10, None, None),
        ("nothing", 10, None, None),
    ],
)
def test_rompct(key: str, degrees: float, age: int | None, percent: float | None) -> None:
    assert rompct(key, degrees, age) == percent


def test_ranges_with_a_norm_of_zero_report_the_deficit() -> None:
    assert (deficit("knee_extension", -10), deficit("knee_extension", 5), deficit("knee_flexion", 90)) == (
        10.0,
        0.0,
        None,
    )


@pytest.mark.parametrize(
    ("percent", "band"),
    [(90, "normal"), (89.9, "mild"), (80, "mild"), (79, "moderate"), (60, "moderate"), (59, "marked")],
)
def test_bands(percent: float, band: str) -> None:
    assert rompct_band(percent) == band


@pytest.mark.parametrize(
    ("path", "value", "options", "norm"),
    [
        ("endur.sorensen", 73, {"sex": "male"}, 146.0),
        ("endur.sorensen", 73, {"sex": "female"}, 189.0),
        ("endur.sorensen", 73, {"sex": "undisclosed"}, 146.0),  # the lower of the two
        ("endur.sorensen", 73, {}, 146.0),
        ("endur.side_bridge", 40, {"sex": "male", "side": "left"}, 97.0),
        ("endur.side_bridge", 40, {"sex": "male", "side": "right"}, 94.0),
        ("endur.chair_stand_30s", 12, {"sex": "female", "age": 72}, 10.0),
        ("endur.chair_stand_30s", 12, {"sex": "female", "age": 50}, None),
        ("endur.single_leg_stance", 12, {"age": 75}, 15.0),
        ("endur.tug", 9, {"age": 75}, None),
        ("rom.sh_flexion", 90, {}, 180.0),
        ("no.such", 1, {}, None),
    ],
)
def test_percent_of_norm(path: str, value: float, options: dict[str, Any], norm: float | None) -> None:
    found = percent_of_norm(path, value, **options)
    assert (found.norm if found else None) == norm
    if found:
        assert found.percent == 100 * value / found.norm


def test_the_chosen_norm_is_named() -> None:
    found = percent_of_norm("endur.sorensen", 73, sex="undisclosed")
    assert found is not None
    assert found.norm_name == "norm 146 s, lower norm because sex is not given"


@pytest.mark.parametrize(
    ("path", "values", "short"),
    [
        ("len.thomas_hip", {"left": 0}, False),
        ("len.thomas_hip", {"left": 0, "right": 1}, True),
        ("len.wblt_cm", {"left": 12, "right": 10.5}, False),
        ("len.wblt_cm", {"left": 12.1, "right": 10.5}, True),  # differs by more than 1.5 cm
        ("len.upper_trap_length", {"right": 2}, True),
        ("len.thomas_hip", {}, None),
        ("mmt.gluteus_medius", {"left": 3}, None),
    ],
)
def test_is_short(path: str, values: dict[str, float], short: bool | None) -> None:
    assert is_short(path, values) is short


@pytest.mark.parametrize(
    ("path", "values", "options", "flagged"),
    [
        ("endur.heel_raise_reps", {"left": 19}, {"age": 59}, True),
        ("endur.heel_raise_reps", {"left": 19}, {"age": 60}, False),
        ("endur.heel_raise_reps", {"left": 9}, {"age": 70}, True),
        ("endur.heel_raise_reps", {"left": 30, "right": 23}, {"age": 30}, True),  # 23 % less
        ("endur.heel_raise_reps", {"left": 30, "right": 24}, {"age": 30}, False),  # exactly 20 %
        ("endur.side_bridge", {"left": 100, "right": 96}, {}, False),
        ("endur.side_bridge", {"left": 100, "right": 94}, {}, True),
        ("endur.tug", {"": 12}, {}, True),
        ("endur.tug", {"": 11.9}, {}, False),
        ("endur.chair_stand_30s", {"": 11}, {"age": 66, "sex": "male"}, True),
        ("endur.chair_stand_30s", {"": 11}, {"age": 66, "sex": "female"}, False),
        ("endur.chair_stand_30s", {"": 11}, {"age": 66}, False),  # the milder rule
        ("endur.grip_kg", {"left": 5}, {}, None),  # no flag rule: never flagged
        ("endur.sorensen", {}, {}, None),
    ],
)
def test_is_flagged(path: str, values: dict[str, float], options: dict[str, Any], flagged: bool | None) -> None:
    assert is_flagged(path, values, **options) is flagged


def test_sides() -> None:
    assert side_difference("endur.side_bridge", 80, 60).weaker == "right"
    assert side_difference("posture.knee_valgus", 2, 1).weaker == "left"
    assert side_difference("rom.hip_ir", 0, 0).percent is None
    assert is_side_finding("hip_ir", 40, 30) is False
    assert is_side_finding("hip_ir", 40, 29) is True
    assert is_side_finding("cerv_rotation", 80, 68) is False
    assert is_side_finding("cerv_rotation", 80, 67) is True


@pytest.mark.parametrize(
    ("code", "other", "weak"), [(4, None, True), (4.3, None, False), (4.3, 5, False), (4, 5, True)]
)
def test_weakness(code: float, other: float | None, weak: bool) -> None:
    assert is_weak(code, other) is weak


def test_stage_and_change() -> None:
    assert [stage(days) for days in (41, 42, 84, 85)] == ["acute", "subacute", "subacute", "persistent"]
    assert meaningful_pain_change(8, 6) == "same"  # 2 points, but only 25 %
    assert meaningful_pain_change(6, 4) == "improved"
    assert meaningful_pain_change(3, 5) == "worse"


@pytest.mark.parametrize(
    ("signs", "result"),
    [
        ({"hoffmann": True}, True),
        ({"clonus_beats": 3}, True),
        ({"tone_mas": 2.0}, None),
        ({"tone_mas": 1.0, "velocity_dependent": True}, True),
        ({"hoffmann": False, "clonus_beats": 0}, False),
        ({"hoffmann": False}, None),
        ({"babinski": False, "clonus_beats": 2}, False),
        ({"clonus_beats": 0}, None),
        ({}, None),
    ],
)
def test_umn(signs: dict[str, Any], result: bool | None) -> None:
    unknown: dict[str, Any] = dict.fromkeys(
        ("hoffmann", "babinski", "clonus_beats", "inverted_supinator", "tone_mas"), None
    )
    assert umn_any(**(unknown | signs)) is result


def findings(**values: Any) -> dict[str, list[Recorded]]:
    """``hist__age_years=12`` as findings; lists of Recorded are taken as they are."""
    named = {name.replace("__", "."): value for name, value in values.items()}
    return {path: value if isinstance(value, list) else [Recorded(value)] for path, value in named.items()}


PERSON = Person(today=TODAY, date_of_birth=date(1990, 1, 1), has_guardian=False)


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ({"hist__onset_date": "2026-11-25"}, ["onset_date"]),
        ({"hist__onset_date": "1989-12-31"}, ["onset_date"]),
        ({"hist__onset_date": "2026-11-14", "hist__symptom_duration_days": 17}, []),
        ({"hist__onset_date": "2026-11-14", "hist__symptom_duration_days": 18}, ["duration_matches_onset"]),
        ({"pain__nprs_best_24h": 6, "pain__nprs_worst_24h": 5}, ["best_above_worst"]),
        ({"pain__nprs_current": 6, "pain__nprs_worst_24h": 5}, ["now_above_worst"]),
        ({"pain__nprs_current": 0, "pain__nprs_worst_24h": 0}, []),
        ({"hist__pregnancy_weeks": 12, "hist__postpartum_weeks": 3}, ["pregnant_and_postpartum"]),
        ({"hist__pregnancy_weeks": 12, "hist__age_years": 61}, ["pregnancy_age"]),
        ({"spec__bp_systolic": 90, "spec__bp_diastolic": 90}, ["blood_pressure_order"]),
        ({"hist__desk_hours_per_day": 12, "hist__driving_hours_per_day": 4, "hist__sleep_hours": 8}, []),
        ({"hist__desk_hours_per_day": 12, "hist__driving_hours_per_day": 5, "hist__sleep_hours": 8}, ["hours_in_day"]),
        ({"hist__cramp_timing": "at_night", "hist__nocturnal_cramps_per_week": 0}, ["night_cramp_count"]),
        ({"hist__cramp_timing": "none", "hist__chief_complaint": "cramp"}, ["cramp_timing"]),
        (
            {"mmt__gastrocnemius": [Recorded(2, "left")], "endur__heel_raise_reps": [Recorded(22, "left")]},
            ["weak_but_functional"],
        ),
        ({"mmt__gastrocnemius": [Recorded(2, "left")], "endur__heel_raise_reps": [Recorded(22, "right")]}, []),
        ({"rom__hip_ir": [Recorded(41, "left", "active"), Recorded(35, "left", "passive")]}, ["active_above_passive"]),
        ({"rom__hip_ir": [Recorded(40, "left", "active"), Recorded(35, "left", "passive")]}, []),
        ({"rom__hip_ir": [Recorded(60, "left")]}, ["range_above_norm"]),
        ({"rompct__hip_ir": [Recorded(131, "left")]}, ["range_above_norm"]),
        ({"trp__scalenes": [Recorded("active", "left")]}, ["active_without_referral"]),
        ({"trp__scalenes": [Recorded("active", "left")], "pain__distribution": "referred_somatic"}, []),
        ({"hist__height_cm": 180, "hist__weight_kg": 35}, ["bmi"]),
        ({"hist__age_years": 15}, ["minor_without_guardian"]),
        ({"hist__age_years": 16}, []),
    ],
)
def test_cross_checks(values: dict[str, Any], keys: list[str]) -> None:
    assert [problem.key for problem in check_together(findings(**values), PERSON)] == keys


def test_a_problem_names_its_fields_and_what_to_do() -> None:
    (problem,) = check_together(findings(pain__nprs_best_24h=6, pain__nprs_worst_24h=5), PERSON)
    assert (problem.level, problem.fields) == ("reject", ("pain.nprs_best_24h", "pain.nprs_worst_24h"))
    assert problem.message == "Least pain cannot be above worst pain."


FULL_CORE = {
    "hist__age_years": 40, "hist__sex_at_birth": "male", "hist__chief_complaint": "spasm",
    "hist__symptom_duration_days": 4, "hist__irritability": "low", "pain__nprs_current": 0, "pain__nprs_best_24h": 0,
    "pain__nprs_worst_24h": 3, "func__psfs_avg": 6,
}  # fmt: skip


def test_minimum_assessment() -> None:
    answers = Answers(symptom_regions=("lumbar",), consent_to_assess=True)
    found = completeness(findings(**FULL_CORE, mmt__quadriceps=4, trp__scalenes="none", neuro__umn_any=False), answers)
    assert found.may_release
    assert found.block("neuro").missing == ("Findings agree on one root",)
    assert found.objective_open
    assert found.block("objective").missing == (
        "1 more of: Posture or movement, Endurance, Range or joint mobility, Muscle length",
    )


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        (Answers(symptom_regions=("knee",), consent_to_assess=None), ("Consent to assess and treat",)),
        (
            Answers(symptom_regions=("knee",), consent_to_assess=True, open_flags=("Saddle numbness",)),
            ("Red flag: Saddle numbness",),
        ),
        (
            Answers(symptom_regions=("knee",), consent_to_assess=True, conditions_without_region=("Recent surgery",)),
            ("Region of: Recent surgery",),
        ),
    ],
)
def test_an_open_safety_question_stops_release(answers: Answers, missing: tuple[str, ...]) -> None:
    found = completeness(findings(**FULL_CORE), answers)
    assert found.block("safety").missing == missing
    assert not found.may_release


def test_pain_zero_is_a_value() -> None:
    found = completeness(findings(**FULL_CORE), Answers(symptom_regions=("knee",), consent_to_assess=True))
    assert found.block("core").complete


def test_nothing_recorded_is_never_enough() -> None:
    found = completeness({}, Answers())
    assert not found.may_release
    assert found.objective_open

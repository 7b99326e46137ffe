"""The measured exit criteria: baseline and target at, just below and just above every limit of the phases table."""

from dataclasses import replace
from typing import Any

import pytest

from plans.engine.derive import build_picture
from plans.engine.draft import EvidenceLine, ExitCriterion, PlanGoal
from plans.engine.evidence import ScoredCause
from plans.engine.gate import exit_criteria, plan_goals, usable_goals
from plans.engine.index import index_for
from plans.engine.knowledge import Criterion, Goal
from plans.engine.picture import Picture
from tests.engine.helpers import TODAY, cause, knowledge, make_facts

WORST, PSFS, GROC = "pain.nprs_worst_24h", "func.psfs_avg", "func.groc"
SPASMS, CRAMPS, DAYS = "hist.spasm_frequency_per_week", "hist.nocturnal_cramps_per_week", "hist.symptom_duration_days"
EPISODES, ADHERENCE = "spasm.episodes_2w", "func.adherence_pct"
FLEXION, ERECTORS = "rompct.lum_flexion", "palp.lumbar_erectors"
NOT_USED = "does not apply"


def scored(
    category: str = "combined", goals: tuple[Goal, ...] = (), found: tuple[str, ...] = (), key: str = "c"
) -> Any:
    lines = tuple(EvidenceLine(path, "==", True, 1, 1) for path in found)
    return ScoredCause(cause(key, category=category, goals=goals), 0, 9, "strong", lines, (), ())


def goal(metric: str, target: Any = 90, by: Any = "phase2_exit", op: str = ">=") -> Goal:
    return Goal(metric, op, target, by)


def picture(changes: dict[str, Any], **more: Any) -> Picture:
    return build_picture(make_facts(changes, **more), index_for(knowledge()), TODAY)


def criterion(key: str, changes: dict[str, Any], *causes: ScoredCause, **more: Any) -> ExitCriterion | None:
    found = exit_criteria(picture(changes, **more), causes, [Criterion(key, "text", "gate", "basis")])
    return found[0] if found else None


def measured(key: str, changes: dict[str, Any], *causes: ScoredCause, **more: Any) -> Any:
    found = criterion(key, changes, *causes, **more)
    return NOT_USED if found is None else (found.baseline, found.target)


# --- phase 1 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("worst", "limit"),
    [
        (0, "0"),  # no rise
        (2, "2"),
        (3, "3"),
        (4, "3"),
        (4.5, "3.15"),  # 30 % or 2 points, whichever is the easier
        (5, "3.5"),
        (5.7, "3.99"),
        (6, "4"),
        (7, "4"),
        (8, "4"),
        (10, "4"),
    ],
)
def test_p1_pain(worst: float, limit: str) -> None:
    assert measured("p1_pain", {WORST: worst}) == (worst, {WORST: f"<= {limit}"})


def test_p1_pain_without_a_baseline() -> None:
    assert measured("p1_pain", {WORST: None}) == (None, {WORST: "<= 4"})


@pytest.mark.parametrize("now", ["low", "moderate", "high"])
def test_p1_irritability(now: str) -> None:
    assert measured("p1_irritability", {"hist.irritability": now}) == (now, {"hist.irritability": "in low,moderate"})


@pytest.mark.parametrize(("count", "limit"), [(1, "2"), (3, "2"), (4, "2"), (5, "2.5"), (10, "5")])
def test_p1_spasm(count: int, limit: str) -> None:
    assert measured("p1_spasm", {SPASMS: count}) == (count, {SPASMS: f"<= {limit}"})


@pytest.mark.parametrize("count", [0, None])
def test_p1_spasm_without_spasms(count: int | None) -> None:
    assert measured("p1_spasm", {SPASMS: count}) == NOT_USED


@pytest.mark.parametrize("value", [10, 59, 60, 89, 89.9])
def test_p1_rom_of_a_limited_movement(value: float) -> None:
    assert measured("p1_rom", {FLEXION: value}) == ({FLEXION: value}, {FLEXION: ">= 60"})


@pytest.mark.parametrize("value", [90, 91, 120, None])
def test_p1_rom_of_a_free_movement(value: float | None) -> None:
    assert measured("p1_rom", {FLEXION: value}) == NOT_USED


def test_p1_rom_is_the_most_limited_movement_of_the_symptom_region() -> None:
    values = {FLEXION: 70, "rompct.lum_extension": 50, "rompct.cerv_flexion": 20}
    assert measured("p1_rom", values) == ({"rompct.lum_extension": 50}, {"rompct.lum_extension": ">= 60"})
    values = {FLEXION: 40, "rompct.lum_extension": 50}  # by the figure, not by the name
    assert measured("p1_rom", values) == ({FLEXION: 40}, {FLEXION: ">= 60"})
    elsewhere = {"rompct.cerv_flexion": 20, "rompct.sh_flexion": 30}
    assert measured("p1_rom", elsewhere) == ({"rompct.cerv_flexion": 20}, {"rompct.cerv_flexion": ">= 60"})


@pytest.mark.parametrize(("grade", "limit"), [(2, "1"), (3, "1")])
def test_p1_tone(grade: int, limit: str) -> None:
    assert measured("p1_tone", {ERECTORS: grade}) == ({ERECTORS: grade}, {ERECTORS: f"<= {limit}"})


@pytest.mark.parametrize("grade", [0, 1, None])
def test_p1_tone_that_is_usual(grade: int | None) -> None:
    assert measured("p1_tone", {ERECTORS: grade}) == NOT_USED


def test_p1_tone_down_by_two_grades_is_enough() -> None:
    """A grade beyond the scale (a finer one) keeps the second half of the rule."""
    assert measured("p1_tone", {ERECTORS: 4}) == ({ERECTORS: 4}, {ERECTORS: "<= 2"})


def test_p1_tone_is_the_highest_grade_of_the_symptom_region() -> None:
    values = {ERECTORS: 2, "palp.multifidus": 3, "palp.quadriceps": 3}
    assert measured("p1_tone", values) == ({"palp.multifidus": 3}, {"palp.multifidus": "<= 1"})
    assert measured("p1_tone", {ERECTORS: 3, "palp.multifidus": 2}) == ({ERECTORS: 3}, {ERECTORS: "<= 1"})
    assert measured("p1_tone", {"palp.quadriceps": 3}) == NOT_USED  # the lumbar muscles were felt and are calm


# --- phase 2 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["p2_pain", "p3_pain"])
@pytest.mark.parametrize(
    ("worst", "days", "limit"),
    [
        (8, 30, "2"),
        (8, 84, "2"),
        (8, 85, "4"),  # persistent from day 85
        (8, None, "2"),
        (10, 85, "4"),
        (7, 85, "3.5"),
        (5, 85, "2.5"),
        (4, 85, "2"),
        (3, 85, "2"),
        (None, 85, "2"),
    ],
)
def test_pain_of_phase_2_and_3(key: str, worst: float | None, days: int | None, limit: str) -> None:
    assert measured(key, {WORST: worst, DAYS: days}) == (worst, {WORST: f"<= {limit}"})


@pytest.mark.parametrize("key", ["p2_spasm", "p3_spasm"])
@pytest.mark.parametrize(
    ("counts", "complaint", "expected"),
    [
        ({SPASMS: 1}, "pain", ({SPASMS: 1}, {EPISODES: "<= 1"})),
        ({CRAMPS: 3}, "pain", ({CRAMPS: 3}, {EPISODES: "<= 1"})),
        ({SPASMS: 2, CRAMPS: 3}, "pain", ({SPASMS: 2, CRAMPS: 3}, {EPISODES: "<= 1"})),
        ({}, "spasm", (None, {EPISODES: "<= 1"})),
        ({SPASMS: 0}, "cramp", (None, {EPISODES: "<= 1"})),
        ({SPASMS: 0}, "pain", NOT_USED),
        ({}, "pain", NOT_USED),
    ],
)
def test_spasms_of_phase_2_and_3(key: str, counts: dict[str, int], complaint: str, expected: Any) -> None:
    assert measured(key, {**counts, "hist.chief_complaint": complaint}) == expected


@pytest.mark.parametrize(
    ("mean", "target"),
    [
        (None, "7"),
        (0, "7"),
        (3, "7"),
        (5, "7"),
        (5.1, "7.1"),
        (6.5, "8.5"),
        (6.9, "8.9"),
        (7, "8"),
        (7.5, "8.5"),
        (8, "9"),
        (9, "9"),
        (9.5, "9"),
    ],
)
def test_p2_function(mean: float | None, target: str) -> None:
    assert measured("p2_function", {PSFS: mean}) == (mean, {PSFS: f">= {target}"})


@pytest.mark.parametrize("value", [0, 60, 89, 89.9])
def test_p2_rom_of_a_target_movement(value: float) -> None:
    used = scored(goals=(goal(FLEXION), goal(FLEXION, by="phase3_exit")))
    assert measured("p2_rom", {FLEXION: value}, used) == ({FLEXION: value}, {FLEXION: ">= 90"})


def test_p2_rom_left_out() -> None:
    used = scored(goals=(goal(FLEXION),))
    assert measured("p2_rom", {FLEXION: 90}, used) == NOT_USED
    assert measured("p2_rom", {}, used) == NOT_USED
    assert measured("p2_rom", {FLEXION: 50}, scored()) == NOT_USED  # no target movement


@pytest.mark.parametrize(
    ("path", "value", "target"),
    [
        ("len.thomas_hip", 1, "<= 5"),  # passes at 0 deg or less
        ("len.thomas_knee", 79, ">= 75"),
        ("len.ake_90_90", 31, "<= 35"),
        ("len.slr_length", 69, ">= 65"),
        ("len.wblt_cm", 9.9, ">= 8.5"),
        ("len.wblt_deg", 34, ">= 30"),
        ("len.pec_minor_cm", 2.7, "<= 2.6"),  # no error is given for it
        ("len.finger_floor_cm", 11, "<= 10"),
        ("len.upper_trap_length", 2, "<= 1"),
    ],
)
def test_p2_length(path: str, value: float, target: str) -> None:
    assert measured("p2_length", {path: value}, scored(goals=(goal(path),))) == ({path: value}, {path: target})


@pytest.mark.parametrize(("path", "value"), [("len.slr_length", 70), ("len.wblt_cm", 10), ("len.ake_90_90", 30)])
def test_p2_length_that_passes(path: str, value: float) -> None:
    assert measured("p2_length", {path: value}, scored(goals=(goal(path),))) == NOT_USED
    assert measured("p2_length", {path: None}, scored(goals=(goal(path),))) == NOT_USED


def test_p2_length_without_a_target_test() -> None:
    assert measured("p2_length", {"len.slr_length": 20}, scored()) == NOT_USED


def test_p2_length_of_a_test_without_a_pass_rule() -> None:
    """Short by what makes it short, but nothing to measure it by: left out, not a target of nothing."""
    path, known = "len.slr_length", knowledge()
    spec = replace(known.findings[path], pass_rule=None)
    index = index_for(replace(known, findings={**known.findings, path: spec}))
    seen = build_picture(make_facts({path: 20}), index, TODAY)
    assert exit_criteria(seen, [scored(goals=(goal(path),))], [Criterion("p2_length", "", "support")]) == ()


def test_p2_strength() -> None:
    maximus, medius = "mmt.gluteus_maximus", "mmt.gluteus_medius"
    weak = scored("strength_deficit", (goal(maximus, 5), goal("endur.single_leg_bridge_hold", 30)), (medius, "hist.x"))
    both = measured("p2_strength", {maximus: 4, medius: 3.7}, weak)
    assert both == ({maximus: 4, medius: 3.7}, {maximus: ">= 4.3", medius: ">= 4.3"})
    assert measured("p2_strength", {maximus: 4}, weak) == ({maximus: 4}, {maximus: ">= 4.3"})  # recorded ones only
    assert measured("p2_strength", {maximus: None}, weak) == ({}, {})  # the gate stays, and stays unmet
    other = scored("endurance_deficit", (goal(maximus, 5),), (medius,))
    assert measured("p2_strength", {maximus: 4}, other) == NOT_USED


@pytest.mark.parametrize(
    ("path", "target", "changes", "limit"),
    [
        ("endur.side_bridge", 60, {}, "45"),  # the flag clears at 45, 80 % are 48
        ("endur.side_bridge", 50, {}, "40"),
        ("endur.sorensen", 100, {}, "60"),
        ("endur.sorensen", 70, {}, "56"),
        ("endur.dnf_endurance", 30, {}, "24"),
        ("endur.heel_raise_reps", 24, {"hist.age_years": 59}, "19.2"),
        ("endur.heel_raise_reps", 24, {"hist.age_years": 60}, "15"),
        ("endur.heel_raise_reps", 24, {"hist.age_years": 70}, "10"),
        ("endur.neck_extensor_endurance", 50, {}, "40"),  # no flag level
        ("endur.neck_extensor_endurance", "word", {}, "0"),
    ],
)
def test_p2_endurance(path: str, target: Any, changes: dict[str, Any], limit: str) -> None:
    used = scored("endurance_deficit", (goal(path, target),))
    assert measured("p2_endurance", {path: 8, **changes}, used) == ({path: 8}, {path: f">= {limit}"})


@pytest.mark.parametrize(("sex", "limit"), [("male", "12"), ("female", "11"), (None, "11")])
def test_p2_endurance_by_sex(sex: str | None, limit: str) -> None:
    path = "endur.chair_stand_30s"
    used = scored("endurance_deficit", found=(path,))
    changes = {path: 8, "hist.age_years": 67, "hist.sex_at_birth": sex}
    assert measured("p2_endurance", changes, used) == ({path: 8}, {path: f">= {limit}"})


def test_p2_endurance_needs_a_cause_of_endurance() -> None:
    path = "endur.side_bridge"
    assert measured("p2_endurance", {path: 8}, scored("strength_deficit", (goal(path, 60),))) == NOT_USED


def test_p2_control() -> None:
    fault = "move.knee_valgus"
    used = scored("motor_control", found=(fault, "hist.x"))
    assert measured("p2_control", {}, used) == ({fault: True}, {fault: "== false"})
    assert measured("p2_control", {}, scored("combined", found=(fault,))) == NOT_USED


@pytest.mark.parametrize("category", ["load_management", "systemic", "psychosocial"])
def test_p2_habits(category: str) -> None:
    path = "hist.break_interval_min"
    used = scored(category, (goal(path, 60, op="<="), goal(WORST, 2)))
    other = scored("combined", (goal("hist.load_change_pct", 15, op="<="),), key="other")
    assert measured("p2_habits", {path: 180}, used, other) == ({path: 180}, {path: "<= 60"})
    assert measured("p2_habits", {path: 180}, scored("combined", (goal(path, 60),))) == NOT_USED


# --- phase 3 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "change"), [(30, 5), (84, 5), (85, 3), (None, 5)])
def test_p3_function(days: int | None, change: int) -> None:
    assert measured("p3_function", {PSFS: 5, DAYS: days}) == (5, {PSFS: ">= 8", GROC: f">= {change}"})


def test_p3_capacity() -> None:
    hold, muscle, later = "endur.single_leg_bridge_hold", "mmt.gluteus_maximus", "phase3_exit"
    used = scored(
        goals=(goal(hold, 30, later), goal(muscle, 5, later), goal("endur.sorensen", 100), goal(WORST, 1, later))
    )
    assert measured("p3_capacity", {hold: 12, muscle: 4}, used) == (
        {hold: 12, muscle: 4},
        {hold: ">= 30", muscle: ">= 5"},
    )
    assert measured("p3_capacity", {}, scored(goals=(goal(hold, 30),))) == NOT_USED


@pytest.mark.parametrize("minutes", [0, 149, 150, None])
def test_p3_activity(minutes: int | None) -> None:
    path = "hist.activity_min_per_week"
    assert measured("p3_activity", {path: minutes}) == (minutes, {path: ">= 150"})


@pytest.mark.parametrize(
    ("key", "target"),
    [
        ("p1_function", {"check.basic_function": "== true"}),
        ("p1_neuro", {"check.neuro_unchanged": "== true"}),
        ("p1_flags", {"check.flags_clear": "== true"}),
        ("p1_homework", {"check.shows_exercises": "== true", ADHERENCE: ">= 50"}),
        ("p2_load", {"check.reduced_load": "== true"}),
        ("p2_adherence", {ADHERENCE: ">= 75"}),
        ("p3_independent", {ADHERENCE: ">= 75"}),
        ("p3_flare_plan", {"check.flare_plan": "== true"}),
    ],
)
def test_what_applies_always(key: str, target: dict[str, str]) -> None:
    assert measured(key, {}) == (None, target)


def test_every_criterion_of_the_phases_has_a_measure_and_keeps_its_kind() -> None:
    """None falls through to an empty target; what may never be waived is p1_neuro and p1_flags."""
    for number, phase in knowledge().phases.items():
        changes = {SPASMS: 4, FLEXION: 50, ERECTORS: 3}
        found = exit_criteria(picture(changes), (), phase.exit)
        assert all(c.target for c in found)
        assert {c.key for c in found if not c.waivable} == ({"p1_neuro", "p1_flags"} if number == 1 else set())
        assert {c.key: (c.kind, c.text) for c in found}.items() <= {c.key: (c.kind, c.text) for c in phase.exit}.items()


def test_a_criterion_says_where_it_comes_from() -> None:
    found = criterion("p1_pain", {WORST: 8})
    assert found is not None
    assert (found.kind, found.text, found.waivable) == ("gate", "text", True)
    (reason,) = found.reasons
    assert (reason.rule, reason.text, reason.inputs, reason.source) == ("gate.gate", "text", ("p1_pain",), "basis")


# --- goals ----------------------------------------------------------------------------------------------------------


FLUIDS = (goal("hist.urine_colour", 3, op="<="), goal("hist.fluid_intake_l_day", 2), goal(WORST, 2, op="<="))


@pytest.mark.parametrize(
    ("condition", "kept"),
    [("fluid_restriction", FLUIDS[2:]), ("diuretic", FLUIDS), ("kidney_disease", FLUIDS), (None, FLUIDS)],
)
def test_no_fluid_goal_where_fluid_advice_is_forbidden(condition: str | None, kept: tuple[Goal, ...]) -> None:
    """A precaution for the advice (diuretic, kidney) leaves the goal; only what forbids the advice takes it out."""
    seen = picture({}, conditions={condition: ()} if condition else None)
    assert usable_goals(seen, scored("systemic", FLUIDS)) == kept
    assert usable_goals(seen, scored("systemic", FLUIDS[:2])) == kept[: len(kept) - 1]
    other = (goal(WORST, 2, op="<="),)
    assert usable_goals(seen, scored("systemic", other)) == other


def test_a_plan_goal_takes_the_worse_side_and_names_every_cause() -> None:
    path = "len.slr_length"
    first = scored(goals=(goal(path, 70), goal(WORST, 2, op="<=")), key="first")
    second = scored(goals=(goal(path, 80), goal("endur.sorensen", 100)), key="second")
    sides = {"left": 60, "right": 50}
    assert plan_goals(picture({path: sides, WORST: 6}), (first, second)) == (
        PlanGoal(path, ">=", 70, "phase2_exit", 50, "right", ("first", "second")),
        PlanGoal(WORST, "<=", 2, "phase2_exit", 6, "", ("first",)),
        PlanGoal("endur.sorensen", ">=", 100, "phase2_exit", None, "", ("second",)),
    )


def test_a_cause_is_named_once() -> None:
    used = scored(goals=(goal(WORST, 2, op="<="), goal(WORST, 1, op="<=")), key="first")
    assert [g.causes for g in plan_goals(picture({}), (used,))] == [("first",)]

"""The vocabulary: what a finding may be, what is refused with its name, what is asked about."""

from __future__ import annotations

from typing import Any

import pytest

from assessments.vocabulary import (
    NAMESPACE_LABELS,
    RED_FLAG_GROUPS,
    RED_FLAGS,
    RULES,
    VOCABULARY,
    YELLOW_FLAGS,
    ValueProblem,
    check_value,
    confirm_message,
    fields_of,
    label_of,
    red_flags_by_group,
    short_list,
    value_label,
)

COUNTS = {
    "hist": 67, "pain": 8, "func": 8, "posture": 23, "move": 15, "mmt": 44, "endur": 18, "rom": 42, "rompct": 40,
    "len": 23, "joint": 12, "palp": 55, "palp_tender": 55, "palp_spasm": 55, "trp": 46, "trp_twitch": 46,
    "trp_referral": 46, "spec": 40, "neuro": 17,
}  # fmt: skip


def test_counts() -> None:
    assert {name: len(fields_of(name)) for name in NAMESPACE_LABELS if fields_of(name)} == COUNTS


@pytest.mark.parametrize(
    ("path", "raw", "value"),
    [
        ("rom.sh_flexion", "120,5", 120.5),
        ("rom.sh_flexion", "120.0", 120),
        ("rom.elb_extension", "−10", -10),
        ("mmt.gluteus_medius", "4+", 4.3),
        ("mmt.gluteus_medius", 3.7, 3.7),
        ("neuro.tone_mas", "1+", 1.5),
        ("palp.lumbar_erectors", "3", 3),
        ("pain.nprs_current", "0", 0),
        ("hist.smoker", "no", False),
        ("hist.smoker", True, True),
        ("hist.job_demand", "very_heavy", "very_heavy"),
        ("hist.easing", [], ()),
        ("hist.easing", ["heat", "rest", "heat"], ("heat", "rest")),
        ("hist.workstation_issues", "none_known", ("none_known",)),
        ("neuro.reflex_reduced", ["ankle_left", "ankle_right"], ("ankle_left", "ankle_right")),
        ("neuro.dermatome_deficit", ["none"], ("none",)),
        ("hist.symptom_regions", ["lumbar"], ("lumbar",)),
        ("hist.onset_date", "2026-02-28", "2026-02-28"),
        ("hist.patient_goals", ["Garden", " "], ("Garden",)),
        ("endur.ccft_mmhg", 24, 24),
        ("func.groc", "-7", -7),
    ],
)
def test_possible_values(path: str, raw: Any, value: Any) -> None:
    assert check_value(path, raw) == value
    assert type(check_value(path, raw)) is type(value)


@pytest.mark.parametrize(
    ("path", "raw", "message"),
    [
        ("rom.sh_flexion", 400, "Shoulder flexion must be between 0 and 190 deg."),
        ("mmt.gluteus_medius", 7, "Gluteus medius must be one of 0, 1, 2-, 2, 2+, 3-, 3, 3+, 4-, 4, 4+, 5."),
        ("mmt.gluteus_medius", 4.5, "Gluteus medius must be one of 0, 1, 2-, 2, 2+, 3-, 3, 3+, 4-, 4, 4+, 5."),
        ("pain.nprs_current", 11, "Pain now must be between 0 and 10."),
        ("pain.nprs_current", "1.5", "Pain now must be a whole number."),
        ("pain.nprs_current", True, "Pain now must be a number from 0 to 10."),
        ("pain.nprs_current", None, "Pain now must be a number from 0 to 10."),
        ("hist.age_years", -1, "Age must be between 0 and 120 years."),
        ("hist.weight_kg", "NaN", "Weight must be a number from 3 to 350."),
        ("hist.weight_kg", float("nan"), "Weight must be a number from 3 to 350."),
        ("hist.weight_kg", float("inf"), "Weight must be a number from 3 to 350."),
        ("hist.weight_kg", "1e2", "Weight must be a number from 3 to 350."),
        ("hist.weight_kg", "9" * 400, "Weight must be a number from 3 to 350."),
        ("hist.weight_kg", [80], "Weight must be a number from 3 to 350."),
        ("hist.smoker", "perhaps", "Smoker must be yes or no."),
        ("hist.job_demand", "epic", "Physical demand of the job: 'epic' is not one of the choices."),
        ("hist.mechanism", [], "What set it off needs at least 1 choice."),
        ("hist.mechanism", 3, "What set it off must be a list."),
        (
            "hist.workstation_issues",
            ["none_known", "screen_low"],
            "Workstation problems: 'None known' cannot stand beside others.",
        ),
        ("hist.onset_date", "2026-02-30", "Date of onset must be a date (year-month-day)."),
        ("hist.patient_goals", list("abcdef"), "Goals of the patient takes at most 5 entries."),
        ("hist.imaging_findings", "x" * 4001, "Imaging findings is longer than 4000 characters."),
        ("hist.imaging_findings", "a\x00b", "Imaging findings contains a character that cannot be stored."),
        ("endur.ccft_mmhg", 25, "Craniocervical flexion test goes in steps of 2 from 20."),
        ("mmt.piriformis", 4, "'mmt.piriformis' is not a finding of the assessment."),
        ("", 4, "'' is not a finding of the assessment."),
    ],
)
def test_impossible_values(path: str, raw: Any, message: str) -> None:
    with pytest.raises(ValueProblem) as caught:
        check_value(path, raw)
    assert (caught.value.path, caught.value.message) == (path, message)


@pytest.mark.parametrize(
    ("path", "value", "age", "asked"),
    [
        ("hist.fluid_intake_l_day", 6, None, False),
        ("hist.fluid_intake_l_day", 6.5, None, True),
        ("hist.height_cm", 110, 40, True),
        ("hist.height_cm", 110, 7, False),
        ("rom.lum_flexion", 78, None, False),
        ("rom.lum_flexion", 79, None, True),
        ("endur.sorensen", 400, None, True),
        ("endur.sorensen", 180, None, False),
        ("spec.temp_c", 38.5, None, True),
        ("hist.smoker", True, None, False),
        ("unknown.path", 1, None, False),
    ],
)
def test_unusual_values_are_asked_about(path: str, value: Any, age: int | None, asked: bool) -> None:
    assert (confirm_message(path, value, age=age) is not None) is asked


def test_labels() -> None:
    assert label_of("len.wblt_cm") == "Weight-bearing lunge, toe to wall"
    assert label_of("no.such") == "no.such"
    assert value_label("mmt.gluteus_medius", 3.7) == "4- - holds less than moderate resistance"
    assert value_label("hist.easing", ("heat", "lying_down")) == "Heat, Lying down"
    assert value_label("rom.sh_flexion", 120.5) == "120.5 deg"
    assert value_label("pain.nprs_current", 6) == "6"
    assert value_label("hist.smoker", False) == "No"


def test_sides_regions_and_muscles() -> None:
    """Where a finding belongs decides which techniques it may indicate."""
    seen = {
        path: (VOCABULARY[path].region, VOCABULARY[path].sided)
        for path in (
            "rom.cerv_rotation", "rom.lum_flexion", "rompct.ank_dorsiflexion", "len.thomas_hip", "len.finger_floor_cm",
            "mmt.rectus_abdominis", "palp.gluteus_medius", "endur.side_bridge", "joint.first_rib",
            "posture.forward_head",
        )
    }  # fmt: skip
    assert seen == {
        "rom.cerv_rotation": ("cervical", True),
        "rom.lum_flexion": ("lumbar", False),
        "rompct.ank_dorsiflexion": ("ankle", True),
        "len.thomas_hip": ("hip_groin", True),
        "len.finger_floor_cm": ("thigh_posterior", False),
        "mmt.rectus_abdominis": ("abdomen", False),
        "palp.gluteus_medius": ("buttock", True),
        "endur.side_bridge": ("lumbar", True),
        "joint.first_rib": ("cervical", True),
        "posture.forward_head": (None, False),
    }
    assert "rompct.knee_extension" not in VOCABULARY  # its norm is 0: the deficit is reported instead


def test_every_cut_off_has_two_consistent_sides() -> None:
    for field in fields_of("len"):
        assert field.pass_rule is not None
        assert field.short_rule is not None
        assert field.valid is not None
        for value in (*field.valid, *range(int(field.valid[0]), int(field.valid[1]) + 1)):
            passed, short = field.pass_rule.holds(value), field.short_rule.holds(value)
            assert passed is not short, (field.path, value)


def test_every_red_flag_is_on_the_screen_once() -> None:
    shown = [flag.key for flags in red_flags_by_group().values() for flag in flags]
    assert len(shown) == len(set(shown)) == len(RED_FLAGS) == 62
    assert set(red_flags_by_group()) == set(RED_FLAG_GROUPS)


@pytest.mark.parametrize(
    ("regions", "conditions", "techniques", "keys"),
    [
        (set(), set(), set(), ["progressive_motor_loss", "systemic_unwell"]),
        (
            {"cervical"},
            set(),
            {"dn_superficial"},
            ["progressive_motor_loss", "cord_signs", "arterial_dissection", "systemic_unwell", "pneumothorax_needle"],
        ),
        (
            {"calf"},
            {"pregnancy_t2_t3"},
            set(),
            [
                "ces_bladder", "ces_bowel", "ces_saddle", "ces_sexual", "ces_bilateral_legs", "progressive_motor_loss",
                "systemic_unwell", "dvt", "pregnancy_warning", "pregnancy_same_day",
            ],
        ),
    ],
)  # fmt: skip
def test_short_list(regions: set[str], conditions: set[str], techniques: set[str], keys: list[str]) -> None:
    found = short_list(regions=regions, conditions=conditions, techniques=techniques)
    assert [flag.key for flag in found] == keys


def test_cross_checks_are_listed() -> None:
    assert len(RULES["cross_checks"]) == 16
    assert {row["level"] for row in RULES["cross_checks"]} == {"reject", "ask", "block_plan"}


def test_yellow_flags_bring_their_topics() -> None:
    assert {key: flag.education for key, flag in YELLOW_FLAGS.items() if flag.education} == {
        "fear_of_movement": ("ed_pain_explained",),
        "poor_sleep": ("ed_sleep_position",),
    }
    assert len(YELLOW_FLAGS) == 5

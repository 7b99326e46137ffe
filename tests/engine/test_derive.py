"""What follows from the facts: findings, red flags, conditions."""

from typing import Any

import pytest

from plans.engine.derive import build_picture, without_region
from plans.engine.derive_findings import irritability, umn_any
from plans.engine.facts import Consent, Site
from plans.engine.index import index_for
from plans.engine.picture import Picture
from tests.engine.helpers import TODAY, draft, finding, knowledge, make_facts, notes_with, refusal


def picture(changes: dict[str, Any] | None = None, **more: Any) -> Picture:
    return build_picture(make_facts(changes, **more), index_for(knowledge()), TODAY)


NECK = (Site("cervical", "right"),)

FLAG_TABLE: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("ces_saddle", {"neuro.saddle_sensation_reduced": True}, {}, True),
    ("ces_saddle", {"neuro.saddle_sensation_reduced": False}, {}, False),
    ("progressive_motor_loss", {"neuro.progressive_deficit": True}, {}, True),
    ("cord_signs", {"neuro.hoffmann": True}, {}, True),
    ("cord_signs", {"neuro.lhermitte": True}, {}, True),
    ("cord_signs", {"neuro.hoffmann": True}, {"conditions": {"umn_spasticity": ()}}, False),
    ("cord_signs", {"neuro.umn_any": True}, {}, False),  # no neck symptom
    ("cord_signs", {"neuro.umn_any": True, "hist.symptom_regions": ("cervical",)}, {"sites": NECK}, True),
    ("new_tone", {"neuro.umn_any": True}, {}, True),
    ("new_tone", {"neuro.umn_any": True}, {"conditions": {"umn_spasticity": ()}}, False),
    ("arterial_dissection", {"neuro.cranial_nerve_sign": True}, {}, False),
    ("arterial_dissection", {"neuro.cranial_nerve_sign": True}, {"sites": NECK}, True),
    ("fracture_high_energy", {"spec.canadian_cspine_high_risk": True}, {}, True),
    ("fracture_suspected", {"spec.ottawa_ankle_positive": True}, {}, True),
    ("fracture_fragility", {"spec.percussion_pain": True}, {}, False),
    ("fracture_fragility", {"spec.percussion_pain": True, "hist.age_years": 70}, {}, True),
    ("fracture_fragility", {"spec.percussion_pain": True}, {"conditions": {"osteoporosis": ()}}, True),
    (
        "fracture_fragility",
        {"spec.percussion_pain": True, "hist.age_years": 80},
        {"sites": (Site("shin", "left"),)},
        False,
    ),
    ("dvt", {"spec.wells_dvt": 2}, {}, True),
    ("dvt", {"spec.wells_dvt": 1}, {}, False),
    ("tendon_rupture", {"spec.thompson": True}, {}, True),
    ("night_pain_unremitting", {"hist.night_pain": "unremitting", "hist.symptom_duration_days": 14}, {}, True),
    ("night_pain_unremitting", {"hist.night_pain": "unremitting", "hist.symptom_duration_days": 13}, {}, False),
    ("systemic_unwell", {"spec.temp_c": 38.0}, {}, True),
    ("systemic_unwell", {"spec.temp_c": 37.9}, {}, False),
    ("mnd_pattern", {"hist.fasciculation": "widespread"}, {}, False),
    ("mnd_pattern", {"hist.fasciculation": "widespread", "neuro.wasting": True}, {}, True),
    ("mnd_pattern", {"hist.fasciculation": "widespread", "neuro.myotome_deficit": ("C8",)}, {}, True),
    ("mnd_pattern", {"hist.fasciculation": "widespread", "neuro.myotome_deficit": ("none",)}, {}, False),
    ("stress_fracture", {"spec.focal_bone_tenderness": True}, {}, False),  # no load in the history
    ("stress_fracture", {"spec.focal_bone_tenderness": True, "hist.load_change_pct": 30}, {}, True),
    ("stress_fracture", {"spec.hop_pain": True, "hist.aggravating": ("running",)}, {}, True),
    (
        "vascular_claudication",
        {"spec.pedal_pulses_reduced": True, "hist.aggravating": ("walking",), "hist.easing": ("rest",)},
        {},
        True,
    ),
    ("vascular_claudication", {"spec.pedal_pulses_reduced": True, "hist.aggravating": ("walking",)}, {}, False),
    ("blood_pressure", {"spec.bp_systolic": 180, "spec.bp_diastolic": 90}, {}, True),
    ("blood_pressure", {"spec.bp_systolic": 150, "spec.bp_diastolic": 110}, {}, True),
    ("blood_pressure", {"spec.bp_systolic": 179, "spec.bp_diastolic": 109}, {}, False),
    ("hypertension_moderate", {"spec.bp_systolic": 179, "spec.bp_diastolic": 109}, {}, True),
    ("hypertension_moderate", {"spec.bp_systolic": 159, "spec.bp_diastolic": 99}, {}, False),
    ("hypertension_moderate", {"spec.bp_systolic": 185, "spec.bp_diastolic": 100}, {}, False),
]


@pytest.mark.hazard("H-01")
@pytest.mark.parametrize(("flag", "changes", "more", "raised"), FLAG_TABLE)
def test_flags_follow_from_findings(flag: str, changes: dict[str, Any], more: dict[str, Any], raised: bool) -> None:
    state = picture(changes, **more).flags[flag]
    assert (state.state == "true") is raised
    assert state.contradiction is raised  # every question was answered no


@pytest.mark.hazard("H-01")
def test_a_contradiction_is_shown_and_the_flag_stays_true() -> None:
    result = refusal(make_facts({"spec.wells_dvt": 2}))
    assert result.code == "red_flag"
    assert result.disposition == "urgent_same_day"
    assert notes_with(result, "contradiction", "dvt", "spec.wells_dvt")


def test_a_cleared_flag_behaves_as_false_and_stays_on_record() -> None:
    result = draft(make_facts({"hist.night_pain": "unremitting"}, cleared=("night_pain_unremitting",)))
    assert result.flags == ()
    assert notes_with(result, "night_pain_unremitting was cleared", "asked again")


@pytest.mark.parametrize(
    ("site", "flag"),
    [
        ("shin", "stress_fracture"),
        ("thigh_anterior", "stress_fracture"),
        ("hip_groin", "stress_fracture_high_risk"),
        ("foot", "stress_fracture_high_risk"),
    ],
)
def test_bone_stress_at_a_high_risk_place_is_the_high_risk_flag(site: str, flag: str) -> None:
    changes = {"spec.focal_bone_tenderness": True, "hist.aggravating": ("running",), "hist.symptom_regions": (site,)}
    found = picture(changes, sites=(Site(site, "left"),)).flags
    assert {k for k in ("stress_fracture", "stress_fracture_high_risk") if found[k].state == "true"} == {flag}
    assert found[flag].sites == (Site(site, "left"),)


def test_the_therapists_answer_decides_between_the_two_bone_flags() -> None:
    changes = {"spec.focal_bone_tenderness": True, "hist.aggravating": ("running",)}
    found = picture(changes, sites=(Site("foot", "left"),), flags={"stress_fracture": (Site("foot", "left"),)}).flags
    assert found["stress_fracture"].state == "true"
    assert found["stress_fracture_high_risk"].state == "false"


CONDITION_TABLE: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("minor_under_16", {"hist.age_years": 15}, {}, True),
    ("minor_under_16", {"hist.age_years": 16}, {}, False),
    ("minor_16_17", {"hist.age_years": 16}, {}, True),
    ("minor_16_17", {"hist.age_years": 17}, {}, True),
    ("minor_16_17", {"hist.age_years": 18}, {}, False),
    ("pregnancy_t1", {"hist.pregnancy_weeks": 0}, {}, True),
    ("pregnancy_t1", {"hist.pregnancy_weeks": 12}, {}, True),
    ("pregnancy_t2_t3", {"hist.pregnancy_weeks": 12}, {}, False),
    ("pregnancy_t2_t3", {"hist.pregnancy_weeks": 13}, {}, True),
    ("postpartum_early", {"hist.postpartum_weeks": 12}, {}, True),
    ("postpartum_early", {"hist.postpartum_weeks": 13}, {}, False),
    ("needle_phobia", {"hist.needle_preference": "declines"}, {}, True),
    ("needle_phobia", {"hist.needle_preference": "unsure"}, {}, False),
    ("no_written_consent", {}, {"consent": Consent(True, True, True)}, False),
    ("no_written_consent", {}, {"consent": Consent(True, None, True)}, True),
    ("no_thrust_consent", {}, {"consent": Consent(True, True, False)}, True),
    ("unable_floor_transfer", {"hist.can_floor_transfer": False}, {}, True),
    ("hypermobility", {"spec.beighton": 5, "hist.age_years": 12}, {}, False),
    ("hypermobility", {"spec.beighton": 6, "hist.age_years": 12}, {}, True),
    ("hypermobility", {"spec.beighton": 5, "hist.age_years": 50}, {}, True),
    ("hypermobility", {"spec.beighton": 4, "hist.age_years": 50}, {}, False),
    ("hypermobility", {"spec.beighton": 4, "hist.age_years": 51}, {}, True),
    ("hypertension_uncontrolled", {"spec.bp_systolic": 180}, {}, True),
    ("hypertension_uncontrolled", {"spec.bp_diastolic": 110}, {}, True),
    ("dvt_suspected", {"spec.wells_dvt": 2}, {}, True),
    ("progressive_neuro_deficit", {"neuro.progressive_deficit": True}, {}, True),
    ("cervical_myelopathy", {"neuro.hoffmann": True}, {}, True),
    ("pars_stress", {}, {"flags": {"adolescent_extension": ()}}, True),
    ("falls_risk", {"endur.tug": 12}, {}, True),
    ("falls_risk", {"endur.tug": 11.9}, {}, False),
    ("falls_risk", {"hist.falls_12m": 2}, {}, True),
    ("systemic_infection", {"spec.temp_c": 38}, {}, True),
    ("radiculopathy_acute", {"neuro.single_root_pattern": True, "hist.symptom_duration_days": 41}, {}, True),
    ("radiculopathy_acute", {"neuro.single_root_pattern": True, "hist.symptom_duration_days": 42}, {}, False),
    ("anxiety_severe", {"hist.start_back_psych": 4, "hist.start_back_total": 6}, {}, True),
    ("vertigo_active", {}, {"flags": {"dizziness_neck": ()}}, True),
]


@pytest.mark.parametrize(("condition", "changes", "more", "expected"), CONDITION_TABLE)
def test_conditions_follow(condition: str, changes: dict[str, Any], more: dict[str, Any], expected: bool) -> None:
    assert picture(changes, **more).has_condition(condition) is expected


def test_a_yes_is_never_turned_into_no_by_a_normal_finding() -> None:
    assert picture({"endur.tug": 8, "hist.falls_12m": 0}, conditions={"falls_risk": ()}).has_condition("falls_risk")


def test_stress_fracture_suspected_copies_the_region_of_the_flag() -> None:
    found = picture(flags={"stress_fracture": (Site("shin", "left"),)}).conditions["stress_fracture_suspected"]
    assert found.sites == (Site("shin", "left"),)
    assert picture(flags={"stress_fracture": ()}).conditions["stress_fracture_suspected"].sites == (Site("shin"),)


@pytest.mark.parametrize(
    ("changes", "sites", "regions"),
    [
        ({"neuro.dermatome_deficit": ("L5",)}, (Site("lumbar"),), ["lumbar"]),
        ({"neuro.myotome_deficit": ("C6",)}, (Site("cervical"),), ["cervical"]),
        ({"neuro.reflex_reduced": ("ankle_left",)}, (Site("calf"),), ["lumbar"]),
        ({"neuro.reflex_reduced": ("triceps_right",)}, (Site("upper_arm"),), ["cervical"]),
        ({}, (Site("cervical"),), ["cervical"]),  # no level recorded: by the symptom region
    ],
)
def test_region_of_the_nerve_root(changes: dict[str, Any], sites: tuple[Site, ...], regions: list[str]) -> None:
    found = picture({"neuro.single_root_pattern": True, **changes}, sites=sites).conditions["radiculopathy_acute"]
    assert [site.region for site in found.sites] == regions


def test_conditions_that_act_at_a_region_need_one() -> None:
    assert without_region(picture(conditions={"skin_lesion": ()})) == ("skin_lesion",)
    assert without_region(picture(conditions={"skin_lesion": (Site("calf"),)})) == ()
    assert without_region(picture(conditions={"open_growth_plates": ()})) == ()  # whole body by default
    assert without_region(picture(conditions={"osteoporosis": ()})) == ()


IRRITABILITY: list[tuple[float | None, float | None, float | None, str | None]] = [
    # pain on movement, provoked after (min), settles after (min)
    (7, 4, 61, "high"),
    (6, 5, 10, "moderate"),
    (3, 31, 9, "low"),
    (7, 4, 5, "high"),
    (2, 31, 90, "low"),
    (7, 20, 5, "moderate"),  # all three differ
    (7, None, 5, "high"),  # two known that differ: the higher
    (3, None, 5, "low"),
    (None, None, 5, None),
    (7, None, None, None),
]


@pytest.mark.parametrize(("pain", "minutes", "settle", "expected"), IRRITABILITY)
def test_irritability(pain: float | None, minutes: float | None, settle: float | None, expected: str | None) -> None:
    values = {
        "pain.nprs_movement": pain,
        "hist.sitting_tolerance_min": minutes,
        "pain.time_to_settle_min": settle,
        "hist.aggravating": ("sitting",),
    }
    assert irritability({k: finding(k, v) for k, v in values.items() if v is not None}) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"neuro.hoffmann": True}, True),
        ({"neuro.clonus_beats": 3}, True),
        ({"neuro.clonus_beats": 2}, None),
        ({"neuro.tone_mas": 1}, True),
        ({"neuro.hoffmann": False, "neuro.clonus_beats": 0}, False),
        ({"neuro.hoffmann": False}, None),
        ({}, None),
    ],
)
def test_upper_motor_neurone_signs(values: dict[str, Any], expected: bool | None) -> None:
    assert umn_any({k: finding(k, v) for k, v in values.items()}) is expected


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({"spec.spurling": True, "spec.cervical_distraction_relief": True, "spec.ultt_median": True}, 3),
        ({"spec.spurling": True, "spec.cervical_distraction_relief": True}, None),
        ({"spec.spurling": True, "spec.cervical_distraction_relief": True, "rompct.cerv_rotation": 70}, 3),
        (
            {
                "spec.spurling": True,
                "spec.cervical_distraction_relief": False,
                "spec.ultt_median": False,
                "rom.cerv_rotation": {"left": 80, "right": 60},
            },
            1,
        ),
    ],
)
def test_radiculopathy_cluster(changes: dict[str, Any], count: int | None) -> None:
    assert picture(changes).number("spec.radic_cluster_count") == count


def test_conditions_named_in_the_history_count() -> None:
    found = picture({"hist.medication_keys": ("anticoagulant",), "hist.condition_keys": ("pacemaker",)})
    assert found.has_condition("anticoagulant")
    assert found.has_condition("pacemaker")


def test_percent_of_norm_and_duration() -> None:
    found = picture(
        {
            "rom.lum_flexion": 33,
            "rom.elb_extension": -5,
            "hist.symptom_duration_days": None,
            "hist.onset_date": "2026-01-05",
        }
    )
    assert found.number("rompct.lum_flexion") == 55
    assert found.recorded("rompct.elb_extension") is None
    assert found.number("hist.symptom_duration_days") == 10

"""Case files: what is read, and that every mistake is named with its field and nothing is half read."""

import math
from datetime import date
from typing import Any

import pytest
import yaml

from plans.engine.casefile import Case, CaseError, load_case
from plans.engine.facts import Credential, Reading, Site
from tests.engine.helpers import knowledge

GOOD: dict[str, Any] = {
    "id": "T-1",
    "regions": [{"key": "lumbar", "side": "right"}],
    "conditions": ["diuretic"],
    "flags": ["medication_cramp"],
    "consent": {"needling_signed": True, "thrust_signed": False},
    "practitioner": ["registered_physio"],
    "findings": {"hist.age_years": 40, "pain.nprs_worst_24h": 5},
}


def load(**changes: Any) -> Case:
    return load_case(yaml.safe_dump({**GOOD, **changes}), knowledge())


def problems(**changes: Any) -> list[str]:
    with pytest.raises(CaseError) as caught:
        load(**changes)
    return caught.value.problems


def test_what_is_not_listed_was_asked_and_denied() -> None:
    facts = load().facts
    assert facts.conditions["diuretic"].state == "true"
    assert facts.conditions["pacemaker"].state == "false"
    assert facts.flags["medication_cramp"].state == "true"
    assert facts.flags["ces_bladder"].state == "false"
    assert facts.consent.assess_and_treat is True
    assert set(facts.conditions) == set(knowledge().conditions)


def test_unanswered_keys_were_not_asked() -> None:
    facts = load(unanswered=["pacemaker", "ces_bladder", "cond.icd", "flag.dvt"]).facts
    assert not {"pacemaker", "icd"} & set(facts.conditions)
    assert not {"ces_bladder", "dvt"} & set(facts.flags)


def test_unknown_top_level_keys_are_ignored_with_a_warning() -> None:
    case = load(expect={"disposition": "treat"}, author="x")
    assert case.warnings == ("ignored unknown key: author", "ignored unknown key: expect")


def test_sides_and_details_of_findings() -> None:
    findings = load(
        findings={
            "mmt.gluteus_medius": {"left": 4, "right": "4-"},
            "mmt.hamstrings": {"value": 3.7, "side": "right", "pain_limited": True},
            "len.thomas_hip": [{"side": "left", "value": 5}, {"side": "right", "value": 9}],
            "spec.focal_bone_tenderness": {"value": True, "region": "shin"},
            "hist.easing": [],
        }
    ).facts.findings
    assert findings["mmt.gluteus_medius"].readings == (Reading(4, "left"), Reading(3.7, "right"))
    assert findings["mmt.hamstrings"].readings == (Reading(3.7, "right", True),)
    assert findings["len.thomas_hip"].readings == (Reading(5, "left"), Reading(9, "right"))
    assert findings["spec.focal_bone_tenderness"].region == "shin"
    assert findings["hist.easing"].readings[0].value == ()


def test_regions_of_flags_and_conditions() -> None:
    facts = load(
        conditions=["skin_lesion"],
        condition_regions={"skin_lesion": [{"key": "calf", "side": "left"}]},
        flags=["tendon_rupture"],
        flag_regions={"tendon_rupture": ["calf"]},
    ).facts
    assert facts.conditions["skin_lesion"].sites == (Site("calf", "left"),)
    assert facts.flags["tendon_rupture"].sites == (Site("calf"),)


def test_symptom_regions_add_sites_without_a_side() -> None:
    facts = load(findings={"hist.symptom_regions": ["lumbar", "calf"]}).facts
    assert facts.sites == (Site("lumbar", "right"), Site("calf"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"findings": {"mmt.gluteus_maximos": 4}},
            ["findings.mmt.gluteus_maximos", "did you mean mmt.gluteus_maximus"],
        ),
        ({"conditions": ["pacemakr"]}, ["conditions", "unknown condition 'pacemakr'", "did you mean pacemaker"]),
        ({"flags": ["ces_blader"]}, ["flags", "unknown red flag", "did you mean ces_bladder"]),
        ({"unanswered": ["nonsense_key"]}, ["unanswered", "nonsense_key"]),
        ({"findings": {"hist.age_years": 130}}, ["findings.hist.age_years", "outside 0 to 120 years"]),
        ({"findings": {"hist.age_years": "old"}}, ["findings.hist.age_years", "must be a number"]),
        ({"findings": {"mmt.hamstrings": 3.5}}, ["findings.mmt.hamstrings", "not a valid grade"]),
        ({"findings": {"hist.irritability": "medium"}}, ["findings.hist.irritability", "low, moderate, high"]),
        ({"findings": {"spec.slump": "maybe"}}, ["findings.spec.slump", "true or false"]),
        ({"findings": {"hist.aggravating": ["flying"]}}, ["findings.hist.aggravating", "flying not among"]),
        ({"findings": {"hist.age_years": None}}, ["findings.hist.age_years", "leave the line out"]),
        ({"findings": {"mmt.hamstrings": {"top": 4}}}, ["findings.mmt.hamstrings", "write a value"]),
        ({"findings": {"pain.nprs_best_24h": 8, "pain.nprs_worst_24h": 5}}, ["pain.nprs_best_24h", "above worst"]),
        ({"findings": {"pain.nprs_current": 8, "pain.nprs_worst_24h": 5}}, ["pain.nprs_current"]),
        ({"findings": {"spec.bp_systolic": 90, "spec.bp_diastolic": 90}}, ["spec.bp_diastolic", "below systolic"]),
        ({"findings": {"hist.pregnancy_weeks": 5, "hist.postpartum_weeks": 5}}, ["hist.pregnancy_weeks"]),
        ({"findings": {"hist.desk_hours_per_day": 12, "hist.sleep_hours": 13}}, ["hist.desk_hours_per_day", "25"]),
        ({"findings": ["x"]}, ["findings: must be a mapping"]),
        ({"regions": [{"key": "back"}]}, ["regions[0]", "unknown region 'back'"]),
        ({"regions": [{"key": "lumbar", "side": "up"}]}, ["regions[0]", "unknown side 'up'"]),
        ({"condition_regions": {"pacemaker": ["lumbar"]}}, ["condition_regions.pacemaker", "not listed as true"]),
        ({"consent": {"needles": True}}, ["consent.needles", "unknown consent"]),
        ({"consent": {"needling_signed": "yes"}}, ["consent.needling_signed", "true or false"]),
        ({"unanswered": ["diuretic"]}, ["diuretic is listed as true and as unanswered"]),
        ({"practitioner": [7]}, ["practitioner[0]"]),
        ({"id": None}, ["id: give the case a name"]),
        ({"conditions": [["pacemaker"]]}, ["conditions", "unknown condition ['pacemaker']"]),
        ({"flags": [{"dvt": True}]}, ["flags", "unknown red flag"]),
        ({"flags": ["dvt"], "cleared": ["dvt"]}, ["cleared", "dvt is listed as cleared and as true"]),
        ({"regions": [{"key": "calf", "sied": "left"}]}, ["regions[0]", "unknown key sied"]),
        ({"declined": ["walk_program"]}, ["declined", "did you mean walk_programme"]),
        ({"findings": {"pain.nprs_worst_24h": math.nan}}, ["findings.pain.nprs_worst_24h", "must be a number"]),
        ({"findings": {"spec.percussion_pain": {"value": True, "region": "back"}}}, ["unknown region 'back'"]),
        ({"findings": {"spec.percussion_pain": {"value": True, "region": ["lumbar"]}}}, ["unknown region"]),
        ({"findings": {"hist.medication_keys": ["diuretics"]}}, ["hist.medication_keys", "did you mean diuretic"]),
    ],
)
def test_mistakes_name_their_field(changes: dict[str, Any], words: list[str]) -> None:
    text = "\n".join(problems(**changes))
    assert all(word in text for word in words), text


def test_all_mistakes_are_reported_at_once() -> None:
    assert len(problems(conditions=["one"], flags=["two"], findings={"hist.three": 3})) == 3


@pytest.mark.parametrize(
    "text",
    ["a: [1", "- 1\n- 2", "", "just words", "id: X\nfindings: {hist.onset_date: 2025-13-45}", "? [a]\n: 1\nid: X"],
)
def test_broken_files(text: str) -> None:
    with pytest.raises(CaseError) as caught:
        load_case(text, knowledge())
    assert caught.value.problems


def test_a_key_may_stand_only_once() -> None:
    with pytest.raises(CaseError, match=r"hist\.age_years is given twice \(line 4"):
        load_case("id: X\nfindings:\n  hist.age_years: 40\n  hist.age_years: 70\n", knowledge())


def test_an_onset_in_the_future_is_refused() -> None:
    text = "id: X\nfindings: {hist.onset_date: 2026-02-01}"
    with pytest.raises(CaseError, match=r"hist\.onset_date: 2026-02-01 lies in the future"):
        load_case(text, knowledge(), date(2026, 1, 31))
    assert load_case(text, knowledge(), date(2026, 2, 1)).facts.findings


def test_times_of_day_are_dropped_from_dates() -> None:
    text = "id: X\npractitioner: [{key: dry_needling_certificate, expires: 2026-02-01 10:00:00}]"
    assert load_case(text, knowledge()).facts.credentials == (Credential("dry_needling_certificate", date(2026, 2, 1)),)


def test_an_unknown_credential_is_said() -> None:
    case = load_case("id: X\npractitioner: [registered_physio, needling_cert]", knowledge())
    assert case.warnings == ("unknown credential: needling_cert",)

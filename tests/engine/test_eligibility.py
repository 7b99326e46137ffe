"""Rule 4, rule by rule: every failure with its exact code, text and inputs, and what passes beside it."""

from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest

from plans.engine.derive import build_picture
from plans.engine.draft import EvidenceLine, Reason
from plans.engine.eligibility import Eligibility, Failure, Treatable, _joined, _merged, valid_credentials
from plans.engine.evidence import ScoredCause
from plans.engine.facts import Consent, Credential, Options, Site
from plans.engine.index import FLOOR_CONDITION, index_for
from plans.engine.knowledge import Exercise, Expression, Knowledge, RegionRestriction, Technique
from plans.engine.minimum import Completeness
from plans.engine.picture import Match
from plans.engine.screen import Block, RegionBlock, Screen
from tests.engine.helpers import NO_OPTIONS, TODAY, cause, knowledge, make_facts

ALWAYS = (Expression("", "always"),)
BACK, NECK, CALF, CHEST = Site("lumbar", "right"), Site("cervical"), Site("calf", "left"), Site("thoracic", "left")
WHY = Reason("red_flag.flag", "closed", ("flag.f",), "basis")
SOURCE = "root causes, selection 4"
HERE = Match(True)


@cache
def known() -> Knowledge:
    base = knowledge()
    item = replace(
        base.exercises["pelvic_tilt_supine"],
        phases=(2,),
        equipment=(),
        setting=("home",),
        target_muscles=(),
        load_tags=(),
        contraindications=(),
        contraindications_at_region=(),
        precautions=(),
    )
    moved = replace(base.techniques["ex_mobility_rom"], indications=ALWAYS, gate=())
    return replace(
        base,
        exercises={**base.exercises, item.key: item},
        techniques={**base.techniques, moved.key: moved},
    )


def item(**changes: Any) -> Exercise:
    return replace(known().exercises["pelvic_tilt_supine"], **changes)


def technique(key: str = "mt_soft_tissue_release", **changes: Any) -> Technique:
    plain = {"indications": ALWAYS, "gate": (), "restrictions": ()}
    return replace(known().techniques[key], **{**plain, **changes})


def scored(*findings: str, sides: tuple[str, ...] = (), **changes: Any) -> ScoredCause:
    lines = tuple(EvidenceLine(path, "==", True, 1, 1, sides) for path in findings)
    return ScoredCause(cause(**changes), 0, 5, "strong", lines, (), ())


def rules(
    changes: dict[str, Any] | None = None,
    *,
    blocks: tuple[RegionBlock, ...] = (),
    options: Options = NO_OPTIONS,
    neuro: tuple[str, ...] = (),
    clinic: frozenset[str] | None = None,
    **more: Any,
) -> Eligibility:
    facts = replace(make_facts(changes, **more), clinic_equipment=clinic)
    picture = build_picture(facts, index_for(known()), TODAY)
    return Eligibility(picture, Screen(picture, (), blocks), options, Completeness((), neuro, 6, ()))


def told(rule: str, text: str, *inputs: str) -> Failure:
    return Failure(rule, Reason(rule, text, ("mt_soft_tissue_release", *inputs), "techniques"))


def of_item(rule: str, text: str, *inputs: str) -> Failure:
    return Failure(rule, Reason(rule, f"pelvic_tilt_supine{text}", ("pelvic_tilt_supine", *inputs), SOURCE))


# --- exercises ------------------------------------------------------------------------------------------------------


def test_an_exercise_that_passes() -> None:
    assert list(rules().exercise_failures(item(), scored(), 2)) == []


def test_every_failure_of_an_exercise_in_order() -> None:
    made = rules(blocks=(RegionBlock((BACK,), WHY, "c"),), declined=frozenset({"pelvic_tilt_supine"}))
    bad = item(region="foot", setting=("clinic",), equipment=("mat", "rig", "lamp"), technique="ex_neural_glide")
    found = list(made.exercise_failures(bad, scored(), 1))
    order = ["phase", "red_flags", "preference", "relevance", "indication", "setting", "equipment"]
    assert [f.rule for f in found] == order
    assert found[0].reason.text == "pelvic_tilt_supine is meant for phase 2, not for phase 1"
    assert found[1] == Failure(
        "red_flags",
        Reason("red_flags", "closed", ("flag.f",), "basis"),
        (Block("contraindicated", "red_flag", "c", WHY),),
    )
    assert found[2].reason.text == "the patient does not want pelvic_tilt_supine"
    assert found[3] == of_item("relevance", " acts on none of the regions that matter for test_cause")
    assert found[-2] == of_item("setting", " is not a home exercise")
    assert found[-1] == of_item("equipment", " needs rig, lamp, which is not at home", "hist.home_equipment")


@pytest.mark.parametrize(
    ("declined", "rule"),
    [({"pelvic_tilt_supine"}, ["preference"]), ({"ex_mobility_rom"}, ["preference"]), ({"bird_dog"}, [])],
)
def test_what_the_patient_does_not_want(declined: set[str], rule: list[str]) -> None:
    found = rules(declined=frozenset(declined)).exercise_failures(item(), scored(), 2)
    assert [f.rule for f in found] == rule


def test_an_exercise_whose_technique_has_no_indication() -> None:
    base = knowledge().techniques["ex_neural_glide"]
    found = list(rules().exercise_failures(item(technique="ex_neural_glide"), scored(), 2))
    wanted = "; ".join(str(e) for e in base.indications)
    text = f"ex_neural_glide: no indication is met ({wanted})"
    assert found == [Failure("indication", Reason("indication", text, (base.key,), "techniques, section 4"))]


FLAG = Block("contraindicated", "red_flag", "f", WHY)
FLOOR = Block("contraindicated", "condition", FLOOR_CONDITION, Reason("c", "floor", ("cond.a", "x"), "s"))
OTHER = Block("contraindicated", "condition", "other", Reason("c", "other", ("cond.b", "x"), "t"))
CARE = Block("precaution", "condition", "care", WHY)


def test_red_flags_before_conditions_and_the_floor_by_itself() -> None:
    made = rules()
    assert [(f.rule, f.blocks) for f in made.safety_failures((FLAG, FLOOR, CARE))] == [
        ("red_flags", (FLAG,)),
        ("conditions.floor", (FLOOR,)),
    ]
    (both,) = made.safety_failures((FLOOR, OTHER))
    assert both == Failure(
        "conditions", Reason("conditions", "floor; other", ("cond.a", "x", "cond.b"), "s; t"), (FLOOR, OTHER)
    )
    assert list(made.safety_failures((CARE,))) == []


def test_a_reason_joined_of_several_says_nothing_twice() -> None:
    bare = replace(OTHER, reason=replace(OTHER.reason, source=""))
    assert _joined("r", (OTHER, OTHER, bare)) == Reason("r", "other", ("cond.b", "x"), "t")


@pytest.mark.parametrize(
    ("changes", "who", "relevant"),
    [
        ({"region": "whole_body"}, scored(regions=()), True),
        ({"region": "lumbar"}, scored(regions=()), True),
        ({"region": "calf"}, scored(regions=()), False),
        ({"region": "calf", "target_muscles": ("nothing", "lumbar_erectors")}, scored(regions=()), True),
        ({"region": "calf", "target_muscles": ("deltoid",)}, scored(regions=()), False),
        ({"region": "calf"}, scored("hist.age_years", "palp.gastrocnemius", regions=()), True),
        ({"region": "calf"}, scored(regions=("calf", "foot")), True),
        ({"region": "foot"}, scored(regions=("calf", "foot")), False),
        ({"region": "calf"}, scored(regions=("calf",), category="systemic"), False),
        ({"region": "calf"}, scored(regions=("calf",), category="load_management"), False),
    ],
)
def test_relevance(changes: dict[str, Any], who: ScoredCause, relevant: bool) -> None:
    made = rules()
    assert [made._is_relevant(item(**changes), who) for _ in range(2)] == [relevant, relevant]


def test_the_regions_that_matter() -> None:
    made = rules()
    assert made._relevant_regions(scored("hist.age_years", "palp.gastrocnemius", regions=("foot", "knee"))) == {
        "lumbar",
        "calf",
        "foot",
    }
    assert made._relevant_regions(scored(regions=())) == {"lumbar"}
    near, far = scored(key="near", regions=("calf",)), scored(key="far", regions=())
    calf = item(region="calf")
    assert [made._is_relevant(calf, c) for c in (near, far, near)] == [True, False, True]


STRETCH = {"kind": "static_stretch", "target_muscles": ("gastrocnemius",)}
LONG = {"len.gastroc_df": 15}
PASSES = [of_item("stretch", ": the length test of its muscle passes")]


@pytest.mark.parametrize(
    ("changes", "exercise", "key", "expected"),
    [
        (LONG, STRETCH, "c", PASSES),
        ({}, STRETCH, "c", []),
        ({"len.gastroc_df": 5}, STRETCH, "c", []),
        ({**LONG, "hist.chief_complaint": "cramp"}, STRETCH, "c", []),
        (LONG, STRETCH, "neuro_spasticity", []),
        (LONG, {**STRETCH, "kind": "mobility"}, "c", []),
        (LONG, {**STRETCH, "target_muscles": ("deltoid",)}, "c", []),
        ({"len.slr_length": 80, "len.ake_90_90": 20}, {**STRETCH, "target_muscles": ("hamstrings",)}, "c", PASSES),
        ({"len.slr_length": 80, "len.ake_90_90": 40}, {**STRETCH, "target_muscles": ("hamstrings",)}, "c", []),
    ],
)
def test_a_stretch_needs_a_short_muscle(
    changes: dict[str, Any], exercise: dict[str, Any], key: str, expected: list[Failure]
) -> None:
    made = rules(changes)
    for _ in range(2):
        assert list(made._load_rules(item(**exercise), scored(key=key), 2)) == expected


@pytest.mark.parametrize(
    ("changes", "muscles", "held"),
    [
        ({"spec.slump": True}, ("hamstrings",), True),
        ({"neuro.single_root_pattern": True}, ("hamstrings",), True),
        ({"spec.slump": False}, ("hamstrings",), False),
        ({}, ("hamstrings",), False),
        ({"spec.slump": True}, ("gastrocnemius",), False),
    ],
)
def test_no_hamstring_stretch_on_an_irritated_nerve(
    changes: dict[str, Any], muscles: tuple[str, ...], held: bool
) -> None:
    text = ": hamstring stretch while the slump test or a single root pattern is positive"
    expected = [of_item("neural", text, "spec.slump", "neuro.single_root_pattern")] if held else []
    stretch = item(kind="static_stretch", target_muscles=muscles)
    assert list(rules(changes)._load_rules(stretch, scored(), 2)) == expected


@pytest.mark.parametrize(
    ("changes", "dropped"),
    [
        ({}, [set(), set(), set()]),
        ({"hist.aggravating": ("extending", "running")}, [{"ext_end", "impact"}, {"ext_end", "impact"}, set()]),
        ({"hist.aggravating": ("bending_forward",)}, [{"flex_end", "flex_loaded"}, set(), set()]),
        (
            {"hist.aggravating": ("bending_forward", "rotation")},
            [{"flex_end", "flex_loaded", "rot_end"}, {"rot_end"}, set()],
        ),
        ({"hist.aggravating": ("bending_forward",), "spec.repeated_flexion": "centralises"}, [set(), set(), set()]),
        ({"hist.aggravating": ("bending_forward",), "spec.repeated_flexion": "better"}, [set(), set(), set()]),
        (
            {"hist.aggravating": ("bending_forward",), "spec.repeated_flexion": "worse"},
            [{"flex_end", "flex_loaded"}, set(), set()],
        ),
        ({"hist.aggravating": ("bending_forward",), "hist.directional_preference": "flexion"}, [set(), set(), set()]),
        (
            {"hist.aggravating": ("bending_forward",), "hist.directional_preference": "extension"},
            [{"flex_end", "flex_loaded"}, set(), set()],
        ),
        ({"hist.aggravating": ("bending_forward",), "hist.easing": ("forward_bending",)}, [set(), set(), set()]),
    ],
)
def test_the_loads_that_aggravate(changes: dict[str, Any], dropped: list[set[str]]) -> None:
    assert [rules(changes)._dropped[phase] for phase in (1, 2, 3)] == dropped


def test_an_aggravating_load_is_left_out_except_in_the_preferred_direction() -> None:
    made = rules({"hist.aggravating": ("extending", "running")})
    loaded = item(load_tags=("ext_end", "supine", "impact"))
    text = ": load ext_end, impact matches what aggravates"
    assert list(made._load_rules(loaded, scored(), 2)) == [of_item("aggravation", text, "hist.aggravating")]
    assert list(made._load_rules(loaded, scored(), 3)) == []
    assert list(made._load_rules(item(load_tags=("supine",)), scored(), 2)) == []
    assert list(made._load_rules(replace(loaded, technique="ex_directional_preference"), scored(), 2)) == []


def test_home_and_everyday_equipment() -> None:
    everyday = known().exercise_rules.equipment_everyday
    assert rules().equipment == {"band", "mat", *everyday}
    assert list(rules()._setting(item(equipment=("band", *everyday), setting=("clinic", "home")))) == []


# --- indications ----------------------------------------------------------------------------------------------------

SORE = Expression("palp.*", ">=", 2)
CALM = Expression("hist.irritability", "==", "low")


def test_an_indication_and_its_gates() -> None:
    made = rules({"palp.lumbar_erectors": 2, "palp.gastrocnemius": 3})
    here, there = scored(key="a"), scored(key="b", regions=("calf",))
    one = technique(indications=(SORE,), gate=(CALM,))
    assert made.indication(one, here) == Match(True, ("palp.lumbar_erectors",), ("lumbar",))
    both = made.indication(one, there)
    assert isinstance(both, Match)
    assert (set(both.paths), set(both.regions)) == ({"palp.lumbar_erectors", "palp.gastrocnemius"}, {"lumbar", "calf"})
    assert made.indication(one, here) is made.indication(one, here)


def test_no_indication_and_a_closed_gate() -> None:
    made = rules({"hist.irritability": "high", "palp.lumbar_erectors": 1})
    none = made._indicated(technique(indications=(SORE, CALM)), frozenset({"lumbar"}))
    text = "mt_soft_tissue_release: no indication is met (palp.* >= 2; hist.irritability == low)"
    assert none == Failure(
        "indication", Reason("indication", text, ("mt_soft_tissue_release",), "techniques, section 4")
    )
    shut = made._indicated(technique(gate=(Expression("hist.age_years", ">", 1), CALM)), frozenset({"lumbar"}))
    text = "mt_soft_tissue_release: gate hist.irritability == low is not met or not assessed"
    inputs = ("mt_soft_tissue_release", "hist.irritability")
    assert shut == Failure("gate", Reason("gate", text, inputs, "techniques, section 4"))


@pytest.mark.parametrize(("opted", "holds"), [("mt_soft_tissue_release", True), ("th_cold", False)])
def test_what_the_therapist_adds(opted: str, holds: bool) -> None:
    made = rules(options=Options(opted_in=frozenset({opted})))
    found = made.indication(technique(indications=(Expression("", "therapist_opt_in"),)), scored())
    assert isinstance(found, Match) is holds


@pytest.mark.parametrize(
    ("matches", "merged"),
    [
        ([Match(True, ("a",), ("lumbar",))], Match(True, ("a",), ("lumbar",))),
        (
            [Match(True, ("a",), ("lumbar",)), Match(True, ("b", "a"), ("calf", "lumbar"))],
            Match(True, ("a", "b"), ("lumbar", "calf")),
        ),
        ([Match(True, ("a",), ("lumbar",)), Match(True, ("b",))], Match(True, ("a", "b"))),
    ],
)
def test_what_holds_together(matches: list[Match], merged: Match) -> None:
    assert _merged(matches) == merged


# --- techniques -----------------------------------------------------------------------------------------------------


def test_a_technique_that_passes() -> None:
    assert rules().technique(technique(), [scored()], 1) == Treatable((BACK,), (), Match(True))


def test_a_technique_of_another_phase() -> None:
    found = rules().technique(technique("mt_mwm"), [scored()], 1)
    assert found == Failure("phase", index_for(known()).phase_reasons["mt_mwm", 1])


def test_the_first_rule_against_a_technique() -> None:
    closed = (RegionBlock((BACK,), WHY, "c"),)
    no = frozenset({"mt_soft_tissue_release"})
    never = technique(indications=(SORE,))
    assert rule_of(rules(blocks=closed, declined=no).technique(never, [scored()], 1)) == "red_flags"
    assert rule_of(rules(declined=no).technique(never, [scored()], 1)) == "preference"
    assert rule_of(rules().technique(never, [scored(), scored(key="b")], 1)) == "indication"
    shut = rules(clinic=frozenset()).technique(technique(equipment=("couch", "lotion")), [scored()], 1)
    assert shut == told("equipment", "mt_soft_tissue_release needs couch, lotion, not in the clinic")


def rule_of(outcome: Failure | Treatable) -> str:
    assert isinstance(outcome, Failure)
    return outcome.rule


def test_one_indication_of_several_causes_is_enough() -> None:
    made = rules({"palp.gastrocnemius": 2})
    found = made.technique(technique(indications=(SORE,)), [scored(key="a"), scored(key="b", regions=("calf",))], 1)
    assert found == Treatable((Site("calf", "right"),), (), Match(True, ("palp.gastrocnemius",), ("calf",)))


def test_the_region_that_is_withheld_is_told() -> None:
    made = rules(sites=(BACK, CALF), blocks=(RegionBlock((CALF,), WHY, "c"),))
    assert made._technique_at(technique(), [scored()], 1, [BACK, CALF]) == Treatable(
        (BACK,), (), Match(True), ("calf",)
    )


def test_precautions_go_along_and_are_told_once() -> None:
    made = rules(sites=(BACK, CALF), conditions={"pregnancy_t2_t3": ()})
    found = made._placed(technique(), 1, [BACK, CALF], [BACK, CALF], HERE)
    assert isinstance(found, Treatable)
    here = [b for s in (BACK, CALF) for b in made.screen.technique("mt_soft_tissue_release", s)]
    assert len(here) == 2
    assert found.blocks == (here[0],)
    assert here[0].level == "precaution"


NEEDLE = "dn_superficial"


def test_a_place_that_a_further_rule_takes_out_leaves_the_others() -> None:
    made = rules()
    needle = technique(NEEDLE)
    assert made._placed(needle, 1, [CHEST, BACK], [CHEST, BACK], HERE) == Treatable((BACK,), (), HERE)
    over_lung = [CHEST, Site("chest_anterior")]
    only = made._placed(needle, 1, over_lung, over_lung, HERE)
    text = "dn_superficial: needling at thoracic only with a recorded thorax endorsement"
    assert only == Failure("credential", Reason("credential", text, (NEEDLE, "practitioner"), "techniques"))


def test_the_indicated_place_is_taken_out_and_not_the_one_that_hurts() -> None:
    found = rules()._placed(technique(NEEDLE), 1, [BACK], [BACK], Match(True, (), ("thoracic",)))
    text = "dn_superficial may not be used here"
    assert found == Failure("extra_rule", Reason("extra_rule", text, (NEEDLE,), "techniques"))


def test_no_indicated_place_is_allowed() -> None:
    made = rules(blocks=(RegionBlock((Site("calf"),), WHY, "c"),))
    found = made._placed(technique(), 1, [BACK], [BACK], Match(True, (), ("calf",)))
    assert rule_of(found) == "red_flags"


@pytest.mark.parametrize(
    ("indicated", "allowed", "places"),
    [
        ((), [BACK, CALF], [BACK, CALF]),
        (("calf",), [BACK, CALF], [CALF]),
        (("calf", "foot"), [BACK, CALF], [CALF]),
        (("calf", "foot"), [BACK], [CALF, Site("foot", "right")]),
        (("foot",), [CALF, Site("knee", "right")], [Site("foot", "both")]),
    ],
)
def test_where_the_indication_lies(indicated: tuple[str, ...], allowed: list[Site], places: list[Site]) -> None:
    made = rules(sites=(BACK, CALF))
    assert made._indicated_places(technique(), allowed, Match(True, (), indicated)) == places


@pytest.mark.parametrize(
    ("sites", "causes", "treated"),
    [
        ((BACK, CALF), [scored()], [BACK]),
        ((BACK, CALF), [scored(regions=("foot",))], [BACK, CALF]),
        ((BACK, CALF), [scored(regions=("calf",)), scored()], [BACK, CALF]),
        ((BACK, CALF), [scored(regions=("calf", "lumbar"))], [BACK, CALF]),
        ((CALF,), [scored("palp.gastrocnemius", sides=("right",), regions=("calf",))], [Site("calf", "both")]),
        ((CALF,), [scored("palp.lumbar_erectors", sides=("right",), regions=("calf",))], [CALF]),
        (
            (CALF,),
            [scored("palp.gastrocnemius", sides=("right",), regions=("calf",)), scored(regions=("calf",))],
            [Site("calf", "both")],
        ),
        ((), [scored()], []),
    ],
)
def test_the_places_that_are_treated(sites: tuple[Site, ...], causes: list[ScoredCause], treated: list[Site]) -> None:
    assert rules(sites=sites).treated_sites(causes) == treated


# --- places ---------------------------------------------------------------------------------------------------------

BARRED = RegionRestriction("calf", "contraindicated", "vessels", "book")
MIND = RegionRestriction("lumbar", "precaution", "kidneys", "book")


def test_places_without_any_rule_are_all_allowed() -> None:
    assert rules().allowed_sites(technique(), [BACK, CALF]) == [BACK, CALF]
    assert rules().allowed_sites(technique(restrictions=(BARRED,)), []) == []


def test_a_closed_place_goes_and_the_last_one_tells_why() -> None:
    made = rules(blocks=(RegionBlock((CALF,), WHY, "c"),))
    block = Block("contraindicated", "red_flag", "c", WHY)
    assert made.allowed_sites(technique(), [BACK, CALF]) == [BACK]
    reason = Reason("red_flags", "closed", ("flag.f",), "basis")
    assert made.allowed_sites(technique(), [CALF, CALF]) == Failure("red_flags", reason, (block,))


def test_a_condition_closes_places_after_the_flags() -> None:
    made = rules(conditions={"dvt_suspected": ()})
    found = made.allowed_sites(technique(), [CALF])
    assert isinstance(found, Failure)
    assert found.rule == "conditions"
    assert {b.key for b in found.blocks} == {"dvt_suspected"}


def test_a_barred_region() -> None:
    barred = technique(restrictions=(MIND, BARRED))
    assert rules().allowed_sites(barred, [BACK, CALF]) == [BACK]
    reason = Reason("region", "mt_soft_tissue_release not at calf: vessels", ("calf",), "book")
    assert rules().allowed_sites(barred, [CALF]) == Failure("region", reason)
    twice = technique(restrictions=(BARRED, replace(BARRED, region="foot")))
    assert rules().allowed_sites(twice, [CALF, Site("foot")]) == Failure("region", reason)
    assert rules()._outside_barred_regions(barred, []) == []


@pytest.mark.parametrize(
    ("key", "region", "opted", "barred"),
    [
        ("mt_joint_thrust_5", "cervical", "mt_joint_thrust_5", False),
        ("mt_joint_thrust_5", "cervical", "th_cold", True),
        ("mt_joint_thrust_5", "calf", "mt_joint_thrust_5", True),
        ("mt_mwm", "cervical", "mt_mwm", True),
        ("mt_mwm", "lumbar", "mt_mwm", False),
    ],
)
def test_the_neck_thrust_that_the_therapist_adds(key: str, region: str, opted: str, barred: bool) -> None:
    made = rules(options=Options(opted_in=frozenset({opted})))
    assert made._restricted(technique(key), Site(region), {"cervical", "calf"}) is barred


# --- consent, credential, preference, equipment ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "consent", "text", "needed"),
    [
        (NEEDLE, Consent(True, None, True), "needs signed written consent", "consent.needling_signed"),
        (NEEDLE, Consent(True, False, True), "needs signed written consent", "consent.needling_signed"),
        (NEEDLE, Consent(True, True, None), "", ""),
        ("mt_joint_thrust_5", Consent(True, True, None), "needs signed thrust consent", "consent.thrust_signed"),
        ("mt_joint_thrust_5", Consent(True, True, False), "needs signed thrust consent", "consent.thrust_signed"),
        ("mt_joint_thrust_5", Consent(True, None, True), "", ""),
        ("mt_mwm", Consent(True, None, None), "", ""),
    ],
)
def test_consent(key: str, consent: Consent, text: str, needed: str) -> None:
    expected = Failure("consent", Reason("consent", f"{key} {text}", (key, needed), "techniques")) if text else None
    assert rules(consent=consent).practice_failure(technique(key, credentials=())) == expected


def test_credential_and_preference() -> None:
    made = rules(credentials=("a",), declined=frozenset({"mt_soft_tissue_release"}))
    text = "mt_soft_tissue_release needs b and c in date, which the practitioner does not hold"
    assert made.practice_failure(technique(credentials=("a", "b", "c"))) == told("credential", text, "practitioner")
    unwanted = told("preference", "the patient does not want mt_soft_tissue_release")
    assert made.practice_failure(technique(credentials=("a",))) == unwanted
    assert made.practice_failure(technique("mt_mwm", credentials=("a",))) is None


@pytest.mark.parametrize(
    ("expires", "held"),
    [(None, True), (date(2026, 1, 15), True), (date(2026, 1, 16), True), (date(2026, 1, 14), False)],
)
def test_a_credential_counts_through_its_last_day(expires: date | None, held: bool) -> None:
    facts = replace(make_facts(), credentials=(Credential("a", expires),))
    assert valid_credentials(facts, date(2026, 1, 15)) == ({"a"} if held else set())


@pytest.mark.parametrize(
    ("key", "phase", "irritability", "held"),
    [
        ("mt_joint_mob_3_4", 1, "high", True),
        ("mt_joint_mob_3_4", 1, None, True),
        ("mt_joint_mob_3_4", 1, "low", False),
        ("mt_joint_mob_3_4", 2, "high", False),
        ("mt_mwm", 1, "high", False),
    ],
)
def test_strong_mobilisation_in_the_first_phase(key: str, phase: int, irritability: str | None, held: bool) -> None:
    text = f"{key}: in phase 1 only when irritability is low"
    expected = Failure("extra_rule", Reason("extra_rule", text, (key, "hist.irritability"), "techniques"))
    found = rules({"hist.irritability": irritability})._extra_rule(technique(key), phase, CALF)
    assert found == (expected if held else None)


@pytest.mark.parametrize(
    ("key", "site", "neuro", "held"),
    [
        ("mt_mwm", BACK, ("a", "b"), True),
        ("mt_mwm", NECK, ("a", "b"), True),
        ("mt_joint_thrust_5", BACK, ("a", "b"), True),
        ("mt_joint_mob_3_4", BACK, ("a", "b"), True),
        ("mt_mwm", CHEST, ("a", "b"), False),
        ("mt_mwm", BACK, (), False),
        ("mt_joint_mob_1_2", BACK, ("a", "b"), False),
    ],
)
def test_strong_techniques_wait_for_the_neurological_screen(
    key: str, site: Site, neuro: tuple[str, ...], held: bool
) -> None:
    text = f"{key}: no neck or low-back technique above grade II until the neurological screen is done"
    expected = Failure("incomplete", Reason("incomplete", text, (key, *neuro), "techniques"))
    assert rules(neuro=neuro)._extra_rule(technique(key), 2, site) == (expected if held else None)


@pytest.mark.parametrize(
    ("key", "region", "credential", "held"),
    [
        (NEEDLE, "thoracic", "a", True),
        (NEEDLE, "chest_anterior", "a", True),
        (NEEDLE, "thoracic", "thorax_endorsement", False),
        (NEEDLE, "lumbar", "a", False),
        ("th_cold", "thoracic", "a", False),
    ],
)
def test_needling_over_the_lung(key: str, region: str, credential: str, held: bool) -> None:
    text = f"{key}: needling at {region} only with a recorded thorax endorsement"
    expected = Failure("credential", Reason("credential", text, (key, "practitioner"), "techniques"))
    found = rules(credentials=(credential,))._extra_rule(technique(key), 1, Site(region))
    assert found == (expected if held else None)


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        (None, ""),
        (frozenset({"couch", "lotion", "x"}), ""),
        (frozenset({"lotion"}), "couch"),
        (frozenset(), "couch, lotion"),
    ],
)
def test_the_equipment_of_the_clinic(held: frozenset[str] | None, missing: str) -> None:
    text = f"mt_soft_tissue_release needs {missing}, not in the clinic"
    found = rules(clinic=held)._clinic_equipment(technique(equipment=("couch", "lotion")))
    assert found == (told("equipment", text) if missing else None)


# --- one technique at one place -------------------------------------------------------------------------------------


def test_one_technique_at_one_place() -> None:
    assert rules().technique_failure(technique(), 1, BACK) is None
    closed = rules(blocks=(RegionBlock((BACK,), WHY, "c"),))
    found = closed.technique_failure(technique(), 1, BACK)
    assert found is not None
    assert found.rule == "red_flags"
    assert closed.unliftable_failure(technique(), 1, BACK) is None


def test_what_no_override_lifts_in_order() -> None:
    barred = replace(BARRED, region="thoracic")
    every = {"credentials": ("none_such",), "equipment": ("rig",), "restrictions": (barred,)}
    order = []
    for gone in ("", "restrictions", "credentials", "chest", "equipment"):
        every.pop(gone, None)
        made = rules(clinic=frozenset(), credentials=("thorax_endorsement",) if gone in ("chest", "equipment") else ())
        plain = technique(NEEDLE, **{"credentials": (), "equipment": (), "restrictions": (), **every})
        found = made.unliftable_failure(plain, 1, CHEST)
        assert made.technique_failure(plain, 1, CHEST) == found
        order.append(found and (found.rule, found.reason.text))
    assert order == [
        ("region", "dn_superficial not at thoracic: vessels"),
        ("credential", "dn_superficial needs none_such in date, which the practitioner does not hold"),
        ("credential", "dn_superficial: needling at thoracic only with a recorded thorax endorsement"),
        ("equipment", "dn_superficial needs rig, not in the clinic"),
        None,
    ]

"""Overlap and side: techniques by treated region, exercises by regions, muscles and weight-bearing chains."""

import pytest

from plans.engine.facts import Site
from plans.engine.index import index_for
from plans.engine.overlap import exercise_overlaps, merge_sides, sites_overlap
from tests.engine.helpers import draft, exercises, knowledge, make_facts, offered, refusal, why_not


@pytest.mark.hazard("H-03")
@pytest.mark.parametrize(
    ("treated", "recorded", "expected"),
    [
        (Site("calf", "left"), Site("calf", "left"), True),
        (Site("calf", "left"), Site("calf", "right"), False),
        (Site("calf", "left"), Site("calf", "both"), True),
        (Site("calf", "left"), Site("calf"), True),
        (Site("calf"), Site("calf", "right"), True),
        (Site("calf", "left"), Site("ankle", "left"), False),  # a technique is compared by the region alone
        (Site("lumbar", "left"), Site("lumbar", "right"), True),  # side is not compared on the trunk
        (Site("cervical", "left"), Site("cervical", "right"), True),
        (Site("lumbar"), Site("whole_body"), True),
        (Site("whole_body"), Site("foot", "left"), True),
    ],
)
def test_technique_overlap(treated: Site, recorded: Site, expected: bool) -> None:
    assert sites_overlap(knowledge().anatomy, treated, recorded) is expected


@pytest.mark.hazard("H-03")
@pytest.mark.parametrize(
    ("exercise", "recorded", "expected"),
    [
        ("heel_raise_double", Site("calf", "left"), True),
        ("heel_raise_double", Site("foot"), True),  # standing: the whole lower-limb chain
        ("heel_raise_double", Site("hip_groin"), True),
        ("calf_stretch_sitting", Site("calf"), True),
        ("calf_stretch_sitting", Site("hip_groin"), False),  # sitting bears no weight
        ("bridge_double", Site("knee"), True),  # listed as weight-bearing though supine
        ("pelvic_tilt_supine", Site("abdomen"), True),  # region of a target muscle
        ("pelvic_tilt_supine", Site("calf"), False),
        ("pelvic_tilt_supine", Site("whole_body"), True),
        ("bird_dog", Site("thoracic"), True),  # trunk chain
        ("walk_programme", Site("calf"), True),  # whole body: by its target muscles
        ("bike_easy", Site("foot"), False),
    ],
)
def test_exercise_overlap(exercise: str, recorded: Site, expected: bool) -> None:
    assert exercise_overlaps(index_for(knowledge()).places[exercise], recorded) is expected


@pytest.mark.parametrize(
    ("sides", "merged"),
    [
        ((), ""),
        (("",), ""),
        (("left", ""), "left"),
        (("left", "right"), "both"),
        (("both", "left"), "both"),
        (("midline",), "midline"),
    ],
)
def test_union_of_sides(sides: tuple[str, ...], merged: str) -> None:
    assert merge_sides(sides) == merged


BOTH = (Site("calf", "right"), Site("lumbar", "right"))
BACK = {
    "hist.symptom_regions": ("calf", "lumbar"),
    "palp.lumbar_erectors": 2,
    "endur.side_bridge": 20,
    "endur.sorensen": 40,
}


def test_a_blocked_region_closes_its_limb_and_leaves_the_rest() -> None:
    result = draft(make_facts(BACK, sites=BOTH, flags={"tendon_rupture": (Site("calf", "right"),)}))
    assert result.start_phase == "2"
    assert result.disposition == "urgent_same_day"
    assert "mt_soft_tissue_release" in offered(result, 1)
    assert all(t.region == "lumbar" for plan in result.phases.values() for t in plan.techniques)
    assert exercises(result, 2)
    places = index_for(knowledge()).places
    for plan in result.phases.values():
        assert not [e.key for e in plan.exercises if exercise_overlaps(places[e.key], Site("calf", "right"))]
    assert "tendon_rupture" in why_not(result, "heel_raise_double", 2)


def test_a_bone_flag_without_place_closes_every_region_of_its_cause() -> None:
    """P3 without a recorded place: the foot closes although the table names the groin for the flag."""
    where = {"hist.symptom_regions": ("foot",)}
    result = draft(make_facts(where, sites=(Site("foot", "left"),), flags={"stress_fracture_high_risk": ()}))
    assert result.start_phase == "none_at_region"
    placed = make_facts(
        where, sites=(Site("foot", "left"),), flags={"stress_fracture_high_risk": (Site("hip_groin", "left"),)}
    )
    assert draft(placed).start_phase != "none_at_region"


def test_every_symptom_region_blocked_is_none_at_region() -> None:
    result = draft(make_facts(BACK, sites=(Site("calf", "right"),), flags={"tendon_rupture": (Site("calf", "right"),)}))
    assert result.start_phase == "none_at_region"
    assert all(not p.exercises and not p.techniques for p in result.phases.values())
    assert "ed_warning_signs" in result.phases[1].education
    assert result.goals == ()


def test_a_region_block_without_a_place_takes_the_table_region_or_blocks_the_plan() -> None:
    calf = draft(make_facts(BACK, sites=BOTH, flags={"tendon_rupture": ()}))
    assert calf.flags[0].sites == (("calf", ""),)

    whole = refusal(make_facts(BACK, sites=BOTH, flags={"fracture_suspected": ()}))
    assert (whole.code, whole.flags[0].action) == ("red_flag", "block_plan")


@pytest.mark.parametrize(("side", "blocked"), [("left", False), ("right", True), ("both", True), ("", True)])
def test_a_skin_lesion_on_the_other_calf_does_not_matter(side: str, blocked: bool) -> None:
    facts = make_facts(
        {"hist.symptom_regions": ("calf",), "palp.gastrocnemius": 2, "len.gastroc_df": 2, "len.wblt_cm": 6},
        sites=(Site("calf", "right"),),
        conditions={"skin_lesion": (Site("calf", side),)},  # type: ignore[arg-type]
    )
    assert ("mt_soft_tissue_release" not in offered(draft(facts), 1)) is blocked


def test_scope_regions_means_these_regions_exactly() -> None:
    changes = {
        "pain.nprs_current": 6,
        "pain.nprs_worst_24h": 7,
        "palp.lumbar_erectors": 2,
        "mmt.gluteus_maximus": 3.7,
        "mmt.gluteus_medius": 3.7,
    }
    back = draft(make_facts(changes, conditions={"pregnancy_t2_t3": ()}))
    assert "pregnancy_t2_t3" in why_not(back, "es_tens_conventional", 1)
    free = draft(make_facts(changes))
    assert "es_tens_conventional" in offered(free, 1)

"""The screen, rule by rule, over made-up conditions and red flags: exact blocks, their order and their reach."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from plans.engine.draft import Reason
from plans.engine.facts import FlagFact, Site
from plans.engine.index import index_for
from plans.engine.knowledge import ConditionRule, Exercise, Knowledge, RedFlag, TechniqueEffect
from plans.engine.picture import ConditionState, FlagState, Picture
from plans.engine.screen import (
    ActiveFlag,
    Block,
    RegionBlock,
    Screen,
    _flag_reason,
    _sorted,
    active_flags,
    combined_override,
    contraindications,
    precautions,
)
from tests.engine.helpers import TODAY, knowledge, make_facts

TENS, HEAT = "es_tens_conventional", "th_heat_superficial"
CALF, FOOT, BACK = Site("calf", "left"), Site("foot", "left"), Site("lumbar")
WHY = Reason("red_flag.flag", "told", ("flag.f",), "basis")
RELEASED = "released one by one by the treating clinician with a recorded reason"


def effect(level: str, scope: str, override: str = "none", **more: object) -> TechniqueEffect:
    return TechniqueEffect((TENS,), level, scope, override, "why", "source", **more)  # type: ignore[arg-type]


def condition(
    key: str, *effects: TechniqueEffect, avoid: tuple[str, ...] = (), scope: str = "anywhere"
) -> ConditionRule:
    return ConditionRule(key, key.title(), "kind", "ask", avoid, (), scope, effects)  # type: ignore[arg-type]


def exercise(key: str, region: str, **more: Any) -> Exercise:
    base = knowledge().exercises["pelvic_tilt_supine"]
    plain: dict[str, Any] = {
        "technique": "ex_mobility_rom",
        "target_muscles": (),
        "load_tags": (),
        "contraindications": (),
        "contraindications_at_region": (),
        "precautions": (),
    }
    return replace(base, key=key, region=region, **{**plain, **more})


@cache
def small() -> Knowledge:
    conditions = (
        condition("wide", effect("contraindicated", "anywhere", "physician", modification="less"), avoid=("heavy",)),
        condition("placed", effect("precaution", "at_region"), avoid=("impact",), scope="at_region"),
        condition("listed", effect("contraindicated", "regions", regions=("calf",))),
    )
    items = (
        exercise("calf_heavy", "calf", load_tags=("heavy",)),
        exercise("calf_impact", "calf", load_tags=("impact",)),
        exercise("back_impact", "lumbar", load_tags=("impact",)),
        exercise("back_plain", "lumbar", technique="ex_isometric"),
    )
    return replace(
        knowledge(), conditions={c.key: c for c in conditions}, exercises={e.key: e for e in items}, red_flags={}
    )


def flag(**changes: object) -> RedFlag:
    base = RedFlag("f", "calf", "", "harm", "routine_referral", "block_techniques", "anywhere", (), (), "", "basis")
    return replace(base, **changes)  # type: ignore[arg-type]


def active(*sites: Site, action: str = "block_techniques", **changes: object) -> ActiveFlag:
    return ActiveFlag(flag(**changes), action, sites, WHY)


def screen(*flags: ActiveFlag, blocks: tuple[RegionBlock, ...] = (), **conditions: tuple[Site, ...]) -> Screen:
    states = {
        key: ConditionState(key, "true" if key in conditions else "false", conditions.get(key, ()))
        for key in small().conditions
    }
    return Screen(Picture(make_facts(), index_for(small()), TODAY, {}, states, {}), flags, blocks)


# --- which flags are active -----------------------------------------------------------------------------------------


def raised(rule: RedFlag, state: FlagState, answer: str | None = None) -> tuple[ActiveFlag, ...]:
    known = replace(small(), red_flags={rule.key: rule})
    facts = replace(make_facts(), flags={} if answer is None else {rule.key: FlagFact(rule.key, answer)})  # type: ignore[arg-type]
    return active_flags(Picture(facts, replace(index_for(small()), knowledge=known), TODAY, {}, {}, {rule.key: state}))


@pytest.mark.parametrize("state", ["false", "not_asked", "cleared"])
def test_only_a_true_flag_is_active(state: str) -> None:
    assert raised(flag(), FlagState("f", state)) == ()


@pytest.mark.parametrize(
    ("action", "region", "sites", "counts"),
    [
        ("block_region", "calf", (), "block_region"),
        ("block_region", "whole_body", (), "block_plan"),
        ("block_region", "whole_body", (CALF,), "block_region"),
        ("block_techniques", "whole_body", (), "block_techniques"),
    ],
)
def test_a_region_block_without_a_region_blocks_the_plan(
    action: str, region: str, sites: tuple[Site, ...], counts: str
) -> None:
    (found,) = raised(flag(action=action, region=region), FlagState("f", "true", sites), "true")
    assert (found.action, found.sites) == (counts, sites or (Site(region),))


@pytest.mark.parametrize(
    ("answer", "derived", "how"),
    [
        ("true", (), "answered yes"),
        ("true", ("a", "b"), "answered yes and follows from a, b"),
        ("false", ("a",), "follows from a"),
        (None, ("a",), "follows from a"),
    ],
)
def test_how_a_flag_came_to_be_true(answer: str | None, derived: tuple[str, ...], how: str) -> None:
    (found,) = raised(flag(), FlagState("f", "true", (), derived), answer)
    assert found.reason == Reason(
        "red_flag.block_techniques", f"red flag f (harm): {how}", ("flag.f", *derived), "basis"
    )
    assert found.reason == _flag_reason(flag(), derived, answer == "true")


@pytest.mark.parametrize(("scope", "everywhere"), [("anywhere", True), ("at_region", False)])
def test_the_scope_of_a_flag(scope: str, everywhere: bool) -> None:
    assert active(scope=scope).everywhere is everywhere


# --- techniques -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sites", "blocked"),
    [
        ({"remove_techniques": (TENS,)}, (), True),
        ({"remove_techniques": (HEAT,)}, (), False),
        ({"remove_techniques": ("ALL",)}, (), True),
        ({"remove_techniques": ("ALL", HEAT)}, (), True),
        ({"remove_techniques": (HEAT, "ALL")}, (), False),
        ({}, (), False),
        ({"remove_techniques": (TENS,), "scope": "at_region"}, (CALF,), True),
        ({"remove_techniques": (TENS,), "scope": "at_region"}, (FOOT,), False),
        ({"remove_techniques": (TENS,), "scope": "at_region"}, (FOOT, CALF), True),
    ],
)
def test_a_flag_takes_out_techniques(changes: dict[str, Any], sites: tuple[Site, ...], blocked: bool) -> None:
    expected = (Block("contraindicated", "red_flag", "f", WHY),) if blocked else ()
    assert screen(active(*sites, **changes)).technique(TENS, CALF) == expected


@pytest.mark.parametrize(
    ("action", "override"), [("flag", RELEASED), ("block_techniques", ""), ("block_region", ""), ("block_plan", "")]
)
def test_only_a_plain_flag_may_be_released(action: str, override: str) -> None:
    found = screen(active(action=action, remove_techniques=(TENS,))).technique(TENS, CALF)
    assert [b.override for b in found] == [override]


def test_a_closed_region_stops_every_technique_there_and_none_elsewhere() -> None:
    closed = RegionBlock((FOOT, CALF), WHY, "cause.c")
    made = screen(blocks=(closed,))
    assert made.region_blocks == (closed,)
    assert made.blocked_sites() == (FOOT, CALF)
    assert made.technique(HEAT, CALF) == (Block("contraindicated", "red_flag", "cause.c", WHY),)
    assert made.technique(HEAT, BACK) == ()
    assert [made.site_blocked(site) for site in (CALF, Site("calf", "right"), BACK)] == [True, False, False]


def test_a_flag_that_closes_its_region_comes_before_the_others() -> None:
    closed = RegionBlock((BACK,), WHY, "cause.c")
    made = screen(active(CALF, action="block_region", scope="at_region"), active(FOOT), blocks=(closed,))
    assert made.region_blocks == (RegionBlock((CALF,), WHY, "f"), closed)


@pytest.mark.parametrize(
    ("sites", "treated", "told"),
    [((), CALF, " (region not recorded)"), ((CALF,), CALF, ""), ((CALF,), FOOT, None), ((FOOT, CALF), CALF, "")],
)
def test_an_effect_at_a_place(sites: tuple[Site, ...], treated: Site, told: str | None) -> None:
    reason = Reason("condition.precaution", f"Placed (placed): why{told}", ("cond.placed",), "source")
    expected = () if told is None else (Block("precaution", "condition", "placed", reason),)
    assert screen(placed=sites).technique(TENS, treated) == expected


@pytest.mark.parametrize(("treated", "count"), [(CALF, 1), (FOOT, 0)])
def test_an_effect_on_named_regions(treated: Site, count: int) -> None:
    reason = Reason("condition.contraindicated", "Listed (listed): why", ("cond.listed",), "source")
    made = screen(listed=())
    assert made.technique(TENS, treated) == (Block("contraindicated", "condition", "listed", reason),) * count
    assert made.technique(TENS, treated) is made.technique(TENS, treated)
    assert made.technique(HEAT, treated) == ()


def test_an_effect_everywhere_with_its_approval_and_modification() -> None:
    reason = Reason("condition.contraindicated", "Wide (wide): why; less", ("cond.wide",), "source")
    block = Block("contraindicated", "condition", "wide", reason, "physician", "less")
    assert screen(wide=(FOOT,)).technique(TENS, CALF) == (block,)
    assert screen(wide=(FOOT,)).conditions == (ConditionState("wide", "true", (FOOT,)),)


def test_the_answer_at_one_place_is_not_that_at_another() -> None:
    made = screen(placed=(CALF,))
    counts = [len(made.technique(TENS, s)) for s in (CALF, FOOT, Site("calf", "right"), CALF)]
    assert counts == [1, 0, 0, 1]


# --- exercises ------------------------------------------------------------------------------------------------------


def test_conditions_take_out_exercises_by_load() -> None:
    made = screen(wide=(BACK,))
    assert [(k, [(b.level, b.kind, b.key, b.override) for b in v]) for k, v in made.exercise_blocks.items()] == [
        ("calf_heavy", [("contraindicated", "condition", "wide", "")])
    ]
    assert made.forbidden == {"calf_heavy"}
    assert made.exercise("back_plain") == ()


@pytest.mark.parametrize(
    ("sites", "blocked", "told"),
    [
        ((), ["calf_impact", "back_impact"], " (region not recorded)"),
        ((CALF,), ["calf_impact"], ""),
        ((FOOT, BACK), ["back_impact"], ""),
        ((Site("head_face"),), [], ""),
    ],
)
def test_a_load_at_a_place(sites: tuple[Site, ...], blocked: list[str], told: str) -> None:
    made = screen(placed=sites)
    assert list(made.exercise_blocks) == blocked
    texts = {b.reason.text for found in made.exercise_blocks.values() for b in found}
    assert texts == ({f"Placed (placed): avoid load impact{told}"} if blocked else set())


def test_a_load_everywhere_does_not_say_that_the_region_is_missing() -> None:
    assert [b.reason.text for b in screen(wide=()).exercise("calf_heavy")] == ["Wide (wide): avoid load heavy"]


@pytest.mark.parametrize(
    ("changes", "targets"),
    [
        ({"remove_techniques": ("ALL",)}, ("calf_heavy", "calf_impact", "back_impact", "back_plain")),
        ({"remove_load_tags": ("ALL",)}, ("calf_heavy", "calf_impact", "back_impact", "back_plain")),
        ({"remove_techniques": ("ALL", HEAT)}, ("calf_heavy", "calf_impact", "back_impact", "back_plain")),
        ({"remove_load_tags": ("ALL", "heavy")}, ("calf_heavy", "calf_impact", "back_impact", "back_plain")),
        ({"remove_techniques": ("ex_isometric",)}, ("back_plain",)),
        ({"remove_load_tags": ("impact",)}, ("calf_impact", "back_impact")),
        (
            {"remove_techniques": ("ex_isometric", "unknown"), "remove_load_tags": ("heavy",)},
            ("back_plain", "calf_heavy"),
        ),
        ({}, ()),
    ],
)
def test_the_exercises_a_flag_takes_out(changes: dict[str, Any], targets: tuple[str, ...]) -> None:
    made = screen(active(**changes))
    assert made._flag_targets(flag(**changes)) == targets
    assert tuple(made.exercise_blocks) == targets
    assert all(made.exercise(k) == [Block("contraindicated", "red_flag", "f", WHY)] for k in targets)


@pytest.mark.parametrize(
    ("scope", "sites", "targets"),
    [
        ("at_region", (CALF,), ["calf_impact"]),
        ("at_region", (BACK,), ["back_impact"]),
        ("anywhere", (CALF,), ["calf_impact", "back_impact"]),
    ],
)
def test_a_flag_at_a_place_takes_out_what_acts_there(scope: str, sites: tuple[Site, ...], targets: list[str]) -> None:
    assert list(screen(active(*sites, scope=scope, remove_load_tags=("impact",))).exercise_blocks) == targets


def test_a_closed_region_takes_out_every_exercise_there() -> None:
    made = screen(blocks=(RegionBlock((FOOT, BACK), WHY, "cause.c"),))
    block = Block("contraindicated", "red_flag", "cause.c", WHY)
    assert made.exercise_blocks == {"back_impact": [block], "back_plain": [block]}
    assert made.forbidden == {"back_impact", "back_plain"}


@pytest.mark.parametrize(
    ("sites", "there"),
    [((), True), ((CALF,), True), ((BACK,), False), ((BACK, CALF), True), ((Site("whole_body"),), True)],
)
def test_where_an_exercise_acts(sites: tuple[Site, ...], there: bool) -> None:
    assert screen()._exercise_at("calf_impact", sites) is there


def test_what_forbids_heavy_load() -> None:
    light = replace(flag(remove_load_tags=("impact",)), key="light")
    made = screen(active(remove_load_tags=("heavy",)), ActiveFlag(light, "flag", (), WHY), wide=(), placed=())
    assert made.heavy_avoided == ("cond.wide", "flag.f")
    assert screen(placed=()).heavy_avoided == ()


# --- order and sums -------------------------------------------------------------------------------------------------

FLAG = Block("contraindicated", "red_flag", "flag", WHY)
BARRED = Block("contraindicated", "condition", "barred", WHY, "physician")
ALSO = Block("contraindicated", "condition", "also", WHY, "surgeon")
CARE = Block("precaution", "condition", "care", WHY)


def test_flags_come_first_then_contraindications_then_precautions() -> None:
    assert _sorted([CARE, BARRED, FLAG]) == (FLAG, BARRED, CARE)
    assert _sorted([ALSO, CARE, BARRED, FLAG]) == (FLAG, ALSO, BARRED, CARE)


def test_the_blocks_of_a_kind() -> None:
    every = [FLAG, BARRED, CARE]
    assert contraindications(every) == [FLAG, BARRED]
    assert contraindications(every, "red_flag") == [FLAG]
    assert contraindications(every, "condition") == [BARRED]
    assert precautions(every) == [CARE]


@pytest.mark.parametrize(
    ("blocks", "override"),
    [
        ((), ""),
        ((CARE,), ""),
        ((BARRED,), "physician"),
        ((BARRED, BARRED), "physician"),
        ((BARRED, ALSO, CARE), "physician; surgeon"),
        ((BARRED, FLAG), ""),
    ],
)
def test_the_approvals_that_lift_everything_together(blocks: tuple[Block, ...], override: str) -> None:
    assert combined_override(blocks) == override

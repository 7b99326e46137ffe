"""What a phase does not hold and why: the rule that tells, the level it is shown with, the approval that lifts it."""

from dataclasses import replace
from typing import Any

import pytest

from plans.engine.derive import build_picture
from plans.engine.draft import Excluded, Reason
from plans.engine.eligibility import Eligibility, Failure
from plans.engine.exclude import Excluder, PhaseContent, _safety, _with_safety, everything
from plans.engine.facts import Site
from plans.engine.index import FLOOR_CONDITION, index_for
from plans.engine.minimum import Completeness
from plans.engine.screen import Block, RegionBlock, Screen, only_floor
from tests.engine.helpers import NO_OPTIONS, TODAY, knowledge, make_facts

WHY = Reason("conditions", "text")
FLOOR = Block("contraindicated", "condition", FLOOR_CONDITION, WHY)
OTHER = Block("contraindicated", "condition", "other", WHY)
CARE = Block("precaution", "condition", "other", WHY)


@pytest.mark.parametrize(
    ("rule", "blocks", "override", "level"),
    [
        ("conditions", (OTHER,), "", "blocked_absolute"),
        ("conditions", (OTHER,), "physician", "blocked_overridable"),
        ("conditions", (CARE,), "", "clear"),
        ("relevance", (), "", "clear"),
        ("incomplete", (OTHER,), "", "unknown"),
    ],
)
def test_the_level_of_an_excluded_item(rule: str, blocks: tuple[Block, ...], override: str, level: str) -> None:
    assert _safety(Failure(rule, WHY, blocks), override) == level


@pytest.mark.parametrize(
    ("blocks", "only"),
    [((), False), ((CARE,), False), ((FLOOR,), True), ((FLOOR, CARE), True), ((FLOOR, OTHER), False)],
)
def test_only_the_floor(blocks: tuple[Block, ...], only: bool) -> None:
    assert only_floor(blocks) is only


# --- what a phase does not hold -------------------------------------------------------------------------------------

BACK, CALF = Site("lumbar", "right"), Site("calf", "left")
CLOSED = Reason("red_flag.flag", "closed", ("flag.f",), "basis")
ITEM = "pelvic_tilt_supine"  # of the phases 1 and 2
FULL = Failure("minutes", Reason("minutes", "no time left", ("x",)))
ASIDE = Reason("precedence", "set aside", ("y",))
LIFTABLE = Block("contraindicated", "condition", "one", Reason("c", "first", ("cond.one",), "s"), "physician")
ALSO = Block("contraindicated", "condition", "two", Reason("c", "second", ("cond.two",), "t"), "surgeon")
FIXED = Block("contraindicated", "condition", "three", Reason("c", "third", ("cond.three",), "u"))


def excluder(
    *closed: Site,
    sites: tuple[Site, ...] = (BACK,),
    declined: frozenset[str] = frozenset(),
    conditions: dict[str, tuple[Site, ...]] | None = None,
) -> Excluder:
    facts = make_facts(sites=sites, declined=declined, conditions=conditions)
    picture = build_picture(facts, index_for(knowledge()), TODAY)
    blocks = (RegionBlock(closed, CLOSED, "cause.c"),) if closed else ()
    screen = Screen(picture, (), blocks)
    return Excluder(Eligibility(picture, screen, NO_OPTIONS, Completeness((), (), 6, ())))


def content(phase: int = 2, **changes: Any) -> PhaseContent:
    empty = frozenset[str]()
    return replace(PhaseContent(phase, empty, empty, empty, {}, {}, {}), **changes)


def entry(made: Excluder, key: str, what: PhaseContent) -> Excluded:
    (found,) = [e for e in made.phase(what) if e.key == key]
    assert found.phase == what.phase
    return found


def test_every_item_that_is_not_in_the_phase_is_listed_once_in_order() -> None:
    known = knowledge()
    plain = [t.key for t in known.techniques.values() if t.category != "education"]
    made = excluder()
    assert [e.key for e in made.phase(content())] == [*known.exercises, *plain]
    some = content(exercises=frozenset({ITEM}), techniques=frozenset({"th_cold"}))
    left = [k for k in (*known.exercises, *plain) if k not in (ITEM, "th_cold")]
    assert [e.key for e in made.phase(some)] == left


@pytest.mark.parametrize(
    ("key", "phase", "text"),
    [
        (ITEM, 2, f"no selected cause lists {ITEM} for this phase"),
        (ITEM, 3, f"{ITEM} is meant for phase 1, 2, not for phase 3"),
        ("th_cold", 1, "no selected cause lists th_cold for this phase"),
        ("th_cold", 2, "th_cold is meant for phase 1, not for phase 2"),
    ],
)
def test_what_nothing_forbids(key: str, phase: int, text: str) -> None:
    found = entry(excluder(), key, content(phase))
    assert (found.reason.text, found.safety, found.override, found.candidate) == (text, "clear", "", False)


@pytest.mark.parametrize("key", [ITEM, "mt_soft_tissue_release"])
@pytest.mark.parametrize(
    ("closed", "changes", "rule", "text", "level", "candidate"),
    [
        ((), {"failures": FULL}, "minutes", "no time left", "clear", True),
        ((), {"set_aside": ASIDE}, "precedence", "set aside", "clear", False),
        ((), {"failures": FULL, "set_aside": ASIDE}, "minutes", "no time left", "clear", True),
        ((BACK,), {"failures": FULL}, "minutes", "no time left", "clear", True),
        ((BACK,), {"set_aside": ASIDE}, "red_flags", "closed", "blocked_absolute", False),
        ((BACK,), {}, "red_flags", "closed", "blocked_absolute", False),
    ],
)
def test_which_rule_tells(
    key: str, closed: tuple[Site, ...], changes: dict[str, Any], rule: str, text: str, level: str, candidate: bool
) -> None:
    given: dict[str, Any] = {name: {key: value} for name, value in changes.items()}
    found = entry(excluder(*closed), key, content(**given))
    assert (found.reason.rule, found.reason.text) == (rule, text)
    assert (found.safety, found.override, found.candidate) == (level, "", candidate)


@pytest.mark.parametrize(("key", "phases"), [(ITEM, "1, 2"), ("th_cold", "1")])
def test_outside_its_phase_and_closed(key: str, phases: str) -> None:
    found = entry(excluder(BACK), key, content(3))
    assert found.reason == Reason(
        "phase", f"{key} is meant for phase {phases}, not for phase 3; also closed", (key, "flag.f")
    )
    assert found.safety == "blocked_absolute"
    aside = entry(excluder(), key, content(3, set_aside={key: ASIDE}))
    assert (aside.reason.rule, aside.safety) == ("phase", "clear")


def test_a_technique_the_patient_does_not_want() -> None:
    made = excluder(declined=frozenset({"mt_soft_tissue_release"}))
    found = entry(made, "mt_soft_tissue_release", content())
    assert (found.reason.rule, found.safety) == ("preference", "clear")
    assert entry(made, "mt_soft_tissue_release", content()) == found
    assert entry(made, "mt_trigger_point_pressure", content()).reason.rule == "relevance"


def test_a_technique_that_one_place_still_allows_is_not_closed() -> None:
    found = entry(excluder(CALF, sites=(BACK, CALF)), "mt_soft_tissue_release", content())
    assert (found.reason.rule, found.safety) == ("relevance", "clear")


def test_the_answers_for_an_item_are_kept() -> None:
    made = excluder(BACK)
    assert made._exercise_safety(ITEM) is made._exercise_safety(ITEM)
    first = made._technique_safety(knowledge().techniques["th_cold"])
    assert first is not None
    assert first is made._technique_safety(knowledge().techniques["th_cold"])
    assert excluder()._exercise_safety(ITEM) is None


@pytest.mark.parametrize(
    ("blocks", "text", "level", "override"),
    [
        ((LIFTABLE, CARE), "first", "blocked_overridable", "physician"),
        ((LIFTABLE, ALSO), "first; second", "blocked_overridable", "physician; surgeon"),
        ((LIFTABLE, FIXED), "first; third", "blocked_absolute", ""),
    ],
)
def test_advice_that_a_condition_takes_out(blocks: tuple[Block, ...], text: str, level: str, override: str) -> None:
    found = entry(excluder(), "ed_heat_cold", content(education_removed={"ed_heat_cold": blocks}))
    inputs = tuple(i for b in blocks if b is not CARE for i in b.reason.inputs)
    assert found == Excluded("ed_heat_cold", 2, Reason("conditions", text, inputs), level, override, True)  # type: ignore[arg-type]


def test_an_entry_tells_the_approval() -> None:
    failure = Failure("conditions", WHY, (LIFTABLE, ALSO))
    found = excluder()._entry("th_cold", content(failures={"th_cold": failure}), failure)
    assert found == Excluded("th_cold", 2, WHY, "blocked_overridable", "physician; surgeon", True)


def test_safety_is_added_to_the_phase_alone() -> None:
    phase = Failure("phase", Reason("phase", "not now", ("a",)))
    safety = Failure("conditions", Reason("conditions", "never", ("b",), "s"), (OTHER,))
    assert _with_safety(phase, None) is phase
    assert _with_safety(FULL, safety) is FULL
    assert _with_safety(phase, safety) == Failure("phase", Reason("phase", "not now; also never", ("a", "b")), (OTHER,))


def test_a_refusal_leaves_out_everything() -> None:
    reason = Reason("refused", "no technique or exercise is released: closed; set aside", ("flag.f", "y"))
    found = everything([CLOSED, ASIDE])
    assert found == tuple(Excluded("ALL", phase, reason, "blocked_absolute") for phase in (1, 2, 3))

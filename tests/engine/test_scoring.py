"""Scoring rules 1-8 of the root causes, one table per rule."""

from typing import Any

import pytest

from plans.engine.derive import build_picture
from plans.engine.evidence import ScoredCause, label_for, score_causes
from plans.engine.facts import Finding, Reading
from plans.engine.index import index_for
from plans.engine.knowledge import EvidenceItem, Thresholds
from plans.engine.operators import compare
from tests.engine.helpers import TODAY, cause, draft, make_facts, with_causes


def scored(changes: dict[str, Any], *items: EvidenceItem, complete: bool = True, **more: Any) -> ScoredCause | None:
    """The one cause of a small knowledge, with these supporting items."""
    conditions, unanswered = more.pop("conditions", None), more.pop("unanswered", ())
    known = with_causes(cause(supporting=items, **more))
    facts = make_facts(changes, conditions=conditions, unanswered=unanswered)
    found = score_causes(build_picture(facts, index_for(known), TODAY), complete)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("value", "op", "operand", "expected"),
    [
        (3.7, "<=", 4, True),
        (4.3, "<=", 4, False),
        (4, "<=", 4, True),
        (True, "==", True, True),
        (False, "==", True, False),
        ("active", "in", ("latent", "active"), True),
        ("none", "in", ("latent", "active"), False),
        ("latent", ">=", "latent", True),
        ("none", ">=", "latent", False),
        (("lifting", "standing"), "includes", "lifting", True),
        (("standing",), "includes", "lifting", False),
        ((), "includes", "lifting", False),
        ("flexion", "!=", "none", True),
        ("none", "!=", "none", False),
        (("none",), "!=", "none", False),
        (("none_known",), "!=", "none_known", False),
        (("laptop_only",), "!=", "none_known", True),
        (("none", "L5"), "!=", "none", True),
        ((), "!=", "none", False),
        (79.99, "<", 80, True),
        (80, "<", 80, False),
    ],
)
def test_operators(value: Any, op: str, operand: Any, expected: bool) -> None:
    assert compare(value, op, operand) is expected


def test_an_unknown_operator_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown operator"):
        compare(1, "~", 1)


def test_true_items_add_up_and_unmeasured_ones_only_show_as_missing() -> None:
    items = (
        EvidenceItem("mmt.gluteus_maximus", "<=", 4, 3),
        EvidenceItem("palp.lumbar_erectors", ">=", 2, 2),
        EvidenceItem("spec.trendelenburg", "==", True, 2),
    )
    result = scored({"mmt.gluteus_maximus": 4, "palp.lumbar_erectors": 1}, *items)
    assert result is not None
    assert result.score == 5 + 3
    assert [line.finding for line in result.missing] == ["spec.trendelenburg"]
    assert [line.finding for line in result.supporting] == ["hist.symptom_regions", "mmt.gluteus_maximus"]


def test_against_items_lower_the_score_and_are_listed() -> None:
    result = scored(
        {"neuro.single_root_pattern": True}, against=(EvidenceItem("neuro.single_root_pattern", "==", True, -3),)
    )
    assert result is not None
    assert (result.score, [line.points for line in result.against]) == (2, [-3])


def test_a_required_group_needs_one_true_item() -> None:
    group = (EvidenceItem("endur.side_bridge", "<", 45, 3), EvidenceItem("endur.sorensen", "<", 60, 3))
    assert scored({}, required=(group,)) is None  # not assessed is not true
    assert scored({"endur.side_bridge": 50}, required=(group,)) is None
    found = scored({"endur.sorensen": 40}, required=(group,))
    assert found is not None
    assert found.score == 3


@pytest.mark.parametrize(
    ("readings", "score", "sides"),
    [
        ((Reading(3.7, "right"), Reading(5, "left")), 8, ("right",)),
        ((Reading(3.7, "right"), Reading(4, "left")), 8, ("left", "right")),
        ((Reading(3.7, "right", pain_limited=True), Reading(5, "left")), 6.5, ("right",)),
        ((Reading(3.7, "right", pain_limited=True), Reading(4, "left")), 8, ("left", "right")),
        ((Reading(4.3, "right"), Reading(5, "left")), 5, ()),
    ],
)
def test_any_side_counts_and_a_painful_grade_counts_half(
    readings: tuple[Reading, ...], score: float, sides: tuple[str, ...]
) -> None:
    item = EvidenceItem("mmt.gluteus_medius", "<=", 4, 3)
    result = scored({"mmt.gluteus_medius": Finding("mmt.gluteus_medius", readings)}, item)
    assert result is not None
    assert result.score == score
    lines = [line for line in result.supporting if line.finding == "mmt.gluteus_medius"]
    assert (lines[0].sides if lines else ()) == sides


@pytest.mark.parametrize(
    ("score", "label"), [(0.5, None), (1, "possible"), (1.5, "possible"), (2, "probable"), (3, "strong"), (9, "strong")]
)
def test_labels(score: float, label: str | None) -> None:
    assert label_for(score, Thresholds(1, 2, 3)) == label


@pytest.mark.parametrize(
    ("category", "thresholds", "label"),
    [
        ("strength_deficit", Thresholds(1, 2, 5), "probable"),
        ("strength_deficit", Thresholds(1, 5, 9), "possible"),
        ("strength_deficit", Thresholds(5, 8, 9), None),
        ("refer", Thresholds(1, 2, 5), "strong"),
    ],
)
def test_an_incomplete_assessment_drops_labels_except_refer(
    category: str, thresholds: Thresholds, label: str | None
) -> None:
    result = scored({}, complete=False, category=category, thresholds=thresholds)
    assert (result.label if result else None) == label


def test_condition_and_flag_evidence_is_three_valued() -> None:
    item = EvidenceItem("cond.diuretic", "==", True, 2)
    yes = scored({}, item, conditions={"diuretic": ()})
    no = scored({}, item)
    unknown = scored({}, item, unanswered=("diuretic",))
    assert yes is not None
    assert no is not None
    assert unknown is not None
    assert (yes.score, no.score, unknown.score) == (7, 5, 5)
    assert [line.finding for line in unknown.missing] == ["cond.diuretic"]
    assert no.missing == ()


def test_order_is_by_score_then_by_place_in_the_file() -> None:
    weak = cause("weak", supporting=(), thresholds=Thresholds(1, 2, 3))
    strong = cause("strong_one", supporting=(EvidenceItem("palp.lumbar_erectors", ">=", 2, 4),))
    twin = cause("twin", supporting=(EvidenceItem("palp.lumbar_erectors", ">=", 2, 4),))
    result = draft(make_facts({"palp.lumbar_erectors": 2}), with_causes(weak, strong, twin))
    assert [c.key for c in result.causes] == ["strong_one", "twin", "weak"]
    assert [c.equal_to_previous for c in result.causes] == [False, True, False]


def test_a_flag_blocks_its_causes() -> None:
    closed = cause("closed", blocked_by_flags=("medication_cramp",), exercises={1: ("glute_set",), 2: (), 3: ()})
    other = cause("other")
    result = draft(make_facts(flags={"medication_cramp": ()}), with_causes(closed, other))
    assert {c.key: c.state for c in result.causes} == {"closed": "blocked", "other": "selected"}
    assert all(e.key != "glute_set" for plan in result.phases.values() for e in plan.exercises)

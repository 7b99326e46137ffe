"""Every exit criterion can be satisfied by what is entered in the product: proved for each key of the phases."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from assessments.scoring import norm_of_range
from assessments.vocabulary import VOCABULARY
from plans.actions.course import Seen, observe
from plans.course.fields import checked, field_for, shown_target
from plans.course.measures import logs_of, scores_of
from plans.course.running import criterion_of
from plans.engine.casefile import load_case
from plans.engine.draft import Draft, ExitCriterion
from plans.engine.gate import ADHERENCE
from plans.engine.generate import generate
from plans.engine.progress import RunningPhase, criterion_states, make_record
from plans.knowledge.parse import shipped_knowledge
from plans.models import Plan, PlanCriterion
from tests.course.helpers import day, lead, log_days, running_plan
from tests.engine.helpers import NO_OPTIONS
from tests.engine.helpers import TODAY as ENGINE_DAY

pytestmark = pytest.mark.django_db

CASES = sorted((Path(__file__).parents[1] / "cases").glob("*.yaml"))
KEYS = [criterion.key for phase in shipped_knowledge().phases.values() for criterion in phase.exit]


@cache
def drafted() -> dict[str, list[ExitCriterion]]:
    """Criteria as the engine writes them into plans, by key, over all case files."""
    knowledge = shipped_knowledge()
    found: dict[str, list[ExitCriterion]] = {}
    for path in CASES:
        case = load_case(path.read_text(encoding="utf-8"), knowledge, ENGINE_DAY)
        answer = generate(case.facts, knowledge, NO_OPTIONS, today=ENGINE_DAY)
        if isinstance(answer, Draft):
            for phase in answer.phases.values():
                for criterion in phase.exit:
                    found.setdefault(criterion.key, []).append(as_judged(criterion))
    faults = {
        path: "== false" for path, field in VOCABULARY.items() if path.startswith("move.") and field.type == "bool"
    }
    found.setdefault("p2_control", []).append(ExitCriterion("p2_control", "gate", "", None, faults))
    return found


def as_judged(criterion: ExitCriterion) -> ExitCriterion:
    """The criterion as a running phase judges it, after it was stored in a plan."""
    target = dict(criterion.target) if isinstance(criterion.target, Mapping) else {}
    return criterion_of(PlanCriterion(key=criterion.key, kind=criterion.kind, text=criterion.text, target=target))


def enough(metric: str, target: str) -> object:
    """What a person types so that the target is met."""
    op, _, operand = target.partition(" ")
    asked = field_for(metric)
    assert asked is not None, f"{metric} cannot be entered"
    if op == "in":
        return operand.split(",")[0]
    if asked.kind == "yesno":
        return "yes" if operand == "true" else "no"
    if asked.kind == "choice" and not operand.replace(".", "").isdigit():
        return operand
    limit = float(operand)
    if metric.startswith("rompct."):
        norm = norm_of_range(metric.partition(".")[2])
        assert norm is not None
        return math.ceil(norm * limit / 100)
    if asked.kind == "choice":
        codes = [float(code) for code, _ in asked.choices]
        return min(c for c in codes if c >= limit) if op in (">=", "==") else max(c for c in codes if c <= limit)
    field = VOCABULARY.get(metric)
    if field is not None and field.type != "int":
        return limit
    if field is not None and field.step and field.valid:
        return math.ceil((limit - field.valid[0]) / field.step) * field.step + field.valid[0]
    return math.ceil(limit) if op in (">=", ">", "==") else math.floor(limit)


def satisfy(plan: Plan, criterion: ExitCriterion, days: tuple[int, ...]) -> None:
    """One spasm in four weeks is enough: the counts before the last are 0."""
    assert isinstance(criterion.target, dict)
    for n in days:
        seen = [
            Seen(metric, "0" if criterion.key == "p3_spasm" and n < days[-1] else enough(metric, target), side)
            for metric, target in criterion.target.items()
            if metric != ADHERENCE
            for side in (("left", "right") if field_for(metric).sided else ("",))  # type: ignore[union-attr]
        ]
        if seen:
            observe(plan, lead(plan), seen=seen, day=day(n), today=day(n))


@pytest.mark.parametrize("key", KEYS)
def test_the_criterion_can_be_met_with_what_the_product_records(key: str) -> None:
    variants = {str(sorted(c.target or {})): c for c in drafted().get(key, [])}  # type: ignore[call-overload]
    assert variants, f"no case file has {key}"
    plan = running_plan()
    log_days(plan, 0, [0] * 29)
    for criterion in variants.values():
        satisfy(plan, criterion, (3, 10, 17, 24, 29))
        phase = RunningPhase(int(key[1]), day(0), (criterion,), {}, sessions_per_day=1.0)
        record = make_record(phase, logs_of(plan), scores_of(plan), day(29))
        (state,) = criterion_states(record)
        assert state.met is True, f"{key}: {criterion.target} with {state.latest}"


@pytest.mark.parametrize("key", ["p2_strength", "p2_endurance", "p2_control", "p2_habits"])
def test_a_criterion_without_a_measure_is_ticked_by_a_person(key: str) -> None:
    plan = running_plan()
    criterion = criterion_of(PlanCriterion(key=key, kind="gate", text="", target={}))
    satisfy(plan, criterion, (3,))
    record = make_record(RunningPhase(2, day(0), (criterion,), {}), (), scores_of(plan), day(3))
    assert [state.met for state in criterion_states(record)] == [True]


@pytest.mark.parametrize("key", KEYS)
def test_the_targets_are_said_in_words(key: str) -> None:
    for criterion in drafted().get(key, []):
        for metric, target in (criterion.target or {}).items():  # type: ignore[attr-defined]
            words = shown_target(metric, target)
            assert words
            assert not [op for op in (">=", "<=", "==") if op in words]


def test_typed_values_are_checked_against_the_vocabulary() -> None:
    assert checked("pain.nprs_worst_24h", "3", age=40) == 3
    assert checked("rompct.lum_flexion", "48", age=40) == 80.0
    assert checked("mmt.gluteus_maximus", "4.3", age=40) == 4.3
    assert checked("func.psfs_avg", "7,5", age=40) == 7.5

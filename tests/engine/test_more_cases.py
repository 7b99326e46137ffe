"""Cases of other regions and situations, judged by hand; the format of the vignettes with a shorter `expect`."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from plans.engine.casefile import load_case
from plans.engine.draft import Draft, Refusal
from plans.engine.generate import generate
from tests.engine.helpers import TODAY, knowledge, notes_with, offered

CASES = sorted((Path(__file__).resolve().parents[1] / "cases").glob("extra_*.yaml"))
RANK = {"possible": 1, "probable": 2, "strong": 3}


@pytest.fixture(params=CASES, ids=lambda path: path.stem)
def case(request: pytest.FixtureRequest) -> tuple[Draft | Refusal, dict[str, Any]]:
    text = request.param.read_text(encoding="utf-8")
    return generate(load_case(text, knowledge()).facts, knowledge(), today=TODAY), yaml.safe_load(text)["expect"]


def content(result: Draft, phase: int) -> set[str]:
    exercises = {key for e in result.phases[phase].exercises for key in (e.key, e.technique)}
    return exercises | set(offered(result, phase)) | set(result.phases[phase].education)


def test_the_way_it_starts(case: tuple[Draft | Refusal, dict[str, Any]]) -> None:
    result, expect = case
    start = str(expect["start_phase"]) if expect["start_phase"] else "none"
    assert (result.disposition, result.start_phase) == (expect["disposition"], start)
    code = result.code if isinstance(result, Refusal) else None
    assert code == expect.get("refusal")


def test_flags_conditions_and_causes(case: tuple[Draft | Refusal, dict[str, Any]]) -> None:
    result, expect = case
    raised = {f.key for f in result.flags}
    assert set(expect.get("flags_raised", [])) == raised
    assert not set(expect.get("flags_not_raised", [])) & raised
    assert set(expect.get("derived", [])) <= set(result.derived_conditions)
    labels = {c.key: c.label for c in result.causes}
    for key, label in expect.get("causes", {}).items():
        assert RANK[labels[key]] >= RANK[label], key


def test_content(case: tuple[Draft | Refusal, dict[str, Any]]) -> None:
    result, expect = case
    if isinstance(result, Refusal):
        assert all(not p.exercises and not p.techniques for p in result.phases.values())
        return
    for name, keys in expect.get("include", {}).items():
        assert set(keys) <= content(result, int(name[-1])), name
    for key, word in expect.get("exclude", {}).items():
        assert all(key not in content(result, n) for n in (1, 2, 3)), key
        reasons = [f"{e.reason.rule} {e.reason.text} {e.reason.inputs}" for e in result.excluded if e.key == key]
        assert reasons
        assert any(word in reason for reason in reasons), (key, reasons)
    assert [n for n, plan in result.phases.items() if plan.locked] == expect.get("locked", [])
    assert not {g.metric for g in result.goals} & set(expect.get("no_goals", []))


def test_doses_and_places(case: tuple[Draft | Refusal, dict[str, Any]]) -> None:
    result, expect = case
    if isinstance(result, Refusal):
        return
    lines = [e for plan in result.phases.values() for e in plan.exercises]
    if "rpe_max" in expect:
        assert max(e.dose["rpe"][1] for e in lines) <= expect["rpe_max"]  # type: ignore[index]
        assert {e.dose["sets"] for e in lines} == {1}
    for key, regions in expect.get("regions_of", {}).items():
        used = [t for plan in result.phases.values() for t in plan.techniques if t.key == key]
        assert {t.region for t in used} == set(regions)


def test_notes(case: tuple[Draft | Refusal, dict[str, Any]]) -> None:
    result, expect = case
    for parts in expect["notes"]:
        assert notes_with(result, *parts), parts

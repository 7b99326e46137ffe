"""Properties: nothing is unblocked by more knowledge of harm, order does not matter, equal input gives equal bytes."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from plans.engine.casefile import load_case
from plans.engine.draft import Draft, PlannedExercise, PlannedTechnique, Refusal
from plans.engine.facts import ConditionFact, Facts, FlagFact, Site
from plans.engine.generate import generate
from plans.engine.serialize import to_json
from tests.engine.helpers import TODAY, knowledge

CASES = sorted((Path(__file__).resolve().parents[1] / "cases").glob("*.yaml"))
FACTS: list[Facts] = [load_case(path.read_text(encoding="utf-8"), knowledge()).facts for path in CASES]
SAFETY = ("conditions", "red_flags", "refused", "region")
REGIONS = sorted(knowledge().anatomy.regions)

facts_strategy = st.sampled_from(FACTS)
site_strategy = st.builds(Site, st.sampled_from(REGIONS), st.sampled_from(["left", "right", "both", ""]))
# A known spasticity explains upper-motor-neurone signs: the one condition that may lower a flag.
condition_strategy = st.sampled_from([k for k in knowledge().conditions if k != "umn_spasticity"])
flag_strategy = st.sampled_from(list(knowledge().red_flags))


def run(facts: Facts) -> Draft | Refusal:
    return generate(facts, knowledge(), today=TODAY)


def used(result: Draft | Refusal) -> set[tuple[str, int]]:
    """Every exercise and technique with its phase, alternatives too."""
    if isinstance(result, Refusal):
        return set()
    lines = {(e.key, n) for n, plan in result.phases.items() for e in plan.exercises}
    lines |= {(t.key, n) for n, plan in result.phases.items() for t in plan.techniques}
    return lines | {(t.key, t.phase) for t in result.alternatives}


def forbidden(result: Draft | Refusal) -> set[str]:
    return {e.key for e in result.excluded if e.reason.rule in SAFETY and e.safety.startswith("blocked")}


@pytest.mark.hazard("H-03")
@settings(max_examples=60, deadline=None)
@given(facts_strategy, condition_strategy, st.lists(site_strategy, min_size=1, max_size=2))
def test_a_further_condition_never_unblocks(facts: Facts, key: str, sites: list[Site]) -> None:
    assume(key in facts.conditions)  # to answer an open question is another matter
    before = run(facts)
    more = replace(facts, conditions={**facts.conditions, key: ConditionFact(key, "true", tuple(sites))})
    after = run(more)
    if isinstance(before, Refusal):
        assert isinstance(after, Refusal) or before.code == "region_missing"
    if facts.conditions[key].state != "true":
        assert not forbidden(before) & {item for item, _ in used(after)}


@pytest.mark.hazard("H-03")
@settings(max_examples=60, deadline=None)
@given(facts_strategy, flag_strategy, st.lists(site_strategy, max_size=2))
def test_a_further_red_flag_never_unblocks(facts: Facts, key: str, sites: list[Site]) -> None:
    assume(key in facts.flags)
    before = run(facts)
    more = replace(facts, flags={**facts.flags, key: FlagFact(key, "true", tuple(sites))})
    after = run(more)
    assert not (forbidden(before) & {item for item, _ in used(after)}) or facts.flags[key].state == "true"
    assert any(f.key == key for f in after.flags)


@pytest.mark.hazard("H-02")
@settings(max_examples=40, deadline=None)
@given(facts_strategy, st.sampled_from([*knowledge().conditions, *knowledge().red_flags]))
def test_what_was_not_asked_never_gives_a_plan(facts: Facts, key: str) -> None:
    conditions = {k: v for k, v in facts.conditions.items() if k != key}
    flags = {k: v for k, v in facts.flags.items() if k != key}
    result = run(replace(facts, conditions=conditions, flags=flags))
    decided = isinstance(result, Draft)
    if decided:  # only where the facts themselves answer the question
        assert key in (
            *("minor_under_16", "minor_16_17", "unable_floor_transfer", "no_written_consent", "no_thrust_consent"),
            *("dvt_suspected", "stress_fracture_suspected"),
            *result.derived_conditions,
            *(f.key for f in result.flags),
        )


@settings(max_examples=40, deadline=None)
@given(facts_strategy, st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(facts: Facts, random) -> None:  # type: ignore[no-untyped-def]
    def shuffled(mapping):  # type: ignore[no-untyped-def]
        keys = list(mapping)
        random.shuffle(keys)
        return {k: mapping[k] for k in keys}

    sites = list(facts.sites)
    random.shuffle(sites)
    findings = {
        k: replace(
            f,
            readings=tuple(
                replace(r, value=tuple(reversed(r.value))) if isinstance(r.value, tuple) else r for r in f.readings
            ),
        )
        for k, f in shuffled(facts.findings).items()
    }
    mixed = replace(
        facts, sites=tuple(sites), findings=findings, conditions=shuffled(facts.conditions), flags=shuffled(facts.flags)
    )
    assert to_json("x", run(mixed)) == to_json("x", run(facts))


@settings(max_examples=20, deadline=None)
@given(facts_strategy)
def test_equal_input_gives_equal_bytes_even_with_another_copy_of_the_knowledge(facts: Facts) -> None:
    copy = replace(knowledge())
    assert to_json("x", generate(facts, copy, today=TODAY)) == to_json("x", run(facts))


@pytest.mark.hazard("H-10")
@settings(max_examples=60, deadline=None)
@given(facts_strategy, st.integers(min_value=0, max_value=90))
def test_plans_keep_their_ceilings(facts: Facts, minutes: int) -> None:
    from plans.engine.facts import Finding, Reading

    path = "hist.exercise_time_min_day"
    result = run(replace(facts, findings={**facts.findings, path: Finding(path, (Reading(minutes),))}))
    if isinstance(result, Refusal):
        return
    for number, plan in result.phases.items():
        budget = min(minutes, {1: 15, 2: 25, 3: 30}[number])
        assert len(plan.exercises) <= {1: 4, 2: 6, 3: 5}[number]
        assert plan.minutes_per_day <= budget + 1e-9 or len(plan.exercises) == 1
        passive = [t for t in plan.techniques if t.key != "su_self_release"]
        assert len(passive) <= 3
        for kind in ("needling", "electro", "thermal"):
            assert sum(t.category == kind for t in passive) <= 1


@settings(max_examples=30, deadline=None)
@given(facts_strategy)
def test_every_line_and_every_omission_has_a_reason(facts: Facts) -> None:
    result = run(facts)
    if isinstance(result, Refusal):
        assert result.reasons
        return
    for number, plan in result.phases.items():
        lines: list[PlannedExercise | PlannedTechnique] = [*plan.exercises, *plan.techniques]
        for line in lines:
            assert line.reasons
            assert line.causes
        there = (
            {e.key for e in plan.exercises} | {e.technique for e in plan.exercises} | {t.key for t in plan.techniques}
        )
        there |= {t.key for t in result.alternatives if t.phase == number}
        missing = {e.key for e in result.excluded if e.phase == number}
        every = set(knowledge().exercises) | {
            t.key for t in knowledge().techniques.values() if t.category != "education"
        }
        assert every == (there | missing) - set(knowledge().education)
        assert not there & missing

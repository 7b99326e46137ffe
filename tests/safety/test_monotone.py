"""More known harm never unblocks: verdicts on every item, with one fact or rule more, or one answer less."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from plans.engine.casefile import load_case
from plans.engine.derive_conditions import DECIDED_BY_FACTS
from plans.engine.facts import ConditionFact, Consent, Facts, FlagFact, Site
from plans.engine.knowledge import Knowledge, TechniqueEffect
from plans.knowledge.parse import shipped_knowledge
from plans.screening import Checker
from tests.engine.helpers import TODAY, make_facts
from tests.safety.matrix import every_credential
from tests.safety.torture import LONG

KNOWN = shipped_knowledge()
CASES = sorted((Path(__file__).resolve().parents[1] / "cases").glob("*.yaml"))
FACTS = [load_case(path.read_text(encoding="utf-8"), KNOWN).facts for path in CASES]
REGIONS = sorted(KNOWN.anatomy.regions)
EXAMPLES = 400 if LONG else 25

facts_of_cases = st.sampled_from(FACTS)
places = st.lists(
    st.builds(Site, st.sampled_from(REGIONS), st.sampled_from(["left", "right", "both", ""])), min_size=1, max_size=2
)
# A known spasticity explains upper-motor-neurone signs: the one condition that may lower a flag.
conditions = st.sampled_from([key for key in KNOWN.conditions if key != "umn_spasticity"])
flags = st.sampled_from(list(KNOWN.red_flags))
HARD = ("blocked_absolute", "blocked_overridable", "unknown")

Items = dict[tuple[str, str], int]  # (item, region) -> how closed it is


def closed(facts: Facts, known: Knowledge = KNOWN) -> Items:
    """Every exercise, and every technique at the places of the patient: 2 without a way, 1 with an approval."""
    checker = Checker(facts, known, today=TODAY)
    rank = {"blocked_absolute": 2, "unknown": 2, "blocked_overridable": 1}
    found = {(key, ""): checker.exercise(key, e.phases[0]).safety for key, e in known.exercises.items()}
    for key, technique in known.techniques.items():
        for site in facts.sites:
            found[key, site.region] = checker.technique(key, technique.phases[0], site).safety
    return {item: rank.get(safety, 0) for item, safety in found.items()}


@cache
def closed_before(number: int) -> Items:
    return closed(FACTS[number])


def opened(before: Items, after: Items) -> list[tuple[str, str]]:
    """Items that were closed and are open, or less closed, afterwards."""
    return [item for item, level in before.items() if after[item] < level]


@pytest.mark.hazard("H-03")
@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, len(FACTS) - 1), conditions, places)
def test_a_condition_more_never_unblocks(number: int, key: str, sites: list[Site]) -> None:
    facts = FACTS[number]
    fact = facts.conditions.get(key)
    assume(fact is not None and fact.state != "true")
    more = replace(facts, conditions={**facts.conditions, key: ConditionFact(key, "true", tuple(sites))})
    assert opened(closed_before(number), closed(more)) == []


@pytest.mark.hazard("H-01")
@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, len(FACTS) - 1), flags, places)
def test_a_red_flag_more_never_unblocks(number: int, key: str, sites: list[Site]) -> None:
    facts = FACTS[number]
    fact = facts.flags.get(key)
    assume(fact is not None and fact.state != "true")
    more = replace(facts, flags={**facts.flags, key: FlagFact(key, "true", tuple(sites))})
    assert opened(closed_before(number), closed(more)) == []


@pytest.mark.hazard("H-02")
@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, len(FACTS) - 1), st.sampled_from([*KNOWN.conditions, *KNOWN.red_flags]))
def test_an_answer_less_never_unblocks(number: int, key: str) -> None:
    """Whatever the answer was. Where the facts decide alone (age, consent on file), the question does not matter."""
    facts = FACTS[number]
    assume(key not in DECIDED_BY_FACTS)
    less = replace(
        facts,
        conditions={k: v for k, v in facts.conditions.items() if k != key},
        flags={k: v for k, v in facts.flags.items() if k != key},
    )
    assert opened(closed_before(number), closed(less)) == []


@pytest.mark.hazard("H-20")
@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, len(FACTS) - 1), st.data())
def test_a_consent_or_credential_less_never_unblocks(number: int, data: st.DataObject) -> None:
    facts = FACTS[number]
    none = replace(facts.consent, needling_signed=None, thrust_signed=None)
    kept = data.draw(st.sets(st.sampled_from(facts.credentials))) if facts.credentials else set()
    less = replace(facts, credentials=tuple(c for c in facts.credentials if c in kept))
    for changed in (less, replace(facts, consent=none)):
        assert opened(closed_before(number), closed(changed)) == []


@pytest.mark.hazard("H-12")
@settings(max_examples=EXAMPLES // 3, deadline=None)
@given(st.integers(0, len(FACTS) - 1), st.data())
def test_a_contraindication_more_in_the_knowledge_never_unblocks(number: int, data: st.DataObject) -> None:
    """A condition of the patient, or another, forbids something more: by technique, by load or in a list."""
    facts = FACTS[number]
    true = [k for k, fact in facts.conditions.items() if fact.state == "true"]
    rule = KNOWN.conditions[data.draw(st.sampled_from(true or list(KNOWN.conditions)))]
    effect = TechniqueEffect(
        techniques=(data.draw(st.sampled_from(list(KNOWN.techniques))),),
        level="contraindicated",
        scope=data.draw(st.sampled_from(["anywhere", "at_region"])),
        override=data.draw(st.sampled_from(["none", "a doctor's letter"])),
        reason="new",
        source="",
    )
    tags = sorted({tag for e in KNOWN.exercises.values() for tag in e.load_tags} - set(rule.avoid_load_tags))
    stricter = {
        "technique_effects": (*rule.technique_effects, effect),
        "avoid_load_tags": (*rule.avoid_load_tags, data.draw(st.sampled_from(tags))),
    }
    column = data.draw(st.sampled_from(sorted(stricter)))
    known = replace(
        KNOWN,
        conditions={**KNOWN.conditions, rule.key: replace(rule, **{column: stricter[column]})},  # type: ignore[arg-type]
    )
    assert opened(closed_before(number), closed(facts, known)) == []


@pytest.mark.hazard("H-03")
@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, len(FACTS) - 1), st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_no_verdict(number: int, random) -> None:  # type: ignore[no-untyped-def]
    facts = FACTS[number]
    conditions, flags = list(facts.conditions.items()), list(facts.flags.items())
    random.shuffle(conditions)
    random.shuffle(flags)
    assert closed(replace(facts, conditions=dict(conditions), flags=dict(flags))) == closed_before(number)


@pytest.mark.hazard("H-05")
def test_an_approval_lifts_no_consent_credential_or_place() -> None:
    """Electrical needling with a pacemaker asks for a cardiologist; without needling consent nobody may."""
    site, key = Site("lumbar", "right"), "dn_electrical"
    pacemaker: dict[str, tuple[Site, ...]] = {"pacemaker": (site,)}
    able = {"credentials": every_credential(KNOWN)}

    def verdict(where: Site = site, **more: Any) -> str:
        return (
            Checker(make_facts(conditions=pacemaker, **{**able, **more}), KNOWN, today=TODAY)
            .technique(key, KNOWN.techniques[key].phases[0], where)
            .safety
        )

    assert verdict() == "blocked_overridable"
    assert verdict(consent=Consent(True, None, None)) == "blocked_absolute"
    assert verdict(credentials=("registered_physio",)) == "blocked_absolute"
    assert verdict(where=Site("abdomen")) == "blocked_absolute"
    assert verdict(declined=frozenset({key})) == "blocked_absolute"
    assert verdict(unanswered=("icd",)) == "unknown"


def test_the_properties_can_fail() -> None:
    """The conditions of a case taken out open something: the comparison sees it."""
    calm = [
        replace(f, conditions={k: replace(c, state="false", sites=()) for k, c in f.conditions.items()}) for f in FACTS
    ]
    assert any(opened(closed_before(n), closed(facts)) for n, facts in enumerate(calm))

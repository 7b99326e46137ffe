"""Random people against a second, naive reading of the safety rules: nothing that is planned may be forbidden."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plans.engine.draft import Draft, PlannedExercise, PlannedTechnique, Refusal
from plans.engine.facts import ConditionFact, Consent, Credential, Facts, Finding, FlagFact, Reading, Site
from plans.engine.generate import generate
from plans.engine.knowledge import FindingSpec
from plans.engine.serialize import to_json
from tests.engine.helpers import CALM_BACK, TODAY, finding, knowledge

K = knowledge()
REGIONS = [r for r in K.anatomy.regions if r != "whole_body"]
SIDES = ("left", "right", "both", "")
LIMBS = {r for chain in ("lower_limb", "upper_limb") for r in K.anatomy.limb_chains[chain]}
site = st.builds(Site, st.sampled_from(REGIONS), st.sampled_from(SIDES))


def values(spec: FindingSpec) -> st.SearchStrategy[Any]:
    if spec.value_type == "bool":
        return st.booleans()
    if spec.codes:
        return st.sampled_from(spec.codes)
    if spec.value_type in ("int", "number"):
        return st.integers(int(spec.minimum or 0), int(spec.maximum or 100))
    if spec.value_type == "enum":
        return st.sampled_from(spec.choices)
    return st.lists(st.sampled_from(spec.choices), max_size=3, unique=True).map(tuple)


def usable(spec: FindingSpec) -> bool:
    return spec.value_type in ("bool", "int", "number", "grade", "enum") or (
        spec.value_type == "multi" and bool(spec.choices)
    )


SCORED = sorted(
    {i.finding for c in K.root_causes.values() for g in (*c.required, c.supporting, c.against) for i in g}
    | {e.path for t in K.techniques.values() for e in (*t.indications, *t.gate) if e.path and not e.is_wildcard}
)
SPECS = [K.findings[p] for p in SCORED if p in K.findings and usable(K.findings[p])]


@st.composite
def people(draw: st.DrawFn) -> Facts:
    chosen = draw(st.lists(st.sampled_from(SPECS), min_size=10, max_size=60, unique_by=lambda s: s.path))
    found = {s.path: Finding(s.path, (Reading(draw(values(s)), draw(st.sampled_from(SIDES))),)) for s in chosen}
    sites = tuple(draw(st.lists(site, min_size=1, max_size=3, unique_by=lambda s: s.region)))
    base = {p: finding(p, v) for p, v in CALM_BACK.items() if p != "hist.symptom_regions"}
    calm = {
        p: finding(p, False) for p in ("neuro.umn_any", "neuro.saddle_sensation_reduced", "neuro.progressive_deficit")
    }
    where = {"hist.symptom_regions": finding("hist.symptom_regions", tuple(s.region for s in sites))}
    true = draw(
        st.dictionaries(st.sampled_from(list(K.conditions)), st.lists(site, min_size=1, max_size=2), max_size=3)
    )
    flagged = [k for k, f in K.red_flags.items() if f.action != "block_plan"]
    flags = draw(st.dictionaries(st.sampled_from(flagged), st.lists(site, max_size=2), max_size=1))
    return Facts(
        sites=sites,
        findings={**base, **found, **calm, **where},
        conditions={
            k: ConditionFact(k, "true" if k in true else "false", tuple(true.get(k, ()))) for k in K.conditions
        },
        flags={k: FlagFact(k, "true" if k in flags else "false", tuple(flags.get(k, ()))) for k in K.red_flags},
        consent=Consent(True, draw(st.booleans()), draw(st.booleans())),
        credentials=(Credential("registered_physio"), Credential("dry_needling_certificate")),
    )


# --- the naive second reading -----------------------------------------------------------------------------------------


def exercise_forbidden(key: str, facts: Facts) -> list[str]:
    exercise = K.exercises[key]
    found = []
    for name, fact in facts.conditions.items():
        if fact.state != "true":
            continue
        rule = K.conditions[name]
        if name in exercise.contraindications:
            found.append(name)
        if name in exercise.contraindications_at_region and any(touches(key, s) for s in fact.sites):
            found.append(name)
        if set(rule.avoid_load_tags) & set(exercise.load_tags) and rule.tag_scope == "anywhere":
            found.append(name)
        for effect in rule.technique_effects:
            if effect.level == "contraindicated" and exercise.technique in effect.techniques:
                here = effect.scope == "anywhere" or exercise.region in effect.regions
                if here or (effect.scope == "at_region" and any(touches(key, s) for s in fact.sites)):
                    found.append(name)
    return found


def touches(key: str, recorded: Site) -> bool:
    exercise, rules = K.exercises[key], K.exercise_rules
    regions = {K.anatomy.muscle_regions[m] for m in exercise.target_muscles}
    regions |= {exercise.region} - {"whole_body"}
    if recorded.region in regions or recorded.region == "whole_body":
        return True
    lower = exercise.position in rules.lower_limb_positions or key in rules.lower_limb_extra
    upper = key in rules.upper_limb
    for name, bears in (("lower_limb", lower), ("upper_limb", upper), ("trunk", lower or upper)):
        chain = set(K.anatomy.limb_chains[name])
        if bears and recorded.region in chain and regions & chain:
            return True
    return False


def technique_forbidden(line: PlannedTechnique, facts: Facts) -> list[str]:
    found = []
    for name, fact in facts.conditions.items():
        if fact.state != "true":
            continue
        for effect in K.conditions[name].technique_effects:
            if effect.level != "contraindicated" or line.key not in effect.techniques:
                continue
            local = effect.scope == "at_region" and any(same_place(line, s) for s in fact.sites)
            if effect.scope == "anywhere" or line.region in effect.regions or local:
                found.append(name)
    found += [
        r.region
        for r in K.techniques[line.key].restrictions
        if r.level == "contraindicated" and r.region == line.region
    ]
    return found


def same_place(line: PlannedTechnique, recorded: Site) -> bool:
    if line.region != recorded.region:
        return recorded.region == "whole_body"
    either = ("both", "midline", "")
    return line.region not in LIMBS or line.side == recorded.side or line.side in either or recorded.side in either


def removed_by_flags(key: str, technique: str, tags: tuple[str, ...], result: Draft) -> list[str]:
    found = []
    for raised in result.flags:
        flag = K.red_flags[raised.key]
        if flag.scope == "anywhere" and (technique in flag.remove_techniques or set(tags) & set(flag.remove_load_tags)):
            found.append(flag.key)
        if flag.action == "block_region" and key in K.exercises and any(touches(key, Site(r)) for r, _ in raised.sites):
            found.append(flag.key)
    return found


@pytest.mark.hazard("H-03")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(people())
def test_nothing_forbidden_is_planned(facts: Facts) -> None:
    result = generate(facts, K, today=TODAY)
    assert to_json("x", result) == to_json("x", generate(facts, K, today=TODAY))
    if isinstance(result, Refusal):
        assert result.reasons
        return
    lines: list[PlannedExercise] = [e for plan in result.phases.values() for e in plan.exercises]
    for line in lines:
        exercise = K.exercises[line.key]
        assert exercise_forbidden(line.key, facts) == [], line.key
        assert removed_by_flags(line.key, exercise.technique, exercise.load_tags, result) == []
    for number, plan in result.phases.items():
        assert all(number in K.exercises[e.key].phases for e in plan.exercises)
        for used in (*plan.techniques, *(t for t in result.alternatives if t.phase == number)):
            assert number in K.techniques[used.key].phases
            assert technique_forbidden(used, facts) == [], (used.key, used.region)
            assert removed_by_flags(used.key, used.key, (), result) == []
    if facts.consent.needling_signed is not True:
        offered = [*(t for p in result.phases.values() for t in p.techniques), *result.alternatives]
        assert not [t.key for t in offered if t.category == "needling"]

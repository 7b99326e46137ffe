"""Each rule of the shipped knowledge deleted in turn: the tables must notice every one.

The counts are printed; `make torture` deletes each technique of an effect by itself, `make test` each effect.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from plans.engine.facts import Site
from plans.engine.knowledge import ConditionRule, Knowledge
from plans.knowledge.parse import shipped_knowledge
from plans.screening import Checker
from tests.engine.helpers import TODAY, make_facts
from tests.safety import matrix
from tests.safety.torture import LONG

KNOWN = shipped_knowledge()
PLACES = [Site(region) for region in matrix.REGIONS]
Deleted = tuple[str, Knowledge]


def report(kind: str, total: int, missed: list[str]) -> None:
    sys.stdout.write(f"{kind}: {total - len(missed)} of {total} deletions noticed\n")
    assert total > 0
    assert missed == []


def only(rule: ConditionRule, **changes: Any) -> Knowledge:
    """A knowledge that holds one condition, and exercises without lists or doses of their own."""
    bare = {
        key: replace(e, contraindications=(), contraindications_at_region=(), precautions=(), phases=())
        for key, e in KNOWN.exercises.items()
    }
    return replace(
        KNOWN,
        conditions={rule.key: replace(rule, **changes)},
        exercises=bare,
        techniques={key: replace(t, phases=()) for key, t in KNOWN.techniques.items()},
        root_causes={},
        red_flags={},
        findings={},
    )


def by_technique(known: Knowledge, condition: str) -> bool:
    """Does the table of techniques notice?"""
    bare = replace(known, exercises={})
    for recorded in ((), (Site("knee"),)):
        screen = matrix.screen_of_rule(bare, condition, recorded)
        demanded = matrix.technique_demands(condition, recorded, PLACES)
        if matrix.differences(demanded, matrix.technique_verdicts(screen, PLACES)):
            return True
    return False


def by_load(known: Knowledge, condition: str) -> bool:
    """Does the table of loads notice, told by exercises or by its own row?"""
    row = matrix.loads()[condition]
    rule = known.conditions[condition]
    if (frozenset(rule.avoid_load_tags), frozenset(rule.caution_load_tags)) == (row.never, row.care):
        return False
    bare = replace(known, conditions={condition: replace(rule, technique_effects=())})
    found = matrix.exercise_verdicts(matrix.screen_of_rule(bare, condition, ()))
    demanded = matrix.exercise_demands(condition, (), ("loads",))
    assert {k: v.rstrip("*") for k, v in demanded.items()} != found or _another_load_covers(condition, known)
    return True


def _another_load_covers(condition: str, known: Knowledge) -> bool:
    """Every exercise with the deleted load carries another load that the condition names as well."""
    row, rule = matrix.loads()[condition], known.conditions[condition]
    gone = (row.never | row.care) - {*rule.avoid_load_tags, *rule.caution_load_tags}
    left = (row.never | row.care) - gone
    return all(e.loads & left for e in matrix.exercises().values() if e.loads & gone)


def deleted_effects(rule: ConditionRule) -> Iterator[Deleted]:
    """Each effect taken out; in the long run each technique of each effect."""
    for number, effect in enumerate(rule.technique_effects):
        for gone in [(t,) for t in effect.techniques] if LONG else [effect.techniques]:
            less = replace(effect, techniques=tuple(t for t in effect.techniques if t not in gone))
            effects = (*rule.technique_effects[:number], less, *rule.technique_effects[number + 1 :])
            yield f"{rule.key}, effect {number + 1}: {', '.join(gone)}", only(rule, technique_effects=effects)


@pytest.mark.hazard("H-03")
def test_every_effect_of_a_condition() -> None:
    total, missed = 0, []
    for rule in KNOWN.conditions.values():
        assert not by_technique(only(rule), rule.key), "a difference without any deletion"
        for name, known in deleted_effects(rule):
            total += 1
            if not by_technique(known, rule.key):
                missed.append(name)
    report("effects of conditions", total, missed)


@pytest.mark.hazard("H-03")
def test_every_load_of_a_condition() -> None:
    total, missed = 0, []
    for rule in KNOWN.conditions.values():
        for column in ("avoid_load_tags", "caution_load_tags"):
            for tag in getattr(rule, column):
                total += 1
                less = tuple(t for t in getattr(rule, column) if t != tag)
                if not by_load(only(rule, **{column: less}), rule.key):
                    missed.append(f"{rule.key}: {tag}")
    report("loads of conditions", total, missed)


def own_lists(known: Knowledge) -> dict[str, tuple[set[str], set[str]]]:
    return {
        key: ({*e.contraindications, *(f"{c}@" for c in e.contraindications_at_region)}, {*e.precautions})
        for key, e in known.exercises.items()
    }


@pytest.mark.hazard("H-03")
def test_every_entry_of_an_exercise_and_every_load_it_carries() -> None:
    """Taken out of all exercises at once per condition or load: exactly the cells of the table are missed."""
    missed, total = [], 0
    lists = own_lists(KNOWN)
    for key, row in matrix.exercises().items():
        typed = [{e.condition + ("@" if e.scope == "recorded" else "") for e in row.own if e.level == level}
                 for level in ("never", "care")]  # fmt: skip
        total += len(row.own) + len(row.loads)
        if list(lists[key]) != typed or set(KNOWN.exercises[key].load_tags) != row.loads:
            missed.append(key)
    own = matrix.layer(KNOWN, "own")
    for condition in matrix.conditions():
        demanded = matrix.exercise_demands(condition, (), ("own",))
        found = matrix.exercise_verdicts(matrix.screen_with(own, condition, ()))
        if demanded != found:
            missed.append(condition)
    report("entries and loads of exercises (each is one cell of the typed table)", total, missed)


@pytest.mark.hazard("H-01")
def test_every_red_flag_and_each_part_of_it() -> None:
    total, missed = 0, []
    bare = replace(
        KNOWN,
        conditions={},
        exercises={k: replace(e, phases=()) for k, e in KNOWN.exercises.items()},
        techniques={k: replace(t, phases=()) for k, t in KNOWN.techniques.items()},
        root_causes={},
        findings={},
    )
    for key, flag in KNOWN.red_flags.items():
        parts: list[dict[str, Any]] = [
            *({"remove_techniques": tuple(t for t in flag.remove_techniques if t != one)}
              for one in flag.remove_techniques),
            *({"remove_load_tags": tuple(t for t in flag.remove_load_tags if t != one)}
              for one in flag.remove_load_tags),
            {"action": "flag" if flag.action != "flag" else "block_plan"},
            {"scope": "anywhere" if flag.scope == "at_region" else "at_region"},
            {"disposition": "caution_monitor" if flag.disposition != "caution_monitor" else "emergency_now"},
        ]  # fmt: skip
        for changes in parts:
            total += 1
            if not flag_noticed(replace(bare, red_flags={key: replace(flag, **changes)}), key):
                missed.append(f"{key}: {', '.join(changes)}")
    report("red flags: techniques, loads, action, scope, how soon", total, missed)


def flag_noticed(known: Knowledge, key: str) -> bool:
    """By the typed row where one part covers another (ALL, several loads), else by what the screen removes."""
    flag, row = known.red_flags[key], matrix.flags()[key]
    head = (flag.disposition, flag.action, flag.scope == "anywhere", flag.region)
    if head != (row.how_soon, row.action, row.everywhere, row.region):
        return True
    screen = matrix.screen_flagged(known, key, ()) if LONG and "ALL" not in row.techniques else None
    if screen is not None and flag.remove_techniques != row.techniques:
        return (
            matrix.differences(matrix.flag_demands(key, (), PLACES)[0], matrix.technique_verdicts(screen, PLACES)) != {}
        )
    return (flag.remove_techniques, flag.remove_load_tags) != (row.techniques, row.loads)


@pytest.mark.hazard("H-03")
def test_every_region_restriction() -> None:
    total, missed = 0, []
    facts = make_facts(credentials=matrix.every_credential(KNOWN))
    mini = replace(KNOWN, exercises={k: replace(e, phases=()) for k, e in KNOWN.exercises.items()}, root_causes={})
    for key, technique in KNOWN.techniques.items():
        for row in technique.restrictions:
            total += 1
            less = replace(technique, restrictions=tuple(r for r in technique.restrictions if r != row))
            checker = Checker(facts, replace(mini, techniques={key: less}, exercises={}), today=TODAY)
            verdict = checker.technique(key, technique.phases[0], Site(row.region)).safety
            if verdict == {"never": "blocked_absolute", "care": "precaution"}[matrix.restrictions()[key, row.region]]:
                missed.append(f"{key}: {row.region}")
    report("region restrictions", total, missed)


@pytest.mark.hazard("H-10")
def test_every_criterion_and_ceiling() -> None:
    assert matrix.criteria_of(KNOWN) == matrix.criteria()
    assert matrix.ceilings_of(KNOWN) == matrix.ceilings()
    total, missed = 0, []
    for number, phase in KNOWN.phases.items():
        for criterion in phase.exit:
            less = replace(phase, exit=tuple(c for c in phase.exit if c != criterion))
            total += 1
            if matrix.criteria_of(replace(KNOWN, phases={**KNOWN.phases, number: less})) == matrix.criteria():
                missed.append(criterion.key)
        for column in ("home_items_max", "home_minutes_max"):
            more = replace(phase, **{column: getattr(phase, column) + 1})
            total += 1
            if matrix.ceilings_of(replace(KNOWN, phases={**KNOWN.phases, number: more})) == matrix.ceilings():
                missed.append(f"{number}: {column}")
    report("exit criteria and ceilings", total, missed)

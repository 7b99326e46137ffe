"""One order for equal facts, so that the order in which facts arrive never shows in a plan.

Findings are sorted by path, readings by side, entries of lists by name, places by the order of the body regions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from plans.engine.facts import ConditionFact, Facts, Finding, FlagFact, Reading, Site
from plans.engine.knowledge import Anatomy

SIDE_ORDER = {"": 0, "left": 1, "right": 2, "both": 3, "midline": 4}


def canonical(facts: Facts, anatomy: Anatomy) -> Facts:
    """The same facts in the one order that the engine works in."""
    order = {region: position for position, region in enumerate(anatomy.regions)}
    findings = {path: _finding(facts.findings[path]) for path in sorted(facts.findings)}
    return replace(
        facts,
        sites=_sites(facts.sites, order),
        findings=findings,
        conditions={key: _condition(fact, order) for key, fact in facts.conditions.items()},
        flags={key: _flag(fact, order) for key, fact in facts.flags.items()},
    )


def _sites(sites: Iterable[Site], order: Mapping[str, int]) -> tuple[Site, ...]:
    return tuple(sorted(dict.fromkeys(sites), key=lambda s: (order.get(s.region, len(order)), SIDE_ORDER[s.side])))


def _finding(finding: Finding) -> Finding:
    if len(finding.readings) == 1 and not isinstance(finding.readings[0].value, tuple):
        return finding
    readings = (_reading(r) for r in finding.readings)
    return replace(finding, readings=tuple(sorted(readings, key=lambda r: (SIDE_ORDER[r.side], str(r.value)))))


def _reading(reading: Reading) -> Reading:
    if not isinstance(reading.value, tuple):
        return reading
    return replace(reading, value=tuple(sorted(dict.fromkeys(reading.value))))


def _condition(fact: ConditionFact, order: Mapping[str, int]) -> ConditionFact:
    return replace(fact, sites=_sites(fact.sites, order)) if len(fact.sites) > 1 else fact


def _flag(fact: FlagFact, order: Mapping[str, int]) -> FlagFact:
    return replace(fact, sites=_sites(fact.sites, order)) if len(fact.sites) > 1 else fact

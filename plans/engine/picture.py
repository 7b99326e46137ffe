"""The picture: facts completed by what follows from them, and the one way to test an expression against it.

A test answers True, False or None; None means the finding was not assessed (or the question not asked).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from plans.engine.draft import Reason
from plans.engine.facts import Facts, Finding, FindingValue, Reading, Site
from plans.engine.index import Index
from plans.engine.knowledge import Expression, FindingSpec, Value
from plans.engine.operators import compare, flagged_readings, short_readings, shown_reading


@dataclass(frozen=True, slots=True)
class ConditionState:
    """state: true, false or not_asked. `derived` says that findings or flags made it true."""

    key: str
    state: str
    sites: tuple[Site, ...] = ()
    derived: bool = False
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class FlagState:
    """state: true, false, not_asked or cleared. `derived_from` names the findings that make it true."""

    key: str
    state: str
    sites: tuple[Site, ...] = ()
    derived_from: tuple[str, ...] = ()
    contradiction: bool = False


@dataclass(frozen=True, slots=True)
class Test:
    """Outcome of one comparison: state, and the readings for which it is true."""

    state: bool | None
    readings: tuple[Reading, ...] = ()
    value: FindingValue | None = None

    @property
    def sides(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(r.side for r in self.readings if r.side))


NOT_ASSESSED = Test(None)
FALSE = Test(False)


@dataclass(frozen=True, eq=False)
class Picture:
    """Facts with derived findings, conditions and flags. Built once per run by `plans.engine.derive`."""

    facts: Facts
    index: Index
    today: date
    findings: Mapping[str, Finding]
    conditions: Mapping[str, ConditionState] = field(default_factory=dict)
    flags: Mapping[str, FlagState] = field(default_factory=dict)

    @property
    def sites(self) -> tuple[Site, ...]:
        return self.facts.sites

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(site.region for site in self.facts.sites))

    def spec(self, path: str) -> FindingSpec | None:
        return self.index.knowledge.findings.get(path)

    def recorded(self, path: str) -> Finding | None:
        return self.findings.get(path)

    def value(self, path: str) -> FindingValue | None:
        """The shown value (worse side) of a finding, None when it was not assessed."""
        finding = self.findings.get(path)
        return None if finding is None else shown_reading(finding, self.spec(path)).value

    def number(self, path: str) -> float | None:
        value = self.value(path)
        return float(value) if isinstance(value, (int, float)) else None

    def choices(self, path: str) -> tuple[str, ...]:
        """Entries of a multi-value field; empty when not assessed."""
        value = self.value(path)
        if isinstance(value, tuple):
            return value
        return (value,) if isinstance(value, str) else ()

    def is_true(self, path: str) -> bool:
        return self.test(path, "==", True).state is True

    def has_condition(self, key: str) -> bool:
        state = self.conditions.get(key)
        return state is not None and state.state == "true"

    def has_flag(self, key: str) -> bool:
        state = self.flags.get(key)
        return state is not None and state.state == "true"

    def flag_denied(self, key: str) -> bool:
        state = self.flags.get(key)
        return state is not None and state.state in ("false", "cleared")

    def test(self, path: str, op: str, value: Value) -> Test:
        """One comparison; on several sides it is true when any recorded side satisfies it."""
        finding = self.findings.get(path)
        if finding is None:
            return self._answered(path, op, value)
        hits = tuple(r for r in finding.readings if compare(r.value, op, value))
        return Test(True, hits, finding.readings[0].value) if hits else FALSE

    def _answered(self, path: str, op: str, value: Value) -> Test:
        if path.startswith("cond."):
            return self._answer(self.conditions.get(path[5:]), op, value)
        if path.startswith("flag."):
            return self._answer(self.flags.get(path[5:]), op, value)
        return NOT_ASSESSED

    def _answer(self, state: ConditionState | FlagState | None, op: str, value: Value) -> Test:
        if state is None or state.state == "not_asked":
            return NOT_ASSESSED
        held = state.state == "true"
        if not compare(held, op, value):
            return FALSE
        return Test(True, tuple(Reading(held, site.side) for site in state.sites) or (Reading(held),), held)

    def test_expression(self, expression: Expression, regions: frozenset[str], opted_in: bool = False) -> "Match":
        """Test an indication or gate over the regions given (wildcards look only at findings of those regions)."""
        if expression.op == "always":
            return Match(True)
        if expression.op == "therapist_opt_in":
            return Match(opted_in)
        if expression.is_wildcard:
            return self._wildcard(expression, regions)
        return Match(self._single(expression.path, expression).state is True, (expression.path,))

    @cached_property
    def by_namespace(self) -> Mapping[str, tuple[str, ...]]:
        grouped: dict[str, list[str]] = {}
        for path in self.findings:
            grouped.setdefault(path.partition(".")[0], []).append(path)
        return {namespace: tuple(paths) for namespace, paths in grouped.items()}

    @cached_property
    def _hits(self) -> dict[tuple[str, str, Value], tuple[tuple[str, str | None], ...]]:
        return {}

    def _wildcard(self, expression: Expression, regions: frozenset[str]) -> "Match":
        """True findings of the namespace inside the regions; findings without a region always qualify."""
        key = (expression.path, expression.op, expression.value)
        hits = self._hits.get(key)
        if hits is None:
            hits = self._hits.setdefault(key, self._wildcard_hits(expression))
        near = [(path, region) for path, region in hits if region is None or region in regions]
        found = dict.fromkeys(region for _, region in near if region is not None)
        return Match(bool(near), tuple(path for path, _ in near), tuple(found))

    def _wildcard_hits(self, expression: Expression) -> tuple[tuple[str, str | None], ...]:
        placed = self.index.namespace_regions.get(expression.namespace, {})
        paths = self.by_namespace.get(expression.namespace, ())
        return tuple((p, placed.get(p)) for p in paths if self._single(p, expression).state is True)

    def _single(self, path: str, expression: Expression) -> Test:
        finding, spec = self.findings.get(path), self.spec(path)
        if expression.op == "short":
            return self._judged(finding, spec, short=True)
        if expression.op == "flagged":
            return self._judged(finding, spec, short=False)
        return self.test(path, expression.op, expression.value)

    def _judged(self, finding: Finding | None, spec: FindingSpec | None, short: bool) -> Test:
        if finding is None or spec is None:
            return NOT_ASSESSED
        age, sex = self.number("hist.age_years"), self.value("hist.sex_at_birth")
        sex_text = sex if isinstance(sex, str) else None
        hits = short_readings(finding, spec) if short else flagged_readings(finding, spec, age, sex_text)
        return Test(bool(hits), hits)

    def is_short(self, path: str) -> bool:
        return self._judged(self.findings.get(path), self.spec(path), short=True).state is True

    def is_flagged(self, path: str) -> bool:
        return self._judged(self.findings.get(path), self.spec(path), short=False).state is True


@dataclass(frozen=True, slots=True)
class Match:
    """Whether an expression holds, through which findings, and in which regions those lie."""

    holds: bool
    paths: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


def sites_of(regions: Iterable[str]) -> tuple[Site, ...]:
    return tuple(Site(region) for region in regions)

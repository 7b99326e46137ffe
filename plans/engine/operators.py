"""Comparing one recorded value with one operand (root-causes file, meta.operators).

Every function takes recorded values only; "not assessed" is decided by the caller and never reaches this module.
"""

from plans.engine.facts import Finding, FindingValue, Reading
from plans.engine.knowledge import FindingSpec, Threshold, Value

NOTHING_FOUND = frozenset({"none", "none_known"})
TRIGGER_POINT_ORDER = {"none": 0, "latent": 1, "active": 2}


def _number(value: object) -> float | None:
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str) and value in TRIGGER_POINT_ORDER:
        return float(TRIGGER_POINT_ORDER[value])
    return None


def _ordered(value: FindingValue, op: str, operand: Value) -> bool:
    left, right = _number(value), _number(operand)
    if left is None or right is None:
        return False
    if op == "<":
        return left < right
    if op == "<=":
        return left <= right
    if op == ">":
        return left > right
    return left >= right


def _differs(value: FindingValue, operand: Value) -> bool:
    if isinstance(value, tuple):
        return any(entry != operand and entry not in NOTHING_FOUND for entry in value)
    return value != operand


def compare(value: FindingValue, op: str, operand: Value) -> bool:
    """``value op operand`` for one recorded value; unknown operators are a programming error (ValueError)."""
    if op == "==":
        return operand in value if isinstance(value, tuple) and not isinstance(operand, tuple) else value == operand
    if op == "!=":
        return _differs(value, operand)
    if op == "includes":
        return operand in value if isinstance(value, tuple) else value == operand
    if op == "in":
        options = operand if isinstance(operand, tuple) else (operand,)
        return any(v in options for v in value) if isinstance(value, tuple) else value in options
    if op in ("<", "<=", ">", ">="):
        return _ordered(value, op, operand)
    raise ValueError(f"unknown operator {op!r}")


def fitting_threshold(rules: tuple[Threshold, ...], age: float | None, sex: str | None) -> Threshold | None:
    """The first rule for this age and sex; with sex unknown the milder of the sex-specific rules."""
    in_age = [r for r in rules if _age_fits(r, age)]
    exact = [r for r in in_age if r.sex is None or r.sex == sex]
    if exact:
        return exact[0]
    return min(in_age, key=lambda r: r.limit, default=None)


def _age_fits(rule: Threshold, age: float | None) -> bool:
    if rule.age_min is None and rule.age_max is None:
        return True
    return age is not None and (rule.age_min or 0) <= age <= (rule.age_max if rule.age_max is not None else 999)


def short_readings(finding: Finding, spec: FindingSpec) -> tuple[Reading, ...]:
    """Readings of a length test that fail its pass rule, by value or by difference between the sides."""
    rule = spec.short_rule
    found = [r for r in finding.readings if rule is not None and _ordered(r.value, rule.op, rule.limit)]
    if not found and spec.short_side_difference is not None:
        worse = _worse_of_pair(finding, spec)
        if worse is not None and _difference(finding) > spec.short_side_difference:
            found = [worse]
    return tuple(found)


def flagged_readings(finding: Finding, spec: FindingSpec, age: float | None, sex: str | None) -> tuple[Reading, ...]:
    """Readings of an endurance test under its flag level, or the weaker side when the sides differ too much."""
    rule = fitting_threshold(spec.flag_rules, age, sex)
    found = [r for r in finding.readings if rule is not None and _ordered(r.value, rule.op, rule.limit)]
    if not found and spec.flag_side_difference_pct is not None:
        worse, top = _worse_of_pair(finding, spec), _best(finding)
        if worse is not None and top > 0 and 100 * _difference(finding) / top > spec.flag_side_difference_pct:
            found = [worse]
    return tuple(found)


def _pair(finding: Finding) -> list[tuple[float, Reading]]:
    numbers = [(_number(r.value), r) for r in finding.readings if r.side in ("left", "right")]
    return [(n, r) for n, r in numbers if n is not None]


def _difference(finding: Finding) -> float:
    values = [n for n, _ in _pair(finding)]
    return max(values) - min(values) if len(values) == 2 else 0.0


def _best(finding: Finding) -> float:
    return max((n for n, _ in _pair(finding)), default=0.0)


def _worse_of_pair(finding: Finding, spec: FindingSpec) -> Reading | None:
    pair = _pair(finding)
    if len(pair) != 2:
        return None
    choose = max if spec.worse == "high" else min
    return choose(pair, key=lambda item: item[0])[1]


def shown_reading(finding: Finding, spec: FindingSpec | None) -> Reading:
    """The side that is displayed and set as baseline (side rule): the worse one, the first when they are equal."""
    if len(finding.readings) == 1 or spec is None or spec.worse is None:
        return finding.readings[0]
    numbers = [(_number(r.value), r) for r in finding.readings]
    known = [(n, r) for n, r in numbers if n is not None]
    if not known:
        return finding.readings[0]
    choose = max if spec.worse == "high" else min
    return choose(known, key=lambda item: item[0])[1]

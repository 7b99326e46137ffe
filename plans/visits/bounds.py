"""The bounds of what was really used at a visit. Pure: values in, bounds out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plans.doses import Bound, WordBound, technique_bounds
from plans.engine.eligibility import CHEST_NEEDLING
from plans.engine.knowledge import Technique
from plans.wording import parameter_label, unit_word

# Parameters of the course of treatment, not of one visit.
OVER_VISITS = frozenset(
    {"sessions_per_week", "applications_per_week", "times_per_day", "per_day", "sessions", "min_interval_days",
     "visits_max"}
)  # fmt: skip


def visit_parameters(technique: Technique) -> tuple[str, ...]:
    """The parameters that a visit records, in written order."""
    return tuple(p.parameter for p in technique.dose if p.parameter not in OVER_VISITS)


def visit_bounds(technique: Technique, phase: int) -> dict[str, Bound | WordBound]:
    """Bounds of each parameter of a visit. An intensity that is planned in words is recorded as a number."""
    planned = technique_bounds(technique, phase)
    found: dict[str, Bound | WordBound] = {}
    for parameter in technique.dose:
        name, high = parameter.parameter, parameter.maximum
        if name in OVER_VISITS:
            continue
        if name in planned:
            found[name] = planned[name]
        elif isinstance(high, (int, float)):
            label = parameter_label(name).capitalize()
            found[name] = Bound(name, label, 0.0, float(high), unit_word(parameter.unit), whole=False)
    return found


def carried_parameters(technique: Technique, phase: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """Of a planned or earlier dose, what a visit may carry over: within today's bounds, words only where words stand.

    "To tolerance" is a plan, not a value: it is left open, to be entered.
    """
    bounds = visit_bounds(technique, phase)
    kept: dict[str, Any] = {}
    for name in visit_parameters(technique):
        value, bound = given.get(name), bounds.get(name)
        if value is None:
            continue
        if isinstance(bound, Bound):
            if isinstance(value, (int, float)):
                kept[name] = min(max(value, bound.low), bound.high) if value > bound.high else value
        elif bound is None or value in bound.words:
            kept[name] = value
    return kept


def missing_credentials(technique: Technique, region: str, held: frozenset[str]) -> tuple[str, ...]:
    """What the practitioner lacks for this technique at this region."""
    needed = list(technique.credentials)
    if technique.category == "needling" and region in CHEST_NEEDLING:
        needed.append("thorax_endorsement")
    needed += [r.credential for r in technique.restrictions if r.region == region and r.credential]
    return tuple(key for key in dict.fromkeys(needed) if key not in held)

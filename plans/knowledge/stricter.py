"""The conditions that an exercise must respect: its own lists and the condition list, the stricter of the two.

An exercise is bound by the effects on its technique and by its load tags (conditions, meta.semantics). A list in the
library may add to that, never take away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from plans.knowledge import schema

Grade = Literal["contraindicated", "contraindicated_at_region", "precaution"]


@dataclass(frozen=True, slots=True)
class SafetyLists:
    contraindications: tuple[str, ...]
    contraindications_at_region: tuple[str, ...]
    precautions: tuple[str, ...]


def _grade(level: str, scope: str) -> Grade:
    if level == "precaution":
        return "precaution"
    return "contraindicated_at_region" if scope == "at_region" else "contraindicated"


def _grades(exercise: schema.Exercise, condition: schema.Condition) -> Iterator[Grade]:
    for effect in condition.technique_effects:
        here = effect.scope != "regions" or exercise.region in effect.regions
        if exercise.technique in effect.techniques and here:
            yield _grade(effect.level, effect.scope)
    if set(exercise.load_tags) & set(condition.avoid_load_tags):
        yield _grade("contraindicated", condition.tag_scope)
    if set(exercise.load_tags) & set(condition.caution_load_tags):
        yield "precaution"


def stricter_lists(exercise: schema.Exercise, conditions: Sequence[schema.Condition]) -> SafetyLists:
    """Own list first in written order, then what the condition list adds; the strictest grade of a key counts."""
    found: dict[Grade, list[str]] = {
        "contraindicated": list(exercise.contraindications),
        "contraindicated_at_region": list(exercise.contraindications_at_region),
        "precaution": list(exercise.precautions),
    }
    for condition in conditions:
        for grade in _grades(exercise, condition):
            if condition.key not in found[grade]:
                found[grade].append(condition.key)
    anywhere = found["contraindicated"]
    at_region = [key for key in found["contraindicated_at_region"] if key not in anywhere]
    precautions = [key for key in found["precaution"] if key not in anywhere and key not in at_region]
    return SafetyLists(tuple(anywhere), tuple(at_region), tuple(precautions))


def additions(exercises: Sequence[schema.Exercise], conditions: Sequence[schema.Condition]) -> list[str]:
    """For people: what the condition list adds to the library's own lists (the stricter of the two is used)."""
    notes = []
    for index, exercise in enumerate(exercises):
        lists = stricter_lists(exercise, conditions)
        for name in ("contraindications", "contraindications_at_region", "precautions"):
            added = [key for key in getattr(lists, name) if key not in getattr(exercise, name)]
            if added:
                notes.append(f"exercises.yaml: exercises[{index}].{name}: conditions.yaml adds {', '.join(added)}")
    return notes

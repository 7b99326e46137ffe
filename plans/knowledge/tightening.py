"""Whether a change of a row only makes things stricter: it forbids or warns more, and allows nothing new.

Such a change may take effect before a second person has looked at it; everything else waits. What is not named here
counts as not stricter. Pure, no database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

State = Mapping[str, Any]
Entry = Mapping[str, Any]

# Lists that forbid or warn: they may only grow.
_GROWING = {
    "conditions": ("avoid_load_tags", "caution_load_tags"),
    "exercises": ("contraindications", "contraindications_at_region", "precautions"),
    "red_flags": ("remove_techniques", "remove_load_tags"),
    "region_restrictions": ("techniques", "regions"),
}
# Figures that limit: they may only fall.
_FALLING = {"phases": ("exercise_ceiling", "home_minutes")}
# Rows whose absence only takes something out of plans.
_MAY_GO = ("techniques", "exercises")
_STRONGER = {
    ("level", "precaution", "contraindicated"),
    ("tag_scope", "at_region", "anywhere"),
}


def looser_parts(list_name: str, before: State | None, after: State) -> tuple[str, ...]:
    """The fields in which the change does anything else than make things stricter; empty: it is stricter only."""
    if before is None:
        return () if list_name == "region_restrictions" else ("a new row",)
    return tuple(_looser(list_name, before, after))


def _looser(list_name: str, before: State, after: State) -> Iterator[str]:
    if before["order"] != after["order"]:
        yield "order"
    if before["active"] != after["active"] and not (before["active"] and list_name in _MAY_GO):
        yield "in use"
    old, new = before["entry"], after["entry"]
    for field in dict.fromkeys([*old, *new]):
        if old.get(field) != new.get(field) and not _stricter(list_name, field, old.get(field), new.get(field)):
            yield field.replace("_", " ")


def _stricter(list_name: str, field: str, old: Any, new: Any) -> bool:
    if field in _GROWING.get(list_name, ()):
        return set(old) <= set(new)
    if field in _FALLING.get(list_name, ()):
        return bool(new <= old)
    if field == "technique_effects":
        return _effects(old, new)
    if field == "verify":
        return bool(new)
    if field == "override" and list_name == "region_restrictions":
        return bool(new == "")
    return field in ("level", "tag_scope") and (field, old, new) in _STRONGER


def _effects(old: list[Entry], new: list[Entry]) -> bool:
    """Every effect there was is still there, unchanged or stronger; further ones may come."""
    left = list(new)
    for effect in old:
        found = next((other for other in left if _covers(other, effect)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _covers(new: Entry, old: Entry) -> bool:
    wider = new["scope"] == "anywhere" or (new["scope"] == old["scope"] and set(old["regions"]) <= set(new["regions"]))
    return (
        wider
        and set(old["techniques"]) <= set(new["techniques"])
        and new["level"] in (old["level"], "contraindicated")
        and new["override"] in (old["override"], "none")
    )

"""What differs between two states of the knowledge, row by row and field by field, for people. Pure, no database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

KINDS = {
    "conditions.conditions": "Condition",
    "techniques.techniques": "Technique",
    "techniques.region_restrictions": "Region restriction",
    "red_flags.red_flags": "Red flag",
    "education.topics": "Education topic",
    "exercises.exercises": "Exercise",
    "root_causes.root_causes": "Contributing factor",
    "phases.phases": "Phase",
}
Entry = Mapping[str, Any]
Entries = Mapping[str, Mapping[str, Entry]]
_NAMES = ("name", "label", "title", "reason")
_SOURCES = ("source", "basis", "evidence")
_CHILD_KEYS = ("parameter", "key", "metric")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after; empty text where there was or is nothing."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that was added, changed or taken out; ``where`` is its document and list."""

    where: str
    key: str
    name: str
    action: Literal["added", "changed", "removed"]
    fields: tuple[FieldChange, ...]
    before: Entry | None
    after: Entry | None
    source: str = ""

    @property
    def kind(self) -> str:
        return KINDS.get(self.where, self.where)


def compare(before: Entries, after: Entries) -> tuple[RowChange, ...]:
    """Every row that differs, in the order of the documents."""
    found = []
    for where in KINDS:
        old, new = before.get(where, {}), after.get(where, {})
        for key in [*new, *(key for key in old if key not in new)]:
            change = row_change(where, key, old.get(key), new.get(key))
            if change is not None:
                found.append(change)
    return tuple(found)


def row_change(where: str, key: str, before: Entry | None, after: Entry | None) -> RowChange | None:
    """How one row differs; None when it does not."""
    if before == after:
        return None
    shown = after if after is not None else before or {}
    action: Literal["added", "changed", "removed"] = (
        "added" if before is None else "removed" if after is None else "changed"
    )
    fields = tuple(_fields("", before or {}, after or {}))
    if action == "changed" and not fields:
        return None
    return RowChange(where, key, name_of(shown, key), action, fields, before, after, _source_of(shown))


def name_of(entry: Entry, key: str = "") -> str:
    """How the row is named to people."""
    return next((str(entry[name]) for name in _NAMES if entry.get(name)), key)


def _source_of(entry: Entry) -> str:
    sources = [str(entry[name]) for name in _SOURCES if isinstance(entry.get(name), str) and entry[name]]
    effects = entry.get("technique_effects") or ()
    return "; ".join(dict.fromkeys([*sources, *(e["source"] for e in effects if e.get("source"))]))


def _fields(path: str, before: Any, after: Any) -> Iterator[FieldChange]:
    if before == after or said(before) == said(after) == "":
        return  # a field that later files brought and that is empty is no difference
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            yield from _fields(_join(path, str(key)), before.get(key), after.get(key))
    elif _holds_rows(before) or _holds_rows(after):
        old, new = _named(before or ()), _named(after or ())
        for key in dict.fromkeys([*old, *new]):
            yield from _child(_join(path, key), old.get(key), new.get(key))
    else:
        yield FieldChange(path, said(before), said(after))


def _child(path: str, before: Any, after: Any) -> Iterator[FieldChange]:
    """A child that is new or gone is one line; one that changed is a line for each field."""
    if before is None or after is None:
        yield FieldChange(path, said(before), said(after))
    else:
        yield from _fields(path, before, after)


def _join(path: str, key: str) -> str:
    word = key.replace("_", " ")
    return f"{path}: {word}" if path else word.capitalize()


def _holds_rows(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and any(isinstance(e, Mapping) for e in value)


def _named(rows: Sequence[Any]) -> dict[str, Any]:
    """Children by a name of their own, so that one more in the middle does not shift the others."""
    found: dict[str, Any] = {}
    for row in rows:
        name = base = _child_name(row)
        number = 2
        while name in found:
            name, number = f"{base} ({number})", number + 1
        found[name] = row
    return found


def _child_name(row: Any) -> str:
    if not isinstance(row, Mapping):
        return str(row)
    if "finding" in row:
        return f"{row['finding']} {row['op']} {said(row['value'])}"
    if "any_of" in row:
        return f"one of {', '.join(_child_name(item) for item in row['any_of'])}"
    if "techniques" in row and "level" in row:
        return f"{row['level']} ({row.get('scope', '')}) {said(row['techniques'])}"
    return next((str(row[key]) for key in _CHILD_KEYS if key in row), said(row))


def said(value: Any) -> str:
    """A value as people read it."""
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key.replace('_', ' ')} {said(e)}" for key, e in value.items() if said(e))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(said(e) for e in value) if _holds_rows(value) else ", ".join(said(e) for e in value)
    return str(value)

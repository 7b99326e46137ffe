"""What changed between two versions of a plan, as plain values. Pure: contents in, differences out.

Items are matched by key inside their phase; a swap is told apart from a removal and an addition by the recorded swaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SETS = ("sets", "reps")
# Field, words for a value, in the order in which a dose is said.
DOSE_WORDS: tuple[tuple[str, str, str], ...] = (
    ("duration_min", "{} min", "no set time"),
    ("hold_s", "hold {} s", "no hold"),
    ("rest_s", "rest {} s", "no rest"),
    ("per_day", "{} a day", ""),
    ("days_per_week", "{} days a week", ""),
)


@dataclass(frozen=True, slots=True)
class ItemContent:
    """One exercise or planned technique of a phase."""

    kind: str
    key: str
    name: str
    place: str
    dose: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PhaseContent:
    """What a phase holds, in order."""

    number: int
    items: tuple[ItemContent, ...] = ()
    criteria: Mapping[str, str] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    is_scheduled: bool = True
    is_locked: bool = False


@dataclass(frozen=True, slots=True)
class VersionContent:
    """What a reader of a version sees; ``causes`` maps a title to its label and decision."""

    number: int
    phases: tuple[PhaseContent, ...]
    causes: Mapping[str, str] = field(default_factory=dict)
    goals: tuple[str, ...] = ()
    words: str = ""
    assessed_on: str = ""
    knowledge: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``kind``: added, removed, swapped, changed. ``instead`` is what a swap replaced."""

    kind: str
    item: str
    name: str
    details: tuple[str, ...] = ()
    instead: str = ""


@dataclass(frozen=True, slots=True)
class PhaseDifference:
    number: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs; ``others`` are causes, goals, words and what the version rests on."""

    phases: tuple[PhaseDifference, ...]
    others: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        return not self.others and not any(phase.changes for phase in self.phases)


def dose_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """How an exercise dose moved: "3 sets of 10 instead of 2 sets of 10", "hold 8 s instead of 5 s"."""
    said = []
    if any(before.get(name) != after.get(name) for name in SETS) and not after.get("duration_min"):
        said.append(f"{_sets(after)} instead of {_sets(before)}")
    for name, words, none in DOSE_WORDS:
        was, now = before.get(name), after.get(name)
        if was != now:
            said.append(f"{_said(now, words, none)} instead of {_said(was, words, none)}")
    if _effort(before) != _effort(after):
        said.append(f"effort {_effort(after)} instead of {_effort(before)}")
    return said


def _sets(dose: Mapping[str, Any]) -> str:
    sets = dose.get("sets")
    return f"{'1 set' if sets == 1 else f'{sets} sets'} of {dose.get('reps')}"


def _said(value: object, words: str, none: str) -> str:
    return words.format(f"{value:g}" if isinstance(value, (int, float)) else value) if value else none or "none"


def _effort(dose: Mapping[str, Any]) -> str:
    return f"{dose.get('rpe_low')}–{dose.get('rpe_high')}"


def parameter_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """How the parameters of a technique moved; both hold values as they are said, by label."""
    names = [*after, *(name for name in before if name not in after)]
    moved = [name for name in names if before.get(name) != after.get(name)]
    return [f"{name} {after.get(name, 'none')} instead of {before.get(name, 'none')}" for name in moved]


def difference(old: VersionContent, new: VersionContent, swaps: Iterable[tuple[int, str, str]] = ()) -> Difference:
    """Old to new. ``swaps`` are (phase, key before, key after) as people made them, oldest first."""
    before = {phase.number: phase for phase in old.phases}
    after = {phase.number: phase for phase in new.phases}
    pairs = list(swaps)
    phases = tuple(
        PhaseDifference(number, tuple(_phase(before.get(number), after.get(number), _chains(pairs, number))))
        for number in sorted(before.keys() | after.keys())
    )
    return Difference(phases, tuple(_others(old, new)))


def _chains(swaps: Sequence[tuple[int, str, str]], number: int) -> dict[str, str]:
    """Key now -> key at the beginning, over several swaps in a row."""
    first: dict[str, str] = {}
    for phase, was, now in swaps:
        if phase == number:
            first[now] = first.pop(was, was)
    return first


def _phase(old: PhaseContent | None, new: PhaseContent | None, swapped: Mapping[str, str]) -> list[Change]:
    old, new = old or PhaseContent(0), new or PhaseContent(0)
    was = {(item.kind, item.key): item for item in old.items}
    now = {(item.kind, item.key): item for item in new.items}
    changes, replaced = [], set()
    for (kind, key), item in now.items():
        partner = was.get((kind, swapped.get(key, "")))
        if (kind, key) in was:
            changes += _moved(was[kind, key], item)
        elif partner is not None and (kind, partner.key) not in now:
            replaced.add((kind, partner.key))
            changes.append(Change("swapped", kind, item.name, tuple(_dose(partner, item)), partner.name))
        else:
            changes.append(Change("added", kind, item.name, (item.place,) if item.place else ()))
    gone = [item for place, item in was.items() if place not in now and place not in replaced]
    changes += [Change("removed", item.kind, item.name) for item in gone]
    return changes + _order(old, new, changes) + _frame(old, new)


def _moved(was: ItemContent, now: ItemContent) -> list[Change]:
    details = _dose(was, now)
    if was.place != now.place:
        details.append(f"{now.place or 'no side'} instead of {was.place or 'no side'}")
    return [Change("changed", now.kind, now.name, tuple(details))] if details else []


def _dose(was: ItemContent, now: ItemContent) -> list[str]:
    words = dose_words if now.kind == "exercise" else parameter_words
    return words(was.dose, now.dose)


def _order(old: PhaseContent, new: PhaseContent, changes: Sequence[Change]) -> list[Change]:
    """A new order is worth a line only when nothing came or went."""
    if any(change.kind != "changed" for change in changes):
        return []
    same = [(i.kind, i.key) for i in old.items] == [(i.kind, i.key) for i in new.items]
    return [] if same else [Change("changed", "order", "Order of the items")]


def _frame(old: PhaseContent, new: PhaseContent) -> list[Change]:
    changes = []
    for key, text in new.criteria.items():
        if key not in old.criteria:
            changes.append(Change("added", "criterion", text))
        elif old.criteria[key] != text:
            changes.append(Change("changed", "criterion", text, (f"before: {old.criteria[key]}",)))
    changes += [Change("removed", "criterion", text) for key, text in old.criteria.items() if key not in new.criteria]
    changes += _lists("topic", old.topics, new.topics)
    if old.number and new.number and old.is_locked != new.is_locked:
        changes.append(Change("changed", "lock", "Locked now" if new.is_locked else "Open now"))
    return changes


def _lists(item: str, was: Iterable[str], now: Iterable[str]) -> list[Change]:
    before, after = list(was), list(now)
    return [Change("added", item, text) for text in after if text not in before] + [
        Change("removed", item, text) for text in before if text not in after
    ]


def _others(old: VersionContent, new: VersionContent) -> list[Change]:
    changes = []
    for title, state in new.causes.items():
        if title not in old.causes:
            changes.append(Change("added", "cause", title, (state,)))
        elif old.causes[title] != state:
            changes.append(Change("changed", "cause", title, (f"{state} instead of {old.causes[title]}",)))
    changes += [Change("removed", "cause", title) for title in old.causes if title not in new.causes]
    changes += _lists("goal", old.goals, new.goals)
    if old.words != new.words:
        changes.append(Change("changed", "words", "Words for the patient", (new.words or "none",)))
    if old.assessed_on != new.assessed_on:
        changes.append(Change("changed", "basis", f"Assessment of {new.assessed_on} instead of {old.assessed_on}"))
    if old.knowledge != new.knowledge:
        text = f"Knowledge revision {new.knowledge} instead of {old.knowledge}"
        changes.append(Change("changed", "basis", text))
    return changes

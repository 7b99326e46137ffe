"""Amendments in words: what was signed, struck through, and what counts now beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assessments.chart import plain
from assessments.current import finding_from
from assessments.models import AmendedValue, Amendment, Assessment
from assessments.vocabulary import RED_FLAGS, VOCABULARY, value_label
from clinic.anatomy import region_label

NOT_ASSESSED = "not assessed"
ANSWERS = {"yes": "yes", "no": "no"}


@dataclass(frozen=True, slots=True)
class Correction:
    """One corrected value."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class AmendmentView:
    """An amendment as the record shows it."""

    row: Amendment
    values: tuple[Correction, ...]


def view_of(row: Amendment) -> AmendmentView:
    """The amendment with its values in words (``row`` with its prefetched values)."""
    return AmendmentView(row, tuple(_correction(value) for value in row.values.all()))


def _correction(value: AmendedValue) -> Correction:
    return Correction(label_of(value.name), said(value.name, value.before), said(value.name, value.after))


def label_of(name: str) -> str:
    """What a corrected value is about."""
    kind, _, rest = name.partition(":")
    if kind == "f":
        path, side, mode = rest.split(":")
        label = VOCABULARY[path].label if path in VOCABULARY else path
        return ", ".join(word for word in (label, side, mode) if word)
    if kind == "g":
        return RED_FLAGS[rest].label if rest in RED_FLAGS else rest
    if kind == "r":
        region, _, side = rest.partition(":")
        return f"Symptom region: {region_label(region)} {side}".strip()
    return f"Activity {rest}"


def said(name: str, kept: Any) -> str:
    """A kept value in words; "not assessed" for none."""
    if kept is None:
        return {"g": "not asked", "r": "no symptom", "a": "none"}.get(name[0], NOT_ASSESSED)
    return str(_SAID[name[0]](name, kept))


def _finding(name: str, kept: Mapping[str, Any]) -> str:
    row = finding_from(Assessment(), name, kept)
    text = value_label(row.path, plain(row))
    text = text.split(" - ")[0] if row.path.startswith("mmt.") else f"{text[:-4]}°" if text.endswith(" deg") else text
    return f"{text}, painful" if row.pain_limited else text


def _flag(name: str, kept: Mapping[str, Any]) -> str:
    where = f" ({region_label(kept['region'])} {kept['side']})".replace(" )", ")") if kept.get("region") else ""
    return f"{ANSWERS.get(kept['answer'], kept['answer'])}{where}"


def _activity(name: str, kept: Mapping[str, Any]) -> str:
    score = kept.get("score")
    return f"{kept['activity']}: {'not scored' if score is None else f'{score} of 10'}"


_SAID: Mapping[str, Any] = {"f": _finding, "g": _flag, "a": _activity, "r": lambda name, kept: "symptom region"}


def struck(amended: Mapping[str, AmendedValue], name: str) -> tuple[str, str]:
    """What to strike through at this value, and who amended it when; two empty texts for one that was not amended."""
    value = amended.get(name)
    if value is None:
        return "", ""
    by = value.amendment
    return said(name, value.before), f"amended {by.signed_at:%d %b %Y} by {by.signed_by.name}"

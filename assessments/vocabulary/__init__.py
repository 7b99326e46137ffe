"""The words of the assessment: every finding with its label, type, limits, norms and rules.

Pure: reads the YAML files beside it once; no database. ``VOCABULARY["mmt.gluteus_medius"]`` is a field,
``check_value`` types and refuses, ``confirm_message`` asks about the unusual.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from assessments.vocabulary.check import Checked, ValueProblem, check_field, confirm_field, show
from assessments.vocabulary.fields import Choice, Confirm, Norm, Rule, VocabularyField
from assessments.vocabulary.load import NAMESPACE_FILES, VocabularyError, load_fields, read
from assessments.vocabulary.red_flags import (
    ACTION_LABELS,
    ACTION_MEANINGS,
    DISPOSITIONS,
    RE_ASK_ALSO,
    RED_FLAG_GROUPS,
    RED_FLAGS,
    SAFETY_TEXTS,
    YELLOW_FLAGS,
    RedFlagItem,
    YellowFlag,
    red_flags_by_group,
    short_list,
)

VOCABULARY: MappingProxyType[str, VocabularyField] = MappingProxyType(load_fields())
RULES: dict[str, Any] = read("rules")


def _namespaces() -> dict[str, str]:
    labels = {name: read(name)["label"] for name in NAMESPACE_FILES}
    labels |= {space["namespace"]: space["label"] for space in read("palp")["namespaces"]}
    return labels | {"rompct": read("rom")["rompct"]["label"], "cond": "Conditions", "flag": "Red flags"}


def _sections() -> dict[str, dict[str, str]]:
    found = {name: read(name).get("sections", []) for name in NAMESPACE_FILES}
    return {name: {row["key"]: row["label"] for row in rows} for name, rows in found.items()}


NAMESPACE_LABELS: dict[str, str] = _namespaces()
SECTION_LABELS: dict[str, dict[str, str]] = _sections()


def fields_of(namespace: str) -> list[VocabularyField]:
    """The fields of one namespace in written order."""
    return [field for field in VOCABULARY.values() if field.namespace == namespace]


def label_of(path: str) -> str:
    """How a finding is named to people; an unknown path is shown as it is."""
    field = VOCABULARY.get(path)
    return field.label if field is not None else path


def check_value(path: str, value: object) -> Checked:
    """The typed value of a finding. Raises ValueProblem for an unknown path or an impossible value."""
    field = VOCABULARY.get(path)
    if field is None:
        raise ValueProblem(path, f"'{path}' is not a finding of the assessment.")
    return check_field(field, value)


def confirm_message(path: str, value: object, *, age: float | None = None) -> str | None:
    """A question to ask once when a value is possible but unusual; None when there is nothing to ask."""
    field = VOCABULARY.get(path)
    return None if field is None else confirm_field(field, value, age=age)


def value_label(path: str, value: object) -> str:
    """A recorded value as people read it: choice labels, yes/no, numbers with their unit."""
    field = VOCABULARY.get(path)
    if field is None:
        return str(value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, (list, tuple)):
        return ", ".join(field.choice_label(item) for item in value) or "None"
    if field.choices:
        return field.choice_label(value)
    if isinstance(value, (int, float)):
        return f"{show(value)} {field.unit}".strip() if field.unit and not field.unit[0].isdigit() else show(value)
    return str(value)


__all__ = [
    "ACTION_LABELS",
    "ACTION_MEANINGS",
    "DISPOSITIONS",
    "NAMESPACE_LABELS",
    "RED_FLAGS",
    "RED_FLAG_GROUPS",
    "RE_ASK_ALSO",
    "RULES",
    "SAFETY_TEXTS",
    "SECTION_LABELS",
    "VOCABULARY",
    "YELLOW_FLAGS",
    "Checked",
    "Choice",
    "Confirm",
    "Norm",
    "RedFlagItem",
    "Rule",
    "ValueProblem",
    "VocabularyError",
    "VocabularyField",
    "YellowFlag",
    "check_value",
    "confirm_message",
    "fields_of",
    "label_of",
    "red_flags_by_group",
    "short_list",
    "value_label",
]

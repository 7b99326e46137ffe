"""May a rule ask this of that finding? Used by every cross-check that names findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assessments.vocabulary import NAMESPACE_LABELS, VOCABULARY, ValueProblem, VocabularyField, check_value

_ORDERED = ("<", "<=", ">", ">=")
# Education topics also ask about the plan itself.
PLAN_WORDS = ("cause", "phase", "technique")


@dataclass(frozen=True)
class Known:
    """The keys that rules may name beside the findings of the vocabulary."""

    conditions: frozenset[str]
    flags: frozenset[str]


def path_problem(path: str, known: Known) -> str | None:
    """Why this path means nothing, or None. ``namespace.*`` stands for every key of the namespace."""
    namespace, _, key = path.partition(".")
    if key == "*":
        return None if namespace in NAMESPACE_LABELS else f"unknown namespace '{namespace}'"
    if namespace == "cond":
        return None if key in known.conditions else f"unknown condition '{key}'"
    if namespace == "flag":
        return None if key in known.flags else f"unknown red flag '{key}'"
    return None if path in VOCABULARY else f"unknown finding '{path}'"


def test_problem(path: str, op: str, value: object, known: Known) -> str | None:
    """Why ``path op value`` cannot be asked, or None."""
    wrong = path_problem(path, known)
    if wrong is not None:
        return wrong
    namespace = path.partition(".")[0]
    if namespace in ("cond", "flag"):
        return None if op == "==" and isinstance(value, bool) else f"'{path}' is compared with == true or false only"
    if op == "is":
        return _is_problem(namespace, value)
    fields = [field for field in VOCABULARY.values() if field.namespace == namespace] if path.endswith(".*") else []
    return _value_problem(fields[0] if fields else VOCABULARY[path], op, value)


def _is_problem(namespace: str, value: object) -> str | None:
    allowed = {"len": "short", "endur": "flagged"}
    return None if allowed.get(namespace) == value else f"'{namespace}' findings cannot be '{value}'"


def _value_problem(field: VocabularyField, op: str, value: object) -> str | None:
    if op == "in":
        values = value if isinstance(value, list) else None
        if values is None:
            return "operator 'in' needs a list"
        return next((wrong for item in values if (wrong := _single_problem(field, op, item))), None)
    if isinstance(value, list):
        return f"operator '{op}' needs one value, not a list"
    return _single_problem(field, op, value)


def _single_problem(field: VocabularyField, op: str, value: object) -> str | None:
    if op in _ORDERED and not field.is_numeric:
        return f"'{field.path}' has no order: operator '{op}' cannot be used"
    if op == "includes" and field.type not in ("multi", "list"):
        return f"'{field.path}' holds one value: operator 'includes' cannot be used"
    try:
        _check_operand(field, value)
    except ValueProblem as problem:
        return f"value {value!r} is not possible for '{field.path}' ({problem.message})"
    return None


def _check_operand(field: VocabularyField, value: object) -> None:
    """A multi-value field is compared with one of its words; a grade with any number inside its scale."""
    if field.type == "multi":
        if value not in ("none", "none_known"):
            check_value(field.path, [value])
    elif field.type == "grade":
        low, high = min(field.codes), max(field.codes)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise ValueProblem(field.path, f"must be between {low:g} and {high:g}")
    elif field.type == "bool":
        if not isinstance(value, bool):
            raise ValueProblem(field.path, "must be true or false")
    elif field.type == "number" or field.type == "int":
        if isinstance(value, str):
            raise ValueProblem(field.path, "must be a number")
        check_value(field.path, value) if field.type == "number" else _check_limits(field, value)
    else:
        check_value(field.path, value)


def _check_limits(field: VocabularyField, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueProblem(field.path, "must be a number")
    if field.valid is not None and not field.valid[0] <= value <= field.valid[1]:
        raise ValueProblem(field.path, f"must be between {field.valid[0]:g} and {field.valid[1]:g}")


def tree_problems(node: Any, place: str, known: Known) -> Iterator[tuple[str, str]]:
    """Problems of a rule tree (``any_of``, ``all_of``, ``not``, ``consent`` or a test), as (path, text)."""
    if not isinstance(node, dict):
        yield place, "a rule must be a mapping"
        return
    for word in ("any_of", "all_of"):
        if word in node:
            for index, child in enumerate(node[word]):
                yield from tree_problems(child, f"{place}.{word}[{index}]", known)
            return
    if "not" in node:
        yield from tree_problems(node["not"], f"{place}.not", known)
    elif "consent" in node:
        if node["consent"] not in ("needling_signed", "thrust_signed"):
            yield place, f"unknown consent '{node['consent']}'"
    elif {"finding", "op", "value"} <= set(node):
        wrong = test_problem(str(node["finding"]), str(node["op"]), node["value"], known)
        if wrong is not None:
            yield place, wrong
    else:
        yield place, "a rule needs finding, op and value"

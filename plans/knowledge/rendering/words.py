"""Cells, lists and tests as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from assessments.vocabulary import label_of
from plans.knowledge import schema

VERIFY = " *verify*"
_WORDS = {"==": "is", "!=": "is not", "in": "is one of", "includes": "includes", "is": "is"}


def cell(value: object) -> str:
    """Text that does not break a table."""
    text = "" if value is None else str(value)
    return " ".join(text.split()).replace("|", "\\|") or "-"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell(value) for value in row) + " |"


def words(keys: Iterable[object]) -> str:
    return ", ".join(str(key).replace("_", " ") for key in keys)


def test_says(test: schema.TestOrWord) -> str:
    """One test in words: `hip flexion is short`."""
    if not isinstance(test, schema.Test):
        return "always" if test == "always" else "only when the therapist adds it"
    value = test.value
    said = ", ".join(map(str, value)) if isinstance(value, list) else _value(value)
    return f"{label_of(test.finding)} {_WORDS.get(test.op, test.op)} {said}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")

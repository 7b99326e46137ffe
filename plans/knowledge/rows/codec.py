"""How one top-level entry of a document becomes a row with its children, and back.

An entry ("fragment") is the plain data of one technique, condition, exercise … in the shape of the files. Entries are
compared in canonical form, so that 3 and 3.0 or a left-out default are no difference.
"""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from pydantic import BaseModel

_INT = re.compile(r"-?\d{1,9}")
_FLOAT = re.compile(r"-?\d{1,9}\.\d{1,9}")

Fragment = dict[str, Any]
LATER = frozenset({"patient_text"})  # fields that the first shipped files did not have


class Codec(ABC):
    """Reads and writes the entries of one list of one document."""

    document: ClassVar[str]
    list_name: ClassVar[str]
    schema: ClassVar[type[BaseModel]]
    key_field: ClassVar[str] = "key"
    columns: ClassVar[tuple[str, ...]] = ()  # same name in the entry and in the row

    @abstractmethod
    def queryset(self) -> models.QuerySet[Any]:
        """All rows in order, with everything that `fragment` reads."""

    @abstractmethod
    def fragment(self, row: Any) -> Fragment:
        """The entry that a row stands for."""

    @abstractmethod
    def write(self, row: Any | None, fragment: Fragment, *, order: int, shipped_hash: str) -> Any:
        """Make or change the row and its children; returns the row."""

    def key_of(self, row: Any) -> str:
        return str(getattr(row, self.key_field))

    def hash_of(self, row: Any) -> str:
        return str(row.shipped_hash)

    def set_hash(self, row: Any, value: str) -> None:
        row.shipped_hash = value
        row.save(update_fields=["shipped_hash"])

    def canonical(self, fragment: Mapping[str, Any]) -> Fragment:
        """The entry with defaults filled in and types settled."""
        return self.schema.model_validate(fragment).model_dump(mode="json")

    def read_columns(self, row: Any) -> Fragment:
        return {name: getattr(row, name) for name in self.columns}

    def values(self, fragment: Fragment) -> Fragment:
        return {name: fragment[name] for name in self.columns}


def fingerprint(fragment: Mapping[str, Any]) -> str:
    """SHA-256 of a canonical entry.

    A field that came later counts only once it says something: a row that was loaded before the field existed, and that
    nobody edited since, keeps its fingerprint and is brought up to date by the next load.
    """
    counted = {name: value for name, value in fragment.items() if name not in LATER or value}
    return hashlib.sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()


def number_or_word(text: str) -> int | float | str | None:
    """A stored figure as the file has it: a number when it reads as one, None when empty."""
    if not text:
        return None
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def as_text(figure: object) -> str:
    """A figure of the file as it is stored: ``0.25``, ``I-II``; None as empty."""
    return "" if figure is None else f"{figure:g}" if isinstance(figure, float) else str(figure)


def replace_children(children: Sequence[models.Model], manager: Any) -> None:
    """Put these children in the place of the present ones. One that stays the same is not touched, for its history."""
    kept = {_content(row): row.pk for row in manager.all()}
    new = [child for child in children if _content(child) not in kept]
    wanted = {_content(child) for child in children}
    manager.exclude(pk__in=[pk for content, pk in kept.items() if content in wanted]).delete()
    manager.model.objects.bulk_create(new)


def _content(row: models.Model) -> str:
    """Everything of a child but its number, for comparing."""
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    values = {field.attname: _comparable(getattr(row, field.attname)) for field in fields}
    return json.dumps(values, sort_keys=True)


def _comparable(value: Any) -> Any:
    """3, 3.0 and Decimal("3.00") are one figure."""
    is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    return float(value) if is_number else value

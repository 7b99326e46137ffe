"""Rows that the clinic edited, against the shipped text: an upgrade keeps them, and the clinic may take the text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from plans.governance.differences import KINDS, FieldChange, row_change
from plans.knowledge.documents import shipped_documents
from plans.knowledge.rows.codec import Codec, Fragment, fingerprint
from plans.knowledge.rows.documents import CODECS, entry_of
from plans.knowledge.rows.states import State, row_of, state_of


@dataclass(frozen=True, slots=True)
class Kept:
    """An edited row. ``upgraded``: the shipped text has changed since the row was loaded."""

    document: str
    list_name: str
    key: str
    name: str
    upgraded: bool
    fields: tuple[FieldChange, ...]  # before: here, after: shipped

    @property
    def kind(self) -> str:
        return KINDS[f"{self.document}.{self.list_name}"]

    @property
    def ref(self) -> str:
        return f"{self.document}.{self.list_name}:{self.key}"


@cache
def _shipped(document: str, list_name: str) -> dict[str, Fragment]:
    """The shipped entries of a list in canonical form, by key."""
    codec = next(codec for codec in CODECS if (codec.document, codec.list_name) == (document, list_name))
    entries = [codec.canonical(entry) for entry in getattr(shipped_documents(), document)[list_name]]
    return {str(entry[codec.key_field]): entry for entry in entries}


def kept_differences() -> tuple[Kept, ...]:
    """Every row that the clinic edited and that reads differently from the shipped text; the upgraded ones first."""
    found = [kept for codec in CODECS for kept in _kept(codec)]
    return tuple(sorted(found, key=lambda kept: not kept.upgraded))


def _kept(codec: Codec) -> list[Kept]:
    shipped = _shipped(codec.document, codec.list_name)
    found = []
    for row in codec.queryset():
        key, loaded = codec.key_of(row), codec.hash_of(row)
        text = shipped.get(key)
        if text is None or not loaded:
            continue
        entry = entry_of(codec, row)
        change = row_change(f"{codec.document}.{codec.list_name}", key, entry, text)
        if change is not None and fingerprint(entry) != loaded:
            upgraded = fingerprint(text) != loaded
            found.append(Kept(codec.document, codec.list_name, key, change.name, upgraded, change.fields))
    return found


def shipped_state(codec: Codec, key: str) -> tuple[State, State, str] | None:
    """The row as it is, the row with the shipped text, and that text's fingerprint; None when either is missing."""
    text, row = _shipped(codec.document, codec.list_name).get(key), row_of(codec, key)
    if text is None or row is None:
        return None
    state = state_of(codec, row)
    return state, state | {"entry": text}, fingerprint(text)

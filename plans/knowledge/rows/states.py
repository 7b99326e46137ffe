"""One row as plain data and back: its entry, its place in lists, and whether it is in use."""

from __future__ import annotations

from typing import Any

from django.db import models

from plans.knowledge.rows.codec import Codec, Fragment
from plans.knowledge.rows.documents import CODECS, entry_of
from plans.knowledge.rows.treatments import ExerciseCodec

State = dict[str, Any]  # entry, order, active


def codec_for(document: str, list_name: str) -> Codec:
    """The codec of a list; raises KeyError when there is none."""
    return {(codec.document, codec.list_name): codec for codec in CODECS}[document, list_name]


def codec_of_model(model: type[models.Model]) -> Codec:
    """The codec of a kind of row; raises KeyError when there is none."""
    return {codec.queryset().model: codec for codec in CODECS}[model]


def row_of(codec: Codec, key: str) -> Any | None:
    """The row of this key with everything that its entry reads."""
    return codec.queryset().filter(**{codec.key_field: key}).first()


def state_of(codec: Codec, row: Any) -> State:
    """The row as plain data. ``row`` must come from `row_of`, so that it shows what is stored."""
    order = row.order if hasattr(row, "order") else row.position
    return {"entry": entry_of(codec, row), "order": order, "active": getattr(row, "is_active", True)}


def write_state(codec: Codec, key: str, state: State, *, shipped_hash: str | None = None) -> None:
    """Make the row read like the state. Without a new fingerprint it stays an edit of the text it was loaded from."""
    row = row_of(codec, key)
    if shipped_hash is None:
        shipped_hash = codec.hash_of(row) if row is not None else ""
    entry: Fragment = state["entry"]
    written = codec.write(row, entry, order=state["order"], shipped_hash=shipped_hash)
    if hasattr(written, "is_active") and written.is_active != state["active"]:
        written.is_active = state["active"]
        written.save(update_fields=["is_active"])
    if isinstance(codec, ExerciseCodec):
        codec.link({key: entry})

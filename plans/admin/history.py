"""Who changed what: the events that the database wrote about a row and its children."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from clinic.models import User

_SILENT = ("shipped_hash",)
_ACTIONS = {"insert": "added", "update": "changed", "delete": "removed"}
_NAMES = ("label", "name", "title", "finding", "metric", "reason", "key", "phase", "tag_scope")


@dataclass(frozen=True)
class Change:
    """One change of one column."""

    column: str
    before: str
    after: str


@dataclass(frozen=True)
class Event:
    """One write: when, by whom ("" = by a command), on what, and which columns changed."""

    at: datetime
    who: str
    what: str
    action: str
    changes: tuple[Change, ...]


def events_of(row: models.Model, children: Mapping[type[models.Model], str]) -> list[Event]:
    """All events of a row and of its children (model -> foreign key to the row), newest first."""
    found = list(_read(type(row), {"pgh_obj_id": row.pk}))
    for model, foreign_key in children.items():
        found += _read(model, {f"{foreign_key}_id": row.pk})
    return _named(sorted(found, key=lambda pair: pair[0].at, reverse=True))


def _event_model(model: type[models.Model]) -> Any:
    return model.pgh_event_model  # type: ignore[attr-defined]


def _read(model: type[models.Model], where: Mapping[str, object]) -> Iterator[tuple[Event, Any]]:
    """Events in order, each with the columns that differ from the one before of the same row."""
    columns = [field.attname for field in model._meta.concrete_fields if field.attname not in (*_SILENT, "id")]
    before: dict[object, Any] = {}
    rows = _event_model(model).objects.filter(**where).select_related("pgh_context").order_by("pgh_id")
    for row in rows:
        earlier = before.get(row.pgh_obj_id)
        before[row.pgh_obj_id] = row
        changes = tuple(_changes(earlier, row, columns)) if row.pgh_label == "update" else ()
        if row.pgh_label == "update" and not changes:
            continue
        metadata = row.pgh_context.metadata if row.pgh_context is not None else {}
        what = f"{model._meta.verbose_name}: {_name_of(row)}"
        yield (
            Event(row.pgh_created_at, "", what, _ACTIONS.get(row.pgh_label, row.pgh_label), changes),
            metadata.get("user"),
        )


def _name_of(row: Any) -> str:
    return next((str(getattr(row, name)) for name in _NAMES if getattr(row, name, None)), "")


def _changes(earlier: Any, later: Any, columns: list[str]) -> Iterator[Change]:
    for column in columns:
        old, new = getattr(earlier, column, None), getattr(later, column, None)
        if earlier is not None and old != new:
            yield Change(column.removesuffix("_id").replace("_", " "), _text(old), _text(new))


def _text(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return text if len(text) <= 300 else f"{text[:297]}..."


def _named(pairs: list[tuple[Event, Any]]) -> list[Event]:
    ids = {user for _, user in pairs if user is not None}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=ids)}
    return [Event(e.at, names.get(user, ""), e.what, e.action, e.changes) for e, user in pairs]

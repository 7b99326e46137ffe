"""Several small answers in one statement.

A page that is opened a hundred times a day should not pay for ten queries. Each app that has something to say on it
gives a piece: an SQL expression that yields one JSON value for the named parameters, and the function that reads it
back. The page asks all of them at once; the pieces know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.db.models import DateField, DateTimeField, DecimalField, Field, Model, TimeField, UUIDField


@dataclass(frozen=True, slots=True)
class Piece:
    """``sql`` yields one value of type json (or NULL) from parameters such as ``%(patient)s``.

    ``read`` makes of the decoded value, or of None, what the page is given.
    """

    sql: str
    read: Callable[[Any], Any]


def ask(pieces: Mapping[str, Piece], **params: Any) -> dict[str, Any]:
    """All answers by name, from one query."""
    names = tuple(pieces)
    statement = _statement(tuple(piece.sql for piece in pieces.values()))
    with planned_once() as cursor:
        cursor.execute(statement, params)
        values = cursor.fetchone()
    return {name: pieces[name].read(value) for name, value in zip(names, values, strict=True)}


def planned_once() -> Any:
    """A cursor whose statements the server parses and plans once per connection.

    Planning a page's whole read costs four times what answering it costs. Django's own cursors put the parameters
    into the text, so that the server never recognises a statement.
    """
    if connection.queries_logged:  # whoever counts or shows queries wants to read this one as well
        return connection.cursor()
    connection.ensure_connection()
    raw: Any = psycopg.Cursor(connection.connection)
    return connection.make_cursor(raw)


@lru_cache(maxsize=50)
def _statement(texts: tuple[str, ...]) -> str:
    return "SELECT " + ", ".join(f"({text})" for text in texts)


class Columns:
    """Some columns of a model, as JSON and back: what ``.only()`` would have read, without building a query.

    ``sql`` goes into ``json_build_array(...)``, with the table under the name that is given as ``table``.
    """

    def __init__(self, model: type[Model], table: str, *names: str) -> None:
        fields = [field for field in model._meta.concrete_fields if field.attname in names]
        if len(fields) != len(names):
            raise ValueError(f"{model.__name__} does not have all of {', '.join(names)}")
        self.model = model
        # ``Model.from_db`` takes the values in the order of the model.
        self.names = [field.attname for field in fields]
        self.sql = ", ".join(f'{table}."{field.column}"' for field in fields)
        self._decoders = [(at, decode) for at, field in enumerate(fields) if (decode := _decoder(field))]

    def row(self, values: list[Any]) -> Any:
        """The instance; the other columns are read when somebody asks for them."""
        for at, decode in self._decoders:
            if values[at] is not None:
                values[at] = decode(values[at])
        return self.model.from_db("default", self.names, values)


def _decoder(field: Field[Any, Any]) -> Callable[[Any], Any] | None:
    """What makes of a JSON value the one that the field holds; None where the two are the same."""
    if isinstance(field, DateTimeField):
        return datetime.fromisoformat
    if isinstance(field, DateField):
        return date.fromisoformat
    if isinstance(field, TimeField):
        return time.fromisoformat
    if isinstance(field, UUIDField):
        return UUID
    if isinstance(field, DecimalField):
        return lambda value: Decimal(str(value))
    return None

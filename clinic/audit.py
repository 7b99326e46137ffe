"""Notes whose data a response carries, so that the access log misses nobody.

The doors note the patient they opened; list pages note every patient they show. The middleware writes the events
after the response, in one insert.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar

from django.db import connection

from clinic.models.audit import AccessEvent

_INSERT = f"""
    INSERT INTO {AccessEvent._meta.db_table} (at, user_id, patient_id, action, view, method, status)
    SELECT statement_timestamp(), %s, seen, %s, %s, %s, %s FROM unnest(%s::bigint[]) AS seen
"""  # noqa: S608 - the only thing put into the text is the table's own name
_seen: ContextVar[dict[int, None] | None] = ContextVar("patients_seen", default=None)


def begin() -> None:
    """Start a fresh note for one request."""
    _seen.set({})


def note_seen(patient_ids: Iterable[int]) -> None:
    """Remember the patients whose data the current response carries; outside a request nothing happens."""
    seen = _seen.get()
    if seen is not None:
        seen.update(dict.fromkeys(patient_ids))


def finish() -> tuple[int, ...]:
    """The patients noted since :func:`begin`, in order, and forget them."""
    seen = _seen.get()
    _seen.set(None)
    return tuple(seen or ())


def record(user_id: int | None, patient_ids: Iterable[int], *, view: str, method: str, status: int) -> None:
    """Write one access event per patient."""
    action = "view" if method in ("GET", "HEAD") else "edit"
    # Written on every page with patient data: one plain statement, without a model instance on the way.
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [user_id, action, view[:100], method, status, list(patient_ids)])

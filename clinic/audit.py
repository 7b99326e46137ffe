"""Notes whose data a response carries, so that the access log misses nobody.

The doors note the patient they opened; list pages note every patient they show. The middleware writes the events
after the response, in one insert.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar

from clinic.models.audit import AccessEvent

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
    events = [
        AccessEvent(user_id=user_id, patient_id=pk, action=action, view=view[:100], method=method, status=status)
        for pk in patient_ids
    ]
    if len(events) == 1:  # most pages show one patient: one statement, no transaction around it
        events[0].save(force_insert=True)
    else:
        AccessEvent.objects.bulk_create(events)

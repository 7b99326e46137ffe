"""The programme of one day as a piece of a page's one read: no history, and only what a list of the day shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from clinic.models import Patient
from clinic.pieces import Piece, ask, columns_of
from exercises import adherence as figures
from exercises.models import Exercise, Prescription, SessionLog
from exercises.programme import Programme, entry_of

# How much and how often, the days, and of the exercise what names and draws it and tells whether it has a side; the
# instructions are read on its own page.
ROW = columns_of(
    Prescription,
    *("id", "exercise_id", "sets", "reps", "hold_s", "duration_min", "per_day", "days_per_week"),
    *("side", "why", "state", "starts_on", "ends_on"),
)
EXERCISE = columns_of(Exercise, "id", "name", "kind", "target_muscles", "technique", "region", "position", "load_tags")
LOG = columns_of(SessionLog, "id", "prescription_id", "on", "bout", "state", "pain", "acted_at")

_IN_FORCE = """p.patient_id = %(patient)s AND p.state IN ('active', 'paused')
    AND p.starts_on <= %(day)s AND (p.ends_on IS NULL OR p.ends_on >= %(day)s)"""


def _columns(table: str, names: Sequence[str]) -> str:
    return ", ".join(f'{table}."{name}"' for name in names)


_SQL = f"""SELECT json_build_object(
    'rows', (SELECT json_agg(json_build_array({_columns("p", ROW)}, {_columns("e", EXERCISE)})
                             ORDER BY p.position, p.id)
             FROM exercises_prescription p JOIN exercises_exercise e ON e.id = p.exercise_id WHERE {_IN_FORCE}),
    'logs', (SELECT json_agg(json_build_array({_columns("l", LOG)}))
             FROM exercises_sessionlog l WHERE l.patient_id = %(patient)s AND l."on" = %(day)s),
    'pauses', (SELECT json_agg(json_build_array(h.prescription_id, h.starts_on, h.ends_on))
               FROM exercises_prescriptionpause h JOIN exercises_prescription p ON p.id = h.prescription_id
               WHERE {_IN_FORCE} AND (h.ends_on IS NULL OR h.ends_on >= %(day)s)),
    'today', %(today)s::date,
    'checked', EXISTS (SELECT 1 FROM clinic_factchange f
                       WHERE f.patient_id = %(patient)s AND f.settled_at IS NULL))
"""  # noqa: S608 - only names of columns written above are put into the text


def _programme(value: dict[str, Any]) -> Programme:
    rows = tuple(_row(values, is_checked=value["checked"]) for values in value["rows"] or ())
    logs = tuple(_log(values) for values in value["logs"] or ())
    holds: dict[int, tuple[figures.Pause, ...]] = {}
    for key, starts_on, ends_on in value["pauses"] or ():
        holds[key] = (*holds.get(key, ()), figures.Pause(_date(starts_on), _date(ends_on) if ends_on else None))
    return Programme(_date(value["today"]), rows, tuple(map(entry_of, logs)), logs, holds)


def _row(values: list[Any], *, is_checked: bool) -> Prescription:
    """A prescription with only the columns of the list, as ``.only()`` would have read it."""
    own = dict(zip(ROW, values, strict=False))
    own["starts_on"], own["ends_on"] = _date(own["starts_on"]), _date(own["ends_on"]) if own["ends_on"] else None
    if own["duration_min"] is not None:
        own["duration_min"] = Decimal(str(own["duration_min"]))
    row = Prescription.from_db("default", list(ROW), list(own.values()))
    row.exercise = Exercise.from_db("default", list(EXERCISE), values[len(ROW) :])
    row.is_checked_anew = is_checked  # type: ignore[attr-defined]
    return row


def _log(values: list[Any]) -> SessionLog:
    own = dict(zip(LOG, values, strict=True))
    own["on"], own["acted_at"] = _date(own["on"]), datetime.fromisoformat(own["acted_at"])
    return SessionLog.from_db("default", list(LOG), list(own.values()))


_date = date.fromisoformat

# Parameters: ``patient``, ``day`` (the day that is shown) and ``today`` (both in the patient's own calendar).
DAY = Piece(_SQL, _programme)


def read_day(patient: Patient, today: date, day: date) -> Programme:
    """Read one day alone, in one query."""
    programme: Programme = ask({"day": DAY}, patient=patient.pk, day=day, today=today)["day"]
    return programme

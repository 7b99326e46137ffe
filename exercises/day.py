"""The programme of one day as a piece of a page's one read: no history, and only what a list of the day shows."""

from __future__ import annotations

from datetime import date
from typing import Any

from clinic.models import Patient
from clinic.pieces import Columns, Piece, ask
from exercises import adherence as figures
from exercises.models import Exercise, Prescription, SessionLog
from exercises.programme import Programme, entry_of

# How much and how often, the days, and of the exercise what names and draws it and tells whether it has a side; the
# instructions are read on its own page.
ROW = Columns(
    Prescription,
    "p",
    *("id", "exercise_id", "sets", "reps", "hold_s", "duration_min", "per_day", "days_per_week"),
    *("side", "why", "state", "starts_on", "ends_on"),
)
EXERCISE = Columns(
    Exercise, "e", "id", "name", "kind", "target_muscles", "technique", "region", "position", "load_tags"
)
LOG = Columns(
    SessionLog,
    "l",
    *("id", "client_id", "prescription_id", "on", "bout", "state", "reason", "pain", "comment", "acted_at"),
)

_IN_FORCE = """p.patient_id = %(patient)s AND p.state IN ('active', 'paused')
    AND p.starts_on <= %(day)s AND (p.ends_on IS NULL OR p.ends_on >= %(day)s)"""


_SQL = f"""SELECT json_build_object(
    'rows', (SELECT json_agg(json_build_array({ROW.sql}, {EXERCISE.sql})
                             ORDER BY p.position, p.id)
             FROM exercises_prescription p JOIN exercises_exercise e ON e.id = p.exercise_id WHERE {_IN_FORCE}),
    'logs', (SELECT json_agg(json_build_array({LOG.sql}))
             FROM exercises_sessionlog l WHERE l.patient_id = %(patient)s AND l."on" = %(day)s),
    'pauses', (SELECT json_agg(json_build_array(h.prescription_id, h.starts_on, h.ends_on))
               FROM exercises_prescriptionpause h JOIN exercises_prescription p ON p.id = h.prescription_id
               WHERE {_IN_FORCE} AND (h.ends_on IS NULL OR h.ends_on >= %(day)s)),
    'away', (SELECT json_agg(json_build_array(a.starts_on, a.ends_on))
             FROM exercises_homepause a
             WHERE a.patient_id = %(patient)s AND a.starts_on <= %(day)s AND a.ends_on >= %(day)s),
    'today', %(today)s::date,
    'checked', EXISTS (SELECT 1 FROM clinic_factchange f
                       WHERE f.patient_id = %(patient)s AND f.settled_at IS NULL))
"""  # noqa: S608 - only names of columns written above are put into the text


def _programme(value: dict[str, Any]) -> Programme:
    rows = tuple(_row(values, is_checked=value["checked"]) for values in value["rows"] or ())
    logs = tuple(LOG.row(values) for values in value["logs"] or ())
    holds: dict[int, tuple[figures.Pause, ...]] = {}
    for key, starts_on, ends_on in value["pauses"] or ():
        holds[key] = (*holds.get(key, ()), figures.Pause(_date(starts_on), _date(ends_on) if ends_on else None))
    away = tuple(figures.Pause(_date(first), _date(last)) for first, last in value["away"] or ())
    holds = {row.pk: (*holds.get(row.pk, ()), *away) for row in rows}
    return Programme(_date(value["today"]), rows, tuple(map(entry_of, logs)), logs, holds)


def _row(values: list[Any], *, is_checked: bool) -> Prescription:
    row: Prescription = ROW.row(values[: len(ROW.names)])
    row.exercise = EXERCISE.row(values[len(ROW.names) :])
    row.is_checked_anew = is_checked  # type: ignore[attr-defined]
    return row


_date = date.fromisoformat

# Parameters: ``patient``, ``day`` (the day that is shown) and ``today`` (both in the patient's own calendar).
DAY = Piece(_SQL, _programme)


def read_day(patient: Patient, today: date, day: date) -> Programme:
    """Read one day alone, in one query."""
    programme: Programme = ask({"day": DAY}, patient=patient.pk, day=day, today=today)["day"]
    return programme

"""Triggers that note new facts: put on every table that a plan's facts are read from."""

from __future__ import annotations

import pgtrigger

SETTLED_ONCE = """
    IF OLD.settled_at IS NOT NULL OR NEW.settled_at IS NULL
       OR (to_jsonb(NEW) - 'settled_at' - 'settled_by_id' - 'outcome')
          IS DISTINCT FROM (to_jsonb(OLD) - 'settled_at' - 'settled_by_id' - 'outcome')
    THEN
        RAISE EXCEPTION 'a noted fact is settled once and never changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""

_NOTED = """
    IF TG_OP = 'INSERT' AND NOT (_NEW_COUNTS_) THEN RETURN NULL; END IF;
    IF TG_OP = 'DELETE' AND NOT (_OLD_COUNTS_) THEN RETURN NULL; END IF;
    IF TG_OP = 'UPDATE' AND (NOT (_OLD_COUNTS_ OR _NEW_COUNTS_) OR (_OLD_CONTENT_) IS NOT DISTINCT FROM (_NEW_CONTENT_))
    THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'DELETE' THEN
        SELECT (_OLD_PATIENT_), (_OLD_WHAT_) INTO v_patient, v_what;
    ELSE
        SELECT (_NEW_PATIENT_), (_NEW_WHAT_) INTO v_patient, v_what;
    END IF;
    IF v_patient IS NULL OR EXISTS (
        SELECT 1 FROM clinic_factchange f WHERE f.patient_id = v_patient AND f.settled_at IS NULL
          AND f.source = '_SOURCE_' AND f.transaction = txid_current()
    ) THEN
        RETURN NULL;
    END IF;
    INSERT INTO clinic_factchange (patient_id, source, what, transaction, at, outcome)
        VALUES (v_patient, '_SOURCE_', COALESCE(v_what, ''), txid_current(), now(), '');
    RETURN NULL;
"""


def noted(
    source: str,
    *,
    patient: str,
    what: str,
    content: tuple[str, ...],
    counts: str = "TRUE",
    operation: pgtrigger.Operation = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
) -> pgtrigger.Trigger:
    """A trigger that notes a change of a row as a new fact of its patient, once per transaction and source.

    ``patient``, ``what`` and ``counts`` are SQL over the row, written ``row.column``: whose fact it is, which one, and
    whether such a row is a fact at all. ``content`` names the columns whose change is a change of the fact.
    """
    parts = {
        "PATIENT": patient,
        "WHAT": what,
        "COUNTS": counts,
        "CONTENT": ", ".join(f"row.{name}" for name in content),
    }
    func = _NOTED.replace("_SOURCE_", source)
    for name, sql in parts.items():
        for row in ("OLD", "NEW"):
            func = func.replace(f"_{row}_{name}_", sql.replace("row.", f"{row}."))
    return pgtrigger.Trigger(
        name="new_fact_is_noted",
        operation=operation,
        when=pgtrigger.After,
        declare=[("v_patient", "BIGINT"), ("v_what", "TEXT")],
        func=func,
    )

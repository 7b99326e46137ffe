"""Locks that the database keeps: what was signed does not change, whoever writes and however."""

from __future__ import annotations

import pgtrigger


def append_only(*, deletable: bool = False) -> list[pgtrigger.Trigger]:
    """Triggers of a table whose rows are never changed, deleted or emptied at once.

    ``deletable`` leaves single rows deletable, for what goes with a draft that is thrown away.
    """
    refused = pgtrigger.Update if deletable else pgtrigger.Update | pgtrigger.Delete
    return [pgtrigger.Protect(name="append_only", operation=refused), never_emptied()]


def never_emptied() -> pgtrigger.Trigger:
    """Refuses TRUNCATE, which row triggers do not see."""
    return pgtrigger.Trigger(
        name="never_emptied",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="""
            RAISE EXCEPTION 'rows of % are kept', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
        """,
    )


def locked_when_parent(
    name: str, *, parent_table: str, fk: str, open_states: tuple[str, ...] = ("draft",)
) -> pgtrigger.Trigger:
    """A trigger that refuses insert, update and delete of a child row unless its parent is in an open state.

    Sees bulk updates and raw SQL as well as the ORM. ``fk`` is the child's column that holds the parent's id.
    """
    states = ", ".join(f"'{state}'" for state in open_states)
    check = """
        SELECT state INTO parent_state FROM {table} WHERE id = {row}.{fk};
        IF parent_state IS NOT NULL AND parent_state NOT IN ({states}) THEN
            RAISE EXCEPTION 'signed content never changes: % row of {table} %', TG_TABLE_NAME, {row}.{fk}
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    """
    new = check.format(table=parent_table, row="NEW", fk=fk, states=states)
    old = check.format(table=parent_table, row="OLD", fk=fk, states=states)
    return pgtrigger.Trigger(
        name=name,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.Before,
        declare=[("parent_state", "TEXT")],
        func=f"""
            IF TG_OP <> 'INSERT' THEN {old} END IF;
            IF TG_OP <> 'DELETE' THEN {new} RETURN NEW; END IF;
            RETURN OLD;
        """,
    )


def by_registered(name: str, *, column: str, is_user: bool = True) -> pgtrigger.Trigger:
    """A trigger that refuses an insert whose ``column`` names a student: what only a registered person may do.

    ``column`` holds a user's id, or a practitioner's with ``is_user=False``.
    """
    key = "user_id" if is_user else "id"
    return pgtrigger.Trigger(
        name=name,
        operation=pgtrigger.Insert,
        when=pgtrigger.Before,
        func=f"""
            IF EXISTS (SELECT 1 FROM clinic_practitioner WHERE {key} = NEW.{column} AND is_student) THEN
                RAISE EXCEPTION 'a student may not do this: %', TG_TABLE_NAME
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        """,  # noqa: S608 - both names come from the models
    )

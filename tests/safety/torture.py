"""Short in `make test`, long in `make torture`: the same proofs, more of them, with the counts printed."""

from __future__ import annotations

import os

from django.db import connection

LONG = os.environ.get("KINEPLAN_TORTURE") == "1"


def without_trigger(table: str, name: str) -> None:
    """Drop the triggers of a table with this name, until the transaction of the test is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgname LIKE %s",
            [table, f"%{name}%"],
        )
        found = [row[0] for row in cursor.fetchall()]
        assert found, f"{table} has no trigger {name}"
        for trigger in found:
            cursor.execute(f'DROP TRIGGER "{trigger}" ON {table}')

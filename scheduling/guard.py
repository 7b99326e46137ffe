"""Runs a booking write and turns what the database refuses into an answer a person can act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, connection, transaction

from clinic.errors import Conflict

Result = TypeVar("Result")

EXCLUDED = "23P01"
UNIQUE = "23505"
# Deadlock and serialization failure: the other writer got through, so a second try gives a clear answer.
AGAIN = ("40P01", "40001")
LOCK_TIMEOUT = "55P03"
TRIES = 4


class Clash(Exception):
    """A constraint refused the write; ``constraint`` is its name."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


def run_guarded(write: Callable[[], Result]) -> Result:
    """Run the write in a transaction that waits at most two seconds for a lock.

    Raises :class:`Clash` when an exclusion or unique constraint refuses it and ``Conflict`` when it stays contended.
    """
    nested = connection.in_atomic_block
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                _wait_briefly()
                return write()
        except DatabaseError as error:
            code = _code(error)
            if code in (EXCLUDED, UNIQUE):
                raise Clash(_constraint(error)) from error
            # Inside somebody else's transaction a deadlock has undone their work too: only they can try again.
            if code in AGAIN and not nested and attempt < TRIES - 1:
                continue
            if code in (*AGAIN, LOCK_TIMEOUT):
                raise _busy() from error
            raise
    raise _busy()


def _wait_briefly() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '2s'")


def _code(error: DatabaseError) -> str:
    return str(getattr(error.__cause__, "sqlstate", "") or "")


def _constraint(error: DatabaseError) -> str:
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", "") or "")


def _busy() -> Conflict:
    return Conflict("busy", "Somebody else is booking at this moment. Try again.", field="start")

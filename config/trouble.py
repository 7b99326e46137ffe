"""Sentences for troubles that a person at the terminal can do something about."""

from __future__ import annotations

import os


def database_trouble(error: Exception) -> str:
    """What to do about a database that does not answer; never shows the password."""
    from django.db import connection

    address = connection.settings_dict
    where = f"{address['HOST'] or 'the local socket'}:{address['PORT'] or 5432}/{address['NAME']}"
    named = bool(os.environ.get("DATABASE_URL", "").strip())
    source = "DATABASE_URL" if named else "the private PostgreSQL of this checkout"
    advice = (
        "Check that it runs, and that name, user and password are right."
        if named
        else "It runs while `make demo` runs. To use another database, set DATABASE_URL."
    )
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return f"The database does not answer at {where} ({source}): {reason}\n{advice}"


def is_connection_trouble(error: Exception) -> bool:
    """Whether `error` says that no connection came about, as opposed to a query that failed."""
    text = str(error).lower()
    return any(
        sign in text
        for sign in (
            "connection failed",
            "connection refused",
            "could not connect",
            "could not translate",
            "failed to resolve",
            "timeout expired",
            "password authentication failed",
            "does not exist",
        )
    )

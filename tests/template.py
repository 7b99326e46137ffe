"""A migrated template of the test database, made once per set of migrations.

Running all migrations takes far longer than most test runs. PostgreSQL copies a database in a fraction of a second, so
the migrated state is kept beside the test database and copied, until any migration changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import django
import psycopg
from django.apps import apps
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent


def database_url(parts: dict[str, Any], name: str) -> str:
    """The address of database `name` on the server that `parts` (of Django's settings) describe."""
    user = quote(str(parts["USER"]))
    password = f":{quote(str(parts['PASSWORD']))}" if parts["PASSWORD"] else ""
    return f"postgresql://{user}{password}@{parts['HOST']}:{parts['PORT']}/{name}"


def migrations_by_hash() -> dict[str, str]:
    """Every migration of the installed apps ("plans/0001_initial") with the hash of its text."""
    found = {"django": django.__version__}
    for app in apps.get_app_configs():
        for path in sorted(Path(app.path, "migrations").glob("[0-9]*.py")):
            found[f"{app.label}/{path.stem}"] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return found


def ensure_template(parts: dict[str, Any]) -> str:
    """The name of a database that holds what all migrations make, and nothing else.

    New migrations are run on the one that is there; when one was changed or taken away, it is made from nothing.
    """
    name = f"test_{parts['NAME']}_template"
    wanted = migrations_by_hash()
    with psycopg.connect(database_url(parts, "postgres"), autocommit=True) as server:
        # Test processes that start together wait for the one that makes it.
        server.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        found = _noted(server, name)
        if found == wanted:
            return name
        identifier = sql.Identifier(name)
        if not found or not found.items() <= wanted.items():
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))
            server.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        migrate(database_url(parts, name))
        note = sql.Literal(json.dumps(wanted))
        server.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(identifier, note))
    return name


def _noted(server: psycopg.Connection[Any], name: str) -> dict[str, str]:
    """The migrations that the template holds, as noted when they had all run."""
    row = server.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    try:
        noted = json.loads(row[0]) if row and row[0] else {}
    except ValueError:
        return {}
    return noted if isinstance(noted, dict) else {}


def migrate(url: str) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    environment = {**os.environ, "KINEPLAN_ENV": "test", "DATABASE_URL": url}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the migrations fail:\n{done.stderr}")

"""A migrated template of the test database, made once per set of migrations.

Running all migrations takes far longer than most test runs. PostgreSQL copies a database in a fraction of a second, so
the migrated state is kept beside the test database and copied, until any migration changes.
"""

from __future__ import annotations

import hashlib
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


def migrations_fingerprint() -> str:
    total = hashlib.sha256(django.__version__.encode())
    for app in sorted(apps.get_app_configs(), key=lambda app: app.label):
        for path in sorted(Path(app.path, "migrations").glob("*.py")):
            total.update(path.name.encode())
            total.update(path.read_bytes())
    return total.hexdigest()


def ensure_template(parts: dict[str, Any]) -> str:
    """The name of a database that holds what all migrations make, and nothing else."""
    name = f"test_{parts['NAME']}_template"
    wanted = migrations_fingerprint()
    with psycopg.connect(database_url(parts, "postgres"), autocommit=True) as server:
        # Test processes that start together wait for the one that makes it.
        server.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        found = server.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if found is not None and found[0] == wanted:
            return name
        identifier = sql.Identifier(name)
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))
        server.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        migrate(database_url(parts, name))
        server.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(identifier, sql.Literal(wanted)))
    return name


def migrate(url: str) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    environment = {**os.environ, "KINEPLAN_ENV": "test", "DATABASE_URL": url}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the migrations fail:\n{done.stderr}")

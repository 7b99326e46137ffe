"""Bring database and static files up to date, in one process: `python -m config.embedded.prepare`."""

from __future__ import annotations

import hashlib
import io
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import django

from config.trouble import database_trouble

# Commands of the domain packages, in the order in which they build on each other.
DATA_COMMANDS = {"load_knowledge": "Loading the clinical knowledge", "seed_demo": "Seeding the demo clinic"}


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import CommandError, call_command
    from django.db import OperationalError

    try:
        if migrations_wait():
            step("Updating the database")
            call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        for name, title in DATA_COMMANDS.items():
            run_data_command(name, title)
        collect_static()
    except OperationalError as error:
        print(f"\n{database_trouble(error)}", file=sys.stderr)
        return 1
    except CommandError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def step(text: str) -> None:
    print(f"  {text}", flush=True)


def migrations_wait() -> bool:
    """Whether `migrate` has anything to do; asking is much cheaper than running it."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def run_data_command(name: str, title: str) -> None:
    from django.core.management import call_command

    step(title)
    output = io.StringIO()
    call_command(name, stdout=output, verbosity=0)
    for line in output.getvalue().splitlines():
        step(f"  {line}")


def collect_static() -> None:
    """Copy the static files under hashed names, when any of them changed."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    found = (Path(storage.path(path)) for finder in get_finders() for path, storage in finder.list([]))
    wanted = fingerprint(found)
    marker = Path(settings.STATIC_ROOT) / ".collected"
    if marker.exists() and marker.read_text(encoding="ascii") == wanted:
        return
    step("Collecting the static files")
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    marker.write_text(wanted, encoding="ascii")


def fingerprint(paths: Iterable[Path]) -> str:
    """Changes when a file appears, goes or is written."""
    total = hashlib.sha256()
    for path in sorted(paths):
        status = path.stat()
        total.update(f"{path}:{status.st_size}:{status.st_mtime_ns}\n".encode())
    return total.hexdigest()


if __name__ == "__main__":
    sys.exit(main())

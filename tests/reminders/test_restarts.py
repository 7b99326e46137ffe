"""PostgreSQL stopped and killed under load, with a server of our own: no acknowledged write is lost."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from config.embedded.addresses import USER, EngineAddresses
from config.embedded.engines import Engines
from config.embedded.processes import wait_until
from reminders import tasks
from tests.conftest import running_worker
from tests.reminders.rig import ANEW, FakeProvider, Nursery, audit, fake_provider, report, told
from tests.safety.torture import LONG
from tests.template import database_url, ensure_template

pytestmark = [
    pytest.mark.engines,
    pytest.mark.skipif(not LONG, reason="a PostgreSQL of its own with all migrations: make torture"),
]
NAME = "torture"
MESSAGES = 40


class Database:
    """A durable PostgreSQL with a migrated, empty database that only this test uses."""

    def __init__(self) -> None:
        self.engines = Engines(settings.VAR_DIR / "torture", kind="clinic", environ={"REDIS_URL": "of the others"})
        self.addresses = EngineAddresses(self.engines.var_dir, self.engines.kind)

    @property
    def parts(self) -> dict[str, Any]:
        ports = self.addresses.ports()
        server = {"HOST": "127.0.0.1", "PORT": ports.postgres, "USER": USER, "PASSWORD": ports.postgres_password}
        return {**server, "NAME": NAME}

    @property
    def url(self) -> str:
        return database_url(self.parts, NAME)

    def start(self) -> None:
        self.engines.start()
        template = ensure_template(self.parts)
        with psycopg.connect(database_url(self.parts, "postgres"), autocommit=True) as server:
            server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
            server.execute(f"CREATE DATABASE {NAME} TEMPLATE {template}")

    def restart(self, *, kill: bool) -> None:
        """Stop it as an administrator does, or kill every process of it, then start it again."""
        server = self.engines.postgres
        assert server is not None
        assert server.process is not None
        if kill:
            os.killpg(server.process.pid, signal.SIGKILL)
            server.process.wait()
        else:
            server.stop()
        server.start(self.addresses)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def database() -> Iterator[Database]:
    made = Database()
    made.start()
    yield made
    made.engines.stop()


@pytest.mark.hazard("H-16")
def test_a_database_that_goes_away_under_load_loses_no_acknowledged_write(database: Database, tmp_path: Path) -> None:
    loops = 6
    with fake_provider(tmp_path) as provider:
        environment = {"DATABASE_URL": database.url, **provider.environment()}
        nursery = Nursery.start({"REDIS_URL": settings.REDIS_URL, **environment})
        assert nursery.run({"do": "fill", "count": MESSAGES}) == [0]
        provider.rules({"mode": "slow", "seconds": 0.02})
        note = tmp_path / "booked"
        note.touch()
        booking = threading.Thread(
            target=nursery.run, args=({"do": "book", "note": str(note), "seconds": 8.0 * loops},)
        )
        with running_worker(tmp_path, environment):
            booking.start()
            for loop in range(loops):
                _restarted_while_sending(database, provider, kill=bool(loop % 2))
            booking.join()
        nursery.stop()
    _bookings_are_whole(database, note)


def _restarted_while_sending(database: Database, provider: FakeProvider, *, kill: bool) -> None:
    database.ask(ANEW)
    tasks.tick_dispatch.delay()
    assert wait_until(lambda: _in_state(database, "sent") > 3, 30)
    database.restart(kill=kill)
    # Nobody waits two minutes in a test: the leases of what was under way run out now.
    time.sleep(1.0)
    database.ask("UPDATE reminders_outboxmessage SET lease_until = now() WHERE state IN ('claimed', 'sending')")
    end = time.monotonic() + 40
    while _in_state(database, "planned", "claimed", "sending") and time.monotonic() < end:
        tasks.tick_dispatch.delay()
        time.sleep(0.5)
    found = audit(provider, database.ask("SELECT uid, state FROM reminders_outboxmessage WHERE channel = 'email'"))
    told("PostgreSQL killed under load" if kill else "PostgreSQL restarted under load", found)
    assert (found["duplicates"], found["lost"], found["hanging"]) == (0, 0, 0)
    # One worker process of one thread has at most one message in its hands.
    assert found["unknown"] <= 1
    assert found["sent"] + found["unknown"] == MESSAGES


def _in_state(database: Database, *states: str) -> int:
    (row,) = database.ask(
        f"SELECT count(*) FROM reminders_outboxmessage WHERE state IN ({', '.join(map(repr, states))})"  # noqa: S608
    )
    return int(row[0])


def _bookings_are_whole(database: Database, note: Path) -> None:
    acknowledged = {int(line) for line in note.read_text().split()}
    there = {pk for (pk,) in database.ask("SELECT id FROM scheduling_appointment")}
    assert acknowledged
    assert acknowledged <= there
    counted = Counter({"acknowledged": len(acknowledged), "lost": len(acknowledged - there)})
    report("bookings under restarts", counted, "lost")

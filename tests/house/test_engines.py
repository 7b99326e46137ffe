"""The private engines start, stop, and start again after a crash."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from config.embedded.addresses import EngineAddresses
from config.embedded.engines import AlreadyRunning, Engines, Lock
from config.embedded.owner import Owner, engine_owner, engine_place, reachable_copy
from config.embedded.processes import Known, port_is_free, wait_until

pytestmark = pytest.mark.engines


@pytest.fixture(autouse=True)
def state_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Instead of /var/lib: a folder that anybody may enter, as pytest's own may not be, and that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="kineplan-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        monkeypatch.setattr("config.embedded.owner.STATE_FOLDERS", (folder,))
        yield folder


@pytest.fixture
def var_dir(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def engines(var_dir: Path) -> Iterator[Engines]:
    engines = Engines(var_dir, kind="test", environ={})
    yield engines
    engines.stop()


def query(addresses: EngineAddresses, text: str) -> object:
    with psycopg.connect(addresses.database_url()) as connection:
        row = connection.execute(text).fetchone()
    assert row is not None
    return row[0]


def test_start_use_stop_and_start_again_with_the_same_data(engines: Engines, var_dir: Path) -> None:
    addresses = EngineAddresses(var_dir, "test")
    engines.start()

    assert str(query(addresses, "SHOW server_version")).startswith("18")
    assert query(addresses, "SHOW timezone") == "UTC"
    with psycopg.connect(addresses.database_url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with redis.Redis.from_url(addresses.redis_url()) as client:
        assert client.ping()
    ports = addresses.ports()

    engines.stop()
    assert port_is_free(ports.postgres)
    assert port_is_free(ports.redis)

    engines.start()
    assert addresses.ports() == ports
    assert query(addresses, "SELECT answer FROM kept") == 42


def test_a_password_is_needed(engines: Engines, var_dir: Path) -> None:
    engines.start()
    ports = EngineAddresses(var_dir, "test").ports()

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host="127.0.0.1", port=ports.postgres, user="kineplan", password="wrong", dbname="kineplan")
    with pytest.raises(redis.AuthenticationError), redis.Redis(port=ports.redis, password="wrong") as client:
        client.ping()


def test_servers_left_by_a_killed_program_are_replaced(engines: Engines, var_dir: Path) -> None:
    engines.start()
    assert engines.postgres is not None
    assert engines.postgres.process is not None
    old = engines.postgres.process
    engines.postgres.process = None  # forgotten, as after kill -9
    assert engines.valkey is not None
    assert engines.valkey.process is not None
    old_valkey = engines.valkey.process
    engines.valkey = None

    engines.start()

    assert old.wait(5) == 0
    assert old_valkey.wait(5) is not None
    assert query(EngineAddresses(var_dir, "test"), "SELECT 1") == 1


def test_pid_file_of_a_crash_that_names_another_process(engines: Engines, var_dir: Path) -> None:
    engines.start()
    assert engines.postgres is not None
    assert engines.postgres.process is not None
    os.killpg(engines.postgres.process.pid, signal.SIGKILL)
    engines.postgres.process.wait()
    pid_file = engines.postgres.data / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    pid_file.write_text("\n".join([str(os.getppid()), *lines[1:]]))
    engines.stop()

    engines.start()

    assert query(EngineAddresses(var_dir, "test"), "SELECT 1") == 1


def test_lost_notes_about_password_and_port(engines: Engines, var_dir: Path) -> None:
    engines.start()
    engines.stop()
    EngineAddresses(var_dir, "test").file.unlink()

    engines.start()

    assert query(EngineAddresses(var_dir, "test"), "SELECT 1") == 1


def test_named_engines_are_left_alone(var_dir: Path) -> None:
    named = Engines(var_dir, environ={"DATABASE_URL": "postgresql://h/n", "REDIS_URL": "redis://h"})

    named.start()

    assert (named.postgres, named.valkey, var_dir.exists()) == (None, None, False)


def test_an_engine_that_ends_by_itself_is_seen(engines: Engines) -> None:
    engines.start()
    assert engines.ended() == []
    assert engines.valkey is not None
    assert engines.valkey.process is not None

    engines.valkey.process.kill()

    assert wait_until(lambda: engines.ended() == ["Valkey"], 5)


def test_only_one_program_holds_the_lock(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    first.take("process 1")

    with pytest.raises(AlreadyRunning, match="process 1"):
        second.take("process 2")

    first.release()
    second.take("process 2")
    second.release()


def test_a_number_that_was_given_to_another_process_is_not_ours() -> None:
    assert Known(os.getpid(), born=1.0).process() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs engines as somebody else")
class TestAsRoot:
    """Nothing that exists is opened for others."""

    def test_engines_never_run_as_root(self) -> None:
        assert engine_owner().name == "nobody"

    def test_a_closed_checkout_stays_closed_and_works(self, tmp_path: Path) -> None:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        engines = Engines(closed / "var", kind="test", environ={})
        try:
            engines.start()
            assert query(EngineAddresses(closed / "var", "test"), "SELECT 1") == 1
        finally:
            engines.stop()
        place = engine_place(closed / "var", engine_owner())
        assert not place.is_relative_to(closed)
        assert str(place) in (closed / "var" / "engines-are-elsewhere.txt").read_text()
        assert closed.stat().st_mode & 0o777 == 0o700

    def test_programs_in_a_closed_folder_are_copied(self, tmp_path: Path) -> None:
        source = tmp_path / "closed" / "programs"
        source.mkdir(parents=True)
        (tmp_path / "closed").chmod(0o700)
        (source / "tool").write_text("#!/bin/sh\n")
        (source / "tool").chmod(0o700)
        owner = Owner("nobody")
        place = engine_place(tmp_path / "closed" / "var", owner)

        copy = reachable_copy(source, "tool", place, owner)

        assert copy != source
        assert owner.may("-x", copy / "tool")
        assert source.parent.stat().st_mode & 0o777 == 0o700
        assert (source / "tool").stat().st_mode & 0o777 == 0o700


def test_a_deep_folder(tmp_path: Path) -> None:
    deep = tmp_path / "/".join(["a-rather-long-folder-name"] * 10)
    assert len(str(deep)) > 250
    engines = Engines(deep / "var", kind="test", environ={})
    try:
        engines.start()
        assert query(EngineAddresses(deep / "var", "test"), "SELECT 1") == 1
    finally:
        engines.stop()

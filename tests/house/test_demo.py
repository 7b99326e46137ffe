"""`make demo` refuses to start in words that a person understands. `.ci/run` tries starting and stopping it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded.demo import DemoError, wipe
from config.embedded.engines import Lock

ROOT = Path(__file__).resolve().parent.parent.parent


def demo(var_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "config.embedded.demo"],
        cwd=ROOT,
        env={**kept, "KINEPLAN_VAR": str(var_dir), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def test_a_taken_port_is_said_plainly(tmp_path: Path, taken_port: int) -> None:
    done = demo(tmp_path, PORT=str(taken_port))

    assert done.returncode == 1
    assert f"Port {taken_port} is taken by another program. Choose another: make demo PORT=" in done.stderr
    assert not (tmp_path / "engines").exists()


def test_a_second_start_names_the_first(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "demo.lock")
    lock.take("http://localhost:8000/ (process 42)")

    done = demo(tmp_path)

    assert done.returncode == 1
    assert "Kineplan runs already: http://localhost:8000/ (process 42)" in done.stderr
    lock.release()


@pytest.mark.parametrize("port", ["http", "0", "99999"])
def test_a_port_that_is_none_is_named(tmp_path: Path, port: str) -> None:
    done = demo(tmp_path, PORT=port)

    assert done.returncode == 1
    assert "PORT must be" in done.stderr


def test_a_silent_database_stops_the_start(tmp_path: Path) -> None:
    done = demo(tmp_path, DATABASE_URL="postgresql://clinic:hunter2@127.0.0.1:9/kineplan", REDIS_URL="redis://h:1")

    assert done.returncode == 1
    assert "The database does not answer at 127.0.0.1:9/kineplan" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_reset_never_empties_a_database_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://clinic@db/kineplan")
    (tmp_path / "mailbox").mkdir()

    with pytest.raises(DemoError, match="DATABASE_URL names another one"):
        wipe(tmp_path)

    assert (tmp_path / "mailbox").exists()

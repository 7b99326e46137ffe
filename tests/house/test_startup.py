"""A start with unsafe or unreadable settings is refused, with the variable named."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from config.env import Env, EnvError, check_redis_url, parse_database_url
from config.startup import StartFacts, start_problems

ROOT = Path(__file__).resolve().parent.parent.parent
GOOD_KEY = "k9Jx2mQv7Lw4Rt8Zp1Yn5Bc3Fh6Gd0Sa" * 2
GOOD = StartFacts(
    mode="production",
    debug=False,
    secret_key=GOOD_KEY,
    allowed_hosts=("clinic.example.test",),
    database_url="postgresql://u:p@db/kineplan",
    redis_url="redis://broker:6379/0",
    demo_flag=False,
)


def test_safe_production_settings_start() -> None:
    assert start_problems(GOOD) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"secret_key": ""}, "KINEPLAN_SECRET_KEY"),
        ({"secret_key": "short"}, "KINEPLAN_SECRET_KEY"),
        ({"secret_key": "a" * 80}, "KINEPLAN_SECRET_KEY"),
        ({"secret_key": "django-insecure-" + GOOD_KEY}, "KINEPLAN_SECRET_KEY"),
        ({"secret_key": "change-me-" + GOOD_KEY}, "KINEPLAN_SECRET_KEY"),
        ({"debug": True}, "KINEPLAN_DEBUG"),
        ({"demo_flag": True}, "KINEPLAN_DEMO"),
        ({"allowed_hosts": ()}, "KINEPLAN_ALLOWED_HOSTS"),
        ({"allowed_hosts": ("*",)}, "KINEPLAN_ALLOWED_HOSTS"),
        ({"allowed_hosts": ("clinic.example.test", "*")}, "KINEPLAN_ALLOWED_HOSTS"),
        ({"database_url": ""}, "DATABASE_URL"),
        ({"redis_url": ""}, "REDIS_URL"),
    ],
)
def test_unsafe_production_settings_are_refused(change: dict[str, object], named: str) -> None:
    problems = start_problems(replace(GOOD, **change))  # type: ignore[arg-type]

    assert len(problems) == 1
    assert problems[0].startswith(named)


@pytest.mark.parametrize("mode", ["local", "demo", "test"])
def test_other_modes_need_no_settings(mode: str) -> None:
    bare = StartFacts(mode, False, "", (), "", "", False)

    assert start_problems(bare) == []


def start(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Load the WSGI application as a server would."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    command = [sys.executable, "-c", "import config.wsgi; print('started')"]
    return subprocess.run(
        command, cwd=ROOT, env={**kept, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def test_serving_without_any_setting_is_production_and_refused() -> None:
    done = start({})

    assert done.returncode != 0
    for name in ("KINEPLAN_SECRET_KEY", "KINEPLAN_ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"):
        assert f"- {name}" in done.stderr


def test_serving_with_safe_settings_starts() -> None:
    done = start(
        {
            "KINEPLAN_SECRET_KEY": GOOD_KEY,
            "KINEPLAN_ALLOWED_HOSTS": "clinic.example.test",
            "DATABASE_URL": "postgresql://u:p@127.0.0.1:1/kineplan",
            "REDIS_URL": "redis://127.0.0.1:1/0",
        }
    )

    assert done.stdout.strip() == "started", done.stderr


# --- Reading the environment -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("word", "value"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("", False)])
def test_flags(word: str, value: bool) -> None:
    assert Env({"X": word}).flag("X", default=not value) is value


def test_flag_that_is_no_flag_is_named() -> None:
    with pytest.raises(EnvError, match=r"X must be 1 or 0 .* not 'maybe'"):
        Env({"X": "maybe"}).flag("X")


@pytest.mark.parametrize("raw", ["eighty", "0", "70000", "8000.5"])
def test_port_out_of_range_is_named(raw: str) -> None:
    with pytest.raises(EnvError, match="PORT must be"):
        Env({"PORT": raw}).integer("PORT", 8000, low=1, high=65535)


def test_words_are_trimmed() -> None:
    assert Env({"X": " a, ,b "}).words("X") == ["a", "b"]
    assert Env({}).words("X", ("c",)) == ["c"]


def test_choice_lists_what_is_allowed() -> None:
    with pytest.raises(EnvError, match="X must be one of a, b, not 'c'"):
        Env({"X": "c"}).choice("X", "a", ("a", "b"))


def test_database_url_in_parts() -> None:
    address = parse_database_url("postgresql://cl%40inic:p%2Fw@db.example.test:6543/kine?sslmode=require")

    assert (address.name, address.user, address.password) == ("kine", "cl@inic", "p/w")
    assert (address.host, address.port, address.options) == ("db.example.test", "6543", {"sslmode": "require"})


def test_database_url_with_a_socket_folder() -> None:
    assert parse_database_url("postgresql:///kine?host=/run/postgresql").host == "/run/postgresql"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:///db.sqlite3", "postgresql://"),
        ("mysql://u@h/n", "postgresql://"),
        ("nonsense", "postgresql://"),
        ("postgresql://u@h:5432/", "names no database"),
        ("postgresql://u@h:port/n", "port"),
    ],
)
def test_database_url_that_cannot_be_read(url: str, says: str) -> None:
    with pytest.raises(EnvError, match=says):
        parse_database_url(url)


def test_redis_url_that_cannot_be_read() -> None:
    with pytest.raises(EnvError, match="REDIS_URL"):
        check_redis_url("http://localhost")


def test_production_passes_the_deployment_checks() -> None:
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "KINEPLAN_ENV": "production",
        "KINEPLAN_SECRET_KEY": GOOD_KEY,
        "KINEPLAN_ALLOWED_HOSTS": "clinic.example.test",
        "DATABASE_URL": "postgresql://u:p@127.0.0.1:1/kineplan",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level=WARNING"]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


# --- A database that does not answer ---------------------------------------------------------------------------------
@pytest.mark.parametrize("command", [["manage.py", "migrate"], ["-m", "config.embedded.prepare"]])
def test_a_silent_database_is_named_without_its_password(command: list[str]) -> None:
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "KINEPLAN_ENV": "demo",
        "DATABASE_URL": "postgresql://clinic:hunter2@127.0.0.1:9/kineplan",
    }

    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 1
    assert "The database does not answer at 127.0.0.1:9/kineplan (DATABASE_URL)" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_settings_that_cannot_be_read_are_named() -> None:
    done = start({"KINEPLAN_ENV": "local", "DATABASE_URL": "sqlite:///clinic.db"})

    assert done.returncode != 0
    assert "DATABASE_URL must start with postgresql://" in done.stderr

"""What every test can use: real engines, a real worker, a real browser."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import translation
from hypothesis import settings as property_settings

from config.embedded.engines import AlreadyRunning, Engines, Lock
from config.embedded.owner import EngineError
from config.embedded.processes import end_group, wait_until
from tests.template import database_url, ensure_template

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page
    from pytest_django.live_server_helper import LiveServer

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The same examples on every run of the check; a local run without CI goes on looking for new ones.
property_settings.register_profile("check", derandomize=True)
if os.environ.get("CI"):
    property_settings.load_profile("check")
ENGINES_KEY = pytest.StashKey[Engines]()
LOCK_KEY = pytest.StashKey[Lock]()


# --- Engines ---------------------------------------------------------------------------------------------------------
def pytest_configure(config: pytest.Config) -> None:
    """Start the private engines that the environment does not name."""
    if config.option.help or config.option.version or config.option.markers:
        return
    if hasattr(config, "workerinput"):  # one of several processes: the first one started the engines for all
        _use_port_of_engines()
        return
    engines = Engines(settings.VAR_DIR, kind="test")
    if not engines.needed():
        return
    lock = Lock(settings.VAR_DIR / "test.lock")
    try:
        lock.take(f"process {os.getpid()}")
        config.stash[LOCK_KEY] = lock
        engines.start()
    except AlreadyRunning as error:
        pytest.exit(f"Another test run of this checkout is under way ({error}).", returncode=3)
    except EngineError as error:
        pytest.exit(str(error), returncode=3)
    config.stash[ENGINES_KEY] = engines
    _use_port_of_engines()


def _use_port_of_engines() -> None:
    """The private PostgreSQL may have had to move since the settings were read."""
    if not settings.DATABASE_URL:
        settings.DATABASES["default"]["PORT"] = str(settings.ENGINES.ports().postgres)


def pytest_unconfigure(config: pytest.Config) -> None:
    if ENGINES_KEY in config.stash:
        config.stash[ENGINES_KEY].stop()
    if LOCK_KEY in config.stash:
        config.stash[LOCK_KEY].release()


@pytest.fixture(autouse=True)
def one_language() -> Iterator[None]:
    """Each test begins in English: the middleware leaves the language of a request active in the thread."""
    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Copy the test database from a migrated template."""
    parts = settings.DATABASES["default"]
    parts.setdefault("TEST", {})["TEMPLATE"] = ensure_template(parts)


@pytest.fixture(scope="session", autouse=True)
def rows_that_are_kept_may_be_emptied_between_tests() -> Iterator[None]:
    """Tests that commit empty all tables afterwards; the triggers that refuse it stand aside for that moment."""
    operations = type(connection.ops)
    empty = operations.execute_sql_flush

    def emptied(self: Any, sql_list: Iterable[str]) -> None:
        empty(self, ["SET LOCAL session_replication_role = replica", *sql_list])

    operations.execute_sql_flush = emptied  # type: ignore[method-assign]
    yield
    operations.execute_sql_flush = empty  # type: ignore[method-assign]


# --- Browser ---------------------------------------------------------------------------------------------------------
def find_chromium() -> str | None:
    """The Chromium to drive: `CHROMIUM`, or the first usual name on the path."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    return next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.getreports("skipped")
    if any("no Chromium" in str(report.longrepr) for report in skipped):
        terminalreporter.write_line(
            "Browser journeys were SKIPPED: no Chromium found. Debian: apt install chromium; or set CHROMIUM."
        )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium of the system; without one the test is skipped, or fails under KINEPLAN_REQUIRE_BROWSER=1."""
    program = find_chromium()
    if program is None:
        if os.environ.get("KINEPLAN_REQUIRE_BROWSER") == "1":
            pytest.fail("no Chromium found, and KINEPLAN_REQUIRE_BROWSER=1 forbids skipping the browser journeys")
        pytest.skip("no Chromium found")
    from playwright.sync_api import sync_playwright

    # Playwright runs an event loop in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield launched
        launched.close()


@pytest.fixture
def new_context(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browser profiles that do not know each other: `new_context(viewport={...})`."""
    opened: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(base_url=live_server.url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """One desktop page on the live server."""
    return new_context(viewport={"width": 1280, "height": 900}).new_page()


@pytest.fixture
def phone(new_context: Callable[..., BrowserContext]) -> Page:
    """One page of a phone on the live server."""
    return new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()


# --- Processes of the product ----------------------------------------------------------------------------------------
@dataclass
class Worker:
    """A real Celery worker on the test database."""

    process: subprocess.Popen[bytes]
    mailbox: Path
    log: Path

    def messages(self) -> list[Path]:
        """The e-mails it has sent, oldest first."""
        return sorted(self.mailbox.glob("*.eml"))


@contextmanager
def running_worker(folder: Path, environment: dict[str, str] | None = None) -> Iterator[Worker]:
    """Run a worker in a process of its own; its e-mails become files."""
    log = folder / "worker.log"
    env = {
        **os.environ,
        "KINEPLAN_ENV": "test",
        "KINEPLAN_VAR": str(folder),
        "KINEPLAN_EMAIL_BACKEND": "config.mailbox.MailboxBackend",
        "DATABASE_URL": database_url(connection.settings_dict, connection.settings_dict["NAME"]),
        "REDIS_URL": settings.REDIS_URL,
        "PYTHONUNBUFFERED": "1",
        **(environment or {}),
    }
    command = [sys.executable, "-m", "celery", "--app", "config", "worker", "--concurrency=1", "--loglevel=INFO"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--without-gossip", "--without-mingle"],
            cwd=ROOT,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        ready = wait_until(lambda: b" ready." in log.read_bytes() or process.poll() is not None, 30)
        if not ready or process.poll() is not None:
            pytest.fail(f"the worker did not start:\n{log.read_text(errors='replace')}")
        yield Worker(process, folder / "mailbox", log)
    finally:
        end_group(process.pid, signal.SIGTERM, 15)
        process.wait()


@pytest.fixture
def worker(transactional_db: None, tmp_path: Path) -> Iterator[Worker]:
    """A real worker with a real broker; tasks that a test sends are carried out by it."""
    import redis

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    with running_worker(tmp_path) as started:
        yield started

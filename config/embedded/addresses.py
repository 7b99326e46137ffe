"""Where the embedded engines of this checkout answer. Chosen once, then remembered under `var/`."""

from __future__ import annotations

import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass, replace
from pathlib import Path

USER = "kineplan"


@dataclass(frozen=True)
class Ports:
    """Loopback ports and the passwords that guard them."""

    postgres: int
    redis: int
    postgres_password: str
    redis_password: str


@dataclass(frozen=True)
class EngineAddresses:
    """The engines of one kind (`clinic` or `test`) of the checkout that owns `var_dir`."""

    var_dir: Path
    kind: str

    @property
    def file(self) -> Path:
        return self.var_dir / f"engines-{self.kind}.json"

    def ports(self) -> Ports:
        try:
            return Ports(**json.loads(self.file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return self.choose()

    def choose(self) -> Ports:
        """Pick free ports and new passwords; whoever asks next gets the same."""
        postgres, redis = free_ports(2)
        ports = Ports(postgres, redis, secrets.token_urlsafe(24), secrets.token_urlsafe(24))
        self.save(ports)
        return ports

    def move_postgres(self) -> Ports:
        """Somebody else took the remembered port: take another."""
        return self._moved(replace(self.ports(), postgres=free_ports(1)[0]))

    def move_redis(self) -> Ports:
        return self._moved(replace(self.ports(), redis=free_ports(1)[0]))

    def _moved(self, ports: Ports) -> Ports:
        self.save(ports)
        return ports

    def save(self, ports: Ports) -> None:
        self.var_dir.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(ports), file)
        os.replace(draft, self.file)

    def database_url(self) -> str:
        ports = self.ports()
        return f"postgresql://{USER}:{ports.postgres_password}@127.0.0.1:{ports.postgres}/kineplan"

    def redis_url(self) -> str:
        ports = self.ports()
        return f"redis://:{ports.redis_password}@127.0.0.1:{ports.redis}/0"


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody uses now."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()

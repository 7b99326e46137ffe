"""A local mail server that accepts everything and keeps a count."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ANSWERS = {b"EHLO": b"250 sink", b"HELO": b"250 sink", b"DATA": b"354 go on", b"QUIT": b"221 bye"}


class Sink(socketserver.StreamRequestHandler):
    """One connection: enough of SMTP for a client that behaves."""

    def handle(self) -> None:
        self._say(b"220 sink")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            self._say(ANSWERS.get(verb, b"250 ok"))
            if verb == b"DATA":
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.server.accepted += 1  # type: ignore[attr-defined]
                self._say(b"250 accepted")
            elif verb == b"QUIT":
                return

    def _say(self, answer: bytes) -> None:
        self.wfile.write(answer + b"\r\n")


class SinkServer(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine."""

    daemon_threads = True
    accepted = 0


@contextmanager
def running_sink() -> Iterator[SinkServer]:
    """A sink that listens; its port is ``server_address[1]``."""
    with SinkServer(("127.0.0.1", 0), Sink) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()

"""Both servers together, in threads of one process."""

from __future__ import annotations

import socketserver
import threading
from pathlib import Path

from config.provider.behaviour import Rules
from config.provider.browsers import Browsers
from config.provider.ledger import Ledger
from config.provider.reports import Reporter
from config.provider.smtp import SmtpServer
from config.provider.web import WebServer


class Provider:
    """What the servers share."""

    def __init__(
        self,
        folder: Path,
        *,
        smtp: int = 0,
        http: int = 0,
        reporter: Reporter | None = None,
        mailbox: Path | None = None,
    ) -> None:
        self.rules, self.ledger, self.browsers = Rules(), Ledger(folder, mailbox), Browsers(folder)
        self.reporter = reporter or Reporter()
        self._servers: list[socketserver.BaseServer] = []
        self.smtp_server, self.web_server = SmtpServer(smtp, self), WebServer(http, self)

    @property
    def smtp(self) -> int:
        """The port that takes e-mails."""
        return int(self.smtp_server.server_address[1])

    @property
    def http(self) -> int:
        """The port that takes everything else."""
        return int(self.web_server.server_address[1])

    def start(self) -> None:
        for server in (self.smtp_server, self.web_server):
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def stop(self) -> None:
        for server in (self.smtp_server, self.web_server):
            server.shutdown()
            server.server_close()

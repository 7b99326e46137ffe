"""A small SMTP server: enough of the protocol for a client of the standard library, one thread per connection."""

from __future__ import annotations

import socketserver
import time
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from config.provider.behaviour import Rule

if TYPE_CHECKING:
    from config.provider.server import Provider

BIGGEST = 5 * 1024 * 1024


class SmtpServer(socketserver.ThreadingTCPServer):
    """Listens on this machine."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, provider: Provider) -> None:
        self.provider = provider
        super().__init__(("127.0.0.1", port), Talk)


class HangUp(Exception):
    """The connection ends here."""


class Talk(socketserver.StreamRequestHandler):
    """One connection."""

    server: SmtpServer
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.say(220, "provider ready")
        try:
            while line := self.rfile.readline(4096):
                self.follow(line.decode("latin-1").strip())
        except (HangUp, ConnectionError):
            return

    def follow(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO" | "HELO":
                self.wfile.write(b"250-provider\r\n250 8BITMIME\r\n")
            case "MAIL":
                self.to: list[str] = []
                self.say(250, "ok")
            case "RCPT":
                self.recipient(rest)
            case "DATA":
                self.data()
            case "QUIT":
                self.say(221, "bye")
                raise HangUp
            case "RSET" | "NOOP":
                self.say(250, "ok")
            case _:
                self.say(502, "not here")

    def recipient(self, rest: str) -> None:
        to = rest.partition(":")[2].strip().strip("<>").partition(">")[0]
        self.rule = self.server.provider.rules.pick("email", to)
        match self.rule.mode:
            case "refuse" | "gone":
                self.say(550, "no such mailbox")
            case "busy":
                self.say(450, "try later")
            case _:
                self.to.append(to)
                self.say(250, "ok")

    def data(self) -> None:
        if not getattr(self, "to", []):
            self.say(503, "no recipient")
            return
        if self.rule.mode == "drop_before":
            raise HangUp
        self.say(354, "go on")
        content = self.read_message()
        if self.rule.mode == "error":
            self.say(451, "broken for now")
            return
        self.take(content, self.rule)

    def read_message(self) -> bytes:
        lines, size = [], 0
        while (line := self.rfile.readline(8192)) not in (b".\r\n", b""):
            size += len(line)
            if size > BIGGEST:
                raise HangUp
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)

    def take(self, content: bytes, rule: Rule) -> None:
        provider = self.server.provider
        message = message_from_bytes(content, policy=policy.compat32)
        taken = provider.ledger.take(
            "email", self.to[0], str(message["Message-ID"] or ""), str(message["Subject"] or ""), raw=content
        )
        provider.reporter.follow(rule, taken)
        if rule.mode == "drop_after":
            raise HangUp
        if rule.mode in ("timeout", "slow"):
            time.sleep(rule.seconds)
        if rule.mode == "timeout":
            raise HangUp
        if rule.mode == "error_taken":
            self.say(451, "broken after all")
            return
        self.say(250, "ok" if rule.mode == "no_id" else f"ok {taken.number}")

    def say(self, code: int, text: str) -> None:
        self.wfile.write(f"{code} {text}\r\n".encode())

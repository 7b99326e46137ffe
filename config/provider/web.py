"""The HTTP side: text messages, Web Push, and the switchboard.

``POST /messages`` takes a text message; ``POST /push/<name>`` a notification; ``POST /push`` makes a browser that can
be notified. ``GET /control`` shows the rules and counts, ``POST /control`` sets the rules, ``POST /inbound`` lets a
patient text back, ``GET /accepted`` shows what was taken over last.
"""

from __future__ import annotations

import json
import socket
import time
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from config.provider.behaviour import BadRule, Rule
from config.provider.browsers import Unreadable

if TYPE_CHECKING:
    from config.provider.server import Provider

BIGGEST = 1024 * 1024
RETRY_AFTER = "7"


class WebServer(ThreadingHTTPServer):
    """Listens on this machine."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, provider: Provider) -> None:
        self.provider = provider
        super().__init__(("127.0.0.1", port), Page)


class Page(BaseHTTPRequestHandler):
    """One request."""

    server: WebServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        provider = self.server.provider
        if self.path == "/control":
            self.answer(200, {"rules": provider.rules.shown(), "accepted": provider.ledger.count})
        elif self.path == "/accepted":
            self.answer(200, {"accepted": provider.ledger.last()})
        else:
            self.answer(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), BIGGEST))
        if self.path.startswith("/push/"):
            self.notification(self.path.removeprefix("/push/"), body)
            return
        try:
            content = json.loads(body or b"{}")
        except ValueError:
            self.answer(400, {"error": "not JSON"})
            return
        pages = {"/messages": self.text, "/control": self.control, "/push": self.browser, "/inbound": self.inbound}
        pages.get(self.path, self.nothing)(content)

    def nothing(self, content: Any) -> None:
        self.answer(404, {})

    def control(self, content: Any) -> None:
        """``{"rules": [{"mode": "busy", "channel": "sms", "to": "", "times": 3, "report": "none"}]}``."""
        try:
            rules = [Rule.read(each) for each in content.get("rules", [])]
        except (BadRule, AttributeError, TypeError) as error:
            self.answer(400, {"error": str(error)})
            return
        self.server.provider.rules.put(rules)
        self.answer(200, {"rules": [asdict(rule) for rule in rules]})

    def browser(self, content: Any) -> None:
        host, port = self.server.server_address[:2]
        self.answer(201, self.server.provider.browsers.make(f"http://{host!s}:{port}"))

    def inbound(self, content: Any) -> None:
        status = self.server.provider.reporter.text_back(str(content.get("from", "")), str(content.get("text", "")))
        self.answer(200, {"status": status})

    def text(self, content: Any) -> None:
        to, text = str(content.get("to", "")), str(content.get("text", ""))
        rule = self.server.provider.rules.pick("sms", to)
        self.misbehave(rule, "sms", to, str(content.get("reference", "")), text, good=200)

    def notification(self, name: str, body: bytes) -> None:
        rule = self.server.provider.rules.pick("push", name)
        try:
            shown = self.server.provider.browsers.read(name, body)
        except Unreadable:
            self.answer(410, {})
            return
        self.misbehave(rule, "push", name, str(shown.get("tag", "")), json.dumps(shown), good=201)

    def misbehave(self, rule: Rule, channel: str, to: str, reference: str, text: str, *, good: int) -> None:
        """Do what the rule says with one message that could be taken over."""
        refused = {"error": 500, "busy": 429, "refuse": 400, "gone": 410}.get(rule.mode)
        if refused is not None:
            self.answer(refused, {"error": rule.mode}, {"Retry-After": RETRY_AFTER} if refused == 429 else {})
            return
        if rule.mode == "drop_before":
            self.hang_up()
            return
        provider = self.server.provider
        taken = provider.ledger.take(channel, to, reference, text)
        provider.reporter.follow(rule, taken)
        if rule.mode in ("timeout", "slow"):
            time.sleep(rule.seconds)
        if rule.mode in ("timeout", "drop_after"):
            self.hang_up()
        elif rule.mode == "error_taken":
            self.answer(500, {"error": "after taking it"})
        else:
            self.answer(good, {} if rule.mode == "no_id" else {"id": taken.number})

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def answer(self, code: int, content: Any, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: numbers and names would end in a log."""

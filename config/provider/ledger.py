"""What the provider has taken over, one JSON line each, on the disk before anybody is told."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Taken:
    """One message taken over. ``reference`` is the sender's own id, ``number`` ours."""

    channel: str
    to: str
    reference: str
    text: str
    number: str
    at: float


class Ledger:
    """``accepted.jsonl`` and, for a look with the eye, one file per message in the mailbox."""

    def __init__(self, folder: Path, mailbox: Path | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path, self._mailbox = folder / "accepted.jsonl", mailbox
        if mailbox is not None:
            mailbox.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._lock = threading.Lock()
        self._count = 0

    def take(self, channel: str, to: str, reference: str, text: str, *, raw: bytes = b"") -> Taken:
        """Write it down; what follows may break, this stays. ``raw`` is a whole e-mail."""
        with self._lock:
            self._count += 1
            number = f"{channel}-{os.getpid()}-{self._count}"
            taken = Taken(channel, to, reference, text, number, time.time())
            os.write(self._file, json.dumps(asdict(taken)).encode() + b"\n")
        self._show(taken, raw)
        return taken

    @property
    def count(self) -> int:
        return self._count

    def last(self, limit: int = 100) -> list[dict[str, object]]:
        lines = self._path.read_text(encoding="utf-8").splitlines()[-limit:]
        return [json.loads(line) for line in lines]

    def _show(self, taken: Taken, raw: bytes) -> None:
        if self._mailbox is None:
            return
        content = raw or _as_mail(taken)
        name = f"{time.time_ns():020d}-{taken.number}.eml"
        draft = self._mailbox / f".{name}"
        draft.write_bytes(content)
        os.replace(draft, self._mailbox / name)


def _as_mail(taken: Taken) -> bytes:
    """A text message or notification in the shape of a mail, so that one mailbox shows all."""
    subject, text = "Text message", taken.text
    if taken.channel == "push":
        told = json.loads(taken.text)
        subject, text = f"Notification: {told.get('title', '')}", f"{told.get('body', '')}\n{told.get('url', '')}"
    message = EmailMessage()
    message["To"], message["Subject"], message["X-Channel"] = taken.to, " ".join(subject.split()), taken.channel
    message.set_content(text)
    return message.as_bytes()

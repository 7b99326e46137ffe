"""A letter as the bytes of a mail.

Every reminder has the same few headers, so they are written directly: the general builder of the standard library
spends more time on each of them than everything else that a message costs. What is not plain (an address with a
comment, a domain that is not ASCII) goes by the general builder.
"""

from __future__ import annotations

import binascii
import re
from email.header import Header
from email.utils import formatdate, parseaddr
from functools import lru_cache

PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}")
# Longer lines of a text are folded by the encoding; headers are kept below the limit that RFC 5322 recommends.
LONGEST_LINE = 900
LONGEST_HEADER = 70


def is_plain(address: str) -> bool:
    """Whether the address can stand in a header as it is."""
    return PLAIN_ADDRESS.fullmatch(address) is not None


@lru_cache(maxsize=8)
def from_header(sender: str) -> tuple[str, str]:
    """The header and the bare address of ``DEFAULT_FROM_EMAIL``; ValueError when it is not plain."""
    name, address = parseaddr(sender)
    if not is_plain(address):
        raise ValueError("the sender's address is not a plain one")
    return (f"{Header(name, 'utf-8').encode()} <{address}>" if name else address), address


@lru_cache(maxsize=500)
def subject_header(subject: str) -> str:
    """The subject, encoded where it must be. The same few words stand above most messages."""
    if subject.isascii() and subject.isprintable() and len(subject) <= LONGEST_HEADER:
        return subject
    return Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n")


def mail_bytes(*, sender: str, to: str, subject: str, text: str, headers: dict[str, str]) -> bytes:
    """The whole mail with CRLF line ends. ``to`` must be plain, ``headers`` must be printable ASCII."""
    if not is_plain(to):
        raise ValueError("the address is not a plain one")
    encoding, body = _body(text)
    lines = [
        'Content-Type: text/plain; charset="utf-8"',
        "MIME-Version: 1.0",
        f"Content-Transfer-Encoding: {encoding}",
        f"Subject: {subject_header(subject)}",
        f"From: {from_header(sender)[0]}",
        f"To: {to}",
        f"Date: {formatdate()}",
    ]
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"{name} is not printable")
        lines.append(f"{name}: {value}")
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


def _body(text: str) -> tuple[str, bytes]:
    lines = text.split("\n")
    if text.isascii() and "\r" not in text and all(len(line) <= LONGEST_LINE for line in lines):
        return "7bit", "\r\n".join(lines).encode("ascii")
    encoded = binascii.b2a_qp(text.encode(), istext=True)
    return "quoted-printable", encoded.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

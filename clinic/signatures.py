"""Signatures as a chain: append one in the transaction that signs, verify them all.

The chain makes it visible when a signed record or a signature was changed behind the back of the triggers: by a
database administrator, a restored half of a backup, a disk. Whoever can write everything can also rewrite the chain
from some link on; print or send away the latest hash (``manage.py verify_signatures`` shows it) to notice even that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from clinic.models import Practitioner, Signature, SignatureCheck, User
from clinic.models.signatures import CHAIN_LOCK, GENESIS

BATCH = 200


class Kind(StrEnum):
    """What is signed."""

    ASSESSMENT = "assessment"
    AMENDMENT = "amendment"
    PLAN_VERSION = "plan_version"
    TREATMENT_NOTE = "treatment_note"
    DISCHARGE = "discharge"
    KNOWLEDGE = "knowledge_sign_off"


# Ids of objects of one kind -> the hash of their content as it reads now; an object that is gone is left out.
Reader = Callable[[Iterable[int]], Mapping[int, str]]


@transaction.atomic
def append(kind: str, object_id: int, content_hash: str, *, by: User, at: datetime) -> Signature:
    """Sign: add the next link. One writer at a time; the others wait until that transaction ends.

    Call it inside the transaction that signs, with the time that the signed row keeps. Raises IntegrityError when the
    object has a signature of this kind already.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    last = Signature.objects.order_by("-number").first()
    link = Signature(
        number=last.number + 1 if last else 1,
        kind=str(kind),
        object_id=object_id,
        content_hash=content_hash,
        signer=by,
        licence_number=Practitioner.objects.filter(user=by).values_list("licence_number", flat=True).first() or "",
        signed_at=at,
        prev_hash=last.hash if last else GENESIS,
    )
    link.hash = link_hash(link)
    link.save(force_insert=True)
    return link


def link_text(link: Signature) -> str:
    """What the hash of a link covers: the columns, one per line; the trigger builds the same text."""
    at = link.signed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    columns = (link.prev_hash, link.number, link.kind, link.object_id, link.content_hash, link.signer_id, at)
    return "\n".join([*map(str, columns), link.licence_number])


def link_hash(link: Signature) -> str:
    """SHA-256 (hex) of the text of a link."""
    return hashlib.sha256(link_text(link).encode("utf-8")).hexdigest()


# --- Verification ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Broken:
    """A link that does not hold, and why."""

    number: int
    kind: str
    object_id: int
    why: str

    def __str__(self) -> str:
        return f"Signature {self.number} ({self.kind} {self.object_id}): {self.why}."


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a verification: how many links were read, the latest hash, the first that is broken."""

    links: int
    latest: str
    broken: Broken | None

    @property
    def holds(self) -> bool:
        return self.broken is None


def verify(readers: Mapping[str, Reader]) -> Report:
    """Recompute the whole chain and the content it binds; stops at the first broken link.

    A kind without reader is a broken link too: what cannot be read cannot be verified.
    """
    previous, count = GENESIS, 0
    for links in _batches():
        contents = {kind: _read(readers, kind, links) for kind in {link.kind for link in links}}
        for link in links:
            why = _chain_problem(link, count + 1, previous) or _content_problem(link, contents[link.kind])
            if why:
                return Report(count, previous, Broken(link.number, link.kind, link.object_id, why))
            previous, count = link.hash, count + 1
    return Report(count, previous, None)


def _batches() -> Iterator[list[Signature]]:
    last = 0
    while links := list(Signature.objects.filter(number__gt=last).order_by("number")[:BATCH]):
        yield links
        last = links[-1].number


def _read(readers: Mapping[str, Reader], kind: str, links: Iterable[Signature]) -> Mapping[int, str] | None:
    reader = readers.get(kind)
    return reader([link.object_id for link in links if link.kind == kind]) if reader else None


def _chain_problem(link: Signature, number: int, previous: str) -> str:
    if link.number != number:
        return f"link {number} is missing"
    if link.prev_hash != previous:
        return "it does not follow the link before it"
    return "" if link.hash == link_hash(link) else "the link itself was changed"


def _content_problem(link: Signature, contents: Mapping[int, str] | None) -> str:
    if contents is None:
        return "nobody knows how to read this kind"
    now = contents.get(link.object_id)
    if now is None:
        return "what was signed is gone or no longer signed"
    return "" if now == link.content_hash else "what was signed was changed"


def first_unsigned(kind: str, signed: QuerySet[Any]) -> int | None:
    """The first of these signed rows that has no link of this kind: signed past the chain."""
    linked = Signature.objects.filter(kind=kind, object_id=OuterRef("pk"))
    return signed.filter(~Exists(linked)).order_by("pk").values_list("pk", flat=True).first()


def remember(report: Report) -> SignatureCheck:
    """Keep the outcome of a verification, for the people who watch over it."""
    problem = str(report.broken) if report.broken else ""
    return SignatureCheck.objects.create(links=report.links, problem=problem[:300])

"""Loads documents into rows. Idempotent; a row that the clinic edited is left alone and the difference reported."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from plans.knowledge.documents import Documents, file_of
from plans.knowledge.parse import read_documents
from plans.knowledge.rows.codec import Codec, Fragment, fingerprint
from plans.knowledge.rows.documents import CODECS, entry_of
from plans.knowledge.rows.revision import lock_knowledge, record_revision
from plans.knowledge.rows.treatments import ExerciseCodec
from plans.knowledge.stricter import additions
from plans.models import KnowledgeRevision


@dataclass(frozen=True)
class Difference:
    """A row that the clinic edited: what it says and what the shipped text says, part by part."""

    document: str
    key: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return f"{file_of(self.document)}: {self.key}: {'; '.join(self.parts)}"


@dataclass
class LoadReport:
    """What loading did. `kept` are edited rows, `unshipped` rows that the documents no longer hold."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: list[Difference] = field(default_factory=list)
    unshipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    revision: KnowledgeRevision | None = None


def load_documents(documents: Documents, *, user: Any = None, take: Collection[str] = ()) -> LoadReport:
    """Write the documents into the rows, in one transaction.

    `take` names edited rows (``techniques:mt_mwm``) that go back to the shipped text. Raises KnowledgeError with all
    problems when the documents, or the rows that would result, do not fit together; then nothing is written.
    """
    parsed = read_documents(documents)
    report = LoadReport(notes=additions(parsed.exercises.exercises, parsed.conditions.conditions))
    with transaction.atomic():
        lock_knowledge()
        for codec in CODECS:
            _load_list(codec, getattr(documents, codec.document)[codec.list_name], report, take)
        report.revision = record_revision(note="Loaded from files", user=user, source=KnowledgeRevision.Source.LOAD)
    return report


def _load_list(codec: Codec, entries: list[Fragment], report: LoadReport, take: Collection[str]) -> None:
    rows = {codec.key_of(row): row for row in codec.queryset()}
    written: dict[str, Fragment] = {}
    for order, entry in enumerate(entries):
        shipped = codec.canonical(entry)
        key = str(shipped[codec.key_field])
        row = rows.pop(key, None)
        if _load_entry(codec, row, shipped, order, report, forced=f"{codec.document}:{key}" in take):
            written[key] = shipped
    if isinstance(codec, ExerciseCodec):
        codec.link(written)
    report.unshipped += [f"{file_of(codec.document)}: {key}" for key, row in rows.items() if codec.hash_of(row)]


def _load_entry(
    codec: Codec, row: Any | None, shipped: Fragment, order: int, report: LoadReport, *, forced: bool
) -> bool:
    """Load one entry; True when it was written."""
    digest = fingerprint(shipped)
    if row is None:
        codec.write(None, shipped, order=order, shipped_hash=digest)
        report.created += 1
        return True
    present = entry_of(codec, row)
    if present == shipped:
        report.unchanged += 1
        if codec.hash_of(row) != digest:
            codec.set_hash(row, digest)
        return False
    if fingerprint(present) != codec.hash_of(row) and not forced:
        report.kept.append(Difference(codec.document, str(shipped[codec.key_field]), tuple(_parts(present, shipped))))
        return False
    codec.write(row, shipped, order=order, shipped_hash=digest)
    report.updated += 1
    return True


def _parts(present: Fragment, shipped: Fragment) -> Iterator[str]:
    for name in shipped:
        if present.get(name) != shipped[name]:
            yield f"{name}: here {_short(present.get(name))}, shipped {_short(shipped[name])}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."

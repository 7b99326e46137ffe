"""The knowledge in force, and its revisions. Every change of the rows makes the next revision."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from plans.engine.knowledge import Knowledge
from plans.knowledge.parse import content_hash, parse, shipped_knowledge
from plans.knowledge.rows.documents import documents_from_rows
from plans.models import KnowledgeRevision

_LOCK = 7_406_231  # advisory lock: revisions are numbered one after the other


def lock_knowledge() -> None:
    """Wait for everybody else who writes the knowledge; holds until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def latest_revision() -> KnowledgeRevision | None:
    """The newest revision; None when nothing was loaded."""
    return KnowledgeRevision.objects.order_by("-number").first()


def record_revision(*, note: str, user: Any = None, source: str = KnowledgeRevision.Source.EDIT) -> KnowledgeRevision:
    """Check the rows as they stand and number them. The same content keeps its revision.

    Runs inside the caller's transaction. Raises KnowledgeError when the rows contradict each other.
    """
    with transaction.atomic():
        lock_knowledge()
        documents = documents_from_rows()
        parse(documents)
        digest = content_hash(documents)
        last = latest_revision()
        if last is not None and last.content_hash == digest:
            return last
        return KnowledgeRevision.objects.create(
            number=(last.number if last is not None else 0) + 1,
            content_hash=digest,
            source=source,
            note=note[:200],
            created_by=user,
        )


def knowledge_in_force() -> Knowledge:
    """The rows as knowledge, one query while the revision stays; the shipped knowledge when nothing was loaded."""
    last = KnowledgeRevision.objects.order_by("-number").values_list("number", "content_hash").first()
    return shipped_knowledge() if last is None else _knowledge_of(*last)


@lru_cache(maxsize=4)
def _knowledge_of(number: int, digest: str) -> Knowledge:
    documents = documents_from_rows()
    found = content_hash(documents)
    # Rows changed past the admin (raw SQL), or files upgraded without loading: say so instead of naming a wrong state.
    return parse(documents, revision=str(number) if found == digest else f"{number}~{found[:8]}")

"""What the knowledge pages show, composed from the readers of the domain. No rules are decided here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.urls import reverse

from clinic.models import User
from plans.governance.affected import Affected, affected_plans
from plans.governance.differences import KINDS, RowChange, compare
from plans.governance.proposals import differences, moved_rows
from plans.governance.shipped import Kept, kept_differences
from plans.governance.signoff import (
    awaits_review,
    entries_of,
    is_lead,
    is_signed_off,
    keeps_knowledge,
    last_sign_off,
)
from plans.knowledge.marks import Mark, verify_marks
from plans.knowledge.parse import content_hash
from plans.knowledge.rows.documents import documents_from_rows
from plans.knowledge.rows.revision import latest_revision
from plans.models import KnowledgeChange, KnowledgeRevision, KnowledgeSignOff

PENDING = KnowledgeChange.State.PENDING
NOBODY = Affected((), 0)


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """``changes`` is None when nothing was ever signed off: then everything is new."""

    revision: KnowledgeRevision | None
    differs: bool
    signed: KnowledgeSignOff | None
    before: KnowledgeSignOff | None
    counts: tuple[tuple[str, int], ...]
    changes: tuple[RowChange, ...] | None
    marks: tuple[tuple[str, tuple[Mark, ...]], ...]
    mark_count: int
    affected: Affected
    kept: tuple[Kept, ...]
    pending: tuple[KnowledgeChange, ...]
    decided: tuple[KnowledgeChange, ...]
    may_sign: bool


def review_page(user: User, *, today: date) -> ReviewPage:
    """The whole review for one reader."""
    revision, documents = latest_revision(), documents_from_rows()
    entries = entries_of(documents)
    before = last_sign_off()
    signed = before if revision is not None and before is not None and before.revision == str(revision.number) else None
    changes = compare(before.entries, entries) if before is not None else None
    marks = verify_marks(documents)
    rows = KnowledgeChange.objects.select_related("proposed_by", "decided_by", "revision").prefetch_related("rows")
    return ReviewPage(
        revision=revision,
        differs=revision is not None and content_hash(documents) != revision.content_hash,
        signed=signed,
        before=before,
        counts=tuple((KINDS[where], len(found)) for where, found in entries.items()),
        changes=changes,
        marks=tuple((kind, tuple(group)) for kind, group in groupby(marks, key=lambda mark: mark.kind)),
        mark_count=len(marks),
        affected=affected_plans(changes, user) if changes else NOBODY,
        kept=kept_differences(),
        pending=tuple(rows.filter(state=PENDING)),
        decided=tuple(rows.exclude(state=PENDING)[:8]),
        may_sign=is_lead(user, today=today) and signed is None and revision is not None,
    )


@dataclass(frozen=True, slots=True)
class ChangePage:
    changes: tuple[RowChange, ...]
    affected: Affected
    moved: tuple[str, ...]
    may_decide: bool
    may_withdraw: bool
    may_sign_too: bool
    crumbs: Sequence[dict[str, str]]


def change_page(change: KnowledgeChange, user: User, *, today: date) -> ChangePage:
    """One proposed change for one reader."""
    is_open, own = change.state == PENDING, change.proposed_by_id == user.pk
    changes = differences(change)
    newest = latest_revision()
    crumbs = [
        {"label": "Knowledge review", "url": reverse("staff:knowledge-review")},
        {"label": f"Change {change.pk}", "url": reverse("staff:knowledge-change", args=[change.pk])},
    ]
    return ChangePage(
        changes=changes,
        affected=affected_plans(changes, user),
        moved=moved_rows(change) if is_open and not change.at_once else (),
        may_decide=is_open and not own,
        may_withdraw=is_open and own and not change.at_once,
        may_sign_too=is_open
        and not own
        and not change.at_once
        and is_lead(user, today=today)
        and newest is not None
        and is_signed_off(str(newest.number)),
        crumbs=crumbs,
    )


@dataclass(frozen=True, slots=True)
class Banner:
    """What clinicians are told on top of a page: that the knowledge awaits review, that changes wait for them."""

    awaits: bool
    waiting: int
    keeper: bool


def knowledge_banner(user: User, *, today: date) -> Banner | None:
    """The banner for this reader, None when there is nothing to say; two to three queries."""
    awaits, keeper = awaits_review(), keeps_knowledge(user, today=today)
    waiting = KnowledgeChange.objects.filter(state=PENDING).exclude(proposed_by=user).count() if keeper else 0
    return Banner(awaits, waiting, keeper) if awaits or waiting else None

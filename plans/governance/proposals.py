"""Changes of the knowledge by two people: one proposes, another decides; only then the rows change.

A change that makes things stricter and nothing else may take effect at once; it still waits for the second person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from clinic.errors import Conflict, DomainError, Invalid, ManyProblems, Refused
from clinic.models import User
from plans.actions.worklist import raise_alert
from plans.governance.affected import signed_uses
from plans.governance.differences import RowChange, row_change
from plans.governance.shipped import shipped_state
from plans.governance.signoff import keeps_knowledge
from plans.knowledge.documents import KnowledgeError
from plans.knowledge.parse import parse
from plans.knowledge.rows.codec import fingerprint
from plans.knowledge.rows.documents import documents_from_rows
from plans.knowledge.rows.revision import lock_knowledge, record_revision
from plans.knowledge.rows.states import State, codec_for, row_of, state_of, write_state
from plans.knowledge.tightening import looser_parts
from plans.models import KnowledgeChange, KnowledgeChangeRow, KnowledgeRevision

Pending = KnowledgeChange.State.PENDING


@dataclass(frozen=True, slots=True)
class RowDraft:
    """One row as it is (None: not there yet) and as it should be."""

    document: str
    list_name: str
    key: str
    before: State | None
    after: State
    takes_shipped: bool = False


# --- Propose ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def propose(
    by: User,
    rows: Sequence[RowDraft],
    *,
    reason: str,
    today: date,
    part_of: KnowledgeChange | None = None,
    at_once: bool = False,
) -> KnowledgeChange:
    """Keep the wish to change these rows, checked against the whole knowledge; the rows themselves do not change.

    ``part_of`` adds them to a pending change of the same person. ``at_once`` puts them into force now and is for
    changes that only make things stricter. Raises KnowledgeError when the result would not fit together, DomainError
    when the person, the reason or the change is not admitted.
    """
    _keeper(by, today)
    lock_knowledge()
    if not rows:
        raise Invalid("nothing_changed", "Nothing was changed.")
    if part_of is not None and at_once:
        raise Invalid("at_once_alone", "A change that applies at once stands alone.", field="at_once")
    change = _own_pending(part_of, by) if part_of is not None else _new(by, reason)
    for row in rows:
        _keep_row(change, row)
    _try(change)
    if at_once:
        _apply_at_once(change)
    return change


def _new(by: User, reason: str) -> KnowledgeChange:
    return KnowledgeChange.objects.create(proposed_by=by, reason=_stated(reason))


def _own_pending(change: KnowledgeChange, by: User) -> KnowledgeChange:
    locked = _locked(change)
    if locked.proposed_by_id != by.pk or locked.at_once:
        raise Refused("not_yours", "Rows can be added to a pending change of your own only.", field="part_of")
    return locked


def _keep_row(change: KnowledgeChange, row: RowDraft) -> None:
    KnowledgeChangeRow.objects.update_or_create(
        change=change,
        document=row.document,
        list_name=row.list_name,
        key=row.key,
        defaults={"before": row.before, "after": row.after, "takes_shipped": row.takes_shipped},
    )


def _try(change: KnowledgeChange) -> None:
    """Write the rows, check the whole knowledge, and take everything back. Raises KnowledgeError."""
    with transaction.atomic():
        _write(change)
        parse(documents_from_rows())
        transaction.set_rollback(True)


def _apply_at_once(change: KnowledgeChange) -> None:
    looser = [
        f"{row.key}: {part}" for row in change.rows.all() for part in looser_parts(row.list_name, row.before, row.after)
    ]
    if looser:
        raise Refused(
            "not_stricter",
            f"Only a change that makes things stricter may apply at once. This one also changes {', '.join(looser)}.",
            field="at_once",
        )
    _write(change)
    change.revision = _record(change, change.proposed_by)
    change.at_once = True
    change.save(update_fields=["revision", "at_once"])


@transaction.atomic
def propose_shipped(by: User, refs: Iterable[str], *, reason: str, today: date) -> KnowledgeChange:
    """Propose the shipped text for these edited rows (``techniques.techniques:mt_mwm``)."""
    drafts = []
    for ref in dict.fromkeys(refs):
        place, _, key = ref.partition(":")
        document, _, list_name = place.partition(".")
        try:
            found = shipped_state(codec_for(document, list_name), key)
        except KeyError:
            found = None
        if found is None:
            raise Invalid("unknown_row", f"There is no such row: {ref}", field="rows")
        before, after, _digest = found
        drafts.append(RowDraft(document, list_name, key, before, after, takes_shipped=True))
    if not drafts:
        raise Invalid("nothing_chosen", "Choose the rows that should go back to the shipped text.", field="rows")
    return propose(by, drafts, reason=reason, today=today)


# --- Decide ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def approve(change: KnowledgeChange, by: User, *, today: date, note: str = "") -> KnowledgeChange:
    """Put a pending change of somebody else into force, or confirm one that applied at once.

    Raises Refused for one's own change, Conflict when it is decided already, when a row has changed since, or when
    the knowledge would no longer fit together.
    """
    _keeper(by, today)
    lock_knowledge()
    locked = _second_person(change, by)
    if not locked.at_once:
        _unmoved(locked)
        try:
            _write(locked)
            locked.revision = _record(locked, by)
        except KnowledgeError as error:
            problems = tuple(Conflict("does_not_fit", problem) for problem in error.problems[:10])
            raise ManyProblems("does_not_fit", "The knowledge would not fit together any more.", problems) from error
    return _decide(locked, by, KnowledgeChange.State.APPROVED, note)


@transaction.atomic
def reject(change: KnowledgeChange, by: User, *, reason: str, today: date) -> KnowledgeChange | None:
    """Refuse a change of somebody else. One that applied at once stays in force; the way back is proposed instead.

    Returns that proposal, or None when nothing has to be taken back.
    """
    _keeper(by, today)
    lock_knowledge()
    locked = _second_person(change, by)
    said = _stated(reason)
    _decide(locked, by, KnowledgeChange.State.REJECTED, said)
    return _propose_back(locked, by, said, today) if locked.at_once else None


@transaction.atomic
def withdraw(change: KnowledgeChange, by: User) -> KnowledgeChange:
    """Take back one's own change before it is decided. One that applied at once stays for the second person."""
    locked = _locked(change)
    if locked.proposed_by_id != by.pk:
        raise Refused("not_yours", "Only the person who proposed a change withdraws it.")
    if locked.at_once:
        raise Conflict("in_force", "This change is in force already. Propose the way back instead.")
    return _decide(locked, by, KnowledgeChange.State.WITHDRAWN, "")


def _propose_back(change: KnowledgeChange, by: User, reason: str, today: date) -> KnowledgeChange | None:
    drafts = []
    for row in change.rows.all():
        present = _present(row)
        if present == row.after and row.before is not None:
            drafts.append(RowDraft(row.document, row.list_name, row.key, present, row.before))
    return propose(by, drafts, reason=f"Take back change {change.pk}: {reason}"[:500], today=today) if drafts else None


def _decide(change: KnowledgeChange, by: User, state: str, note: str) -> KnowledgeChange:
    change.state, change.decided_by, change.decided_at = state, by, timezone.now()
    change.decision_reason = " ".join(note.split())[:500]
    change.save(update_fields=["state", "decided_by", "decided_at", "decision_reason", "revision"])
    return change


# --- Shared ----------------------------------------------------------------------------------------------------------


def differences(change: KnowledgeChange) -> tuple[RowChange, ...]:
    """What the change does, row by row."""
    found = []
    for row in change.rows.all():
        where = f"{row.document}.{row.list_name}"
        entry = row_change(where, row.key, _shown(row.before), _shown(row.after))
        if entry is not None:
            found.append(entry)
    return tuple(found)


def moved_rows(change: KnowledgeChange) -> tuple[str, ...]:
    """Rows that no longer read as they did when the change was proposed."""
    return tuple(row.key for row in change.rows.all() if _present(row) != row.before)


def _shown(state: State | None) -> dict[str, object] | None:
    if state is None:
        return None
    return {**state["entry"], "in_use": state["active"], "place_in_lists": state["order"]}


def _present(row: KnowledgeChangeRow) -> State | None:
    codec = codec_for(row.document, row.list_name)
    stored = row_of(codec, row.key)
    return state_of(codec, stored) if stored is not None else None


def _unmoved(change: KnowledgeChange) -> None:
    moved = moved_rows(change)
    if moved:
        raise Conflict(
            "row_moved_on", f"Changed by somebody else since this was proposed: {', '.join(moved)}. Propose it anew."
        )


def _write(change: KnowledgeChange) -> None:
    for row in change.rows.all():
        digest = fingerprint(row.after["entry"]) if row.takes_shipped else None
        write_state(codec_for(row.document, row.list_name), row.key, row.after, shipped_hash=digest)


def _record(change: KnowledgeChange, by: User) -> KnowledgeRevision:
    before = KnowledgeRevision.objects.count()
    revision = record_revision(note=f"Change {change.pk}: {change.reason}", user=by)
    if KnowledgeRevision.objects.count() == before:
        raise Conflict("nothing_changed", "This change makes no difference any more.")
    _tell_the_treating(change)
    return revision


def _tell_the_treating(change: KnowledgeChange) -> None:
    """Put every signed plan that uses a changed row on the worklist of the people who treat the patient."""
    for version, uses in signed_uses(differences(change)):
        raise_alert(
            version.plan.episode.patient,
            "knowledge_changed",
            key=f"change:{change.pk}",
            text=f"The clinical knowledge behind this plan has changed. {'; '.join(uses)}"[:500],
            suggestion="Make a new version of the plan and check it against the changed knowledge.",
            plan=version.plan,
        )


def _keeper(by: User, today: date) -> None:
    if not keeps_knowledge(by, today=today):
        raise Refused("not_keeper", "Only managers and clinical leads change the clinical knowledge.")


def _locked(change: KnowledgeChange) -> KnowledgeChange:
    found: KnowledgeChange = KnowledgeChange.objects.select_for_update().get(pk=change.pk)
    if found.state != Pending:
        raise Conflict("decided", "This change is decided already.")
    return found


def _second_person(change: KnowledgeChange, by: User) -> KnowledgeChange:
    found = _locked(change)
    if found.proposed_by_id == by.pk:
        raise Refused("own_change", "Somebody else has to decide: nobody approves a change of their own.")
    return found


def _stated(reason: str) -> str:
    said = " ".join(reason.split())
    if len(said) < 5:
        raise Invalid("reason_missing", "Say why: the second person decides on it.", field="reason")
    if len(said) > 500:
        raise Invalid("reason_long", "Keep this under 500 characters.", field="reason")
    return said


def problems_of(error: DomainError | KnowledgeError) -> list[str]:
    """The sentences of an error, for a form."""
    if isinstance(error, KnowledgeError):
        return error.problems
    return [e.message for e in error.problems] if isinstance(error, ManyProblems) else [error.message]

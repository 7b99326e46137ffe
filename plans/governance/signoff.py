"""The sign-off of a revision by a clinical lead: whether it is there, what it needs, and what it writes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from clinic.errors import Conflict, Invalid, Refused
from clinic.hashing import content_hash as hash_of
from clinic.models import Practitioner, User
from clinic.permissions import Permission, may
from clinic.signatures import Kind, append
from plans.knowledge.documents import Documents
from plans.knowledge.marks import verify_marks
from plans.knowledge.parse import content_hash
from plans.knowledge.rows.documents import CODECS, documents_from_rows
from plans.knowledge.rows.revision import latest_revision
from plans.models import KnowledgeRevision, KnowledgeSignOff

NOT_REVIEWED = (
    "The clinical knowledge that this plan rests on awaits review by your clinical lead. The plan can be edited; "
    "it can be signed after the sign-off (staff pages, Knowledge review)."
)
Entries = dict[str, dict[str, Any]]


def is_signed_off(revision: str) -> bool:
    """True when a clinical lead has signed off the revision of this name."""
    return KnowledgeSignOff.objects.filter(revision=revision).exists()


def awaits_review() -> bool:
    """True when the newest revision is loaded and not signed off; one query."""
    signed = KnowledgeSignOff.objects.values("revision")
    newest = KnowledgeRevision.objects.order_by("-number").values_list("number", flat=True)[:1]
    found = list(newest)
    return bool(found) and not signed.filter(revision=str(found[0])).exists()


def is_lead(user: User, *, today: date) -> bool:
    """True for a clinical lead whose registration is valid on the day."""
    practitioner = Practitioner.objects.select_related("user").filter(user=user).first()
    return bool(practitioner and practitioner.is_clinical_lead and practitioner.licence_is_valid(today))


def keeps_knowledge(user: Any, *, today: date) -> bool:
    """True for managers and clinical leads: they propose, review and decide changes of the knowledge."""
    if may(user, Permission.KNOWLEDGE_EDIT):
        return True
    return isinstance(user, User) and user.is_active and is_lead(user, today=today)


def last_sign_off() -> KnowledgeSignOff | None:
    """The newest sign-off, whatever revision it is of."""
    return KnowledgeSignOff.objects.select_related("by__user").first()


def entries_of(documents: Documents) -> Entries:
    """What is in force, by "document.list" and key."""
    return {
        f"{codec.document}.{codec.list_name}": {
            str(entry[codec.key_field]): entry for entry in getattr(documents, codec.document)[codec.list_name]
        }
        for codec in CODECS
    }


@transaction.atomic
def sign_off(by: User, *, revision: int, statement: str, verify_note: str, today: date) -> KnowledgeSignOff:
    """Sign off the revision that was reviewed. From now on plans may be signed on it.

    Raises Refused for anybody but a clinical lead with a valid registration, Conflict when the knowledge has moved
    on or is signed off already, Invalid for an empty statement or note.
    """
    lead = _lead(by, today=today)
    newest = latest_revision()
    if newest is None or newest.number != revision:
        raise Conflict("knowledge_moved_on", "The knowledge has changed since you opened this page. Review it again.")
    documents = documents_from_rows()
    if content_hash(documents) != newest.content_hash:
        raise Conflict(
            "knowledge_differs",
            "The rows differ from this revision: they were changed outside the review. Run “manage.py load_knowledge”.",
        )
    try:
        with transaction.atomic():
            row = KnowledgeSignOff.objects.create(
                revision=str(newest.number),
                content_hash=newest.content_hash,
                by=lead,
                statement=_said(statement, "statement", 500, "Say what you reviewed."),
                verify_note=_said(verify_note, "verify_note", 1000, "Say what was decided about the marked figures."),
                verify_count=len(verify_marks(documents)),
                entries=entries_of(documents),
            )
            _link(row, by)
            return row
    except IntegrityError as error:
        raise Conflict("signed_off_already", "This revision is signed off already.") from error


def _link(row: KnowledgeSignOff, by: User) -> None:
    """Hang the sign-off on the chain of signatures, hashed as the database has it."""
    row.refresh_from_db()
    append(Kind.KNOWLEDGE, row.pk, hash_of(sign_off_content(row)), by=by, at=row.at)


def sign_off_content(row: KnowledgeSignOff) -> dict[str, Any]:
    """What the signature binds."""
    return {
        "revision": row.revision,
        "content_hash": row.content_hash,
        "by": row.by_id,
        "at": row.at.isoformat(),
        "statement": row.statement,
        "verify_note": row.verify_note,
        "verify_count": row.verify_count,
        "entries": row.entries,
    }


def sign_off_hashes(ids: Iterable[int]) -> dict[int, str]:
    """The hash of each sign-off as it reads now; missing ones are left out."""
    return {row.pk: hash_of(sign_off_content(row)) for row in KnowledgeSignOff.objects.filter(pk__in=list(ids))}


def _lead(by: User, *, today: date) -> Practitioner:
    practitioner = Practitioner.objects.select_related("user").filter(user=by).first()
    if practitioner is None or not practitioner.is_clinical_lead:
        raise Refused("not_lead", "Only a clinical lead signs off the clinical knowledge.")
    if not practitioner.licence_is_valid(today):
        raise Refused("licence_expired", "Your registration is not valid today. Renew it in the staff settings first.")
    return practitioner


def _said(text: str, field: str, longest: int, missing: str) -> str:
    said = " ".join(text.split())
    if len(said) < 10:
        raise Invalid(f"{field}_missing", missing, field=field)
    if len(said) > longest:
        raise Invalid(f"{field}_long", f"Keep this under {longest} characters.", field=field)
    return said

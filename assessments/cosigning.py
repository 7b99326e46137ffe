"""A student signs, a supervisor co-signs or sends back. What is kept by the database: ``models/assessment.py``."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db import transaction
from django.utils import timezone

from assessments.actions import check_before_signing, licensed, locked_draft, put_signature
from assessments.models import Assessment
from clinic.errors import Conflict, Invalid, Refused
from clinic.models import Practitioner, User


@transaction.atomic
def submit(assessment: Assessment, *, by: User, today: date, confirmed: Collection[str] = ()) -> Assessment:
    """Sign as a student: locked until the supervisor co-signs or sends it back.

    Raises Refused for everybody but a student with a supervisor, Conflict when it is no draft, ManyProblems with what
    the same signature of a registered person would be asked.
    """
    student = student_behind(by)
    if student is None or student.supervisor is None:
        raise Refused("not_student", "Only a student signs this way.")
    row = locked_draft(assessment)
    check_before_signing(row, today=today, confirmed=confirmed)
    # Whoever answers for the record must be able to open it.
    row.episode.patient.care_team.add(student.supervisor.user)
    row.state, row.submitted_by, row.submitted_at = Assessment.State.COSIGN, by, timezone.now()
    row.return_note, row.returned_by, row.returned_at = "", None, None
    row.save(
        update_fields=["state", "submitted_by", "submitted_at", "return_note", "returned_by", "returned_at", "saved_at"]
    )
    return row


@transaction.atomic
def cosign(assessment: Assessment, *, by: User, today: date) -> Assessment:
    """Co-sign what a student signed: from now on it is a signed assessment like any other.

    Raises Refused for everybody but the student's supervisor or a clinical lead, Conflict when it does not wait.
    """
    row = _waiting(assessment, by, today)
    return put_signature(row, by=by)


@transaction.atomic
def send_back(assessment: Assessment, *, by: User, note: str, today: date) -> Assessment:
    """Give it back to the student with a note; it is a draft again. Raises as :func:`cosign`, Invalid without note."""
    row = _waiting(assessment, by, today)
    note = " ".join(note.split())
    if not 3 <= len(note) <= 500:
        raise Invalid("note", "Say what to change, in at most 500 characters.", field="note")
    row.state, row.submitted_by, row.submitted_at = Assessment.State.DRAFT, None, None
    row.return_note, row.returned_by, row.returned_at = note, by, timezone.now()
    row.save(
        update_fields=["state", "submitted_by", "submitted_at", "return_note", "returned_by", "returned_at", "saved_at"]
    )
    return row


def student_behind(user: User) -> Practitioner | None:
    """The registration of a log-in that belongs to a student; None for everybody else."""
    return Practitioner.objects.select_related("supervisor__user").filter(user=user, is_student=True).first()


def may_cosign(assessment: Assessment, user: User, today: date) -> bool:
    """Whether this person answers for the student: supervisor, or clinical lead in their place."""
    practitioner = Practitioner.objects.select_related("user").filter(user=user).first()
    if practitioner is None or not practitioner.licence_is_valid(today) or assessment.submitted_by_id == user.pk:
        return False
    return practitioner.is_clinical_lead or practitioner.students.filter(user=assessment.submitted_by_id).exists()


def _waiting(assessment: Assessment, by: User, today: date) -> Assessment:
    licensed(by, today)
    row: Assessment = Assessment.objects.with_people().select_for_update(of=("self",)).get(pk=assessment.pk)
    if row.state != Assessment.State.COSIGN:
        raise Conflict("not_waiting", "This assessment does not wait for a co-signature.")
    if not may_cosign(row, by, today):
        raise Refused("not_supervisor", "The student's supervisor or a clinical lead co-signs.")
    return row

"""Asking and answering: a question becomes a task of the worklist, the answer comes back in the portal."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from clinic.errors import Conflict, Invalid, Refused
from clinic.models import Patient, User
from clinic.permissions import Permission, may
from exercises.models import Prescription
from plans.actions.worklist import close_alerts, raise_alert
from plans.models import Alert, PatientQuestion, Plan, QuestionReply

RULE = "patient_question"
TEXT_MAX, REPLY_MAX = 600, 2000
MOST_WAITING, MOST_PER_DAY = 5, 8
Topic = PatientQuestion.Topic
SEVERITY = {
    Topic.PAIN: Alert.Severity.HIGH,
    Topic.EXERCISE: Alert.Severity.NORMAL,
    Topic.DAILY: Alert.Severity.LOW,
    Topic.OTHER: Alert.Severity.LOW,
}


class TooMany(Conflict):
    """So many questions wait that no further one is taken."""


@transaction.atomic
def ask(
    patient: Patient,
    by: User,
    *,
    topic: str,
    text: str,
    client_id: UUID,
    now: datetime,
    prescription: Prescription | None = None,
    follows: PatientQuestion | None = None,
) -> PatientQuestion:
    """Keep a question and put it on the worklist. The same ``client_id`` gives the same question.

    Raises Invalid naming the field, TooMany while five wait or after eight in a day.
    """
    Patient.objects.select_for_update().only("pk").get(pk=patient.pk)
    earlier = PatientQuestion.objects.filter(client_id=client_id).first()
    if earlier is not None and earlier.patient_id == patient.pk:
        return earlier
    if earlier is not None:
        raise Conflict("key_reused", "Please load the page again, then send it once more.")
    said = _checked(topic, text)
    for other in (prescription, follows):
        if other is not None and other.patient_id != patient.pk:
            raise Invalid("not_there", "Choose from the list.", field="prescription")
    _check_flood(patient, now)
    question = PatientQuestion.objects.create(
        client_id=client_id,
        patient=patient,
        by=by,
        topic=topic,
        text=said,
        prescription=prescription,
        follows=follows,
        asked_at=now,
    )
    _tell(question)
    return question


def _checked(topic: str, text: str) -> str:
    if topic not in Topic.values:
        raise Invalid("topic", "Choose what it is about.", field="topic")
    said = text.strip()
    if "\x00" in said or len(said) < 3:
        raise Invalid("question_missing", "Write your question.", field="text")
    if len(said) > TEXT_MAX:
        raise Invalid("words_long", f"Shorten it to {TEXT_MAX} characters.", field="text")
    return said


def _check_flood(patient: Patient, now: datetime) -> None:
    mine = PatientQuestion.objects.filter(patient=patient)
    if (
        mine.waiting().count() >= MOST_WAITING
        or mine.filter(asked_at__gt=now - timedelta(days=1)).count() >= MOST_PER_DAY
    ):
        raise TooMany("too_many_questions", "Several of your questions wait already. Please call us if it is urgent.")


def _tell(question: PatientQuestion) -> None:
    raise_alert(
        question.patient,
        RULE,
        key=f"question:{question.pk}",
        text=f"Question ({question.get_topic_display()}): {question.text}"[:500],
        suggestion="Answer it; the answer appears in the portal.",
        severity=SEVERITY[Topic(question.topic)],
        plan=Plan.objects.filter(episode__patient=question.patient, state=Plan.State.ACTIVE).order_by("-pk").first(),
    )


@transaction.atomic
def reply(question: PatientQuestion, by: User, *, text: str) -> QuestionReply:
    """Answer once; closes the task. Raises Refused, Invalid for an empty or too long text, Conflict when answered."""
    if not may(by, Permission.CLINICAL_EDIT):
        raise Refused("not_yours", "Only a physiotherapist answers.")
    PatientQuestion.objects.filter(pk=question.pk).select_for_update().get()
    said = text.strip()
    if "\x00" in said or len(said) < 2:
        raise Invalid("reply_missing", "Write the answer.", field="text")
    if len(said) > REPLY_MAX:
        raise Invalid("reply_long", f"Shorten it to {REPLY_MAX} characters.", field="text")
    if QuestionReply.objects.filter(question=question).exists():
        raise Conflict("answered", "Somebody has answered this already.")
    given = QuestionReply.objects.create(question=question, by=by, text=said)
    close_alerts(question.patient, RULE, key=f"question:{question.pk}", outcome=f"Answered by {by.name}")
    return given


def note_read(question: PatientQuestion, *, now: datetime) -> None:
    """The answer was read; twice is once."""
    QuestionReply.objects.filter(question=question, seen_at__isnull=True).update(seen_at=now)

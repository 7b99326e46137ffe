"""Questions of patients to their physiotherapist: each with one answer, and not a chat."""

from __future__ import annotations

import uuid
from typing import ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.history import append_only, never_emptied
from clinic.models import Patient
from exercises.models import Prescription
from plans.querysets import PatientQuestionQuerySet


class PatientQuestion(models.Model):
    """What a patient, or who looks after them, asked. Never changed; a further question is a row of its own."""

    class Topic(models.TextChoices):
        EXERCISE = "exercise", _("An exercise")
        PAIN = "pain", _("Pain or how I feel")
        DAILY = "daily", _("Work, sport or everyday life")
        OTHER = "other", _("Something else")

    client_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False, help_text="Same id, same question.")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="questions_asked")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    topic = models.CharField(max_length=10, choices=Topic.choices)
    text = models.CharField(max_length=600)
    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="further")
    asked_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[PatientQuestionQuerySet] = PatientQuestionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [models.Index(fields=["patient", "-asked_at"], name="question_of_patient")]
        constraints = [models.CheckConstraint(condition=~models.Q(text=""), name="question_has_text")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"Question of patient {self.patient_id}"


@pghistory.track()
class QuestionReply(models.Model):
    """The one answer. Only that it was read is noted later."""

    question = models.OneToOneField(PatientQuestion, on_delete=models.PROTECT, related_name="reply")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=2000)
    at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "question replies"
        constraints = [models.CheckConstraint(condition=~models.Q(text=""), name="reply_has_text")]
        triggers = [
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="said_is_said", fields=["question", "by", "text", "at"]),
            never_emptied(),
        ]

    def __str__(self) -> str:
        return f"Reply to question {self.question_id}"

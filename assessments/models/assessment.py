"""The assessment: a draft that saves as one types, then a signed record that the database keeps."""

from __future__ import annotations

from typing import ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone

from assessments.querysets import AssessmentQuerySet
from clinic.models import Episode


@pghistory.track()
class Assessment(models.Model):
    """Initial assessment or reassessment of an episode. ``revision`` rises with every saved change."""

    class Kind(models.TextChoices):
        INITIAL = "initial", "Initial assessment"
        REASSESSMENT = "reassessment", "Reassessment"

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SIGNED = "signed", "Signed"

    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="assessments")
    kind = models.CharField(max_length=14, choices=Kind.choices, default=Kind.INITIAL)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    assessed_on = models.DateField(default=timezone.localdate)
    story = models.TextField("history in the patient's words", blank=True, max_length=4000)
    revision = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    saved_at = models.DateTimeField(auto_now=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    signed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[AssessmentQuerySet] = AssessmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-assessed_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["episode"], condition=models.Q(state="draft"), name="assessment_one_draft_per_episode"
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", signed_at__isnull=True, signed_by__isnull=True)
                | models.Q(state="signed", signed_at__isnull=False, signed_by__isnull=False),
                name="assessment_signed_has_signature",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="signed_is_locked",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state="signed"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.assessed_on}"

"""The assessment: a draft that saves as one types, then a signed record that the database keeps."""

from __future__ import annotations

from typing import ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone

from assessments.querysets import AssessmentQuerySet
from clinic.factlog import noted
from clinic.models import Episode

# Who may sign, and what may still change while a student's record waits. Kept by the database for every writer.
_SIGNING = """
    IF TG_OP <> 'INSERT' AND OLD.state = 'cosign' THEN
        IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'an assessment that waits for a co-signature is kept'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF (to_jsonb(NEW) - open_columns) IS DISTINCT FROM (to_jsonb(OLD) - open_columns) OR NEW.state = 'cosign' THEN
            RAISE EXCEPTION 'an assessment that waits for a co-signature does not change'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.state = 'signed' AND (NEW.submitted_by_id IS DISTINCT FROM OLD.submitted_by_id
            OR NEW.submitted_at IS DISTINCT FROM OLD.submitted_at
            OR NOT EXISTS (
                SELECT 1 FROM clinic_practitioner c
                WHERE c.user_id = NEW.signed_by_id AND NOT c.is_student
                  AND c.licence_valid_until >= NEW.signed_at::date - 1
                  AND (c.is_clinical_lead OR c.id IN (
                      SELECT s.supervisor_id FROM clinic_practitioner s WHERE s.user_id = NEW.submitted_by_id))
            )) THEN
            RAISE EXCEPTION 'the supervisor or a clinical lead co-signs'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    IF NEW.state = 'signed' AND EXISTS (
        SELECT 1 FROM clinic_practitioner WHERE user_id = NEW.signed_by_id AND is_student
    ) THEN
        RAISE EXCEPTION 'a student does not sign alone' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""
_OPEN_COLUMNS = (
    "ARRAY['state', 'saved_at', 'signed_by_id', 'signed_at', 'submitted_by_id', 'submitted_at', "
    "'return_note', 'returned_by_id', 'returned_at']"
)


@pghistory.track()
class Assessment(models.Model):
    """Initial assessment or reassessment of an episode. ``revision`` rises with every saved change."""

    class Kind(models.TextChoices):
        INITIAL = "initial", "Initial assessment"
        REASSESSMENT = "reassessment", "Reassessment"

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        COSIGN = "cosign", "Waits for co-signature"
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
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    submitted_at = models.DateTimeField("signed as student", null=True, blank=True)
    return_note = models.CharField("why it came back to the student", max_length=500, blank=True)
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    returned_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[AssessmentQuerySet] = AssessmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-assessed_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["episode"],
                condition=models.Q(state__in=("draft", "cosign")),
                name="assessment_one_draft_per_episode",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("draft", "cosign"), signed_at__isnull=True, signed_by__isnull=True)
                | models.Q(state="signed", signed_at__isnull=False, signed_by__isnull=False),
                name="assessment_signed_has_signature",
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", submitted_at__isnull=True, submitted_by__isnull=True)
                | models.Q(state="cosign", submitted_at__isnull=False, submitted_by__isnull=False)
                | models.Q(state="signed", submitted_at__isnull=True, submitted_by__isnull=True)
                | (
                    models.Q(state="signed", submitted_at__isnull=False, submitted_by__isnull=False)
                    & ~models.Q(submitted_by=models.F("signed_by"))
                ),
                name="assessment_cosigned_by_another",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="signed_is_locked",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state="signed"),
            ),
            pgtrigger.Trigger(
                name="signing_rules",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                declare=[("open_columns", f"TEXT[] := {_OPEN_COLUMNS}")],
                func=_SIGNING,
            ),
            noted(
                "assessment",
                patient="SELECT patient_id FROM clinic_episode WHERE id = row.episode_id",
                what="'signed'",
                content=("state",),
                counts="row.state = 'signed'",
                operation=pgtrigger.Update,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.assessed_on}"

"""Red-flag answers, and the clearances that only a named clinician can give."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models

from assessments.models.assessment import Assessment
from clinic.anatomy import REGION_CHOICES, SIDE_CHOICES
from clinic.factlog import noted
from clinic.history import append_only, by_registered, locked_when_parent, never_emptied
from clinic.models import Answer, Episode

PATIENT_OF_ASSESSMENT = (
    "SELECT e.patient_id FROM assessments_assessment a JOIN clinic_episode e ON e.id = a.episode_id"
    " WHERE a.id = row.assessment_id"
)


@pghistory.track()
class RedFlagAnswer(models.Model):
    """The answer to one red-flag question. No row means not asked, which stops release of the plan."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="flag_answers")
    flag = models.SlugField(max_length=40)
    answer = models.CharField(max_length=10, choices=Answer.choices)
    region = models.CharField(max_length=30, choices=REGION_CHOICES, blank=True, default="")
    side = models.CharField(max_length=8, choices=SIDE_CHOICES, blank=True, default="")
    note = models.CharField(max_length=300, blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)  # of the assessment, when the row last changed

    class Meta:
        ordering = ["flag"]
        constraints = [models.UniqueConstraint(fields=["assessment", "flag"], name="red_flag_answered_once")]
        triggers = [
            locked_when_parent(
                "signed_assessment_is_locked", parent_table="assessments_assessment", fk="assessment_id"
            ),
            never_emptied(),
            # Only a yes, given or taken back, bears on plans in force; the assessment's own plan comes later.
            noted(
                "red_flag",
                patient=PATIENT_OF_ASSESSMENT,
                what="row.flag",
                content=("assessment_id", "flag", "answer", "region", "side"),
                counts="row.answer = 'yes'",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.flag}: {self.answer}"


@pghistory.track()
class FlagClearance(models.Model):
    """A red flag cleared by a named clinician with reason and source. Kept for ever; asked again next visit."""

    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="flag_clearances")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="clearances")
    flag = models.SlugField(max_length=40)
    reason = models.CharField(max_length=500)
    source = models.CharField(max_length=200, help_text="For example the scan result or the medical letter.")
    cleared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    cleared_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-cleared_at"]
        constraints = [models.UniqueConstraint(fields=["assessment", "flag"], name="flag_cleared_once_per_assessment")]
        triggers = [
            by_registered("not_by_students", column="cleared_by_id"),
            *append_only(),
            noted(
                "red_flag",
                patient="SELECT patient_id FROM clinic_episode WHERE id = row.episode_id",
                what="row.flag",
                content=("flag",),
                operation=pgtrigger.Insert,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.flag} cleared"

"""The shared list of conditions, and what each patient answered: yes, no, or not asked."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models

from clinic.anatomy import REGION_CHOICES, SIDE_CHOICES
from clinic.factlog import noted
from clinic.models.patients import Patient


class Answer(models.TextChoices):
    """Three states; "not asked" is never read as "no"."""

    YES = "yes", "Yes"
    NO = "no", "No"
    NOT_ASKED = "not_asked", "Not asked"


@pghistory.track()
class Condition(models.Model):
    """A condition, state, implant or medicine that changes what may be done. Loaded from the clinical knowledge."""

    key = models.SlugField(max_length=60, unique=True)
    label = models.CharField(max_length=160)
    kind = models.CharField(max_length=30)
    ask = models.CharField("question to ask", max_length=300)
    needs_site = models.BooleanField(
        default=False, help_text="Acts at a region: a yes without region stops release of the plan."
    )
    is_derived = models.BooleanField(default=False, help_text="Follows from other findings as well.")
    derivation = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "key"]

    def __str__(self) -> str:
        return self.label


@pghistory.track()
class PatientCondition(models.Model):
    """One patient's answer to one condition question. No row means not asked."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="conditions")
    condition = models.ForeignKey(Condition, on_delete=models.PROTECT, related_name="answers")
    answer = models.CharField(max_length=10, choices=Answer.choices, default=Answer.NOT_ASKED)
    since = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "condition"], name="condition_answered_once"),
        ]
        triggers = [
            noted(
                "condition",
                patient="row.patient_id",
                what="SELECT key FROM clinic_condition WHERE id = row.condition_id",
                content=("patient_id", "condition_id", "answer"),
                counts="row.answer <> 'not_asked'",
            )
        ]

    def __str__(self) -> str:
        return f"{self.condition_id}: {self.answer}"


@pghistory.track()
class ConditionSite(models.Model):
    """Where a condition sits; effects with scope "at region" compare against this."""

    patient_condition = models.ForeignKey(PatientCondition, on_delete=models.CASCADE, related_name="sites")
    region = models.CharField(max_length=30, choices=REGION_CHOICES)
    side = models.CharField(max_length=8, choices=SIDE_CHOICES, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient_condition", "region", "side"], name="condition_site_once"),
        ]
        triggers = [
            noted(
                "condition",
                patient="SELECT patient_id FROM clinic_patientcondition WHERE id = row.patient_condition_id",
                what=(
                    "SELECT c.key FROM clinic_patientcondition p JOIN clinic_condition c ON c.id = p.condition_id"
                    " WHERE p.id = row.patient_condition_id"
                ),
                content=("patient_condition_id", "region", "side"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.side}".strip()

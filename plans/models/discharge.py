"""How a course of care ended: one row per plan, written by its signature and never changed."""

from __future__ import annotations

from typing import ClassVar

import pghistory
import pgtrigger
from django.db import models

from clinic.history import never_emptied
from plans.models.plan import Plan
from plans.querysets import DischargeQuerySet


@pghistory.track()
class Discharge(models.Model):
    """The record of phases reference, section 8. ``record`` is what was known on the day, as plain data."""

    class Kind(models.TextChoices):
        GOALS_MET = "goals_met", "Goals met"
        SELF_MANAGE = "self_manage", "Goes on alone, goals met in part"
        REFERRED_ON = "referred_on", "Referred on"
        PATIENT_CHOICE = "patient_choice", "The patient's choice"
        NON_ATTENDANCE = "non_attendance", "Did not attend"

    class Home(models.TextChoices):
        KEEP = "keep", "Goes on with the programme in the portal"
        END = "end", "The programme ends today"

    plan = models.OneToOneField(Plan, on_delete=models.PROTECT, related_name="discharge")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    home = models.CharField(max_length=4, choices=Home.choices)
    record = models.JSONField(help_text="outcomes, goals, causes, programme, warnings: as they were on the day.")
    summary = models.TextField(blank=True, max_length=3000)
    flare_plan = models.TextField("if it comes back", max_length=3000)
    follow_up_on = models.DateField(null=True, blank=True)
    letter_consent = models.BooleanField("consent to a letter to the GP or referrer")
    discharged_on = models.DateField()
    signed_by = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)

    objects: ClassVar[DischargeQuerySet] = DischargeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-discharged_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(flare_plan="") & ~models.Q(content_hash=""), name="discharge_is_complete"
            ),
            models.CheckConstraint(
                condition=models.Q(follow_up_on__isnull=True) | models.Q(follow_up_on__gte=models.F("discharged_on")),
                name="discharge_follow_up_later",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="signed_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied(),
        ]

    def __str__(self) -> str:
        return f"Discharge of {self.discharged_on}"

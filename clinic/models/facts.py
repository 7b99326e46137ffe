"""The log of new facts: every change of what a plan rests on, noted by triggers in the transaction that changes it."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone

from clinic.factlog import SETTLED_ONCE
from clinic.history import never_emptied
from clinic.models.patients import Patient


class FactChange(models.Model):
    """A fact of a patient that changed. While it is not settled, everything that rests on the facts is held.

    Triggers write it (``clinic.factlog.noted``), so that no way of writing a fact passes unseen; whoever has screened
    the plans against the new facts settles it. ``transaction`` keeps one act from filling the log.
    """

    class Source(models.TextChoices):
        CONDITION = "condition", "Condition"
        CONSENT = "consent", "Consent"
        RED_FLAG = "red_flag", "Red flag"
        ASSESSMENT = "assessment", "Signed assessment"
        PERSON = "person", "Date of birth or sex"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="fact_changes")
    source = models.CharField(max_length=12, choices=Source.choices)
    what = models.CharField(max_length=120, blank=True, help_text="Key of the condition, consent or flag.")
    transaction = models.BigIntegerField(default=0, editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["patient"], condition=models.Q(settled_at__isnull=True), name="fact_change_open")
        ]
        triggers = [
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
            never_emptied(),
            pgtrigger.Trigger(
                name="settled_once", operation=pgtrigger.Update, when=pgtrigger.Before, func=SETTLED_ONCE
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_source_display()} {self.what}".strip()

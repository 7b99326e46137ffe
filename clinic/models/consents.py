"""Consents: who agreed to what, when, and when it ended."""

from __future__ import annotations

from datetime import date

import pghistory
from django.conf import settings
from django.db import models

from clinic.factlog import noted
from clinic.models.patients import Patient


@pghistory.track()
class Consent(models.Model):
    """A consent on file. Needling and thrust need a signature with its date (techniques reference, section 1)."""

    class Kind(models.TextChoices):
        TREATMENT = "treatment", "Assessment and treatment"
        NEEDLING = "needling", "Dry needling (written)"
        THRUST = "thrust", "Joint manipulation, thrust (written)"
        MESSAGES = "messages", "Reminders by e-mail"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consents")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    signed_on = models.DateField()
    signed_by = models.CharField("signed by", max_length=120, help_text="Patient, or parent or guardian.")
    by_guardian = models.BooleanField("parent or guardian signed", default=False)
    withdrawn_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["kind", "-signed_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "kind"],
                condition=models.Q(withdrawn_on__isnull=True),
                name="consent_one_open_per_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_on__isnull=True) | models.Q(withdrawn_on__gte=models.F("signed_on")),
                name="consent_withdrawn_after_signing",
            ),
        ]
        triggers = [
            noted(
                "consent",
                patient="row.patient_id",
                what="row.kind",
                content=("patient_id", "kind", "signed_on", "by_guardian", "withdrawn_on"),
                counts="row.kind <> 'messages'",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, signed {self.signed_on}"

    def is_valid(self, on: date) -> bool:
        """Signed on or before the day and not withdrawn by then."""
        return self.signed_on <= on and (self.withdrawn_on is None or on < self.withdrawn_on)

"""Carers and parents: who may look after whose programme, in which parts, until when."""

from __future__ import annotations

from datetime import date

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.history import never_emptied
from clinic.models.patients import Patient


@pghistory.track()
class Proxy(models.Model):
    """One person's right to use another's portal. It ends by itself; ending it earlier keeps the row."""

    class Relation(models.TextChoices):
        PARENT = "parent", _("Parent or guardian")
        PARTNER = "partner", _("Partner or family")
        CARER = "carer", _("Carer")

    class Scope(models.TextChoices):
        PROGRAMME = "programme", _("See the programme and progress")
        LOG = "log", _("Tick exercises")
        VISITS = "visits", _("See, confirm and cancel visits")
        QUESTIONS = "questions", _("Ask the physiotherapist")

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="proxies")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="looks_after")
    relation = models.CharField(max_length=8, choices=Relation.choices)
    scopes = models.JSONField(help_text="Parts of the portal; nothing else is open.")
    consent_by = models.CharField(max_length=120, help_text="Who agreed: the patient, or the parent or guardian.")
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_on = models.DateField(help_text="First day without access.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-granted_at", "-id"]
        verbose_name_plural = "proxies"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "user"], condition=models.Q(revoked_at__isnull=True), name="proxy_open_once"
            ),
            models.CheckConstraint(condition=~models.Q(consent_by=""), name="proxy_has_consent"),
            models.CheckConstraint(
                condition=models.Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | models.Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="proxy_revoked_by_somebody",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="revoked_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__revoked_at__isnull=False),
            ),
            never_emptied(),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} for patient {self.patient_id}"

    def is_live(self, on: date) -> bool:
        """Whether it opens anything on that day of the patient's calendar."""
        return self.revoked_at is None and on < self.expires_on

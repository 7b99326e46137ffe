"""What a patient told us has changed, and who looked at it. Both are written once and never changed."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from clinic.history import append_only
from clinic.models import Patient
from plans.querysets import ChangeReportQuerySet


class ChangeReport(models.Model):
    """Signs that a patient ticked, with the words that stood beside them, and what they were told to do."""

    class Then(models.TextChoices):
        EMERGENCY = "emergency", "Call the emergency number now"
        TODAY = "today", "Call the clinic today"
        CARRY_ON = "carry_on", "Carry on"

    client_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False, help_text="Same id, same report.")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="change_reports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    acted_at = models.DateTimeField(help_text="When it was said; earlier than received when it was sent later.")
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    signs = models.JSONField(help_text="Keys of the signs that were ticked.")
    said = models.JSONField(help_text="The words that stood beside them, as shown.")
    words = models.CharField(max_length=1000, blank=True, help_text="In the patient's own words.")
    then = models.CharField(max_length=10, choices=Then.choices)
    stops = models.BooleanField(help_text="The exercises rest until a physiotherapist has looked.")
    held = models.JSONField(default=list, blank=True, help_text="Prescriptions that this report put on hold.")

    objects: ClassVar[ChangeReportQuerySet] = ChangeReportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [models.Index(fields=["patient", "-received_at"], name="change_report_of_patient")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(then__in=["emergency", "today", "carry_on"]), name="change_report_then_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(then="emergency") | models.Q(stops=True), name="change_report_emergency_stops"
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"Change told by patient {self.patient_id}"


class ChangeLook(models.Model):
    """A physiotherapist looked at a report: what was done, and whether the exercises may go on."""

    report = models.OneToOneField(ChangeReport, on_delete=models.PROTECT, related_name="look")
    by = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)
    goes_on = models.BooleanField(help_text="The exercises that this report put on hold may go on.")
    note = models.CharField(max_length=500)

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(note=""), name="change_look_has_note")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"Look at report {self.report_id}"

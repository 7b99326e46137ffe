"""The access log: who saw whose data, when. Append-only, enforced by the database."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from clinic.history import append_only


class AccessEvent(models.Model):
    """One response that carried patient data. Rows are never changed or deleted."""

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    patient = models.ForeignKey("clinic.Patient", on_delete=models.PROTECT, null=True, related_name="access_events")
    action = models.CharField(max_length=12)  # view, edit, list, export
    view = models.CharField(max_length=100)
    method = models.CharField(max_length=8)
    status = models.PositiveSmallIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-at"], name="access_by_patient"),
            models.Index(fields=["user", "-at"], name="access_by_user"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.at} {self.user_id} {self.action} {self.patient_id}"

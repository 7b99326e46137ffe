"""What a patient's telephone sent later than it happened."""

from __future__ import annotations

from django.db import models

from clinic.history import append_only


class ReceivedAct(models.Model):
    """One act of a patient that was applied: a second arrival is recognised by it, whatever became of the first.

    ``subject`` names what the act was about, so that an earlier act that arrives later finds the one that overruled
    it: what was taken back at noon is not put back by something tapped at eleven. Rows are never changed or deleted.
    """

    uuid = models.UUIDField(primary_key=True, help_text="Made by the patient's device.")
    patient = models.ForeignKey("clinic.Patient", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16)
    subject = models.CharField(max_length=80, blank=True)
    outcome = models.CharField(max_length=16)
    acted_at = models.DateTimeField(help_text="When the patient tapped.")
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["patient", "subject", "kind", "-acted_at"], name="received_act_by_subject")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid} {self.outcome}"

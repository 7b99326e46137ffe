"""Letters to colleagues, kept as they were sent."""

from __future__ import annotations

import pghistory
from django.db import models
from django.utils import timezone

from assessments.models import Assessment
from clinic.history import append_only
from clinic.models import Episode


@pghistory.track()
class Letter(models.Model):
    """A letter as it was written: the whole content as plain data, from which the same PDF is made again. Append-only.

    ``content`` is what the sheet ``letter`` prints; ``content_hash`` binds it.
    """

    class Kind(models.TextChoices):
        REFERRAL = "referral", "Referral"
        REPORT = "report", "Report"

    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="letters")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="letters")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.REFERRAL)
    disposition = models.CharField(max_length=24, blank=True, default="", help_text="How fast.")
    recipient = models.CharField(max_length=200)
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    written_by = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-written_at", "-id"]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.recipient}"

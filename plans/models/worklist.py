"""What waits for a person, across patients: one row per rule and subject, raised once and closed with what was done."""

from __future__ import annotations

from typing import ClassVar

import pghistory
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from clinic.models import Patient
from plans.models.plan import Plan
from plans.querysets import AlertQuerySet


@pghistory.track()
class Alert(models.Model):
    """A reason to look at a patient now.

    ``key`` names the subject within the rule ("condition:pacemaker", "prescription:12"): while an alert of the same
    patient, rule and key is open or snoozed, raising it again only renews its text and severity.
    """

    class Severity(models.TextChoices):
        URGENT = "urgent", "Act now"
        HIGH = "high", "Today"
        NORMAL = "normal", "This week"
        LOW = "low", "For your information"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        SNOOZED = "snoozed", "Snoozed"
        DONE = "done", "Done"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="alerts")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, blank=True, related_name="alerts")
    rule = models.SlugField(max_length=40)
    key = models.CharField(max_length=120, blank=True, default="")
    severity = models.CharField(max_length=8, choices=Severity.choices, default=Severity.NORMAL)
    text = models.CharField(max_length=500, help_text="What happened, for the physiotherapist.")
    suggestion = models.CharField(max_length=300, blank=True, default="", help_text="One suggested action.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    raised_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(default=timezone.now, editable=False, help_text="When the rule last held.")
    snoozed_until = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    action = models.CharField(max_length=40, blank=True, default="", help_text="What was done.")
    outcome = models.CharField(max_length=500, blank=True, default="", help_text="What came of it.")

    objects: ClassVar[AlertQuerySet] = AlertQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-raised_at", "-id"]
        indexes = [models.Index(fields=["state", "severity", "-raised_at"], name="alert_open_by_severity")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "rule", "key"],
                condition=~models.Q(state="done"),
                name="alert_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state="done", closed_at__isnull=False)
                | (~models.Q(state="done") & models.Q(closed_at__isnull=True)),
                name="alert_done_has_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="snoozed") | models.Q(snoozed_until__isnull=False),
                name="alert_snoozed_has_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.key}".strip()


@pghistory.track()
class WatchLimits(models.Model):
    """From where on a running plan calls for attention. A plan without a row has the defaults."""

    plan = models.OneToOneField(Plan, on_delete=models.CASCADE, related_name="watch_limits")
    silent_hours = models.PositiveSmallIntegerField(
        "hours without a log",
        default=49,
        validators=[MinValueValidator(25), MaxValueValidator(336)],
        help_text="Counted while exercises are due; longer where they are due on few days a week.",
    )
    pain_high = models.PositiveSmallIntegerField(
        "pain from",
        default=7,
        validators=[MinValueValidator(3), MaxValueValidator(10)],
        help_text="Worst pain of a day, 0 to 10.",
    )
    pain_rise = models.PositiveSmallIntegerField(
        "pain up by",
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(6)],
        help_text="Points above the mean of the days before.",
    )
    function_drop_pct = models.PositiveSmallIntegerField(
        "function down by",
        default=20,
        validators=[MinValueValidator(5), MaxValueValidator(60)],
        help_text="Per cent of the best score before (patient-specific functional scale).",
    )

    adherence_low_pct = models.PositiveSmallIntegerField(
        "ask below",
        default=60,
        validators=[MinValueValidator(20), MaxValueValidator(90)],
        help_text="Per cent of a week's exercises under which the patient is asked what got in the way.",
    )

    class Meta:
        verbose_name_plural = "watch limits"
        constraints = [
            models.CheckConstraint(condition=models.Q(adherence_low_pct__range=(20, 90)), name="watch_adherence_20_90"),
            models.CheckConstraint(condition=models.Q(silent_hours__range=(25, 336)), name="watch_silent_25_336_h"),
            models.CheckConstraint(condition=models.Q(pain_high__range=(3, 10)), name="watch_pain_3_10"),
            models.CheckConstraint(condition=models.Q(pain_rise__range=(1, 6)), name="watch_rise_1_6"),
            models.CheckConstraint(condition=models.Q(function_drop_pct__range=(5, 60)), name="watch_function_5_60"),
        ]

    def __str__(self) -> str:
        return f"Limits of plan {self.plan_id}"

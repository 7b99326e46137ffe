"""When, about what and by which way a patient wants to be told."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from clinic.models import Patient
from reminders.models.choices import Channel, Kind

QUIET_FROM = time(20, 0)
QUIET_UNTIL = time(8, 0)
MOST_TIMES = 7 * 24


class ContactRules(models.Model):
    """When a patient may be disturbed at all, in the patient's own wall time. One row per patient."""

    patient = models.OneToOneField(Patient, on_delete=models.CASCADE, related_name="contact_rules")
    quiet_from = models.TimeField(default=QUIET_FROM, help_text="Nothing is sent from here ...")
    quiet_until = models.TimeField(default=QUIET_UNTIL, help_text="... to here. The same time twice: no quiet hours.")
    daily_cap = models.PositiveSmallIntegerField(
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text="Messages a day; visits and the habit prompts that were asked for excepted.",
    )
    paused_from = models.DateField(null=True, blank=True, help_text="First day without messages; visits excepted.")
    paused_until = models.DateField(null=True, blank=True, help_text="Last day without; empty: until resumed.")
    sms_number = models.CharField(max_length=16, blank=True, default="", help_text="E.164; empty: the telephone.")

    class Meta:
        verbose_name_plural = "contact rules"
        constraints = [
            models.CheckConstraint(condition=models.Q(daily_cap__range=(1, 20)), name="contact_rules_cap_1_20"),
            models.CheckConstraint(
                condition=models.Q(paused_until__isnull=True)
                | models.Q(paused_from__isnull=False, paused_until__gte=models.F("paused_from")),
                name="contact_rules_pause_has_order",
            ),
            models.CheckConstraint(
                condition=models.Q(sms_number="") | models.Q(sms_number__regex=r"^\+[1-9][0-9]{6,14}$"),
                name="contact_rules_sms_is_e164",
            ),
        ]

    def __str__(self) -> str:
        return f"Contact rules of patient {self.patient_id}"


class Preference(models.Model):
    """Whether a patient wants one kind of message by one channel. No row: the defaults of :mod:`reminders.ways`."""

    class Source(models.TextChoices):
        """Where the choice was made."""

        SETTINGS = "settings", "In the settings"
        LINK = "link", "By the link in a message"
        STOP = "stop", "By the answer STOP"
        STAFF = "staff", "By the clinic"
        COMPLAINT = "complaint", "Reported as unwanted"

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="reminder_preferences")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.EMAIL)
    enabled = models.BooleanField(default=True)
    rank = models.PositiveSmallIntegerField(default=0, help_text="The lowest is tried first; equal: the usual order.")
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.SETTINGS)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "kind", "channel"], name="preference_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.get_channel_display()} for patient {self.patient_id}"


class Timetable(models.Model):
    """At which times of the week one kind of message comes, whichever way it travels.

    ``week_minutes`` holds minutes since Monday 00:00 of the patient's wall clock (0 to 10079).
    """

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="timetables")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    week_minutes = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True, size=MOST_TIMES)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "kind"], name="timetable_once"),
            models.CheckConstraint(
                condition=models.Q(week_minutes__len__lte=MOST_TIMES), name="timetable_at_most_168_times"
            ),
        ]

    def __str__(self) -> str:
        return f"Times of {self.kind} for patient {self.patient_id}"


class PushSubscription(models.Model):
    """A browser that may be notified. ``gone_at``: its push service has said that it is no longer there."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="push_subscriptions")
    endpoint = models.URLField(max_length=600, unique=True)
    p256dh = models.CharField(max_length=120)
    auth = models.CharField(max_length=60)
    device = models.CharField(max_length=80, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    used_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["patient"], condition=models.Q(gone_at__isnull=True), name="push_subscription_live"),
        ]

    def __str__(self) -> str:
        return f"Browser {self.pk} of patient {self.patient_id}"

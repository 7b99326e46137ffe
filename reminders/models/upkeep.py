"""What the sending side keeps for itself: the key of notifications, and whether the alarm rings."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class PushKey(models.Model):
    """The key that signs notifications to browsers (VAPID). One row; changing it makes all browsers ask anew."""

    singleton = models.BooleanField(default=True, editable=False, unique=True)
    private = models.CharField(max_length=60, editable=False)
    public = models.CharField(max_length=100, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(singleton=True), name="push_key_is_single"),
        ]

    def __str__(self) -> str:
        return f"Push key of {self.created_at:%Y-%m-%d}"


class ReminderAlarm(models.Model):
    """Whether reminders are stuck. One row; ``since`` is empty while all is well."""

    singleton = models.BooleanField(default=True, editable=False, unique=True)
    since = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(singleton=True), name="reminder_alarm_is_single"),
        ]

    def __str__(self) -> str:
        return f"stuck since {self.since}" if self.since else "all well"

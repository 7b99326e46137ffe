"""The outbox: due work is a row, not a message in a broker."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from clinic.models import Patient
from reminders.models.choices import Channel, Kind, Reason, State
from reminders.querysets import MessageQuerySet


class OutboxMessage(models.Model):
    """One message to one patient about one thing at one time by one channel; unique, so planning twice is harmless.

    One occurrence is planned for one channel. Where that fails for certain, the next channel gets a row of its own
    with ``fallback_of``: each row has at most one successor, so that a failure told twice makes no second message.

    Holds no clinical text: ``subject`` names a row (``programme`` or ``appointment:<id>``), ``occurrence`` its time.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False, help_text="Becomes the Message-ID.")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    subject = models.CharField(max_length=40)
    occurrence = models.CharField(max_length=40, help_text="Local wall time of a digest, UTC start of a visit.")
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.EMAIL)
    fallback_of = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="fallback"
    )
    due_at = models.DateTimeField()
    not_after = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    reason = models.CharField(max_length=16, choices=Reason.choices, blank=True, default="")
    detail = models.CharField(max_length=120, blank=True, default="", help_text="Technical; never patient data.")
    attempts = models.PositiveSmallIntegerField(default=0)
    token = models.UUIDField(null=True, blank=True, editable=False, help_text="Fence: only the last claimer may write.")
    lease_until = models.DateTimeField(null=True, blank=True)
    address = models.CharField(max_length=254, blank=True, default="")
    provider_id = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sending_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True, help_text="As the provider reports it.")
    seen_at = models.DateTimeField(null=True, blank=True, help_text="When a notice in the portal was put away.")
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects: ClassVar[MessageQuerySet] = MessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-due_at", "-id"]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=models.Q(state="planned"), name="outbox_due"),
            models.Index(
                fields=["lease_until"], condition=models.Q(state__in=["claimed", "sending"]), name="outbox_leased"
            ),
            models.Index(fields=["patient", "-due_at"], name="outbox_of_patient"),
            models.Index(fields=["state", "-due_at"], name="outbox_by_state"),
            models.Index(fields=["address"], condition=models.Q(channel="sms"), name="outbox_texted"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "kind", "subject", "occurrence", "channel"], name="outbox_once_per_occurrence"
            ),
            models.UniqueConstraint(
                fields=["patient", "kind", "subject", "occurrence"],
                condition=models.Q(fallback_of__isnull=True),
                name="outbox_first_channel_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["claimed", "sending"])
                | models.Q(token__isnull=False, lease_until__isnull=False),
                name="outbox_held_has_lease",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["sent", "delivered"]) | models.Q(sent_at__isnull=False),
                name="outbox_sent_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.occurrence} ({self.state})"


class ReminderSwitch(models.Model):
    """Whether anything is sent. One row; ``database_id`` tells a restored copy from the database it came from."""

    singleton = models.BooleanField(default=True, editable=False, unique=True)
    paused = models.BooleanField(default=False)
    why = models.CharField(max_length=200, blank=True, default="")
    database_id = models.CharField(max_length=60, blank=True, default="", editable=False)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(singleton=True), name="reminder_switch_is_single"),
        ]

    def __str__(self) -> str:
        return "paused" if self.paused else "running"

"""What a patient wants to be told, and the outbox: due work is a row, not a message in a broker."""

from __future__ import annotations

import uuid
from datetime import time
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from clinic.models import Patient
from reminders.querysets import MessageQuerySet

QUIET_FROM = time(20, 0)
QUIET_UNTIL = time(8, 0)
MINUTES_A_WEEK = 7 * 24 * 60


class Kind(models.TextChoices):
    """What a message is about."""

    EXERCISES = "exercises", "Daily programme"
    APPOINTMENT = "appointment", "Visit ahead"


class Channel(models.TextChoices):
    """How a message travels."""

    EMAIL = "email", "E-mail"


class ContactRules(models.Model):
    """When a patient may be disturbed at all, in the patient's own wall time. One row per patient."""

    patient = models.OneToOneField(Patient, on_delete=models.CASCADE, related_name="contact_rules")
    quiet_from = models.TimeField(default=QUIET_FROM, help_text="Nothing is sent from here ...")
    quiet_until = models.TimeField(default=QUIET_UNTIL, help_text="... to here. The same time twice: no quiet hours.")
    daily_cap = models.PositiveSmallIntegerField(
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text="Messages a day; visits excepted.",
    )

    class Meta:
        verbose_name_plural = "contact rules"
        constraints = [
            models.CheckConstraint(condition=models.Q(daily_cap__range=(1, 20)), name="contact_rules_cap_1_20"),
        ]

    def __str__(self) -> str:
        return f"Contact rules of patient {self.patient_id}"


class Preference(models.Model):
    """Whether a patient wants one kind of message by one channel, and for daily kinds at which times of the week.

    ``week_minutes`` holds minutes since Monday 00:00 of the patient's wall clock (0 to 10079).
    """

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="reminder_preferences")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.EMAIL)
    enabled = models.BooleanField(default=True)
    week_minutes = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True, size=28)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "kind", "channel"], name="preference_once"),
            models.CheckConstraint(
                condition=models.Q(week_minutes__len__lte=28),
                name="preference_at_most_28_times",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.get_channel_display()} for patient {self.patient_id}"


class State(models.TextChoices):
    """Where a message stands. ``reminders.outbox`` holds the moves."""

    PLANNED = "planned", "Planned"
    CLAIMED = "claimed", "Picked up"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    UNKNOWN = "unknown", "Doubtful"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Held back"
    EXPIRED = "expired", "Too late"
    CANCELLED = "cancelled", "Cancelled"


class Reason(models.TextChoices):
    """Why a message did not simply go out."""

    NONE = "", ""
    LOGGED = "logged", "Already done today"
    NOTHING_DUE = "nothing_due", "Nothing to do today"
    ON_HOLD = "on_hold", "The exercises are on hold"
    NO_CONSENT = "no_consent", "No consent to messages"
    OPTED_OUT = "opted_out", "Switched off by the patient"
    CAP = "cap", "Enough messages for one day"
    INACTIVE = "inactive", "Record closed"
    NO_ADDRESS = "no_address", "No e-mail address"
    TIMES_CHANGED = "times_changed", "Reminder time changed"
    VISIT_CANCELLED = "visit_cancelled", "Visit cancelled"
    VISIT_MOVED = "visit_moved", "Visit moved"
    TOO_LATE = "too_late", "Its time has passed"
    RETRY = "retry", "Will be tried again"
    QUIET = "quiet", "Waits for the end of quiet hours"
    REFUSED = "refused", "The mail server refused it"
    GAVE_UP = "gave_up", "Tried several times"
    LEASE_LOST = "lease_lost", "The sender stopped half-way"
    NO_ANSWER = "no_answer", "The mail server gave no clear answer"
    BROKEN = "broken", "Could not be written"
    BAD_ZONE = "bad_zone", "Unknown time zone in the record"
    BY_HAND = "by_hand", "Settled by a member of staff"


class OutboxMessage(models.Model):
    """One message to one patient about one thing at one time by one channel; unique, so planning twice is harmless.

    Holds no clinical text: ``subject`` names a row (``programme`` or ``appointment:<id>``), ``occurrence`` its time.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False, help_text="Becomes the Message-ID.")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    subject = models.CharField(max_length=40)
    occurrence = models.CharField(max_length=40, help_text="Local wall time of a digest, UTC start of a visit.")
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.EMAIL)
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
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "kind", "subject", "occurrence", "channel"], name="outbox_once_per_occurrence"
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

"""What a patient is to do at home, and what was done."""

from __future__ import annotations

import uuid
from typing import ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from clinic.anatomy import SIDE_CHOICES
from clinic.models import Episode, Patient
from exercises.models.dose import Dose, dose_constraints
from exercises.querysets import PrescriptionQuerySet, SessionLogQuerySet


@pghistory.track()
class Prescription(Dose):
    """One home exercise that a signed plan asks for. The dose changes only through a new plan version."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        STOPPED = "stopped", "Stopped"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="prescriptions")
    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="prescriptions")
    exercise = models.ForeignKey("exercises.Exercise", on_delete=models.PROTECT, related_name="prescriptions")
    side = models.CharField(max_length=8, choices=SIDE_CHOICES, blank=True, default="")
    phase = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(3)])
    position = models.PositiveSmallIntegerField(default=0)
    why = models.CharField(max_length=300, blank=True, help_text="One plain sentence for the patient.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    starts_on = models.DateField(help_text="First day, in the patient's own calendar.")
    ends_on = models.DateField(null=True, blank=True, help_text="Last day, inclusive.")
    prescribed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[PrescriptionQuerySet] = PrescriptionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["position", "id"]
        indexes = [models.Index(fields=["patient", "state", "starts_on"], name="prescription_current")]
        constraints = [
            *dose_constraints("prescription"),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("starts_on")),
                name="prescription_ends_after_start",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="held_is_not_active",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(new__state="active"),
                func="""
                    IF EXISTS (SELECT 1 FROM exercises_prescriptionpause h
                               WHERE h.prescription_id = NEW.id AND h.ends_on IS NULL AND h.for_safety)
                    THEN
                        RAISE EXCEPTION 'prescription % is held by the safety gate', NEW.id
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exercise_id} for patient {self.patient_id}"


@pghistory.track()
class PrescriptionPause(models.Model):
    """Days on which a prescription was on hold; an open hold has no end. Nothing is expected in it.

    A hold by the safety gate (``for_safety``) ends only when the gate lifts it. ``by`` is who put it on hold; nobody
    when the gate began it.
    """

    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="pauses")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text="Last day, inclusive.")
    reason = models.CharField(max_length=300, blank=True)
    for_safety = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["starts_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["prescription"],
                condition=models.Q(ends_on__isnull=True),
                name="prescription_one_open_pause",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("starts_on")),
                name="prescription_pause_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"hold of {self.prescription_id} from {self.starts_on}"


class SkipReason(models.TextChoices):
    """Why an exercise was not done (or only in part)."""

    PAIN = "pain", "It hurt too much"
    TIME = "time", "No time"
    FORGOT = "forgot", "I forgot"
    UNSURE = "unsure", "Not sure how"
    EASY = "easy", "Too easy"
    EQUIPMENT = "equipment", "Nothing to do it with"
    UNWELL = "unwell", "Not well"
    OTHER = "other", "Something else"


@pghistory.track()
class SessionLog(models.Model):
    """One bout of one prescription on one day of the patient's own calendar.

    One row per (prescription, day, bout); a correction overwrites it when it was made later than what is stored
    (history keeps both). ``client_id`` is made by the patient's device, so that a resent log is recognised.
    """

    class State(models.TextChoices):
        DONE = "done", "Done"
        PART = "part", "Part of it"
        SKIPPED = "skipped", "Not today"

    client_id = models.UUIDField(unique=True, default=uuid.uuid4)
    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="logs")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="session_logs")
    on = models.DateField(help_text="Day in the patient's own calendar.")
    bout = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(10)])
    state = models.CharField(max_length=8, choices=State.choices)
    reason = models.CharField(max_length=12, choices=SkipReason.choices, blank=True, default="")
    pain = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(10)], help_text="0 is an answer; empty is none."
    )
    comment = models.CharField(max_length=500, blank=True, default="")
    acted_at = models.DateTimeField(help_text="When the patient tapped.")
    recorded_at = models.DateTimeField(auto_now=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[SessionLogQuerySet] = SessionLogQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-on", "bout"]
        indexes = [models.Index(fields=["patient", "-on"], name="session_log_by_patient")]
        constraints = [
            models.UniqueConstraint(fields=["prescription", "on", "bout"], name="session_log_once_per_bout"),
            models.CheckConstraint(
                condition=models.Q(pain__isnull=True) | models.Q(pain__lte=10), name="session_log_pain_0_10"
            ),
            models.CheckConstraint(condition=models.Q(bout__range=(1, 10)), name="session_log_bout_1_10"),
            models.CheckConstraint(
                condition=~models.Q(state="skipped") | ~models.Q(reason=""), name="session_log_skip_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.prescription_id} {self.state}"

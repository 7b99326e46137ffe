"""Rooms, working hours and appointments. The database itself refuses a double booking, whoever writes."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar

import pghistory
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.models import Patient, Practitioner
from scheduling.querysets import LONGEST, AppointmentQuerySet

SHORTEST = timedelta(minutes=5)


class Room(models.Model):
    """A room that holds one visit at a time."""

    name = models.CharField(max_length=60, unique=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class WorkingHours(models.Model):
    """One stretch of a practitioner's working week, in the clinic's wall time. Outside of it nothing is booked."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="working_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    starts = models.TimeField()
    ends = models.TimeField()

    class Meta:
        ordering = ["weekday", "starts"]
        verbose_name_plural = "working hours"
        constraints = [
            models.UniqueConstraint(fields=["practitioner", "weekday", "starts"], name="working_hours_once"),
            models.CheckConstraint(
                condition=models.Q(starts__lt=models.F("ends")), name="working_hours_end_after_start"
            ),
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="working_hours_weekday_0_6"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}-{self.ends:%H:%M}"


class Kind(models.TextChoices):
    """What the visit is for, in words that say nothing clinical."""

    INITIAL = "initial", _("Initial assessment")
    FOLLOW_UP = "follow_up", _("Follow-up")
    NEEDLING = "needling", _("Needling")
    REASSESSMENT = "reassessment", _("Reassessment")


class State(models.TextChoices):
    """Where a visit stands. ``scheduling.states`` holds the moves."""

    BOOKED = "booked", "Booked"
    CONFIRMED = "confirmed", "Confirmed"
    ARRIVED = "arrived", "Arrived"
    IN_SESSION = "in_session", "In session"
    COMPLETED = "completed", "Completed"
    DID_NOT_ATTEND = "did_not_attend", "Did not attend"
    CANCELLED = "cancelled", "Cancelled"


class CancelReason(models.TextChoices):
    """Who or what ended the booking; never a clinical reason."""

    PATIENT = "patient", "The patient asked"
    CLINIC = "clinic", "The clinic had to"
    MISTAKE = "mistake", "Booked by mistake"
    OTHER = "other", "Something else"


LIVE = models.Q(state__in=[s for s in State.values if s not in (State.CANCELLED, State.DID_NOT_ATTEND)])


def _edge(function: str) -> models.Func:
    return models.Func(models.F("during"), function=function, output_field=models.DateTimeField())


def _is_finite(function: str) -> models.Func:
    return models.Func(_edge(function), function="isfinite", output_field=models.BooleanField())


def _one_at_a_time(field: str) -> ExclusionConstraint:
    """No two live visits of the same practitioner, room or patient share an instant.

    The id is turned into a one-point range, so that plain GiST range operators do and no extension is needed.
    """
    point = models.Func(
        models.F(field),
        models.F(field),
        models.Value("[]"),
        function="int8range",
        output_field=BigIntegerRangeField(),
    )
    return ExclusionConstraint(
        name=f"appointment_{field}_once",
        expressions=[(point, RangeOperators.OVERLAPS), ("during", RangeOperators.OVERLAPS)],
        condition=LIVE if field != "room" else LIVE & models.Q(room__isnull=False),
        violation_error_message=f"The {field} already has a visit at that time.",
    )


def _sane_time() -> list[models.CheckConstraint]:
    """Not empty (an empty range overlaps nothing), finite, half-open, 5 minutes to 8 hours."""
    length = models.ExpressionWrapper(_edge("upper") - _edge("lower"), output_field=models.DurationField())
    half_open: dict[str, Any] = {"during__lower_inc": True, "during__upper_inc": False}
    infinite: dict[str, Any] = {"during__lower_inf": False, "during__upper_inf": False}
    return [
        models.CheckConstraint(
            condition=models.Q(during__isempty=False, **half_open, **infinite), name="appointment_half_open"
        ),
        models.CheckConstraint(
            condition=models.Q(Coalesce(_is_finite("lower"), False)) & models.Q(Coalesce(_is_finite("upper"), False)),
            name="appointment_finite",
        ),
        models.CheckConstraint(
            condition=models.Q(GreaterThanOrEqual(length, models.Value(SHORTEST)))
            & models.Q(LessThanOrEqual(length, models.Value(LONGEST))),
            name="appointment_length_5_min_to_8_h",
        ),
    ]


@pghistory.track(exclude=["starts_at", "ends_at"])
class Appointment(models.Model):
    """One visit. Holds nothing clinical, so that the front desk may see all of it."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False, help_text="Stable in calendar feeds.")
    sequence = models.PositiveIntegerField(
        default=0, editable=False, help_text="Rises with every move or cancellation."
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="appointments")
    practitioner = models.ForeignKey(Practitioner, on_delete=models.PROTECT, related_name="appointments")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=14, choices=Kind.choices, default=Kind.FOLLOW_UP)
    during = DateTimeRangeField(help_text="Half-open: the end belongs to the next visit.")
    starts_at = models.GeneratedField(expression=_edge("lower"), output_field=models.DateTimeField(), db_persist=True)
    ends_at = models.GeneratedField(expression=_edge("upper"), output_field=models.DateTimeField(), db_persist=True)
    state = models.CharField(max_length=14, choices=State.choices, default=State.BOOKED)
    desk_note = models.CharField(max_length=200, blank=True, help_text="For the front desk; no clinical text.")
    booking_key = models.CharField(
        max_length=64, null=True, blank=True, unique=True, editable=False, help_text="Same key, same booking."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=8, choices=CancelReason.choices, blank=True, default="")
    cancelled_late = models.BooleanField(default=False, help_text="Cancelled less than a day before the start.")

    objects: ClassVar[AppointmentQuerySet] = AppointmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [
            models.Index(fields=["practitioner", "starts_at"], name="appointment_diary"),
            models.Index(fields=["patient", "starts_at"], name="appointment_of_patient"),
            models.Index(fields=["starts_at", "id"], name="appointment_by_time"),
        ]
        constraints = [
            *_sane_time(),
            _one_at_a_time("practitioner"),
            _one_at_a_time("room"),
            _one_at_a_time("patient"),
            models.CheckConstraint(
                condition=models.Q(state="cancelled", cancelled_at__isnull=False)
                | (~models.Q(state="cancelled") & models.Q(cancelled_at__isnull=True)),
                name="appointment_cancelled_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

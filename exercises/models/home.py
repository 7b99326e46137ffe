"""What belongs to the home programme as a whole: days on which a person asked for a pause, and each day as it ended."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

import pghistory
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField, RangeOperators
from django.db import models

from clinic.models import Patient
from exercises.models.prescription import Prescription
from exercises.querysets import HomePauseQuerySet


def _range(function: str, first: str, last: str, field: models.Field[object, object]) -> models.Func:
    return models.Func(models.F(first), models.F(last), models.Value("[]"), function=function, output_field=field)


@pghistory.track()
class HomePause(models.Model):
    """Days, both inclusive, on which a person does no exercises: a holiday, ill, something else. Nothing is expected.

    Entered by the patient or by staff (``by``). It is no safety hold: the exercises may be done all the same.
    """

    class Reason(models.TextChoices):
        HOLIDAY = "holiday", "Holiday or travel"
        ILL = "ill", "Ill"
        OTHER = "other", "Something else"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="home_pauses")
    starts_on = models.DateField(help_text="First day, in the patient's own calendar.")
    ends_on = models.DateField(help_text="Last day, inclusive.")
    reason = models.CharField(max_length=8, choices=Reason.choices)
    note = models.CharField(max_length=200, blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[HomePauseQuerySet] = HomePauseQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["starts_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="home_pause_ends_after_start"
            ),
            ExclusionConstraint(
                name="home_pause_one_at_a_time",
                expressions=[
                    (_range("int8range", "patient", "patient", BigIntegerRangeField()), RangeOperators.OVERLAPS),
                    (_range("daterange", "starts_on", "ends_on", DateRangeField()), RangeOperators.OVERLAPS),
                ],
                violation_error_message="There is a pause on some of these days already.",
            ),
        ]

    def __str__(self) -> str:
        return f"pause of {self.patient_id} from {self.starts_on} to {self.ends_on}"

    def covers(self, day: date) -> bool:
        """Whether nothing is expected on that day."""
        return self.starts_on <= day <= self.ends_on


# Only what changed afterwards is worth a history: the first writing is the tick's.
@pghistory.track(pghistory.UpdateEvent(), pghistory.DeleteEvent())
class HomeDay(models.Model):
    """One prescription on one day of the patient's calendar, as it stood when the day had ended.

    Written by the tick, and again when a late log or correction arrives. Derived: see :mod:`exercises.adherence`.
    """

    class State(models.TextChoices):
        DONE = "done", "Done"
        PART = "part", "Part of it"
        SKIPPED = "skipped", "Not done"
        NOT_LOGGED = "not_logged", "Nothing said"
        PAUSED = "paused", "Paused"
        REST = "rest", "Rest day"

    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="days")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="home_days")
    day = models.DateField(help_text="Day in the patient's own calendar.")
    state = models.CharField(max_length=10, choices=State.choices)
    asked = models.PositiveSmallIntegerField(help_text="Bouts asked for.")
    credited = models.DecimalField(max_digits=3, decimal_places=1, help_text="Bouts done, a part as a half.")
    computed_at = models.DateTimeField()

    class Meta:
        ordering = ["day", "prescription_id"]
        indexes = [models.Index(fields=["patient", "day"], name="home_day_by_patient")]
        constraints = [
            models.UniqueConstraint(fields=["prescription", "day"], name="home_day_once"),
            models.CheckConstraint(condition=models.Q(credited__range=(0, 10)), name="home_day_credited_0_10"),
            models.CheckConstraint(condition=models.Q(asked__lte=10), name="home_day_asked_0_10"),
            # Silence never has anything to its credit.
            models.CheckConstraint(
                condition=models.Q(state__in=["done", "part"]) | models.Q(credited=0), name="home_day_silence_is_zero"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.prescription_id} {self.state}"

"""Dose columns and their bounds, shared by library, plan items and prescriptions."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class Dose(models.Model):
    """Dose columns shared by everything that doses an exercise. Either ``hold_s`` (with reps) or ``duration_min``.

    Units: reps per set, seconds per repetition, minutes per bout, bouts per day, days per week, effort on CR10
    (0-10), seconds of rest between sets. Bounds are the allowed ranges of the exercise reference.
    """

    sets = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(5)])
    reps = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(30)])
    hold_s = models.PositiveSmallIntegerField(
        "hold, seconds", null=True, blank=True, validators=[MaxValueValidator(120)]
    )
    duration_min = models.DecimalField(
        "duration, minutes",
        max_digits=5,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
    )
    per_day = models.PositiveSmallIntegerField(
        "times a day", default=1, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    days_per_week = models.PositiveSmallIntegerField(default=7, validators=[MinValueValidator(1), MaxValueValidator(7)])
    rpe_low = models.PositiveSmallIntegerField("effort from", default=1, validators=[MaxValueValidator(10)])
    rpe_high = models.PositiveSmallIntegerField("effort to", default=3, validators=[MaxValueValidator(10)])
    rest_s = models.PositiveSmallIntegerField("rest, seconds", default=0, validators=[MaxValueValidator(300)])

    class Meta:
        abstract = True


def dose_constraints(prefix: str) -> list[models.CheckConstraint]:
    """The dose bounds, said to the database once per table that carries a dose."""
    bounds = models.Q(
        sets__range=(1, 5),
        reps__range=(1, 30),
        per_day__range=(1, 10),
        days_per_week__range=(1, 7),
        rpe_high__lte=10,
        rest_s__lte=300,
        rpe_low__lte=models.F("rpe_high"),
    )
    hold = models.Q(hold_s__isnull=True) | models.Q(hold_s__lte=120)
    minutes = models.Q(duration_min__isnull=True) | models.Q(duration_min__range=(1, 90))
    return [models.CheckConstraint(condition=bounds & hold & minutes, name=f"{prefix}_dose_in_range")]

"""Findings as typed rows. No row means "not assessed", which is never read as normal."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from assessments.models.assessment import Assessment
from assessments.querysets import CarriedQuerySet
from clinic.anatomy import REGION_CHOICES, SIDE_CHOICES
from clinic.history import locked_when_parent, never_emptied


def _lock() -> pgtrigger.Trigger:
    return locked_when_parent("signed_assessment_is_locked", parent_table="assessments_assessment", fk="assessment_id")


class Carried(models.Model):
    """A row that may be copied from an earlier assessment. It stays marked until somebody measures or confirms it."""

    carried_from = models.ForeignKey(
        Assessment, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    measured_on = models.DateField(
        null=True, blank=True, editable=False, help_text="When a carried value was really measured."
    )

    objects: ClassVar[CarriedQuerySet] = CarriedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        abstract = True

    @property
    def is_carried(self) -> bool:
        """Copied from an earlier assessment and not measured or confirmed since."""
        return self.carried_from_id is not None

    def touch(self) -> None:
        """Forget where it came from: from now on it counts as found in this assessment."""
        self.carried_from, self.measured_on = None, None


def _carried_check(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=models.Q(carried_from__isnull=True, measured_on__isnull=True)
        | models.Q(carried_from__isnull=False, measured_on__isnull=False),
        name=f"{name}_carried_has_day",
    )


@pghistory.track()
class Finding(Carried):
    """One recorded value of one path of the vocabulary (``namespace.key``), on one side, in one mode.

    Exactly one of the value columns is filled: ``number`` (counts, degrees, grades, seconds; unit from the
    vocabulary), ``text`` (enumerations, free text, ISO dates), ``truth`` (yes/no) or ``choices`` (several of a list;
    ``["none"]`` means "checked, nothing found").
    """

    class Mode(models.TextChoices):
        UNSTATED = "", "—"
        ACTIVE = "active", "Active"
        PASSIVE = "passive", "Passive"

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="findings")
    path = models.CharField(max_length=80)
    side = models.CharField(max_length=8, choices=SIDE_CHOICES, blank=True, default="")
    mode = models.CharField(max_length=8, choices=Mode.choices, blank=True, default="")
    number = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    text = models.CharField(max_length=4000, null=True, blank=True)  # null: another column holds the value
    truth = models.BooleanField(null=True, blank=True)
    choices = ArrayField(models.CharField(max_length=200), null=True, blank=True)
    pain_limited = models.BooleanField(default=False, help_text="A painful grade is not a strength grade.")
    note = models.CharField(max_length=300, blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)  # of the assessment, when the row last changed
    recorded_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["path", "side", "mode"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "path", "side", "mode"], name="finding_once"),
            models.CheckConstraint(
                condition=models.Q(number__isnull=False, text__isnull=True, truth__isnull=True, choices__isnull=True)
                | models.Q(number__isnull=True, text__isnull=False, truth__isnull=True, choices__isnull=True)
                | models.Q(number__isnull=True, text__isnull=True, truth__isnull=False, choices__isnull=True)
                | models.Q(number__isnull=True, text__isnull=True, truth__isnull=True, choices__isnull=False),
                name="finding_has_one_value",
            ),
            _carried_check("finding"),
        ]
        triggers = [_lock(), never_emptied()]

    def __str__(self) -> str:
        return f"{self.path} {self.side} = {self.value}".replace("  ", " ")

    @property
    def value(self) -> object:
        """The one recorded value, whatever its type."""
        for candidate in (self.number, self.text, self.truth, self.choices):
            if candidate is not None:
                return candidate
        return None


@pghistory.track()
class SymptomRegion(Carried):
    """A region of the body chart where symptoms are felt (hist.symptom_regions)."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="symptom_regions")
    region = models.CharField(max_length=30, choices=REGION_CHOICES)
    side = models.CharField(max_length=8, choices=SIDE_CHOICES, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "region", "side"], name="symptom_region_once"),
            _carried_check("symptom_region"),
        ]
        triggers = [_lock(), never_emptied()]

    def __str__(self) -> str:
        return f"{self.region} {self.side}".strip()


@pghistory.track()
class PainMark(Carried):
    """A point on the body picture. ``x`` and ``y`` are thousandths of the picture's width and height."""

    class View(models.TextChoices):
        FRONT = "front", "Front"
        BACK = "back", "Back"

    class Depth(models.TextChoices):
        UNKNOWN = "", "—"
        SUPERFICIAL = "superficial", "Superficial"
        DEEP = "deep", "Deep"

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="pain_marks")
    key = models.UUIDField(default=uuid4, editable=False)  # given by the page: resent, it is the same row
    view = models.CharField(max_length=5, choices=View.choices)
    x = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(1000)])
    y = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(1000)])
    region = models.CharField(max_length=30, choices=REGION_CHOICES)
    side = models.CharField(max_length=8, choices=SIDE_CHOICES, blank=True, default="")
    depth = models.CharField(max_length=12, choices=Depth.choices, blank=True, default="")
    quality = models.CharField(max_length=20, blank=True, default="")
    nprs = models.PositiveSmallIntegerField("pain 0-10", null=True, blank=True, validators=[MaxValueValidator(10)])
    revision = models.PositiveIntegerField(default=0, editable=False)  # of the assessment, when the row last changed

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(nprs__isnull=True) | models.Q(nprs__lte=10), name="pain_mark_nprs_0_10"
            ),
            models.CheckConstraint(
                condition=(models.Q(x__isnull=True) | models.Q(x__lte=1000))
                & (models.Q(y__isnull=True) | models.Q(y__lte=1000)),
                name="pain_mark_inside_picture",
            ),
            models.UniqueConstraint(fields=["assessment", "key"], name="pain_mark_key_once"),
            _carried_check("pain_mark"),
        ]
        triggers = [_lock(), never_emptied()]

    def __str__(self) -> str:
        return f"{self.region} {self.side} {self.nprs if self.nprs is not None else ''}".strip()


@pghistory.track()
class PsfsActivity(Carried):
    """An activity the patient chose, 0 unable to 10 as before (Stratford 1995); 1 to 5 per assessment."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="activities")
    position = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    activity = models.CharField(max_length=120)
    score = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(10)])
    revision = models.PositiveIntegerField(default=0, editable=False)  # of the assessment, when the row last changed

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "position"], name="psfs_position_once"),
            models.CheckConstraint(condition=models.Q(position__gte=1, position__lte=5), name="psfs_at_most_five"),
            models.CheckConstraint(
                condition=models.Q(score__isnull=True) | models.Q(score__lte=10), name="psfs_score_0_10"
            ),
            _carried_check("psfs"),
        ]
        triggers = [_lock(), never_emptied()]

    def __str__(self) -> str:
        return f"{self.activity}: {self.score}"


@pghistory.track()
class Surgery(Carried):
    """A past operation: procedure, region, date (hist.surgery_history)."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="surgeries")
    key = models.UUIDField(default=uuid4, editable=False)  # given by the page: resent, it is the same row
    procedure = models.CharField(max_length=120)
    region = models.CharField(max_length=30, choices=REGION_CHOICES)
    side = models.CharField(max_length=8, choices=SIDE_CHOICES, blank=True, default="")
    performed_on = models.DateField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)  # of the assessment, when the row last changed

    class Meta:
        ordering = ["-performed_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "key"], name="surgery_key_once"),
            _carried_check("surgery"),
        ]
        triggers = [_lock(), never_emptied()]

    def __str__(self) -> str:
        return self.procedure

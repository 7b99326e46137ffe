"""What makes a programme quick to build: packs of exercises, favourites; and what a patient declined or has seen."""

from __future__ import annotations

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models

from clinic.anatomy import SIDE_CHOICES
from clinic.models import Patient
from exercises.models import Dose, Exercise, dose_constraints
from plans.models.knowledge import Technique
from plans.models.plan import PlanVersion
from plans.querysets import PackQuerySet

# Needling is asked in the history; exercise and education are what remains of a plan.
DECLINABLE = tuple(
    (value, label) for value, label in Technique.Category.choices if value not in ("needling", "exercise", "education")
)


@pghistory.track()
class Pack(models.Model):
    """A named set of exercises with their doses: of one person, or of the whole clinic."""

    name = models.CharField(max_length=80)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Empty: everybody in the clinic may use it.",
    )  # fmt: skip
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[PackQuerySet] = PackQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=models.Q(owner__isnull=True), name="pack_name_clinic"),
            models.UniqueConstraint(fields=["owner", "name"], name="pack_name_own"),
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class PackItem(Dose):
    """One exercise of a pack with its dose."""

    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="items")
    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="+")
    side = models.CharField(max_length=8, choices=SIDE_CHOICES, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["pack", "exercise"], name="pack_exercise_once"),
            *dose_constraints("pack_item"),
        ]

    def __str__(self) -> str:
        return f"{self.exercise_id} in pack {self.pack_id}"


@pghistory.track()
class Favourite(models.Model):
    """An exercise that a person wants to find first."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites")
    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "exercise"], name="favourite_once")]

    def __str__(self) -> str:
        return f"{self.exercise_id} of {self.user_id}"


@pghistory.track()
class Declined(models.Model):
    """A family of techniques that the patient does not want."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="declined")
    family = models.CharField(max_length=14, choices=DECLINABLE)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["family"]
        constraints = [models.UniqueConstraint(fields=["patient", "family"], name="declined_once")]

    def __str__(self) -> str:
        return f"{self.family} of {self.patient_id}"


@pghistory.track()
class SeenVersion(models.Model):
    """The version of a plan that the patient has been told about last."""

    plan = models.OneToOneField("plans.Plan", on_delete=models.CASCADE, related_name="seen")
    version = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="+")
    phase = models.PositiveSmallIntegerField(help_text="The phase that the patient was in.")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"version {self.version_id} of plan {self.plan_id}"

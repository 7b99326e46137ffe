"""The exercise library as ordinary rows; the field names are the keys of ``exercises/library/exercises.yaml``."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models

from clinic.anatomy import REGION_CHOICES
from exercises.models.dose import Dose, dose_constraints


def _keys() -> ArrayField[list[str], list[str]]:
    return ArrayField(models.CharField(max_length=60), default=list, blank=True)


@pghistory.track()
class Exercise(models.Model):
    """A home or clinic exercise. Keys refer to the anatomy, technique and condition vocabularies."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=30)
    technique = models.CharField(max_length=40, help_text="Key of the exercise technique that gates it.")
    region = models.CharField(max_length=30, choices=REGION_CHOICES)
    target_muscles = _keys()
    position = models.CharField(max_length=20)
    equipment = _keys()
    setting = _keys()
    phases = ArrayField(models.PositiveSmallIntegerField(), default=list)
    progression = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    regression = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    load_tags = _keys()
    contraindications = _keys()
    contraindications_at_region = _keys()
    precautions = _keys()
    cues = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    common_error = models.CharField(max_length=300, blank=True)
    stop_if = models.CharField(max_length=300, blank=True)
    order = models.PositiveSmallIntegerField(default=0, help_text="Position in the library file.")
    is_active = models.BooleanField(default=True)
    shipped_hash = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ["order", "key"]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class ExerciseDosage(Dose):
    """The starting dose of an exercise in one phase."""

    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="dosages")
    phase = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["phase"]
        constraints = [
            models.UniqueConstraint(fields=["exercise", "phase"], name="exercise_dosage_once_per_phase"),
            models.CheckConstraint(condition=models.Q(phase__range=(1, 3)), name="exercise_dosage_phase_1_3"),
            *dose_constraints("exercise_dosage"),
        ]

    def __str__(self) -> str:
        return f"phase {self.phase}"

"""Made-up exercises that the knowledge check accepts, so that benchmarks may run in any order."""

from __future__ import annotations

from exercises.models import Exercise, ExerciseDosage
from tests.factories.exercises import ExerciseFactory


def made_up(key: str) -> Exercise:
    """An exercise with a starting dose for each of its phases."""
    exercise: Exercise = ExerciseFactory(key=key)
    for phase in exercise.phases:
        dose = {
            "sets": 1,
            "reps": 8,
            "hold_s": 2,
            "per_day": 1,
            "days_per_week": 7,
            "rpe_low": 1,
            "rpe_high": 3,
            "rest_s": 0,
        }
        ExerciseDosage.objects.get_or_create(exercise=exercise, phase=phase, defaults=dose)
    return exercise

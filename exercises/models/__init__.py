"""The exercise library, prescriptions and logs."""

from exercises.models.dose import Dose, dose_constraints
from exercises.models.home import HomeDay, HomePause
from exercises.models.library import Exercise, ExerciseDosage
from exercises.models.prescription import Prescription, PrescriptionPause, SessionLog, SkipReason

__all__ = [
    "Dose",
    "Exercise",
    "ExerciseDosage",
    "HomeDay",
    "HomePause",
    "Prescription",
    "PrescriptionPause",
    "SessionLog",
    "SkipReason",
    "dose_constraints",
]

"""What the pages show of an exercise: the rows of the day turned into words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from django.utils.functional import cached_property

from clinic.anatomy import MUSCLES
from clinic.body_picture import Place, places_of
from exercises import wording
from exercises.models import Exercise, Prescription, SessionLog
from exercises.programme import ExerciseDay
from exercises.sides import side_to_say

KIND_ICONS = {
    "aerobic": "walk",
    "relaxation": "yoga",
    "static_stretch": "stretching",
    "mobility": "refresh",
    "strength": "barbell",
    "endurance": "stopwatch",
    "motor_control": "target-arrow",
    "neural": "activity",
}

# 0; 1-2; 3-4; 5-6; 7-8; 9-10
PAIN_FACES = ("mood-happy", "mood-smile", "mood-empty", "mood-sad", "mood-nervous", "mood-cry")
PAIN_FACE_OF = {str(number): PAIN_FACES[(number + 1) // 2] for number in range(11)}
PAIN_CHOICES = tuple((int(number), face) for number, face in PAIN_FACE_OF.items())


@dataclass
class Card:
    """One exercise on one day, in words. ``client_id`` makes a double tap one log."""

    day: date
    item: ExerciseDay
    client_id: UUID

    @property
    def prescription(self) -> Prescription:
        return self.item.prescription

    @property
    def exercise(self) -> Exercise:
        return self.item.prescription.exercise

    @property
    def symbol(self) -> str:
        return KIND_ICONS.get(self.exercise.kind, "stretching")

    @property
    def dose(self) -> str:
        return wording.dose_words(self.prescription)

    @property
    def often(self) -> str:
        return wording.often_words(self.prescription)

    @property
    def week(self) -> str:
        return wording.week_words(self.prescription)

    @property
    def rest(self) -> str:
        return wording.rest_words(self.prescription)

    @property
    def effort(self) -> str:
        return wording.effort_words(self.prescription)

    @property
    def side(self) -> str:
        """Empty as well where the muscles have no left and right: "breathe in, right side" would only puzzle."""
        muscles = [MUSCLES[key] for key in self.exercise.target_muscles if key in MUSCLES]
        if muscles and not any(muscle.bilateral for muscle in muscles):
            return ""
        return wording.side_words(self.one_side)

    @cached_property
    def one_side(self) -> str:
        """The side to name: only where the exercise works one side at a time."""
        exercise = self.exercise
        return side_to_say(
            self.prescription.side,
            technique=exercise.technique,
            region=exercise.region,
            position=exercise.position,
            load_tags=exercise.load_tags,
        )

    @property
    def muscles(self) -> str:
        return wording.muscle_words(self.exercise.target_muscles)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where the body picture shows the muscles, on the side that is done."""
        return places_of(self.exercise.target_muscles, self.one_side or "both")

    @cached_property
    def targets(self) -> list[tuple[str, str]]:
        """Regions of the body picture that the exercise works on, with the side."""
        side = self.one_side or "both"
        regions = dict.fromkeys(MUSCLES[key].region for key in self.exercise.target_muscles if key in MUSCLES)
        return [(region, side) for region in regions]

    @property
    def asks_pain(self) -> bool:
        """Asked once a day and exercise, after something was done."""
        return self.item.done > 0 and self.item.pain is None

    @property
    def pain_log(self) -> SessionLog | None:
        """The session that an answer about pain belongs to: the last one that was done."""
        done = [log for log in self.item.logs if log.state != SessionLog.State.SKIPPED]
        return max(done, key=lambda log: log.bout, default=None)

    @property
    def pain_choices(self) -> tuple[tuple[int, str], ...]:
        """Numbers with the face that goes with each."""
        return PAIN_CHOICES


def cards_of(day: date, items: tuple[ExerciseDay, ...]) -> list[Card]:
    """The cards of a day, in programme order."""
    return [Card(day, item, uuid4()) for item in items]

"""What a patient has read of the education topics, which tips rest, and the habits that were chosen and ticked."""

from __future__ import annotations

import pghistory
from django.db import models
from django.utils import timezone

from clinic.models import Patient


@pghistory.track()
class TopicAnswer(models.Model):
    """What the patient says to one topic: understood, or to be talked about at the next visit."""

    class Answer(models.TextChoices):
        UNDERSTOOD = "understood", "Read and understood"
        ASK = "ask", "Wants to talk about it"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="topic_answers")
    topic = models.ForeignKey("plans.EducationTopic", on_delete=models.PROTECT, related_name="+")
    answer = models.CharField(max_length=10, choices=Answer.choices)
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-answered_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["patient", "topic"], name="topic_answer_once"),
            models.CheckConstraint(condition=models.Q(answer__in=["understood", "ask"]), name="topic_answer_known"),
        ]

    def __str__(self) -> str:
        return f"{self.topic_id} {self.answer}"


@pghistory.track()
class TipRest(models.Model):
    """A tip that is not shown until that day; without a day never again."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="tip_rests")
    topic = models.ForeignKey("plans.EducationTopic", on_delete=models.PROTECT, related_name="+")
    until = models.DateField(null=True, blank=True, help_text="First day on which it may come again.")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["patient", "topic"], name="tip_rest_once")]

    def __str__(self) -> str:
        return f"{self.topic_id} rests"


@pghistory.track()
class HabitChoice(models.Model):
    """A habit that the patient has taken up (keys: ``plans.habits``); the choice ends without losing its ticks."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="habits")
    key = models.SlugField(max_length=40)
    chosen_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "key"], condition=models.Q(ended_on__isnull=True), name="habit_chosen_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.patient_id}"


@pghistory.track()
class HabitTick(models.Model):
    """One habit on one day of the patient's own calendar."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="habit_ticks")
    key = models.SlugField(max_length=40)
    on = models.DateField()

    class Meta:
        ordering = ["-on", "key"]
        constraints = [models.UniqueConstraint(fields=["patient", "key", "on"], name="habit_tick_once_a_day")]

    def __str__(self) -> str:
        return f"{self.key} on {self.on}"

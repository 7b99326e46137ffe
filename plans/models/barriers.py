"""The one question that a short week asks, and its answer."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField, RangeOperators
from django.db import models

from clinic.models import Patient
from plans.models.plan import Plan


@pghistory.track()
class BarrierQuestion(models.Model):
    """What got in the way of the exercises of one week. Open until ``expires_on``; one a week."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ANSWERED = "answered", "Answered"
        DECLINED = "declined", "Not now"

    class Answer(models.TextChoices):
        PAIN = "pain", "It hurt"
        TIME = "time", "No time"
        FORGOT = "forgot", "Forgot"
        UNSURE = "unsure", "Not sure how"
        EASY = "easy", "Too easy"
        EQUIPMENT = "equipment", "Nothing to do it with"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="barrier_questions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="barrier_questions")
    asked_on = models.DateField(help_text="Day in the patient's own calendar; the week before it was short.")
    expires_on = models.DateField(help_text="Last day on which it may be answered.")
    percent = models.PositiveSmallIntegerField(help_text="Of what was asked for in that week.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(percent__lte=100), name="barrier_percent_0_100"),
            models.CheckConstraint(
                condition=models.Q(expires_on__gt=models.F("asked_on")), name="barrier_expires_later"
            ),
            models.CheckConstraint(
                condition=(models.Q(state="answered") & ~models.Q(answer="") & models.Q(answered_at__isnull=False))
                | (~models.Q(state="answered") & models.Q(answer="")),
                name="barrier_answered_has_answer",
            ),
            ExclusionConstraint(
                name="barrier_once_a_week",
                expressions=[
                    (
                        models.Func(
                            models.F("patient"), models.F("patient"), models.Value("[]"),
                            function="int8range", output_field=BigIntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        models.Func(
                            models.F("asked_on"), models.F("expires_on"), models.Value("[]"),
                            function="daterange", output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.asked_on}: {self.answer or self.state}"

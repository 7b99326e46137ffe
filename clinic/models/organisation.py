"""The clinic itself: one row."""

from __future__ import annotations

import pghistory
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models

from clinic.validators import validate_time_zone


@pghistory.track()
class Clinic(models.Model):
    """Name, contact and clock of the clinic. Exactly one row (enforced by the constraint on ``singleton``)."""

    singleton = models.BooleanField(default=True, editable=False, unique=True)
    name = models.CharField(max_length=120)
    address = models.TextField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    time_zone = models.CharField(max_length=64, default="Europe/London", validators=[validate_time_zone])
    country = models.CharField(
        max_length=2,
        default="GB",
        validators=[RegexValidator(r"^[A-Z]{2}$", "Enter the two capital letters of the country, such as GB.")],
        help_text="ISO 3166; how national telephone numbers are read.",
    )
    emergency_number = models.CharField(max_length=20, default="999", help_text="Shown in every emergency text.")
    age_of_majority = models.PositiveSmallIntegerField(
        default=18, help_text="A parent's access to the portal ends on this birthday."
    )
    answer_within_days = models.PositiveSmallIntegerField(
        "questions answered within", default=2, help_text="Working days, promised to patients who ask a question."
    )
    equipment = models.JSONField(default=list, blank=True, help_text="Equipment keys the clinic owns; empty = all.")

    cancel_until_hours = models.PositiveSmallIntegerField(
        default=24,
        validators=[MaxValueValidator(336)],
        help_text="Patients may cancel a visit themselves until this many hours before it; later they call.",
    )
    visit_advice = models.CharField(
        max_length=300, blank=True, help_text="What to bring to a visit and where to go; shown to patients."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(singleton=True), name="clinic_is_single"),
        ]

    def __str__(self) -> str:
        return self.name

"""Patients and their episodes of care."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.utils import timezone

from clinic.factlog import noted
from clinic.querysets import EpisodeQuerySet, PatientQuerySet
from clinic.validators import validate_birth_date, validate_phone, validate_time_zone


class Sex(models.TextChoices):
    """Sex at birth; selects sex-specific norms (assessment reference, hist.sex_at_birth)."""

    FEMALE = "female", "Female"
    MALE = "male", "Male"
    INTERSEX = "intersex", "Intersex"
    UNDISCLOSED = "undisclosed", "Prefer not to say"


@pghistory.track(exclude=["search"])
class Patient(models.Model):
    """A person in care: contact, clock, language, emergency contact, guardian for minors.

    Nothing in this row is clinical, so that the front desk may see all of it.
    """

    number = models.CharField(max_length=20, unique=True, help_text="Record number, given at registration.")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="patient"
    )
    given_name = models.CharField(max_length=80)
    family_name = models.CharField(max_length=80)
    preferred_name = models.CharField(max_length=80, blank=True)
    pronouns = models.CharField(max_length=40, blank=True)
    date_of_birth = models.DateField(validators=[validate_birth_date])
    sex_at_birth = models.CharField(max_length=12, choices=Sex.choices, default=Sex.UNDISCLOSED)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True, validators=[validate_phone])
    address = models.TextField(blank=True, max_length=400)
    time_zone = models.CharField(max_length=64, default="Europe/London", validators=[validate_time_zone])
    language = models.CharField(max_length=8, default="en", choices=[("en", "English"), ("fr", "Français")])
    emergency_name = models.CharField("emergency contact", max_length=120, blank=True)
    emergency_relation = models.CharField("relation to patient", max_length=60, blank=True)
    emergency_phone = models.CharField("emergency telephone", max_length=40, blank=True, validators=[validate_phone])
    guardian_name = models.CharField("parent or guardian", max_length=120, blank=True)
    guardian_phone = models.CharField("guardian telephone", max_length=40, blank=True, validators=[validate_phone])
    guardian_email = models.EmailField("guardian e-mail", blank=True)
    booking_preferences = models.CharField(
        max_length=200, blank=True, help_text="For the front desk; no clinical text."
    )
    care_team = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="patients_in_care", blank=True)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    registered_at = models.DateTimeField(default=timezone.now, editable=False)
    is_active = models.BooleanField(default=True)
    # Full-text over the few fields a receptionist searches by; "simple" keeps names unstemmed and prefixes usable.
    search = models.GeneratedField(
        expression=SearchVector(
            "given_name", "family_name", "preferred_name", "number", "email", "phone", config="simple"
        ),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )

    objects: ClassVar[PatientQuerySet] = PatientQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            GinIndex(fields=["search"], name="patient_search"),
            models.Index(fields=["family_name", "given_name", "id"], name="patient_by_name"),
        ]
        triggers = [
            noted(
                "person",
                patient="row.id",
                what="'person'",
                content=("date_of_birth", "sex_at_birth"),
                operation=pgtrigger.Update,
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(date_of_birth__gte=date(1900, 1, 1)), name="patient_birth_date_plausible"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.display_name} ({self.number})"

    @property
    def display_name(self) -> str:
        """Preferred or given name with family name."""
        return f"{self.preferred_name or self.given_name} {self.family_name}".strip()

    def age(self, on: date) -> int:
        """Completed years on the given day."""
        born = self.date_of_birth
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))

    def is_minor(self, on: date) -> bool:
        """Under 16: parental consent and contact are needed (techniques reference, global rule "consent")."""
        return self.age(on) < 16


@pghistory.track()
class Episode(models.Model):
    """One problem, from referral to discharge. Clinical: the front desk never receives ``complaint``."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="episodes")
    practitioner = models.ForeignKey(
        "clinic.Practitioner", on_delete=models.PROTECT, related_name="episodes", help_text="Leads the care."
    )
    complaint = models.CharField(max_length=200, help_text="In the patient's words.")
    referral_source = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    opened_on = models.DateField()
    closed_on = models.DateField(null=True, blank=True)

    objects: ClassVar[EpisodeQuerySet] = EpisodeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-opened_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closed_on__isnull=True) | models.Q(closed_on__gte=models.F("opened_on")),
                name="episode_closes_after_opening",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", closed_on__isnull=True)
                | models.Q(state="closed", closed_on__isnull=False),
                name="episode_closed_has_date",
            ),
        ]

    def __str__(self) -> str:
        return f"Episode {self.pk} of {self.opened_on}"

"""The patient's own diary of spasms and cramps: what happened when and where, and weeks in which nothing did."""

from __future__ import annotations

import uuid
from typing import ClassVar

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assessments.querysets import DiaryQuerySet
from clinic.anatomy import REGION_CHOICES, SIDE_CHOICES
from clinic.models import Patient


class EpisodeKind(models.TextChoices):
    """What it was, in the patient's words. Spasms and cramps are counted; an ache is kept beside them."""

    CRAMP = "cramp", _("A cramp")
    SPASM = "spasm", _("A spasm or twitch")
    ACHE = "ache", _("An ache or tightness")


class Lasted(models.TextChoices):
    """How long it lasted."""

    SECONDS = "seconds", _("Some seconds")
    MINUTES = "minutes", _("Some minutes")
    HALF_HOUR = "half_hour", _("Up to half an hour")
    LONGER = "longer", _("Longer")


class Doing(models.TextChoices):
    """What the patient was doing when it came."""

    SLEEPING = "sleeping", _("Sleeping or in bed")
    SITTING = "sitting", _("Sitting")
    STANDING = "standing", _("Standing or walking")
    LIFTING = "lifting", _("Lifting or bending")
    EXERCISE = "exercise", _("Exercise or sport")
    AFTER = "after", _("Resting after effort")
    OTHER = "other", pgettext_lazy("activity", "Something else")


class Helped(models.TextChoices):
    """What helped; several may."""

    STRETCHING = "stretching", _("Stretching it")
    MOVING = "moving", _("Moving about")
    RUBBING = "rubbing", _("Rubbing or pressing")
    HEAT = "heat", _("Warmth")
    COLD = "cold", pgettext_lazy("treatment", "Cold")
    DRINKING = "drinking", _("Drinking")
    RESTING = "resting", _("Resting")
    NOTHING = "nothing", _("Nothing")


class Fluids(models.TextChoices):
    """How much the patient drank that day, compared with other days."""

    LITTLE = "little", _("Less than usual")
    USUAL = "usual", _("As usual")
    PLENTY = "plenty", _("More than usual")


@pghistory.track()
class DiaryEntry(models.Model):
    """One spasm, cramp or ache. The latest act on ``client_id`` stands; history keeps what it was before.

    ``removed_at``: the patient took it back. Strength 0 to 10, 0 is an answer. ``on`` is the day in the patient's own
    calendar. Empty ``lasted``, ``doing`` and ``fluids`` were not asked or not answered.
    """

    client_id = models.UUIDField(unique=True, default=uuid.uuid4, help_text="Made by the patient's device.")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="diary_entries")
    happened_at = models.DateTimeField()
    on = models.DateField(help_text="Day in the patient's own calendar.")
    kind = models.CharField(max_length=8, choices=EpisodeKind.choices)
    region = models.CharField(max_length=30, choices=REGION_CHOICES)
    side = models.CharField(max_length=10, choices=SIDE_CHOICES)
    strength = models.PositiveSmallIntegerField(help_text="0 to 10.")
    lasted = models.CharField(max_length=10, choices=Lasted.choices, blank=True, default="")
    doing = models.CharField(max_length=10, choices=Doing.choices, blank=True, default="")
    helped = ArrayField(models.CharField(max_length=12, choices=Helped.choices), default=list, blank=True, size=8)
    fluids = models.CharField(max_length=8, choices=Fluids.choices, blank=True, default="")
    comment = models.CharField(max_length=500, blank=True, default="")
    acted_at = models.DateTimeField(help_text="When the patient wrote it.")
    recorded_at = models.DateTimeField(auto_now=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[DiaryQuerySet] = DiaryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-happened_at", "-id"]
        verbose_name_plural = "diary entries"
        indexes = [models.Index(fields=["patient", "-on"], name="diary_by_patient")]
        constraints = [
            models.CheckConstraint(condition=models.Q(strength__lte=10), name="diary_strength_0_10"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.on}"

    @property
    def helped_words(self) -> str:
        """What helped, in words; empty when nothing was said."""
        return ", ".join(str(Helped(key).label) for key in self.helped)


@pghistory.track()
class QuietDays(models.Model):
    """The patient said that no spasm or cramp came on these days, both inclusive. Silence says nothing; this does."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="quiet_days")
    first = models.DateField()
    last = models.DateField()
    said_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-last", "-id"]
        verbose_name_plural = "quiet days"
        constraints = [
            models.UniqueConstraint(fields=["patient", "last"], name="quiet_days_once"),
            models.CheckConstraint(condition=models.Q(last__gte=models.F("first")), name="quiet_days_in_order"),
        ]

    def __str__(self) -> str:
        return f"quiet {self.first} to {self.last}"

"""Outcome measures as rows: installed instruments, what was asked, what was answered. Answers never change."""

from __future__ import annotations

from typing import ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from assessments.querysets import OutcomeRequestQuerySet, OutcomeResponseQuerySet
from clinic.models import Episode


@pghistory.track()
class InstrumentVersion(models.Model):
    """One installed version of an instrument. Its content never changes; a newer version takes its place.

    ``definition`` is the file as plain data. ``difference`` is the clinic's choice among the differences of the file;
    empty: the one that the file names.
    """

    key = models.SlugField(max_length=40)
    number = models.PositiveIntegerField("version")
    title = models.CharField(max_length=120)
    definition = models.JSONField()
    digest = models.CharField(max_length=64, editable=False)
    is_shipped = models.BooleanField(default=False, editable=False)
    in_force = models.BooleanField(default=True, help_text="New questions are asked with this version.")
    difference = models.CharField(
        "difference that matters", max_length=40, blank=True, default="", help_text="Key; empty: as the file says."
    )
    installed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    installed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["key", "-number"]
        verbose_name = "outcome instrument"
        constraints = [
            models.UniqueConstraint(fields=["key", "number"], name="instrument_version_once"),
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(in_force=True), name="instrument_one_version_in_force"
            ),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="instrument_version_from_1"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="content_is_kept",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__key__df=pgtrigger.F("new__key"))
                | pgtrigger.Q(old__number__df=pgtrigger.F("new__number"))
                | pgtrigger.Q(old__definition__df=pgtrigger.F("new__definition"))
                | pgtrigger.Q(old__digest__df=pgtrigger.F("new__digest")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.key}, version {self.number})"


@pghistory.track()
class OutcomeRequest(models.Model):
    """Questions that wait for an answer. ``occasion`` names why and when within the episode, so that a rule that runs
    twice asks once. Days are of the patient's calendar."""

    class Why(models.TextChoices):
        VISIT = "visit", "For a visit"
        FORTNIGHT = "fortnight", "Every two weeks or four visits"
        PHASE_ENTRY = "phase_entry", "A phase begins"
        WEEK_4 = "week_4", "Four weeks of treatment"
        WEEK_6 = "week_6", "Six weeks of treatment"
        DISCHARGE = "discharge", "The treatment ends"
        AFTER = "after", "After the treatment"
        BY_HAND = "by_hand", "Asked by the physiotherapist"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ANSWERED = "answered", "Answered"
        EXPIRED = "expired", "Not answered in time"
        DECLINED = "declined", "Not wanted"

    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="outcome_requests")
    instrument = models.ForeignKey(InstrumentVersion, on_delete=models.PROTECT, related_name="requests")
    why = models.CharField(max_length=12, choices=Why.choices)
    occasion = models.CharField(max_length=60)
    phase = models.PositiveSmallIntegerField(null=True, blank=True)
    due_on = models.DateField()
    expires_on = models.DateField(help_text="The last day on which an answer is taken.")
    activities = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[OutcomeRequestQuerySet] = OutcomeRequestQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["episode", "instrument", "occasion"], name="outcome_asked_once"),
            models.UniqueConstraint(
                fields=["episode", "instrument"], condition=models.Q(state="open"), name="outcome_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(expires_on__gte=models.F("due_on")), name="outcome_expires_after_due"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", closed_at__isnull=True)
                | (~models.Q(state="open") & models.Q(closed_at__isnull=False)),
                name="outcome_closed_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(phase__isnull=True) | models.Q(phase__range=(1, 3)), name="outcome_phase_1_3"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument.key} for {self.due_on}"


@pghistory.track()
class OutcomeResponse(models.Model):
    """Answers as given. A correction is a new response that supersedes the old one; both stay.

    ``answers`` maps the question's key to a number; ``on`` is the day in the patient's calendar; ``score`` is empty
    when too much was left out.
    """

    class Filler(models.TextChoices):
        PATIENT = "patient", "Patient"
        CLINICIAN = "clinician", "Physiotherapist, for the patient"

    request = models.ForeignKey(OutcomeRequest, on_delete=models.PROTECT, related_name="responses")
    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="outcome_responses")
    instrument = models.ForeignKey(InstrumentVersion, on_delete=models.PROTECT, related_name="responses")
    answers = models.JSONField()
    activities = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    score = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    on = models.DateField()
    filled_by = models.CharField(max_length=9, choices=Filler.choices)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField()
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    reason = models.CharField("why it was corrected", max_length=300, blank=True, default="")

    objects: ClassVar[OutcomeResponseQuerySet] = OutcomeResponseQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["on", "submitted_at", "id"]
        indexes = [models.Index(fields=["episode", "on"], name="outcome_of_episode")]
        constraints = [
            models.UniqueConstraint(
                fields=["request"], condition=models.Q(supersedes__isnull=True), name="outcome_answered_once"
            ),
            models.CheckConstraint(
                condition=models.Q(supersedes__isnull=True) | ~models.Q(reason=""), name="outcome_correction_has_reason"
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.instrument.key} of {self.on}: {self.score}"

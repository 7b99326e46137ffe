"""The course of care: what was observed on the way, how a phase was judged, and what a person decided about it.

Every table here is append-only: a later row says something else, an earlier one stays as it was.
"""

from __future__ import annotations

from typing import ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from clinic.anatomy import SIDE_CHOICES
from exercises.models import Prescription
from plans.models.plan import PhaseProgress, Plan, PlanVersion
from plans.querysets import PhaseReviewQuerySet


def _append_only() -> pgtrigger.Trigger:
    return pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


@pghistory.track()
class Observation(models.Model):
    """Something measured or checked between two assessments, on one day of the patient's calendar.

    ``metric`` is a finding path (``pain.nprs_worst_24h``, ``rompct.lum_flexion`` in per cent of the norm),
    ``spasm.episodes_2w`` or ``check.<what>``; ``value`` is a number, a word or a truth. Of two on one day the later
    counts.
    """

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="observations")
    metric = models.CharField(max_length=80)
    side = models.CharField(max_length=8, choices=SIDE_CHOICES, blank=True, default="")
    value = models.JSONField(encoder=DjangoJSONEncoder)
    day = models.DateField(help_text="Day in the patient's own calendar.")
    note = models.CharField(max_length=300, blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["day", "id"]
        indexes = [models.Index(fields=["plan", "metric", "day"], name="observation_by_metric")]
        triggers = [_append_only()]

    def __str__(self) -> str:
        return f"{self.metric} {self.side} = {self.value}".replace("  ", " ")


@pghistory.track()
class PhaseReview(models.Model):
    """One judgement of the running phase: the verdict of the engine with every criterion and its evidence.

    ``evidence_hash`` changes exactly when something that was judged changes; ``version`` is the plan it was judged by.
    """

    class Trigger(models.TextChoices):
        NIGHTLY = "nightly", "Nightly"
        ON_DEMAND = "on_demand", "On demand"
        AFTER_NOTE = "after_note", "After a treatment note"

    class Verdict(models.TextChoices):
        ADVANCE = "advance", "Advance"
        HOLD = "hold", "Hold"
        REGRESS = "regress", "Step back"
        REASSESS = "reassess", "Reassess"
        STOP = "stop", "Stop and re-examine"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="reviews")
    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    phase = models.PositiveSmallIntegerField()
    day = models.DateField(help_text="Day in the patient's own calendar.")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    to_phase = models.PositiveSmallIntegerField(null=True, blank=True, help_text="4 is discharge.")
    criteria = models.JSONField(default=list)
    reasons = models.JSONField(default=list)
    advice = models.CharField(max_length=300, blank=True, default="")
    evidence_hash = models.CharField(max_length=64)

    objects: ClassVar[PhaseReviewQuerySet] = PhaseReviewQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "day"], condition=models.Q(trigger="nightly"), name="phase_review_once_a_night"
            ),
            models.CheckConstraint(condition=models.Q(phase__range=(1, 3)), name="phase_review_phase_1_3"),
            models.CheckConstraint(
                condition=models.Q(to_phase__isnull=True) | models.Q(to_phase__range=(1, 4)),
                name="phase_review_to_1_4",
            ),
        ]
        triggers = [_append_only()]

    def __str__(self) -> str:
        return f"{self.verdict} in phase {self.phase} on {self.day}"


@pghistory.track()
class ReviewDecision(models.Model):
    """What a person decided on a review. ``against``: it differs from the recommendation, and the reason says why."""

    class Choice(models.TextChoices):
        ADVANCE = "advance", "Advance"
        HOLD = "hold", "Hold"
        REGRESS = "regress", "Step back"
        REASSESS = "reassess", "Reassess"

    review = models.OneToOneField(PhaseReview, on_delete=models.PROTECT, related_name="decision")
    choice = models.CharField(max_length=8, choices=Choice.choices)
    to_phase = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, default="")
    against = models.BooleanField(default=False)
    by = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(against=False) | ~models.Q(reason=""), name="review_decision_against_has_reason"
            ),
        ]
        triggers = [_append_only()]

    def __str__(self) -> str:
        return f"{self.choice} on review {self.review_id}"


@pghistory.track()
class CriterionWaiver(models.Model):
    """A gate that stood still, waived by a physiotherapist for this stay in the phase."""

    stay = models.ForeignKey(PhaseProgress, on_delete=models.PROTECT, related_name="waivers")
    key = models.SlugField(max_length=40)
    reason = models.CharField(max_length=300)
    evidence = models.JSONField(default=dict, blank=True, help_text="The retests on which it stood still.")
    by = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["stay", "key"], name="criterion_waived_once"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="criterion_waiver_has_reason"),
            models.CheckConstraint(
                condition=~models.Q(key__in=["p1_neuro", "p1_flags"]), name="criterion_waiver_never_safety"
            ),
        ]
        triggers = [_append_only()]

    def __str__(self) -> str:
        return f"{self.key} waived"


@pghistory.track()
class DoseDecision(models.Model):
    """A dose proposal that a person took over into a draft or dismissed."""

    class Outcome(models.TextChoices):
        TAKEN = "taken", "Taken over"
        DISMISSED = "dismissed", "Dismissed"

    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="dose_decisions")
    version = models.ForeignKey(
        PlanVersion, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="The draft."
    )
    kind = models.CharField(max_length=10)  # progress, cut, back
    proposal = models.JSONField(help_text="What was proposed, from what, and why.")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    day = models.DateField(help_text="Day in the patient's own calendar.")
    reason = models.CharField(max_length=300, blank=True, default="")
    by = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(outcome="taken") | ~models.Q(reason=""), name="dose_dismissal_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of prescription {self.prescription_id} {self.outcome}"

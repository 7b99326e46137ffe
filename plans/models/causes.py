"""Root causes with their evidence and goals, and the phases with their criteria, as rows."""

from __future__ import annotations

import pghistory
from django.db import models

from plans.models.knowledge import KnowledgeRow, key_list


@pghistory.track()
class RootCause(KnowledgeRow):
    """A contributing factor: what speaks for it, and what the plan then holds. Lists keep written order."""

    class PlanEffect(models.TextChoices):
        TREAT = "treat", "Full plan"
        LIMIT = "limit", "Limited, co-managed"
        BLOCK_REGION = "block_region", "Blocks the region until the referral is answered"
        BLOCK = "block", "No treatment plan"

    class ReferralLevel(models.TextChoices):
        NONE = "none", "None"
        ROUTINE = "routine", "Routine"
        URGENT = "urgent", "Urgent"

    class ReferralNow(models.TextChoices):
        NEVER = "never", "Only by the later rule"
        ALWAYS = "always", "At plan creation"
        ANY_OF = "any_of", "At plan creation when one of the tests is true"

    key = models.SlugField(max_length=60, unique=True)
    label = models.CharField(max_length=160)
    category = models.CharField(max_length=40)
    explanation = models.TextField()
    patient_text = models.TextField(
        "for the patient", blank=True, default="", max_length=300, help_text="The same in plain words, second person."
    )
    regions = key_list()
    plan_effect = models.CharField(max_length=14, choices=PlanEffect.choices, default=PlanEffect.TREAT)
    blocked_by_flags = key_list()
    possible = models.FloatField("score for “possible”")
    probable = models.FloatField("score for “probable”")
    strong = models.FloatField("score for “strong”")
    techniques_phase1 = key_list()
    techniques_phase2 = key_list()
    techniques_phase3 = key_list()
    exercises_phase1 = key_list()
    exercises_phase2 = key_list()
    exercises_phase3 = key_list()
    education = key_list()
    referral_level = models.CharField(max_length=8, choices=ReferralLevel.choices, default=ReferralLevel.NONE)
    referral_now = models.CharField(max_length=8, choices=ReferralNow.choices, default=ReferralNow.NEVER)
    referral_tests = models.JSONField(default=list, blank=True)
    referral_rule = models.CharField(max_length=300)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["order", "key"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(possible__lt=models.F("probable"), probable__lt=models.F("strong")),
                name="root_cause_thresholds_rise",
            )
        ]

    def __str__(self) -> str:
        return self.label


@pghistory.track()
class RootCauseEvidence(models.Model):
    """One evidence item. Of the required items of one group at least one must be true."""

    class Kind(models.TextChoices):
        REQUIRED = "required", "Required (one of its group)"
        SUPPORTING = "supporting", "Supporting"
        AGAINST = "against", "Against"

    cause = models.ForeignKey(RootCause, on_delete=models.CASCADE, related_name="evidence")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    group = models.PositiveSmallIntegerField(default=0, help_text="Number of the required group; 0 for the others.")
    finding = models.CharField(max_length=80)
    op = models.CharField("comparison", max_length=10)
    value = models.JSONField()
    weight = models.FloatField(help_text="Against items carry negative weights.")
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "id"]
        verbose_name_plural = "root cause evidence"

    def __str__(self) -> str:
        return f"{self.finding} {self.op} {self.value}"


@pghistory.track()
class RootCauseGoal(models.Model):
    """A measurable goal that the cause brings into the plan."""

    class By(models.TextChoices):
        PHASE1 = "phase1_exit", "End of phase 1"
        PHASE2 = "phase2_exit", "End of phase 2"
        PHASE3 = "phase3_exit", "Discharge"

    cause = models.ForeignKey(RootCause, on_delete=models.CASCADE, related_name="goals")
    metric = models.CharField(max_length=80)
    op = models.CharField("comparison", max_length=10)
    target = models.JSONField()
    by = models.CharField(max_length=12, choices=By.choices)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return f"{self.metric} {self.op} {self.target}"


@pghistory.track()
class PhaseRule(KnowledgeRow):
    """One of the three phases: purpose, ceilings, and the criteria that end it."""

    number = models.PositiveSmallIntegerField(unique=True)
    name = models.CharField(max_length=80)
    aim = models.CharField(max_length=300)
    emphasis = models.CharField(max_length=300, blank=True)
    usual_duration = models.CharField(max_length=120, blank=True)
    visits = models.CharField(max_length=160, blank=True)
    visit_length = models.CharField(max_length=80, blank=True)
    passive_share = models.CharField(max_length=80, blank=True)
    home = models.CharField("home items", max_length=120, blank=True)
    exercise_ceiling = models.PositiveSmallIntegerField()
    home_minutes = models.PositiveSmallIntegerField("home minutes a day")
    figures = models.JSONField(
        default=dict, help_text="Figures of the phase: items, effort, durations, visits. Shape as in phases.yaml."
    )

    class Meta:
        ordering = ["number"]
        constraints = [models.CheckConstraint(condition=models.Q(number__range=(1, 3)), name="phase_rule_1_3")]

    def __str__(self) -> str:
        return f"Phase {self.number}: {self.name}"


@pghistory.track()
class PhaseCriterion(models.Model):
    """A measured criterion for leaving a phase."""

    class Kind(models.TextChoices):
        GATE = "gate", "Gate: must be met"
        SUPPORT = "support", "Support: half of them must be met"

    phase = models.ForeignKey(PhaseRule, on_delete=models.CASCADE, related_name="criteria")
    key = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    text = models.TextField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    cause_categories = key_list(help_text="A gate only for causes of these categories; empty: always.")
    when_goal = models.BooleanField(default=False, help_text="Only when the plan has such a goal.")
    waivable = models.BooleanField(default=True)
    measures = key_list(help_text="Findings that feed it.")
    basis = models.CharField(max_length=200, blank=True)
    verify = models.BooleanField(default=False)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "id"]
        verbose_name_plural = "phase criteria"

    def __str__(self) -> str:
        return self.label

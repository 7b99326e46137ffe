"""The clinical knowledge as ordinary rows; field names are the keys of the files in ``plans/knowledge/``.

Every top-level row carries ``shipped_hash``: the fingerprint of the shipped text it was loaded from. A row whose
content no longer matches it was edited by the clinic, and an upgrade leaves it alone. Causes and criteria are in
`plans.models.causes`.
"""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from clinic.anatomy import REGION_CHOICES
from clinic.history import append_only
from clinic.models import Condition


class Level(models.TextChoices):
    """Strength of an effect: contraindicated removes the item, a precaution keeps it with a text to acknowledge."""

    CONTRAINDICATED = "contraindicated", "Contraindicated"
    PRECAUTION = "precaution", "Precaution"


def key_list(**options: object) -> ArrayField[list[str], list[str]]:
    """A short list of keys or words, in written order."""
    return ArrayField(models.CharField(max_length=120), default=list, blank=True, **options)  # type: ignore[arg-type]


def phase_list() -> ArrayField[list[int], list[int]]:
    return ArrayField(models.PositiveSmallIntegerField(), default=list)


class KnowledgeRow(models.Model):
    """What every loaded row has: its place in the file and the fingerprint of the shipped text."""

    order = models.PositiveSmallIntegerField(default=0, help_text="Position in lists; rules break ties by it.")
    shipped_hash = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        abstract = True


@pghistory.track()
class Technique(KnowledgeRow):
    """A treatment technique template: what it is for, who may use it, how it is dosed."""

    class Category(models.TextChoices):
        MANUAL_SOFT = "manual_soft", "Soft tissue"
        MANUAL_JOINT = "manual_joint", "Joint"
        NEEDLING = "needling", "Dry needling"
        ELECTRO = "electro", "Electrical stimulation"
        THERMAL = "thermal", "Heat and cold"
        EXERCISE = "exercise", "Exercise"
        SUPPORT = "support", "Support"
        EDUCATION = "education", "Education"

    class Consent(models.TextChoices):
        VERBAL = "verbal", "Verbal, recorded at every visit"
        WRITTEN = "written", "Written and signed"
        NONE = "none", "General consent is enough"

    key = models.SlugField(max_length=60, unique=True)
    category = models.CharField(max_length=14, choices=Category.choices)
    name = models.CharField(max_length=120)
    phases = phase_list()
    aim = models.CharField(max_length=300)
    consent = models.CharField(max_length=8, choices=Consent.choices, default=Consent.VERBAL)
    consent_text = models.CharField(max_length=300, blank=True)
    credentials = key_list(help_text="All are needed; empty: any treating physiotherapist.")
    credential_note = models.CharField(max_length=200, blank=True)
    indications = models.JSONField(
        default=list, help_text='Any one: {"finding": …, "op": …, "value": …}, "always" or "therapist_opt_in".'
    )
    gate = models.JSONField(default=list, blank=True, help_text="All must be true; a finding not assessed fails.")
    equipment = key_list()
    effects = models.TextField("expected and adverse effects", blank=True)
    aftercare = models.TextField(blank=True)
    evidence = models.TextField("evidence note", blank=True)
    extra_rule = models.TextField(blank=True)
    verify = models.BooleanField(default=False, help_text="Convention: confirm before clinical use.")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["order", "key"]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class DoseParameter(models.Model):
    """One dosage parameter of a technique. Figures are numbers where the reference has numbers, else words."""

    technique = models.ForeignKey(Technique, on_delete=models.CASCADE, related_name="dose_parameters")
    parameter = models.SlugField(max_length=40)
    label = models.CharField(max_length=80)
    unit = models.CharField(max_length=40, blank=True)
    default = models.CharField(max_length=80, blank=True)
    minimum = models.CharField(max_length=80, blank=True)
    maximum = models.CharField(max_length=80, blank=True)
    note = models.CharField(max_length=300, blank=True)
    verify = models.BooleanField(default=False)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["technique", "parameter"], name="dose_parameter_once_per_technique")
        ]

    def __str__(self) -> str:
        return self.label


@pghistory.track()
class RegionRestriction(KnowledgeRow):
    """Where techniques are restricted whatever the patient's conditions are."""

    key = models.SlugField(max_length=80, unique=True)
    techniques = key_list()
    regions = key_list()
    level = models.CharField(max_length=16, choices=Level.choices)
    reason = models.CharField(max_length=300)
    source = models.CharField(max_length=200, blank=True)
    override = models.CharField(max_length=200, blank=True, help_text="Approval that lifts it; empty: none does.")
    credential = models.CharField(max_length=60, blank=True, help_text="Needed here beside those of the technique.")
    verify = models.BooleanField(default=False)

    class Meta:
        ordering = ["order", "key"]

    def __str__(self) -> str:
        return f"{', '.join(self.regions)}: {self.reason}"


@pghistory.track()
class ConditionRule(KnowledgeRow):
    """What a condition does to exercise load tags; its effects on techniques are `ConditionEffect` rows."""

    class TagScope(models.TextChoices):
        ANYWHERE = "anywhere", "Anywhere"
        AT_REGION = "at_region", "Only where it overlaps the recorded region"

    condition = models.OneToOneField(Condition, on_delete=models.CASCADE, related_name="rule")
    avoid_load_tags = key_list(help_text="Exercises with such a tag are removed.")
    caution_load_tags = key_list(help_text="Exercises with such a tag carry a warning.")
    tag_scope = models.CharField(max_length=10, choices=TagScope.choices, default=TagScope.ANYWHERE)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return f"Load tags of {self.condition}"


@pghistory.track()
class ConditionEffect(models.Model):
    """One effect of a condition on techniques: a contraindication or a precaution."""

    class Scope(models.TextChoices):
        ANYWHERE = "anywhere", "Anywhere"
        AT_REGION = "at_region", "At the recorded region"
        REGIONS = "regions", "In the listed regions"

    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="effects")
    techniques = key_list()
    level = models.CharField(max_length=16, choices=Level.choices)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    regions = key_list(help_text="Only with scope “in the listed regions”.")
    override = models.CharField(
        max_length=300, default="none", help_text="“none”: can never be overridden. Else the approval to record."
    )
    reason = models.CharField(max_length=300)
    modification = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=200, blank=True)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return f"{self.get_level_display()}: {self.reason}"


@pghistory.track()
class RedFlagRule(KnowledgeRow):
    """A screening question and what a yes does to the plan. The texts are never softened."""

    class Action(models.TextChoices):
        FLAG = "flag", "Banner and re-screen"
        BLOCK_TECHNIQUES = "block_techniques", "Removes items"
        BLOCK_REGION = "block_region", "Blocks the region"
        BLOCK_PLAN = "block_plan", "Blocks the plan"

    class Disposition(models.TextChoices):
        CAUTION = "caution_monitor", "Caution, monitor"
        ROUTINE = "routine_referral", "Routine referral"
        URGENT = "urgent_referral", "Urgent referral"
        SAME_DAY = "urgent_same_day", "Same day"
        EMERGENCY = "emergency_now", "Emergency now"

    key = models.SlugField(max_length=60, unique=True)
    label = models.CharField(max_length=120)
    group = models.CharField(max_length=30)
    region = models.CharField(max_length=30, choices=REGION_CHOICES)
    question = models.TextField()
    suspected = models.CharField(max_length=200)
    disposition = models.CharField(max_length=20, choices=Disposition.choices)
    action = models.CharField(max_length=20, choices=Action.choices)
    scope = models.CharField(max_length=10, choices=ConditionRule.TagScope.choices)
    remove_techniques = key_list(help_text="“ALL” means every technique and exercise within the scope.")
    remove_load_tags = key_list()
    limits = models.CharField(max_length=300, blank=True)
    basis = models.CharField(max_length=300, blank=True)
    verify = models.BooleanField(default=False)
    follows_from = models.JSONField(null=True, blank=True, help_text="Findings that make the flag true by themselves.")
    re_ask = models.JSONField(null=True, blank=True, help_text="When it belongs to the short list of every visit.")

    class Meta:
        ordering = ["order", "key"]

    def __str__(self) -> str:
        return self.label


@pghistory.track()
class EducationTopic(KnowledgeRow):
    """Something to explain to the patient."""

    key = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    attach_when = models.CharField(max_length=300, blank=True)
    attach = models.JSONField(default=list, blank=True, help_text="Any one of these attaches the topic.")
    messages = ArrayField(models.CharField(max_length=600), default=list)
    reference_figures = models.TextField(blank=True)
    safety = models.TextField(blank=True)
    phases = phase_list()
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["order", "key"]

    def __str__(self) -> str:
        return self.title


class KnowledgeRevision(models.Model):
    """One state of the whole knowledge; every change makes the next. Append-only."""

    class Source(models.TextChoices):
        LOAD = "load", "Loaded from the shipped files"
        EDIT = "edit", "Edited by the clinic"

    number = models.PositiveIntegerField(unique=True)
    content_hash = models.CharField(max_length=64)
    source = models.CharField(max_length=6, choices=Source.choices, default=Source.LOAD)
    note = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-number"]
        triggers = append_only()

    def __str__(self) -> str:
        return f"Revision {self.number}"

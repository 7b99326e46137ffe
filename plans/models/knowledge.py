"""The clinical knowledge as ordinary rows; field names are the keys of the files in ``plans/knowledge/``."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


@pghistory.track()
class Technique(models.Model):
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

    key = models.SlugField(max_length=40, unique=True)
    category = models.CharField(max_length=14, choices=Category.choices)
    name = models.CharField(max_length=120)
    phases = ArrayField(models.PositiveSmallIntegerField(), default=list)
    aim = models.CharField(max_length=300)
    consent = models.CharField(max_length=300, blank=True)
    credential = models.CharField(max_length=120, blank=True)
    indications = models.JSONField(default=list, blank=True)
    gate = models.JSONField(default=list, blank=True)
    equipment = models.CharField(max_length=200, blank=True)
    effects = models.TextField(blank=True)
    aftercare = models.TextField(blank=True)
    evidence_note = models.TextField(blank=True)
    extra_rule = models.TextField(blank=True)
    order = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    shipped_hash = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ["order", "key"]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class EducationTopic(models.Model):
    """Something to explain to the patient."""

    key = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=120)
    attach_when = models.CharField(max_length=300, blank=True)
    attach = models.JSONField(default=list, blank=True)
    messages = ArrayField(models.CharField(max_length=600), default=list)
    safety = models.TextField(blank=True)
    phases = ArrayField(models.PositiveSmallIntegerField(), default=list)
    order = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    shipped_hash = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ["order", "key"]

    def __str__(self) -> str:
        return self.title


class KnowledgeRevision(models.Model):
    """One state of the whole knowledge; every change makes the next. Append-only."""

    number = models.PositiveIntegerField(unique=True)
    content_hash = models.CharField(max_length=64)
    note = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-number"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"Revision {self.number}"

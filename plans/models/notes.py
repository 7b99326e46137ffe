"""What was done at a visit, against the plan: one note per visit, locked by its signature in the database."""

from __future__ import annotations

from typing import ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from assessments.vocabulary import RED_FLAGS
from clinic.anatomy import REGION_CHOICES, SIDE_CHOICES
from clinic.history import locked_when_parent
from clinic.models import Answer
from plans.models.plan import Plan, PlanExercise, PlanTechnique, PlanVersion
from plans.querysets import TreatmentNoteQuerySet

TEXT_MAX = 2000
_NOTE_GATE = """
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'a note begins as a draft' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state = 'signed' THEN
        RAISE EXCEPTION 'signed content never changes: % %', TG_TABLE_NAME, OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""


def signed_is_final() -> pgtrigger.Trigger:
    """Begins as a draft; once signed, neither update nor delete, by whatever way."""
    return pgtrigger.Trigger(
        name="signed_is_final",
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.Before,
        func=_NOTE_GATE,
    )


def signed_has_signature(name: str) -> models.CheckConstraint:
    """Signed means by whom, when, and over which content."""
    return models.CheckConstraint(
        condition=models.Q(state="draft", signed_at__isnull=True)
        | (models.Q(state="signed", signed_at__isnull=False, signed_by__isnull=False) & ~models.Q(content_hash="")),
        name=name,
    )


def _locked_by_note() -> pgtrigger.Trigger:
    return locked_when_parent("signed_note_is_frozen", parent_table="plans_treatmentnote", fk="note_id")


@pghistory.track()
class TreatmentNote(models.Model):
    """One visit. Each author has at most one open draft per plan; ``revision`` counts saves, for conflict notices."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SIGNED = "signed", "Signed"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="notes")
    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="notes")
    phase = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(3)])
    visit_on = models.DateField("day of the visit")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=0)
    subjective = models.TextField("what the patient says", blank=True, max_length=TEXT_MAX)
    next_visit = models.TextField("plan for the next visit", blank=True, max_length=TEXT_MAX)
    consent_confirmed = models.BooleanField("consent confirmed today", null=True, blank=True)
    consent_at = models.DateTimeField(null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(
        "length of the visit, minutes", null=True, blank=True, validators=[MinValueValidator(5), MaxValueValidator(180)]
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    saved_at = models.DateTimeField(auto_now=True)
    signed_by = models.ForeignKey(
        "clinic.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    signed_at = models.DateTimeField(null=True, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)

    objects: ClassVar[TreatmentNoteQuerySet] = TreatmentNoteQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-visit_on", "-id"]
        indexes = [models.Index(fields=["plan", "-visit_on"], name="note_by_plan")]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "author"], condition=models.Q(state="draft"), name="note_one_draft_per_author"
            ),
            models.CheckConstraint(condition=models.Q(phase__range=(1, 3)), name="note_phase_1_3"),
            models.CheckConstraint(
                condition=models.Q(minutes__isnull=True) | models.Q(minutes__range=(5, 180)), name="note_minutes"
            ),
            models.CheckConstraint(
                condition=models.Q(consent_confirmed__isnull=True, consent_at__isnull=True)
                | models.Q(consent_confirmed__isnull=False, consent_at__isnull=False),
                name="note_consent_has_time",
            ),
            signed_has_signature("note_signed_has_signature"),
        ]
        triggers = [signed_is_final()]

    def __str__(self) -> str:
        return f"Note of {self.visit_on}"


class NoteRow(models.Model):
    """A planned or added item at this visit.

    ``done`` None means that nobody has said yet: a carried row is never read as done. ``carried`` names the fields that
    still hold what was carried over; ``carried_from`` is the day of the note they come from, None for the plan.
    """

    note = models.ForeignKey(TreatmentNote, on_delete=models.CASCADE, related_name="%(class)ss")
    position = models.PositiveSmallIntegerField(default=0)
    region = models.CharField(max_length=30, choices=REGION_CHOICES, blank=True, default="")
    side = models.CharField(max_length=8, choices=SIDE_CHOICES, blank=True, default="")
    carried = models.JSONField(default=list, blank=True)
    carried_from = models.DateField(null=True, blank=True)
    done = models.BooleanField(null=True, blank=True)
    not_done_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        """Nobody has said whether it was done."""
        return self.done is None


class Response(models.TextChoices):
    BETTER = "better", "Better"
    SAME = "same", "Same"
    WORSE = "worse", "Worse"


@pghistory.track()
class NoteTechnique(NoteRow):
    """A technique at this visit with the parameters that were really used.

    ``licensed_reason`` says why it was done although a rule asks (a hold, a review that is due).
    """

    technique = models.ForeignKey("plans.Technique", on_delete=models.PROTECT, related_name="+")
    planned = models.ForeignKey(PlanTechnique, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    muscles = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    parameters = models.JSONField(default=dict, blank=True)
    response = models.CharField(max_length=8, choices=Response.choices, blank=True, default="")
    sign_before = models.CharField("comparable sign before", max_length=120, blank=True, default="")
    sign_after = models.CharField("comparable sign after", max_length=120, blank=True, default="")
    licensed_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["position", "id"]
        triggers = [_locked_by_note()]

    def __str__(self) -> str:
        return f"{self.technique_id} at note {self.note_id}"


@pghistory.track()
class NoteExercise(NoteRow):
    """An exercise supervised at this visit; ``dose`` has the columns of a dose, as plain values."""

    exercise = models.ForeignKey("exercises.Exercise", on_delete=models.PROTECT, related_name="+")
    planned = models.ForeignKey(PlanExercise, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    dose = models.JSONField(default=dict, blank=True)
    shown_correctly = models.BooleanField("shown correctly", null=True, blank=True)

    class Meta:
        ordering = ["position", "id"]
        triggers = [_locked_by_note()]

    def __str__(self) -> str:
        return f"{self.exercise_id} at note {self.note_id}"


@pghistory.track()
class VisitMeasure(models.Model):
    """A figure taken at a visit: a finding path, ``spasm.episodes_2w`` or ``check.<what>`` (1 yes, 0 no).

    Never carried over: what was not measured today has no row.
    """

    note = models.ForeignKey(TreatmentNote, on_delete=models.CASCADE, related_name="measures")
    metric = models.CharField(max_length=80)
    side = models.CharField(max_length=8, choices=SIDE_CHOICES, blank=True, default="")
    value = models.DecimalField(max_digits=8, decimal_places=2)
    day = models.DateField(help_text="The day of the visit.")

    class Meta:
        ordering = ["metric", "side"]
        constraints = [
            models.UniqueConstraint(fields=["note", "metric", "side"], name="visit_measure_once"),
            models.CheckConstraint(
                condition=~models.Q(metric__startswith="check.") | models.Q(value__in=(0, 1)),
                name="visit_check_yes_or_no",
            ),
        ]
        triggers = [_locked_by_note()]

    def __str__(self) -> str:
        return f"{self.metric} {self.value}"


@pghistory.track()
class NoteFlag(models.Model):
    """A question of the short list, asked again today. No row and "not asked" are the same; neither is a no."""

    note = models.ForeignKey(TreatmentNote, on_delete=models.CASCADE, related_name="flags")
    flag = models.CharField(max_length=60, help_text="A red flag, or also.<what> for the other questions.")
    answer = models.CharField(max_length=10, choices=Answer.choices, default=Answer.NOT_ASKED)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["note", "flag"], name="note_flag_once")]
        triggers = [_locked_by_note()]

    def __str__(self) -> str:
        return f"{self.flag}: {self.answer}"

    @property
    def is_red(self) -> bool:
        """A red flag of the reference, not one of the other questions."""
        return self.flag in RED_FLAGS


_EVENT_GATE = """
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an adverse event is kept' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.reviewed_at IS NOT NULL OR NEW.reviewed_at IS NULL
        OR (to_jsonb(NEW) - ARRAY['reviewed_at', 'reviewed_by_id', 'review_reason'])
           IS DISTINCT FROM (to_jsonb(OLD) - ARRAY['reviewed_at', 'reviewed_by_id', 'review_reason']) THEN
        RAISE EXCEPTION 'an adverse event is reviewed once and never rewritten'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""


@pghistory.track()
class AdverseEvent(models.Model):
    """Something went wrong after a technique. The technique is held in this plan until a person reviews it.

    Kept whatever becomes of the note; may be added to a signed one (a bruise shows the day after).
    """

    class Severity(models.TextChoices):
        MILD = "mild", "Mild: settles by itself"
        MODERATE = "moderate", "Moderate: needed something done"
        SEVERE = "severe", "Severe: medical help"

    note = models.ForeignKey(TreatmentNote, on_delete=models.PROTECT, related_name="adverse_events")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="adverse_events")
    technique = models.ForeignKey("plans.Technique", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    what = models.CharField("what happened", max_length=500)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    action = models.CharField("what was done", max_length=500)
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField(default=timezone.now, editable=False)
    reviewed_by = models.ForeignKey(
        "clinic.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)
    review_reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ["-reported_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reviewed_at__isnull=True, reviewed_by__isnull=True, review_reason="")
                | (models.Q(reviewed_at__isnull=False, reviewed_by__isnull=False) & ~models.Q(review_reason="")),
                name="adverse_event_review_complete",
            ),
            models.CheckConstraint(
                condition=~models.Q(what="") & ~models.Q(action=""), name="adverse_event_is_described"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="reviewed_once",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=_EVENT_GATE,
            )
        ]

    def __str__(self) -> str:
        return self.what


@pghistory.track()
class NoteAddendum(models.Model):
    """A dated addition to a signed note. The note itself stays as it was signed. Append-only."""

    note = models.ForeignKey(TreatmentNote, on_delete=models.PROTECT, related_name="addenda")
    text = models.TextField(max_length=TEXT_MAX)
    by = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.CheckConstraint(condition=~models.Q(text=""), name="note_addendum_says_something")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"addendum of {self.at:%d %b %Y}"

"""The plan, its versions, and everything a version holds. A signed version is frozen by the database."""

from __future__ import annotations

from typing import ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from assessments.models import Assessment
from clinic.anatomy import REGION_CHOICES, SIDE_CHOICES
from clinic.history import locked_when_parent, never_emptied
from clinic.models import Episode
from exercises.models import Dose, Prescription, dose_constraints
from plans.models.gate import SIGNING_GATE
from plans.querysets import PlanQuerySet, PlanVersionQuerySet


class Safety(models.TextChoices):
    """Outcome of the contraindication screen for one item."""

    CLEAR = "clear", "Clear"
    PRECAUTION = "precaution", "With precaution"
    BLOCKED_OVERRIDABLE = "blocked_overridable", "Blocked, override possible"
    BLOCKED_ABSOLUTE = "blocked_absolute", "Blocked"
    UNKNOWN = "unknown", "Not known: a question is open"


@pghistory.track()
class Plan(models.Model):
    """A course of care for one episode. Patients keep one link; versions come and go behind it."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        COMPLETED = "completed", "Completed"
        SUPERSEDED = "superseded", "Superseded"

    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="plans")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    current_phase = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1, 2 or 3 once signed.")
    screened_on = models.DateField(null=True, blank=True, editable=False, help_text="Last nightly safety screening.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[PlanQuerySet] = PlanQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["episode"], condition=models.Q(state__in=["draft", "active"]), name="plan_one_open_per_episode"
            ),
            models.CheckConstraint(
                condition=models.Q(current_phase__isnull=True) | models.Q(current_phase__range=(1, 3)),
                name="plan_phase_1_3",
            ),
        ]

    def __str__(self) -> str:
        return f"Plan {self.pk} ({self.get_state_display()})"


_KNOWLEDGE_SIGNED_OFF = """
    IF OLD.state = 'draft' AND NEW.state = 'signed' AND NOT EXISTS (
        SELECT 1 FROM plans_knowledgesignoff s WHERE s.revision = NEW.knowledge_revision
    ) THEN
        RAISE EXCEPTION 'the clinical knowledge of this version is not signed off: revision %', NEW.knowledge_revision
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""


# A record that waits for its co-signature, or a student's signature, releases no plan.
_RESTS_ON_SIGNED = """
    IF TG_OP = 'UPDATE' AND OLD.state = 'signed' THEN RETURN NEW; END IF;
    IF NOT EXISTS (SELECT 1 FROM assessments_assessment WHERE id = NEW.assessment_id AND state = 'signed') THEN
        RAISE EXCEPTION 'a plan rests on a signed assessment' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM clinic_practitioner WHERE id = NEW.signed_by_id AND is_student) THEN
        RAISE EXCEPTION 'a student signs no plan' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""


@pghistory.track()
class PlanVersion(models.Model):
    """One version: drafted by the engine, edited and signed by a person.

    ``facts`` is the snapshot the engine saw, ``draft`` its whole answer, ``knowledge_revision`` what it knew: with
    these three the draft can be made again and compared. ``content_hash`` binds the signature to the content.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SIGNED = "signed", "Signed"
        SUPERSEDED = "superseded", "Superseded"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="plan_versions")
    based_on = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    disposition = models.CharField(max_length=24)
    start_phase = models.PositiveSmallIntegerField(null=True, blank=True)
    is_complete = models.BooleanField(default=True, help_text="False: phases 2 and 3 stay locked until re-assessed.")
    knowledge_revision = models.CharField(max_length=64)
    facts = models.JSONField()
    facts_hash = models.CharField(max_length=64)
    draft = models.JSONField(help_text="The engine's whole answer: causes, flags, exclusions, alternatives, notes.")
    summary_for_patient = models.TextField(blank=True, max_length=2000)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    signed_by = models.ForeignKey(
        "clinic.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    signed_at = models.DateTimeField(null=True, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)

    objects: ClassVar[PlanVersionQuerySet] = PlanVersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_number_once"),
            models.UniqueConstraint(
                fields=["plan"], condition=models.Q(state="signed"), name="plan_one_signed_version"
            ),
            models.UniqueConstraint(fields=["plan"], condition=models.Q(state="draft"), name="plan_one_draft_version"),
            models.CheckConstraint(
                condition=models.Q(state="draft", signed_at__isnull=True)
                | (
                    models.Q(signed_at__isnull=False, signed_by__isnull=False)
                    & ~models.Q(state="draft")
                    & ~models.Q(content_hash="")
                ),
                name="plan_version_signed_has_signature",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="signing_gate",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                declare=[("v_patient", "BIGINT"), ("refused", "RECORD")],
                func=SIGNING_GATE,
            ),
            pgtrigger.Trigger(
                name="rests_on_signed_assessment",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(new__state="signed"),
                func=_RESTS_ON_SIGNED,
            ),
            pgtrigger.Trigger(
                name="knowledge_signed_off",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=_KNOWLEDGE_SIGNED_OFF,
            ),
            pgtrigger.Protect(
                name="signed_is_kept", operation=pgtrigger.Delete, condition=~pgtrigger.Q(old__state="draft")
            ),
        ]

    def __str__(self) -> str:
        return f"Version {self.number} of plan {self.plan_id}"


def _locked_by_version() -> pgtrigger.Trigger:
    return locked_when_parent("signed_version_is_frozen", parent_table="plans_planversion", fk="version_id")


def _locked_by_phase() -> pgtrigger.Trigger:
    """Items hang below a phase; look up the version's state through it."""
    check = """
        SELECT v.state INTO parent_state FROM plans_planphase p JOIN plans_planversion v ON v.id = p.version_id
            WHERE p.id = {row}.phase_id;
        IF parent_state IS NOT NULL AND parent_state <> 'draft' THEN
            RAISE EXCEPTION 'signed content never changes: % of phase %', TG_TABLE_NAME, {row}.phase_id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    """
    return pgtrigger.Trigger(
        name="signed_version_is_frozen",
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.Before,
        declare=[("parent_state", "TEXT")],
        func=f"""
            IF TG_OP <> 'INSERT' THEN {check.format(row="OLD")} END IF;
            IF TG_OP <> 'DELETE' THEN {check.format(row="NEW")} RETURN NEW; END IF;
            RETURN OLD;
        """,
    )


@pghistory.track()
class PlanCause(models.Model):
    """A contributing factor as ranked by the engine, with what the therapist made of it."""

    class Decision(models.TextChoices):
        PROPOSED = "proposed", "Left in"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    version = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="causes")
    key = models.SlugField(max_length=60)
    title = models.CharField(max_length=160)
    explanation = models.TextField(blank=True)
    patient_text = models.TextField(blank=True, default="")
    label = models.CharField(max_length=10)
    score = models.DecimalField(max_digits=5, decimal_places=1)
    state = models.CharField(max_length=12, default="shown")
    evidence = models.JSONField(default=dict, help_text="for, against, missing: lists of sentences.")
    decision = models.CharField(max_length=10, choices=Decision.choices, default=Decision.PROPOSED)
    decision_reason = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="plan_cause_once")]
        triggers = [_locked_by_version(), never_emptied()]

    def __str__(self) -> str:
        return self.title


@pghistory.track()
class PlanPhase(models.Model):
    """One of the three phases of a version."""

    version = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="phases")
    number = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(3)])
    aim = models.CharField(max_length=300)
    usual_duration = models.CharField(max_length=120, blank=True)
    visits = models.CharField(max_length=120, blank=True)
    is_scheduled = models.BooleanField(default=True, help_text="False: stored for a step back.")
    is_locked = models.BooleanField(default=False, help_text="True: may not begin until the assessment is complete.")
    minutes_budget = models.DecimalField(max_digits=5, decimal_places=1, default=0)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["version", "number"], name="plan_phase_once"),
            models.CheckConstraint(condition=models.Q(number__range=(1, 3)), name="plan_phase_number_1_3"),
        ]
        triggers = [_locked_by_version(), never_emptied()]

    def __str__(self) -> str:
        return f"Phase {self.number}"


class PlanItem(models.Model):
    """What techniques and exercises of a phase share: place, order, safety and reasons."""

    class Origin(models.TextChoices):
        ENGINE = "engine", "Drafted"
        PERSON = "person", "Added by the physiotherapist"

    phase = models.ForeignKey(PlanPhase, on_delete=models.CASCADE, related_name="%(class)ss")
    region = models.CharField(max_length=30, choices=REGION_CHOICES, blank=True, default="")
    side = models.CharField(max_length=8, choices=SIDE_CHOICES, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)
    safety = models.CharField(max_length=20, choices=Safety.choices, default=Safety.UNKNOWN)
    causes = models.JSONField(default=list, blank=True)
    reasons = models.JSONField(default=list, blank=True)
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.ENGINE)

    class Meta:
        abstract = True


@pghistory.track()
class PlanTechnique(PlanItem):
    """A hands-on, needling, electrical, thermal or support technique with its dose.

    ``dose`` maps a parameter of the technique (unit and bounds in the knowledge) to its value.
    """

    technique = models.ForeignKey("plans.Technique", on_delete=models.PROTECT, related_name="plan_items")
    dose = models.JSONField(default=dict, blank=True)
    is_alternative = models.BooleanField(default=False, help_text="Shown beside the planned ones, not planned.")

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["phase", "technique"], name="plan_technique_once_per_phase")]
        triggers = [_locked_by_phase(), never_emptied()]

    def __str__(self) -> str:
        return f"{self.technique_id} in phase {self.phase_id}"


@pghistory.track()
class PlanExercise(PlanItem, Dose):
    """A home or clinic exercise with its dose."""

    exercise = models.ForeignKey("exercises.Exercise", on_delete=models.PROTECT, related_name="plan_items")
    minutes_per_day = models.DecimalField(max_digits=5, decimal_places=1, default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["phase", "exercise"], name="plan_exercise_once_per_phase"),
            *dose_constraints("plan_exercise"),
        ]
        triggers = [_locked_by_phase(), never_emptied()]

    def __str__(self) -> str:
        return f"{self.exercise_id} in phase {self.phase_id}"


@pghistory.track()
class PlanEducation(models.Model):
    """An education topic of a phase."""

    phase = models.ForeignKey(PlanPhase, on_delete=models.CASCADE, related_name="education")
    topic = models.ForeignKey("plans.EducationTopic", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["phase", "topic"], name="plan_education_once_per_phase")]
        triggers = [_locked_by_phase(), never_emptied()]

    def __str__(self) -> str:
        return str(self.topic_id)


@pghistory.track()
class PlanCriterion(models.Model):
    """An exit criterion of a phase: gate (must be met) or support (at least half must be)."""

    phase = models.ForeignKey(PlanPhase, on_delete=models.CASCADE, related_name="criteria")
    key = models.SlugField(max_length=40)
    kind = models.CharField(max_length=8, choices=[("gate", "Gate"), ("support", "Support")])
    text = models.CharField(max_length=500)
    baseline = models.JSONField(null=True, blank=True)
    target = models.JSONField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["phase", "key"], name="plan_criterion_once_per_phase")]
        triggers = [_locked_by_phase(), never_emptied()]

    def __str__(self) -> str:
        return self.key


@pghistory.track()
class PlanGoal(models.Model):
    """A measurable goal: metric (path of the vocabulary), comparison, target, and the phase exit it is due by."""

    version = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="goals")
    metric = models.CharField(max_length=80)
    op = models.CharField(max_length=10)
    target = models.JSONField()
    baseline = models.JSONField(null=True, blank=True)
    side = models.CharField(max_length=8, blank=True, default="")
    by = models.CharField(max_length=20)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        triggers = [_locked_by_version(), never_emptied()]

    def __str__(self) -> str:
        return f"{self.metric} {self.op} {self.target}"


@pghistory.track()
class PlanEdit(models.Model):
    """One change of the draft by a person, with the reason that was given. Append-only."""

    version = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="edits")
    # add, remove, swap, dose, place, reorder, cause, facts, override, summary, undo
    action = models.CharField(max_length=12)
    item = models.CharField(max_length=80)
    phase = models.PositiveSmallIntegerField(null=True, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    reason = models.CharField(max_length=300)
    batch = models.UUIDField(null=True, blank=True, help_text="Changes that were made, and are taken back, together.")
    undoes = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="undone_by")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["undoes"], name="plan_edit_undone_once")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.action} {self.item}"


@pghistory.track()
class PlannedPrescription(models.Model):
    """Which prescription a signed plan exercise became; a step back to a phase prescribes its items once more."""

    item = models.ForeignKey(PlanExercise, on_delete=models.PROTECT, related_name="planned_prescriptions")
    prescription = models.OneToOneField(Prescription, on_delete=models.PROTECT, related_name="planned")

    class Meta:
        triggers = [
            pgtrigger.Trigger(
                name="held_is_not_prescribed",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF EXISTS (SELECT 1 FROM plans_itemhold h
                               WHERE h.exercise_item_id = NEW.item_id AND h.released_at IS NULL)
                       AND EXISTS (SELECT 1 FROM exercises_prescription p
                                   WHERE p.id = NEW.prescription_id AND p.state = 'active')
                    THEN
                        RAISE EXCEPTION 'item % is held by the safety gate', NEW.item_id
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} -> {self.prescription_id}"


@pghistory.track()
class PhaseProgress(models.Model):
    """When the patient was in which phase. The version says what a phase holds; this says where the patient is."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="progress")
    number = models.PositiveSmallIntegerField()
    entered_on = models.DateField()
    left_on = models.DateField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["entered_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan"], condition=models.Q(left_on__isnull=True), name="plan_in_one_phase"
            ),
            models.CheckConstraint(condition=models.Q(number__range=(1, 3)), name="phase_progress_1_3"),
        ]

    def __str__(self) -> str:
        return f"phase {self.number} from {self.entered_on}"

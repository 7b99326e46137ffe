"""What stands between an item and the patient: safety checks, overrides, and the attempts that were refused."""

from __future__ import annotations

from typing import ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone

from clinic.history import append_only, by_registered, never_emptied
from clinic.models import FactChange, Patient
from plans.models.plan import Plan, PlanExercise, PlanTechnique, PlanVersion, Safety

ONE_ITEM = models.Q(technique_item__isnull=False, exercise_item__isnull=True) | models.Q(
    technique_item__isnull=True, exercise_item__isnull=False
)


class ReasonCode(models.TextChoices):
    """Why a clinician re-enables a blocked item."""

    APPROVAL = "approval_on_file", "The named approval is on file"
    OUTDATED = "fact_outdated", "The fact no longer holds"
    BENEFIT = "benefit_outweighs", "Benefit outweighs the risk, discussed with the patient"


class SafetyCheck(models.Model):
    """One screening of one item: what was checked, against which facts and knowledge, with what verdict.

    A version is signed only while the last check of each planned item is of the item as it stands (technique or
    exercise, region, side, phase) on the version's own facts and knowledge: editing the item, new facts or new
    knowledge make it void. Never changed; checks of a draft that is thrown away go with it.
    """

    version = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="checks")
    technique_item = models.ForeignKey(
        PlanTechnique, on_delete=models.CASCADE, null=True, blank=True, related_name="checks"
    )
    exercise_item = models.ForeignKey(
        PlanExercise, on_delete=models.CASCADE, null=True, blank=True, related_name="checks"
    )
    key = models.CharField(max_length=60, help_text="Key of the technique or exercise.")
    region = models.CharField(max_length=30, blank=True)
    side = models.CharField(max_length=8, blank=True)
    phase = models.PositiveSmallIntegerField()
    knowledge_revision = models.CharField(max_length=64)
    facts_hash = models.CharField(max_length=64)
    verdict = models.CharField(max_length=20, choices=Safety.choices)
    rule = models.CharField(max_length=200, blank=True, help_text="The rules that block.")
    reasons = models.JSONField(default=list, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Who asked; empty: the nightly check.",
    )  # fmt: skip
    checked_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=ONE_ITEM, name="safety_check_of_one_item")]
        triggers = [
            *append_only(deletable=True),
            pgtrigger.Trigger(
                name="signed_version_is_frozen",
                operation=pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF EXISTS (SELECT 1 FROM plans_planversion v WHERE v.id = OLD.version_id AND v.state <> 'draft')
                    THEN
                        RAISE EXCEPTION 'safety checks of a signed version are kept: check %', OLD.id
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN OLD;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.get_verdict_display()}"


_BOUND = """
    SELECT p.version_id, l.state, e.patient_id, i.safety INTO bound FROM (
        SELECT phase_id, safety FROM plans_plantechnique WHERE id = _ROW_.technique_item_id
        UNION ALL
        SELECT phase_id, safety FROM plans_planexercise WHERE id = _ROW_.exercise_item_id
    ) i
    JOIN plans_planphase p ON p.id = i.phase_id
    JOIN plans_planversion l ON l.id = p.version_id
    JOIN plans_plan n ON n.id = l.plan_id
    JOIN clinic_episode e ON e.id = n.episode_id;
    IF bound.state IS NOT NULL AND bound.state <> 'draft' THEN
        RAISE EXCEPTION 'signed content never changes: override %', _ROW_.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
"""


def _bound(row: str) -> str:
    return _BOUND.replace("_ROW_", row)


_VALID_OVERRIDE = """
    IF TG_OP = 'DELETE' THEN _OLD_ RETURN OLD; END IF;
    _NEW_
    IF bound.version_id IS DISTINCT FROM NEW.version_id THEN
        RAISE EXCEPTION 'override of an item of another version' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF bound.patient_id IS DISTINCT FROM NEW.patient_id THEN
        RAISE EXCEPTION 'override for another patient' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF bound.safety <> 'blocked_overridable' THEN
        RAISE EXCEPTION 'no override is possible of an item that is %', bound.safety
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM clinic_practitioner h JOIN clinic_user u ON u.id = h.user_id
        WHERE h.id = NEW.by_id AND u.is_active
          AND h.licence_valid_until >= NEW.stated_on AND h.licence_valid_until >= (NEW.at AT TIME ZONE 'UTC')::date - 1
    ) THEN
        RAISE EXCEPTION 'override without a licence that is valid on the day'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""


@pghistory.track()
class Override(models.Model):
    """A blocked item re-enabled by a licensed clinician with reason. Bound to patient, item, version and rule;
    never copied when a new version is made, and void once another rule blocks the item."""

    ReasonCode = ReasonCode

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="overrides")
    technique_item = models.OneToOneField(
        PlanTechnique, on_delete=models.CASCADE, null=True, blank=True, related_name="override"
    )
    exercise_item = models.OneToOneField(
        PlanExercise, on_delete=models.CASCADE, null=True, blank=True, related_name="override"
    )
    rule = models.CharField(max_length=200, help_text="The rule that blocks, for counting overrides per rule.")
    approval = models.CharField(max_length=400, help_text="The approval that the rule asks for.")
    reason_code = models.CharField(max_length=20, choices=ReasonCode.choices)
    reason = models.CharField(max_length=500)
    by = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="+")
    stated_on = models.DateField(help_text="The clinician's day, on which the licence was valid.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=ONE_ITEM, name="override_of_one_item"),
            models.CheckConstraint(
                condition=~models.Q(reason="") & ~models.Q(approval="") & models.Q(reason_code__in=ReasonCode.values),
                name="override_has_reason",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update),
            by_registered("not_by_students", column="by_id", is_user=False),
            never_emptied(),
            pgtrigger.Trigger(
                name="signed_version_is_frozen",
                operation=pgtrigger.Insert | pgtrigger.Delete,
                when=pgtrigger.Before,
                declare=[("bound", "RECORD")],
                func=_VALID_OVERRIDE.replace("_OLD_", _bound("OLD")).replace("_NEW_", _bound("NEW")),
            ),
        ]

    def __str__(self) -> str:
        return f"Override of {self.rule}"


class OverrideRefusal(models.Model):
    """An attempt to override that was refused. Append-only; keeps what it was about as text, for the draft may go."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    version_number = models.PositiveIntegerField()
    phase = models.PositiveSmallIntegerField(null=True, blank=True)
    item = models.CharField(max_length=80, help_text="Key of the technique or exercise.")
    rule = models.CharField(max_length=200, blank=True, help_text="The rule that blocks; empty: it was not reached.")
    code = models.SlugField(max_length=40, help_text="Why it was refused.")
    message = models.CharField(max_length=500)
    reason_code = models.CharField(max_length=40, blank=True)
    approval = models.CharField(max_length=400, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[models.Manager[OverrideRefusal]] = models.Manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["rule", "-at"], name="override_refusal_by_rule")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.item}: {self.code}"


_RELEASED_COLUMNS = "'released_at' - 'released_by_id' - 'release' - 'release_reason' - 'reason_code' - 'approval'"

_HOLD_KEPT = """
    IF OLD.released_at IS NOT NULL OR NEW.released_at IS NULL
       OR (to_jsonb(NEW) - _COLUMNS_) IS DISTINCT FROM (to_jsonb(OLD) - _COLUMNS_)
    THEN
        RAISE EXCEPTION 'a hold is released once and never changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.release IN ('person', 'override') THEN
        SELECT c.verdict, c.rule INTO found FROM plans_safetycheck c
            WHERE c.technique_item_id = NEW.technique_item_id OR c.exercise_item_id = NEW.exercise_item_id
            ORDER BY c.id DESC LIMIT 1;
        IF NOT (found.verdict IN ('clear', 'precaution')
                OR (found.verdict = 'blocked_overridable' AND NEW.release = 'override' AND found.rule = NEW.rule)) THEN
            RAISE EXCEPTION 'the last check of the held item is %', found.verdict
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NOT EXISTS (
            SELECT 1 FROM clinic_practitioner h JOIN clinic_user u ON u.id = h.user_id
            WHERE h.user_id = NEW.released_by_id AND u.is_active AND NOT h.is_student
              AND h.licence_valid_until >= (NEW.released_at AT TIME ZONE 'UTC')::date - 1
        ) THEN
            RAISE EXCEPTION 'a hold is released by someone whose licence is valid on the day'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NEW;
"""


class ItemHold(models.Model):
    """An item of a signed version that a new fact made unsafe. While it is open, nobody does the item.

    Opened by screening, released once: by a later screening that finds it clear, by a licensed person who looked at a
    clear check, by an override of the rule that holds it, or by the next version. The row stays.
    """

    class Release(models.TextChoices):
        RECHECK = "recheck", "Clear again when checked"
        PERSON = "person", "Looked at and released"
        OVERRIDE = "override", "Released with an override"
        VERSION = "version", "Replaced by the next version"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="holds")
    technique_item = models.ForeignKey(
        PlanTechnique, on_delete=models.PROTECT, null=True, blank=True, related_name="holds"
    )
    exercise_item = models.ForeignKey(
        PlanExercise, on_delete=models.PROTECT, null=True, blank=True, related_name="holds"
    )
    key = models.CharField(max_length=60, help_text="Key of the technique or exercise.")
    verdict = models.CharField(max_length=20, choices=Safety.choices)
    rule = models.CharField(max_length=200, blank=True)
    reasons = models.JSONField(default=list, blank=True)
    asks = models.CharField(max_length=400, blank=True, help_text="The approval that the rule asks for.")
    change = models.ForeignKey(FactChange, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    release = models.CharField(max_length=10, choices=Release.choices, blank=True, default="")
    release_reason = models.CharField(max_length=500, blank=True, default="")
    reason_code = models.CharField(max_length=20, choices=ReasonCode.choices, blank=True, default="")
    approval = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=ONE_ITEM, name="hold_of_one_item"),
            models.UniqueConstraint(
                fields=["technique_item"], condition=models.Q(released_at__isnull=True), name="technique_held_once"
            ),
            models.UniqueConstraint(
                fields=["exercise_item"], condition=models.Q(released_at__isnull=True), name="exercise_held_once"
            ),
            models.CheckConstraint(
                condition=models.Q(released_at__isnull=True, release="")
                | models.Q(released_at__isnull=False, release__in=["recheck", "version"])
                | (
                    models.Q(released_at__isnull=False, release__in=["person", "override"], released_by__isnull=False)
                    & ~models.Q(release_reason="")
                ),
                name="hold_release_is_whole",
            ),
            models.CheckConstraint(
                condition=~models.Q(release="override")
                | (models.Q(reason_code__in=ReasonCode.values) & ~models.Q(approval="")),
                name="hold_override_is_whole",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
            never_emptied(),
            pgtrigger.Trigger(
                name="released_once",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                declare=[("found", "RECORD")],
                func=_HOLD_KEPT.replace("_COLUMNS_", _RELEASED_COLUMNS),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} held: {self.rule}"

    @property
    def item(self) -> PlanTechnique | PlanExercise:
        """The held item."""
        found = self.technique_item or self.exercise_item
        assert found is not None  # noqa: S101 - the database holds exactly one
        return found

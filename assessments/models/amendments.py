"""Corrections of a signed assessment: new, dated rows beside it. The signed rows stay as they are, for ever."""

from __future__ import annotations

from typing import ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone

from assessments.models.assessment import Assessment
from clinic.factlog import noted
from clinic.history import never_emptied

_SIGNED_BY_LICENSED = """
    IF NOT EXISTS (SELECT 1 FROM assessments_assessment WHERE id = NEW.assessment_id AND state = 'signed') THEN
        RAISE EXCEPTION 'only a signed assessment is amended' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM clinic_practitioner WHERE user_id = NEW.signed_by_id AND NOT is_student
            AND licence_valid_until >= NEW.signed_at::date - 1
    ) THEN
        RAISE EXCEPTION 'an amendment is signed by a registered physiotherapist'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""
_NO_MORE_THAN_SIGNED = """
    IF (SELECT count(*) FROM assessments_amendedvalue WHERE amendment_id = NEW.amendment_id)
        >= (SELECT size FROM assessments_amendment WHERE id = NEW.amendment_id) THEN
        RAISE EXCEPTION 'a signed amendment takes no further value' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""


@pghistory.track()
class Amendment(models.Model):
    """A dated correction with its reason, signed by a registered physiotherapist. ``size``: how many values it has."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="amendments")
    reason = models.CharField(max_length=500)
    addition = models.TextField("late entry", blank=True, max_length=2000)
    size = models.PositiveSmallIntegerField(default=0, editable=False)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["signed_at", "id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="amendment_has_reason"),
            models.CheckConstraint(
                condition=models.Q(size__gt=0) | ~models.Q(addition=""), name="amendment_says_something"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied(),
            pgtrigger.Trigger(
                name="signed_by_licensed",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=_SIGNED_BY_LICENSED,
            ),
        ]

    def __str__(self) -> str:
        return f"Amendment of {self.signed_at:%d %b %Y}"


@pghistory.track()
class AmendedValue(models.Model):
    """One corrected value: its name as pages call it (``f:path:side:mode``, ``g:flag``, ``a:1``, ``r:region:side``).

    ``before`` and ``after`` are what :mod:`assessments.current` reads; None is "not assessed".
    """

    amendment = models.ForeignKey(Amendment, on_delete=models.PROTECT, related_name="values")
    name = models.CharField(max_length=160)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    objects: ClassVar[models.Manager[AmendedValue]] = models.Manager()

    class Meta:
        ordering = ["amendment_id", "id"]
        constraints = [models.UniqueConstraint(fields=["amendment", "name"], name="amended_value_once")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied(),
            pgtrigger.Trigger(
                name="no_more_than_signed",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=_NO_MORE_THAN_SIGNED,
            ),
            noted(
                "assessment",
                patient=(
                    "SELECT e.patient_id FROM assessments_amendment m"
                    " JOIN assessments_assessment a ON a.id = m.assessment_id"
                    " JOIN clinic_episode e ON e.id = a.episode_id WHERE m.id = row.amendment_id"
                ),
                what="row.name",
                content=("name",),
                operation=pgtrigger.Insert,
            ),
        ]

    def __str__(self) -> str:
        return self.name

"""Querysets of plans, narrowed by who asks, each with the prefetches of one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.utils import timezone

from clinic.models import Episode, Patient
from clinic.permissions import Permission, may

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.models import User
    from plans.models import (  # noqa: F401 - row types of the querysets below
        Alert,
        ChangeReport,
        Discharge,
        Pack,
        PatientQuestion,
        PhaseReview,
        Plan,
        PlanVersion,
        TreatmentNote,
    )


EXERCISE_STEPS = ("exercise__progression", "exercise__regression")


class PlanQuerySet(models.QuerySet["Plan"]):
    """Plans."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Plans of the episodes one may see: clinical, so none for the front desk."""
        return self.filter(episode__in=Episode.objects.visible_to(user))


class PlanVersionQuerySet(models.QuerySet["PlanVersion"]):
    """Plan versions."""

    def for_page(self) -> Self:
        """Everything the draft page, the signed page and the portal show, one query per kind of row."""
        phase = _row_type(self.model, "phases")
        return self.select_related(
            "plan__episode__patient",
            "plan__episode__practitioner__user",
            "assessment",
            "based_on",
            "signed_by__user",
            "created_by",
        ).prefetch_related(
            "causes",
            "goals",
            _joined(self.model, "edits", "by"),
            "phases",
            _joined(phase, "plantechniques", "technique", "override__by__user", prefix="phases__"),
            _joined(phase, "planexercises", *EXERCISE_STEPS, "override__by__user", prefix="phases__"),
            _joined(phase, "education", "topic", prefix="phases__"),
            "phases__criteria",
        )


def _row_type(model: type[models.Model], relation: str) -> type[models.Model]:
    """The model at the other end of a reverse relation (importing it here would be a cycle)."""
    found = model._meta.get_field(relation).related_model
    if not isinstance(found, type):
        raise TypeError(f"{model.__name__}.{relation} is no relation")
    return found


def _joined(model: type[models.Model], relation: str, *related: str, prefix: str = "") -> models.Prefetch[str]:
    """A prefetch whose rows come with what they point to, in one query."""
    rows = _row_type(model, relation)._default_manager.select_related(*related)
    return models.Prefetch(f"{prefix}{relation}", queryset=rows)


class PackQuerySet(models.QuerySet["Pack"]):
    """Packs of exercises."""

    def usable_by(self, user: User | AnonymousUser) -> Self:
        """Those of the clinic and one's own; none for people who do not plan treatment."""
        if not may(user, Permission.CLINICAL_EDIT):
            return self.none()
        return self.filter(models.Q(owner__isnull=True) | models.Q(owner=user.pk))


class AlertQuerySet(models.QuerySet["Alert"]):
    """Alerts of the worklist."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Alerts about patients one may see clinically: none for the front desk and for patients."""
        if not may(user, Permission.CLINICAL_VIEW):
            return self.none()
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def open(self) -> Self:
        """What waits now: open, and snoozed whose time is over."""
        return self.filter(models.Q(state="open") | models.Q(state="snoozed", snoozed_until__lte=timezone.now()))


class ChangeReportQuerySet(models.QuerySet["ChangeReport"]):
    """What patients told us has changed."""

    def waiting(self) -> Self:
        """Nobody looked at it yet."""
        return self.filter(look__isnull=True)


class PatientQuestionQuerySet(models.QuerySet["PatientQuestion"]):
    """Questions of patients."""

    def waiting(self) -> Self:
        """Nobody answered yet."""
        return self.filter(reply__isnull=True)

    def for_page(self) -> Self:
        """With the answer and the people, newest first."""
        return self.select_related("by", "patient", "reply__by", "prescription__exercise", "follows__reply")


class TreatmentNoteQuerySet(models.QuerySet["TreatmentNote"]):
    """Treatment notes."""

    def for_page(self) -> Self:
        """Everything the page of a note shows, one query per kind of row."""
        return self.select_related(
            "plan__episode__patient", "plan__episode__practitioner__user", "version", "author", "signed_by__user"
        ).prefetch_related(
            _joined(self.model, "notetechniques", "technique", "planned"),
            _joined(self.model, "noteexercises", "exercise", "planned"),
            _joined(self.model, "adverse_events", "technique", "reported_by", "reviewed_by__user"),
            _joined(self.model, "addenda", "by__user"),
            "measures",
            "flags",
        )


class DischargeQuerySet(models.QuerySet["Discharge"]):
    """Discharges."""

    def for_page(self) -> Self:
        """With the people and the record around them."""
        return self.select_related("plan__episode__patient", "plan__episode__practitioner__user", "signed_by__user")


class PhaseReviewQuerySet(models.QuerySet["PhaseReview"]):
    """Reviews of running phases."""

    def for_page(self) -> Self:
        """The latest day first, with the decision on each and the people who made and decided them."""
        return self.select_related("made_by", "decision__by__user", "version").latest_first()

    def latest_first(self) -> Self:
        """By the day that was judged; of two on one day the one made later comes first."""
        return self.order_by("-day", "-made_at", "-id")

"""Querysets of findings: what one page needs, in a fixed number of queries."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from clinic.models import Answer, Condition, Consent, Episode, Patient, PatientCondition

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from assessments.models import Assessment, DiaryEntry, OutcomeRequest, OutcomeResponse  # noqa: F401 - names the rows
    from clinic.models import User


def _count(rows: models.QuerySet[models.Model], group: str) -> Coalesce:
    """How many rows, as a part of another query; 0 when there are none."""
    counted = rows.order_by().values(group).annotate(n=Count("*")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


class CarriedQuerySet(models.QuerySet[Any]):
    """Rows of an assessment that may have been carried forward."""

    def measured(self) -> Self:
        """Found in their own assessment: the only ones that count as a new measurement."""
        return self.filter(carried_from__isnull=True)

    def carried(self) -> Self:
        """Copied from an earlier assessment and not touched since."""
        return self.filter(carried_from__isnull=False)


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    """Assessments, narrowed by who asks."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Assessments of the episodes one may see."""
        return self.filter(episode__in=Episode.objects.visible_to(user))

    def with_people(self) -> Self:
        """The people whom every page names, in the same query."""
        return self.select_related(
            "episode__patient", "episode__practitioner__user", "author", "signed_by", "submitted_by", "returned_by"
        )

    def with_patient(self) -> Self:
        """The patient alone, in the same query: what a save needs."""
        return self.select_related("episode__patient")

    def for_chart(self) -> Self:
        """Everything the read-only page and the engine read, in one query per kind of row."""
        return self.with_people().prefetch_related(
            "findings", "symptom_regions", "pain_marks", "activities", "surgeries", "flag_answers", "clearances"
        )

    def for_page(self) -> Self:
        """One query for the page that is filled in: the head and the counts of its section rail.

        The rows of a section are fetched by the section.
        """
        answers = apps.get_model("assessments", "RedFlagAnswer").objects.filter(assessment=OuterRef("pk"))
        cleared = apps.get_model("assessments", "FlagClearance").objects.filter(
            assessment=OuterRef("assessment"), flag=OuterRef("flag")
        )
        patient = OuterRef("episode__patient")
        told = PatientCondition.objects.filter(patient=patient, condition__is_active=True)
        told = told.exclude(answer=Answer.NOT_ASKED)
        treatment = Consent.objects.filter(patient=patient, kind=Consent.Kind.TREATMENT, withdrawn_on__isnull=True)
        every = Condition.objects.filter(is_active=True).annotate(one=F("is_active"))
        return self.with_people().annotate(
            flags_answered=_count(answers.filter(~Q(answer=Answer.NOT_ASKED)), "assessment"),
            flags_yes=_count(answers.filter(~Exists(cleared), answer=Answer.YES), "assessment"),
            conditions_answered=_count(told, "patient"),
            conditions_asked=_count(every, "one"),
            consent_on_file=Exists(treatment),
        )


class OutcomeRequestQuerySet(models.QuerySet["OutcomeRequest"]):
    """Questions that were asked."""

    def waiting_for(self, patient: Patient, today: date) -> Self:
        """What the patient may answer today, in the order in which it is due."""
        waiting = self.filter(episode__patient=patient, state="open", due_on__lte=today, expires_on__gte=today)
        return waiting.select_related("instrument")


class OutcomeResponseQuerySet(models.QuerySet["OutcomeResponse"]):
    """Answers."""

    def standing(self) -> Self:
        """Those that no correction has replaced."""
        return self.filter(superseded_by__isnull=True)


class DiaryQuerySet(models.QuerySet["DiaryEntry"]):
    """Entries of the patient's diary."""

    def standing(self) -> Self:
        """Those that were not taken back."""
        return self.filter(removed_at__isnull=True)

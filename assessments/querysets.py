"""Querysets of findings: what one page needs, in a fixed number of queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from clinic.models import Episode

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from assessments.models import Assessment
    from clinic.models import User


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    """Assessments, narrowed by who asks."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Assessments of the episodes one may see."""
        return self.filter(episode__in=Episode.objects.visible_to(user))

    def for_chart(self) -> Self:
        """Everything the assessment page and the engine read, in one query per kind of row."""
        return self.select_related(
            "episode__patient", "episode__practitioner__user", "author", "signed_by"
        ).prefetch_related(
            "findings", "symptom_regions", "pain_marks", "activities", "surgeries", "flag_answers", "clearances"
        )

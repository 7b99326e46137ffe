"""Querysets of plans, narrowed by who asks, each with the prefetches of one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from clinic.models import Episode

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.models import User
    from plans.models import Plan, PlanVersion  # noqa: F401 - row types of the querysets below


class PlanQuerySet(models.QuerySet["Plan"]):
    """Plans."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Plans of the episodes one may see: clinical, so none for the front desk."""
        return self.filter(episode__in=Episode.objects.visible_to(user))


class PlanVersionQuerySet(models.QuerySet["PlanVersion"]):
    """Plan versions."""

    def for_page(self) -> Self:
        """Everything the draft page, the signed page and the portal show, one query per kind of row."""
        return self.select_related(
            "plan__episode__patient", "plan__episode__practitioner__user", "assessment", "signed_by__user", "created_by"
        ).prefetch_related(
            "causes",
            "goals",
            "edits__by",
            "phases__plantechniques__technique",
            "phases__plantechniques__override__by__user",
            "phases__planexercises__exercise",
            "phases__planexercises__override__by__user",
            "phases__education__topic",
            "phases__criteria",
        )

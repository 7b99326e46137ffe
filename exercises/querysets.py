"""Querysets of home exercises, narrowed by who asks, with the prefetches that one page needs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models

from clinic.models import Episode, Patient
from clinic.readers import has_unsettled_facts

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.models import User
    from exercises.models import HomePause, Prescription, SessionLog  # noqa: F401 - row types of the querysets below


class PrescriptionQuerySet(models.QuerySet["Prescription"]):
    """Prescriptions."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Prescriptions of the episodes one may see: clinical, so none for the front desk."""
        return self.filter(episode__in=Episode.objects.visible_to(user))

    def current(self, on: date) -> Self:
        """In force on that day of the patient's calendar."""
        started = self.filter(state="active", starts_on__lte=on)
        return started.filter(models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=on))

    def touching(self, since: date) -> Self:
        """In force on any day from ``since`` on, whatever became of them afterwards.

        Stopped without a last day means that it never began.
        """
        began = self.exclude(state="stopped", ends_on__isnull=True)
        return began.filter(models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=since))

    def with_alarm(self) -> Self:
        """With ``is_checked_anew``: a new fact waits to be screened, so nothing may be done meanwhile."""
        return self.annotate(is_checked_anew=has_unsettled_facts("patient"))

    def for_portal(self) -> Self:
        """With the exercise and its wording, in programme order."""
        return self.select_related("exercise").order_by("position", "id")


class SessionLogQuerySet(models.QuerySet["SessionLog"]):
    """Logs of home sessions."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Logs of the patients one may see, never for the front desk."""
        if getattr(user, "role", None) == "front_desk":
            return self.none()
        return self.filter(patient__in=Patient.objects.visible_to(user))


class HomePauseQuerySet(models.QuerySet["HomePause"]):
    """Pauses that a person asked for."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Pauses of the patients one may see, never for the front desk."""
        if getattr(user, "role", None) == "front_desk":
            return self.none()
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def from_day(self, day: date) -> Self:
        """Those that last or are still to come on that day, the next one first."""
        return self.filter(ends_on__gte=day).order_by("starts_on")

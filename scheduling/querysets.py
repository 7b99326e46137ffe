"""Querysets of appointments, narrowed by who asks, with the joins that one page needs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import models

from clinic.models import Patient

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.models import User

# The longest visit the database accepts: what overlaps an instant began at most this long before it.
LONGEST = timedelta(hours=8)


class AppointmentQuerySet(models.QuerySet[Any]):
    """Appointments."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """All for front desk and managers, a physiotherapist's own diary and patients, a patient's own visits."""
        role = getattr(user, "role", None)
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if role in ("manager", "front_desk"):
            return self
        if role == "physiotherapist":
            mine = models.Q(patient__in=Patient.objects.visible_to(user).order_by().values("pk"))
            return self.filter(mine | models.Q(practitioner__user_id=user.pk))
        if role == "patient":
            return self.filter(patient__user_id=user.pk)
        return self.none()

    def live(self) -> Self:
        """Those that hold their time: not cancelled, not missed."""
        return self.exclude(state__in=("cancelled", "did_not_attend"))

    def touching(self, start: datetime, end: datetime) -> Self:
        """Those that share an instant with ``[start, end)``; phrased so that the start index serves it."""
        return self.filter(starts_at__gte=start - LONGEST, starts_at__lt=end, ends_at__gt=start)

    def for_diary(self) -> Self:
        """With patient, practitioner and room, in order of time."""
        return self.select_related("patient", "practitioner__user", "room").order_by("starts_at", "id")

"""Querysets of the outbox, narrowed by who asks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Case, IntegerField, Value, When

from clinic.models import Patient

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.models import User


class MessageQuerySet(models.QuerySet[Any]):
    """Messages of the outbox."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """All for a manager, else those of the patients whom the user may see."""
        role = getattr(user, "role", None)
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if role == "manager":
            return self
        return self.filter(patient__in=Patient.objects.visible_to(user).order_by().values("pk"))

    def due(self, now: datetime) -> Self:
        """Planned and due, oldest first: the order in which they are picked up."""
        return self.filter(state="planned", due_at__lte=now).order_by("due_at", "id")

    def for_list(self) -> Self:
        """Doubtful ones on top, then failures, then by time; with the patient's name."""
        urgency = Case(
            When(state="unknown", then=Value(0)),
            When(state="failed", then=Value(1)),
            default=Value(2),
            output_field=IntegerField(),
        )
        return self.select_related("patient").annotate(urgency=urgency).order_by("urgency", "-due_at", "-id")

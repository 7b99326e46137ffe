"""Querysets of who and where: each owns its visibility and its prefetches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.postgres.search import SearchQuery
from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.models import Episode, Patient, User  # noqa: F401 - row types of the querysets below


def _terms(text: str) -> str:
    """Turn typed words into a prefix tsquery; every character that tsquery gives a meaning to is dropped."""
    words = ["".join(c for c in word if c.isalnum() or c in "@.-_+") for word in text.split()][:6]
    return " & ".join(f"'{word}':*" for word in words if word.strip("@.-_+"))


class PatientQuerySet(models.QuerySet["Patient"]):
    """Patients, always narrowed by who asks."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Managers and the front desk see every patient's contact row, a physiotherapist those in their care,
        a patient themself. Everybody else sees nothing."""
        role = getattr(user, "role", None)
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if role in ("manager", "front_desk"):
            return self
        if role == "physiotherapist":
            team = self.model.care_team.through.objects.filter(user_id=user.pk).values("patient_id")
            return self.filter(pk__in=team)
        if role == "patient":
            return self.filter(user_id=user.pk)
        return self.none()

    def search_for(self, text: str) -> Self:
        """Prefix search over names, record number, e-mail and telephone; empty text keeps everything."""
        if not text.strip():
            return self
        terms = _terms(text)
        if not terms:
            return self.none()
        return self.filter(search=SearchQuery(terms, config="simple", search_type="raw"))

    def by_name(self) -> Self:
        """Alphabetical, with the key as the tie-break that keyset paging needs."""
        return self.order_by("family_name", "given_name", "id")


class EpisodeQuerySet(models.QuerySet["Episode"]):
    """Episodes of care: clinical, so never for the front desk."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Episodes of the patients in one's care, a patient's own, all for a manager; none for the front desk."""
        role = getattr(user, "role", None)
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if role == "manager":
            return self
        if role == "physiotherapist":
            return self.filter(patient__care_team=user.pk)
        if role == "patient":
            return self.filter(patient__user=user.pk)
        return self.none()

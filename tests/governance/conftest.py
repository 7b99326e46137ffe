"""The loaded knowledge, and the people who keep it."""

from __future__ import annotations

import pytest

from clinic.models import User
from tests.factories.clinic import ManagerFactory, PractitionerFactory
from tests.knowledge.conftest import loaded

__all__ = ["loaded"]


@pytest.fixture
def lead() -> User:
    """A clinical lead with a valid registration."""
    user: User = PractitionerFactory(is_clinical_lead=True, user__name="Lena Lead", user__is_staff=True).user
    return user


@pytest.fixture
def manager() -> User:
    user: User = ManagerFactory.create(name="Mara Manager")
    return user

"""One loading of the shipped knowledge for a whole module of tests, rolled back after it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from plans.knowledge.documents import Documents, shipped_documents
from plans.knowledge.load import load_documents


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The shipped knowledge as rows. Each test's own changes are rolled back as usual."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_documents(shipped_documents())
        yield
        transaction.set_rollback(True)


@pytest.fixture
def documents() -> Documents:
    """The shipped documents, free to be broken."""
    return deepcopy(shipped_documents())

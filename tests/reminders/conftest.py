"""Processes for the fault tests, started once for the module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reminders import rig as rigging


@pytest.fixture(scope="module")
def processes(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[rigging.Rig]:
    folder: Path = tmp_path_factory.mktemp("provider")
    with rigging.rig_on(rigging.url_of_test_database(), folder) as made:
        yield made


@pytest.fixture
def rig(processes: rigging.Rig, transactional_db: None) -> rigging.Rig:
    """A well-behaved provider and a nursery of senders on an empty test database."""
    processes.provider.rules()
    processes.total.clear()
    return processes

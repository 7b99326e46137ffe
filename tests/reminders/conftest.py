"""Processes for the fault tests, started once for the module; a provider of its own for each test of the ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.provider.server import Provider
from reminders.channels import answers
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


@pytest.fixture
def provider(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    monkeypatch.setattr(answers, "TIMEOUT", (0.3, 0.3))
    made = Provider(tmp_path)
    made.start()
    settings.SMS_URLS = [f"smsjson://secret@127.0.0.1:{made.http}/messages"]
    settings.PUSH_TRUSTED_ORIGINS = (f"http://127.0.0.1:{made.http}",)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", made.smtp, False
    settings.EMAIL_TIMEOUT = 0.3
    yield made
    made.stop()

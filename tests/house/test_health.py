"""`/healthz` says what is down, to anybody."""

from __future__ import annotations

import time

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from config.health import HEARTBEAT_FRESH_SECONDS, HEARTBEAT_KEY, record_heartbeat

pytestmark = pytest.mark.django_db


def test_everything_up(client: Client) -> None:
    record_heartbeat()

    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "down": [],
        "parts": {"web": True, "database": True, "broker": True, "worker": True},
        "warnings": [],
    }


def test_no_worker_was_ever_seen(client: Client) -> None:
    caches["shared"].delete(HEARTBEAT_KEY)

    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json()["down"] == ["worker"]


def test_worker_went_silent(client: Client) -> None:
    caches["shared"].set(HEARTBEAT_KEY, time.time() - HEARTBEAT_FRESH_SECONDS - 1)

    assert client.get("/healthz").json()["down"] == ["worker"]


def test_broker_down(client: Client, settings: Settings) -> None:
    record_heartbeat()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json()["down"] == ["broker"]


def test_database_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.health.database_up", lambda: False)
    record_heartbeat()

    assert client.get("/healthz").json()["down"] == ["database"]


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post("/healthz").status_code == 405

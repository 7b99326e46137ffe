"""`/healthz`: is everything up that the clinic needs? Public, says nothing about patients."""

from __future__ import annotations

import time

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from reminders.alarm import is_stuck

HEARTBEAT_KEY = "health:worker"
# Three ticks of beat may be missed before the worker counts as down.
HEARTBEAT_FRESH_SECONDS = 35


def record_heartbeat() -> None:
    caches["shared"].set(HEARTBEAT_KEY, time.time(), timeout=24 * 60 * 60)


def database_up() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def broker_up() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


def worker_up() -> bool:
    """True while a worker has carried out a tick of beat lately."""
    try:
        seen = caches["shared"].get(HEARTBEAT_KEY)
    except DatabaseError:
        return False
    return isinstance(seen, float) and time.time() - seen < HEARTBEAT_FRESH_SECONDS


def reminders_stuck() -> bool:
    """True while the oldest due reminder is older than two minutes, unless sending is paused."""
    try:
        return is_stuck(now=timezone.now())
    except DatabaseError:
        return False


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when web, database, broker and worker are up, else 503; the body names each part.

    ``warnings`` names what needs a person although everything is up: reminders that are stuck.
    """
    parts = {"web": True, "database": database_up(), "broker": broker_up(), "worker": worker_up()}
    down = [name for name, up in parts.items() if not up]
    warnings = ["reminders"] if parts["database"] and reminders_stuck() else []
    body = {"status": "ok" if not down else "down", "down": down, "parts": parts, "warnings": warnings}
    return JsonResponse(body, status=503 if down else 200)

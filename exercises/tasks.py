"""Celery's part: a thin tick that takes nothing and is safe to run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from exercises.daily import settle_days


@shared_task(ignore_result=True)
def tick_days() -> None:
    """Write what became of each day that has ended in its patient's own calendar."""
    settle_days(timezone.now())

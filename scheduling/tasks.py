"""Celery's part: thin wake-ups that are safe to run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from plans.outcomes import reviews
from scheduling import outcomes


@shared_task(ignore_result=True)
def tick_outcomes() -> None:
    """Ask the outcome measures that are due, and close those whose time is over."""
    outcomes.ask(now=timezone.now())


@shared_task(ignore_result=True)
def tick_reviews() -> None:
    """Put courses without a change that matters on the worklist, and take off those that changed."""
    reviews.raise_reviews(now=timezone.now())

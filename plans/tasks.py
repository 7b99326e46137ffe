"""Celery's part: thin ticks that take nothing and are safe to run twice."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from clinic.models import SignatureCheck
from clinic.signatures import remember
from plans.actions.nightly import screen_running, settle_open
from plans.actions.review import review_nightly
from plans.barriers.actions import ask_barriers
from plans.signatures import verify_signatures
from plans.watch.actions import watch_plans

log = logging.getLogger(__name__)

# Once a night, whatever hour beat was last started at.
VERIFY_AFTER = timedelta(hours=20)


@shared_task(ignore_result=True)
def tick_holds() -> None:
    """Screen what was written past the pages, then some of the running plans: once a day each, for credentials that
    expire, birthdays and edited knowledge."""
    settle_open()
    screen_running()


@shared_task(ignore_result=True)
def tick_verify() -> None:
    """Verify the chain of signatures when the last time was long enough ago; a broken one is an error in the log."""
    if SignatureCheck.objects.filter(at__gt=timezone.now() - VERIFY_AFTER).exists():
        return
    report = verify_signatures()
    remember(report)
    if report.broken is not None:
        log.error("the chain of signatures is broken after %s links: %s", report.links, report.broken)


@shared_task(ignore_result=True)
def tick_barriers() -> None:
    """Ask what got in the way where a week was short."""
    ask_barriers(timezone.now())


@shared_task(ignore_result=True)
def tick_watch() -> None:
    """Put what calls for a person on the worklist, and take off what no longer does."""
    watch_plans()


@shared_task(ignore_result=True)
def tick_reviews() -> None:
    """Judge the phases whose patient-local night has no review yet."""
    review_nightly(timezone.now())

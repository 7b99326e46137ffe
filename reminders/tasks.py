"""Celery's part: thin wake-ups that take ids or nothing and are safe to run twice. What is due is a row."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from reminders import alarm, dispatcher, planner, sender

PLAN_EVERY = 60.0
DISPATCH_EVERY = 10.0


@shared_task(ignore_result=True)
def tick_plan() -> None:
    """Insert what is missing in the outbox for the time ahead."""
    planner.plan(now=timezone.now())


@shared_task(ignore_result=True)
def tick_dispatch() -> None:
    """Wake workers up for what is due."""
    dispatcher.tick(_wake, now=timezone.now())


@shared_task(ignore_result=True)
def tick_alarm() -> None:
    """Look whether reminders are stuck, and tell somebody once."""
    alarm.check(now=timezone.now())


@shared_task(ignore_result=True)
def send_batch(ids: list[int]) -> None:
    """Send those of the messages that are still due."""
    sender.send_batch(ids)


def _wake(ids: list[int]) -> None:
    # Once the next tick has come it asks again; an old wake-up has nothing to add.
    send_batch.apply_async((ids,), expires=3 * DISPATCH_EVERY)

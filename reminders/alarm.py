"""The alarm when reminders are stuck: rings once, logs at every tick, and tells when it is over.

Asked by a tick of beat. A worker that is stuck cannot tell so itself: the staff pages, ``/healthz`` and ``/metrics/``
ask the database directly, from the web process.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.core.mail import mail_admins

from reminders.models import OutboxMessage, ReminderAlarm
from reminders.readers import ALARM_AFTER, Health, health
from reminders.switch import read_switch

log = logging.getLogger(__name__)

STUCK = "Reminders are stuck"
WELL = "Reminders go out again"


def check(*, now: datetime) -> bool:
    """Look once; True while it rings. While sending is paused on purpose nothing is stuck."""
    state = health(now=now)
    stuck = state.stuck and not read_switch().paused
    if stuck:
        log.error("reminders are stuck: %s due, the oldest for %s seconds", state.due, _seconds(state))
    if _turned(stuck, now):
        _tell(stuck, state)
    return stuck


def is_stuck(*, now: datetime) -> bool:
    """The same question for whoever only wants to know, by the index of what is due."""
    oldest = OutboxMessage.objects.due(now).values_list("due_at", flat=True).first()
    return oldest is not None and now - oldest > ALARM_AFTER and not read_switch().paused


def _turned(stuck: bool, now: datetime) -> bool:
    """Note the change; True for the one tick that made it, however many run."""
    ReminderAlarm.objects.get_or_create(singleton=True)
    rows = ReminderAlarm.objects.filter(since__isnull=stuck)
    return bool(rows.update(since=now if stuck else None, changed_at=now))


def _tell(stuck: bool, state: Health) -> None:
    """Mail to the administrators; a mail that cannot go must not stop the tick."""
    oldest = f"{state.due} due, the oldest for {_seconds(state)} seconds."
    advice = "Look at worker, broker and mail server; /staff/messages/ shows every message."
    try:
        mail_admins(STUCK if stuck else WELL, f"{oldest}\n{advice}\n" if stuck else f"{oldest}\n")
    except OSError as error:
        log.error("the alarm could not be mailed: %s", type(error).__name__)


def _seconds(state: Health) -> int:
    return int(state.oldest_due.total_seconds())

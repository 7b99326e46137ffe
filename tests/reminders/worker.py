"""One sending process for tests: sends everything that is due, in a process that can be killed.

``GO_FILE`` is waited for, so that several start at one moment. ``UNSAFE=1`` takes fence and lock away, to show that
the tests notice.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import django

django.setup()

from django.utils import timezone  # noqa: E402

from reminders import outbox, sender  # noqa: E402
from reminders.models import OutboxMessage  # noqa: E402


def take_off_the_safety() -> None:
    """Claim without lock and begin without condition, as a sender that only checks and then sends would."""

    def claim(ids: object, *, now: object) -> list[OutboxMessage]:
        rows = list(OutboxMessage.objects.due(now).filter(pk__in=list(ids)))  # type: ignore[arg-type, call-overload]
        for row in rows:
            row.state, row.lease_until = "claimed", timezone.now() + outbox.LEASE
        return rows

    outbox.claim = claim
    outbox.begin_sending = lambda *args, **kwargs: True
    outbox.sent_then_begin = lambda *args, **kwargs: (True, True)


def main() -> None:
    if os.environ.get("UNSAFE") == "1":
        take_off_the_safety()
    ids = list(OutboxMessage.objects.due(timezone.now()).values_list("pk", flat=True))
    Path(os.environ["READY_FILE"]).touch()
    while not Path(os.environ["GO_FILE"]).exists():
        time.sleep(0.005)
    sender.send_batch(ids)


main()

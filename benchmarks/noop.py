"""Tasks of the benchmark: nothing at all, and a note of when the queue came to it."""

from __future__ import annotations

import time
from pathlib import Path

from celery import shared_task


@shared_task(ignore_result=True)
def noop() -> None:
    """What every task costs."""


@shared_task(ignore_result=True)
def note_time(path: str) -> None:
    """Write down when this task's turn came."""
    Path(path).write_text(repr(time.time()), encoding="utf-8")

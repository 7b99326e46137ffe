"""Writing the past: the demo's history is made by the same actions, with the clock set back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from unittest.mock import patch


@contextmanager
def clock_at(day: date, hour: int = 10, minute: int = 0) -> Iterator[datetime]:
    """Inside, ``timezone.now()`` stands still at that hour of that day (UTC)."""
    moment = datetime.combine(day, time(hour, minute), tzinfo=UTC)
    with patch("django.utils.timezone.now", return_value=moment):
        yield moment

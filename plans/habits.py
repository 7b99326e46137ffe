"""The habits that prevent: keys, the topic each belongs to, and what a week of ticks says. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

# Habit -> education topic that explains it. A topic that is barred for a patient bars its habit.
HABITS: Mapping[str, str] = {
    "drink": "ed_hydration",
    "warm_up": "ed_warmup_cooldown",
    "hourly": "ed_microbreaks",
    "posture": "ed_posture",
    "listen": "ed_warning_signs",
}
MOST = 3  # more at once is rarely kept
WEEK = 7  # days


def open_to(barred: Collection[str]) -> list[str]:
    """The habits that a patient may choose."""
    return [key for key, topic in HABITS.items() if topic not in barred]


def strip_of(ticks: Collection[date], today: date) -> list[tuple[date, bool]]:
    """The last seven days, oldest first, today last. A day without a tick is just empty."""
    days = (today - timedelta(days=back) for back in range(WEEK - 1, -1, -1))
    return [(day, day in ticks) for day in days]

"""What a phase asks for: minutes a day at home, minutes of a visit, passive techniques. Pure.

A technique whose dose states minutes takes those; one that states seconds, sets or points takes their time, and at
least ``SETTING_UP`` minutes: positioning, the comparable sign before and after.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

HANDS_ON = ("manual_soft", "manual_joint")
HANDS_ON_MINUTES = 30.0  # phases reference, section 5
PASSIVE_MAX = 3
HOME_ITEMS_ADVISED = 4  # few people keep up with more
SETTING_UP = 5.0
SECONDS_PER_REPETITION = 3


@dataclass(frozen=True, slots=True)
class Budget:
    """Used and allowed, per day at home and per visit. ``available`` is what the patient said, None when not asked."""

    home: float
    home_limit: float
    available: float | None
    exercises: int
    visit: float
    visit_limit: float
    hands_on: float
    passive: int
    hands_on_limit: float = HANDS_ON_MINUTES
    passive_limit: int = PASSIVE_MAX

    @property
    def too_many(self) -> bool:
        """More home exercises than people keep up with."""
        return self.exercises > HOME_ITEMS_ADVISED

    @property
    def over(self) -> tuple[str, ...]:
        """Which limits are exceeded: home, available, visit, hands_on, passive."""
        checks = {
            "home": self.home > self.home_limit + 0.05,
            "available": self.available is not None and self.home > self.available + 0.05,
            "visit": self.visit > self.visit_limit,
            "hands_on": self.hands_on > self.hands_on_limit,
            "passive": self.passive > self.passive_limit,
        }
        return tuple(name for name, is_over in checks.items() if is_over)


def technique_minutes(dose: Mapping[str, Any]) -> float:
    """Minutes of one technique in a visit."""
    for name in ("session_min", "duration_min"):
        if isinstance(dose.get(name), (int, float)):
            return float(dose[name])
    dwell = float(_number(dose, "dwell_min", 0))
    seconds = _number(dose, "duration_s", 0) or _number(dose, "hold_s", 0)
    times = _number(dose, "sets", 1) * _number(dose, "points", 1) * _number(dose, "repeats", 1)
    repetitions = _number(dose, "reps", 0) * _number(dose, "sets", 1) * SECONDS_PER_REPETITION
    return max(SETTING_UP, dwell, (seconds * times + repetitions) / 60)


def _number(dose: Mapping[str, Any], name: str, default: float) -> float:
    value = dose.get(name)
    return float(value) if isinstance(value, (int, float)) else default


def visit_limit(visit_length: str) -> float:
    """The upper end of "30-45 min"; 45 when the words hold no number."""
    figures = re.findall(r"\d+", visit_length)
    return float(figures[-1]) if figures else 45.0


def budget_of(
    techniques: Iterable[tuple[str, Mapping[str, Any]]],
    minutes: Iterable[float],
    *,
    home_limit: float,
    available: float | None,
    visit_length: str,
    passive: Iterable[str],
) -> Budget:
    """``techniques`` are (category, dose) of the planned ones, ``minutes`` the minutes a day of each exercise."""
    planned, daily, counted = list(techniques), list(minutes), set(passive)
    timed = [(category, technique_minutes(dose)) for category, dose in planned]
    return Budget(
        home=round(sum(daily), 1),
        home_limit=home_limit,
        available=available,
        exercises=len(daily),
        visit=sum(used for _, used in timed),
        visit_limit=visit_limit(visit_length),
        hands_on=sum(used for category, used in timed if category in HANDS_ON),
        passive=sum(category in counted for category, _ in planned),
    )

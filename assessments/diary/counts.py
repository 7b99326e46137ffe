"""How often it came, from the days of a diary. Pure: plain dates in, figures out.

A diary that says nothing is not a diary of quiet days. A stretch of days is known only when the patient said something,
an episode or "none this week", in each of its weeks (own convention, verify).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WEEK = 7
FORTNIGHT = 14


@dataclass(frozen=True, slots=True)
class Quiet:
    """Days without an episode, both inclusive, as the patient said."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Diary:
    """The days of the episodes that count (one item per episode), and what was said about days without any."""

    episodes: Sequence[date]
    quiet: Sequence[Quiet] = ()

    def episodes_in(self, last: date, days: int) -> int | None:
        """Episodes in the ``days`` days that end with ``last``; None when the diary does not cover them."""
        if not all(self._spoke(week_end) for week_end in _week_ends(last, days)):
            return None
        first = last - timedelta(days=days - 1)
        return sum(first <= day <= last for day in self.episodes)

    def told_on(self) -> list[date]:
        """The days at which the count may have changed, oldest first."""
        return sorted({*self.episodes, *(each.last for each in self.quiet)})

    def _spoke(self, week_end: date) -> bool:
        first = week_end - timedelta(days=WEEK - 1)
        wrote = any(first <= day <= week_end for day in self.episodes)
        return wrote or any(each.first <= week_end and each.last >= first for each in self.quiet)


def _week_ends(last: date, days: int) -> Iterator[date]:
    return (last - timedelta(days=back) for back in range(0, days, WEEK))


def per_week(episodes: Iterable[date], last: date, weeks: int) -> list[tuple[date, int]]:
    """Episodes in each of the weeks that end with ``last``, oldest first: (last day of the week, how many)."""
    days = list(episodes)
    found = []
    for back in range(weeks - 1, -1, -1):
        end = last - timedelta(days=back * WEEK)
        first = end - timedelta(days=WEEK - 1)
        found.append((end, sum(first <= day <= end for day in days)))
    return found

"""What a benchmark returns, and how to take times."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """One promise and what was seen. `limit` is a ceiling, or a floor with `at_least`."""

    name: str
    value: float
    unit: str
    limit: float
    at_least: bool = False
    note: str = ""

    @property
    def kept(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def median_seconds(work: Callable[[], object], *, times: int, warm_up: int = 2) -> float:
    """The median duration of `work()` over `times` calls, after `warm_up` calls that do not count."""
    for _ in range(warm_up):
        work()
    seen = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        seen.append(time.perf_counter() - started)
    return statistics.median(seen)

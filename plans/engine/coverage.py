"""How much of the weighted causes the exercises of a phase serve, what the best choice would, and one step nearer.

The choice itself follows the written selection rules (round-robin, then minutes). They are fair, not optimal: where the
minutes are short, a long item of a high cause can leave none for a lower one. :func:`exchange` finds the one change
that helps most, for a person to take or leave.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

ROUNDING = 1e-9
SEARCHABLE = 18  # candidates that an exhaustive search goes through


@dataclass(frozen=True, slots=True)
class Candidate:
    """An exercise that passes every rule: minutes a day, minutes when it is done less often as the first item, and the
    causes it serves."""

    key: str
    minutes: float
    first_minutes: float
    causes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Exchange:
    """Take ``add`` in place of ``drop`` ("" = in addition); ``share`` is what is served then."""

    add: str
    drop: str
    share: float


def share(weights: Mapping[str, float], served: Collection[frozenset[str]], within: Collection[str]) -> float:
    """Summed weight of the causes that are served, of those ``within`` (what can be served at all); 1.0 of nothing."""
    reached = frozenset().union(*served) if served else frozenset()
    total = sum(weights[key] for key in within)
    return sum(weights[key] for key in within if key in reached) / total if total else 1.0


def reachable(candidates: Collection[Candidate]) -> frozenset[str]:
    """The causes that some candidate serves."""
    return frozenset().union(*(c.causes for c in candidates)) if candidates else frozenset()


def fits(group: Sequence[Candidate], ceiling: int, budget: float) -> bool:
    """Inside the number of items and the minutes; alone, an item always fits, and the first may be done less often."""
    if len(group) > ceiling:
        return False
    if len(group) <= 1:
        return True
    total = sum(c.minutes for c in group)
    return any(total - c.minutes + c.first_minutes <= budget + ROUNDING for c in group)


def best_share(weights: Mapping[str, float], candidates: Sequence[Candidate], ceiling: int, budget: float) -> float:
    """The most that any choice serves, by trying all. Raises ValueError above ``SEARCHABLE`` candidates."""
    if len(candidates) > SEARCHABLE:
        raise ValueError(f"{len(candidates)} candidates are too many to try all")
    within = reachable(candidates)
    if not within:
        return 1.0
    groups = (g for n in range(1, min(ceiling, len(candidates)) + 1) for g in combinations(candidates, n))
    return max((share(weights, [c.causes for c in g], within) for g in groups if fits(g, ceiling, budget)), default=0.0)


def exchange(
    weights: Mapping[str, float],
    candidates: Sequence[Candidate],
    chosen: Sequence[Candidate],
    ceiling: int,
    budget: float,
) -> Exchange | None:
    """The single addition or exchange that raises the share most; an addition wins a tie. None when nothing helps."""
    within = reachable([*candidates, *chosen])
    here = {c.key for c in chosen}
    now = share(weights, [c.causes for c in chosen], within)
    found: Exchange | None = None
    fresh = [c for c in candidates if c.key not in here]
    for drop in (None, *chosen):
        for new in fresh:
            group = [c for c in chosen if c is not drop] + [new]
            if not fits(group, ceiling, budget):
                continue
            reached = share(weights, [c.causes for c in group], within)
            if reached > max(now, found.share if found else now) + ROUNDING:
                found = Exchange(new.key, drop.key if drop else "", reached)
    return found

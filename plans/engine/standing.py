"""When may a gate that does not move be waived? (phases file, section 3) Plain values, no clock.

A gate that has stood still on two retests two weeks apart, at least four weeks into the phase, may be waived by the
physiotherapist with a reason. The neurological screen and the red flags never.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from plans.engine.progress import CriterionState, Record, Score, holds

NEVER_WAIVED = frozenset({"p1_neuro", "p1_flags"})
WEEKS_IN_PHASE_DAYS = 28
RETESTS_APART_DAYS = 14


@dataclass(frozen=True, slots=True)
class Standing:
    """A gate that may be waived, with the two retests on which it did not come nearer to its target."""

    key: str
    metric: str
    earlier: Score
    later: Score


def standing_gates(record: Record, states: Iterable[CriterionState]) -> tuple[Standing, ...]:
    """The gates that are not met and may be waived today."""
    if (record.today - record.phase.started).days < WEEKS_IN_PHASE_DAYS:
        return ()
    found = (_standing(record, state) for state in states if state.kind == "gate" and not state.met)
    return tuple(standing for standing in found if standing is not None)


def _standing(record: Record, state: CriterionState) -> Standing | None:
    criterion = next((c for c in record.phase.criteria if c.key == state.key), None)
    if criterion is None or not criterion.waivable or criterion.key in NEVER_WAIVED:
        return None
    targets = criterion.target if isinstance(criterion.target, dict) else {}
    unmet = [(metric, target) for metric, target in targets.items() if _open(record, metric, target)]
    pairs = [(metric, _retests(record.history(metric)), target) for metric, target in unmet]
    still = [(metric, pair) for metric, pair, target in pairs if pair is not None and not _nearer(*pair, target)]
    if not pairs or len(still) < len(pairs):
        return None
    metric, pair = still[0]
    return Standing(criterion.key, metric, *pair)


def _open(record: Record, metric: str, target: str) -> bool:
    latest = record.latest(metric)
    return not latest or not all(holds(score.value, target) for score in latest)


def _retests(history: Sequence[Score]) -> tuple[Score, Score] | None:
    """The last retest, and the last one at least two weeks before it, on the same side."""
    if not history:
        return None
    later = history[-1]
    limit = later.day - timedelta(days=RETESTS_APART_DAYS)
    before = [score for score in history if score.side == later.side and score.day <= limit]
    return (before[-1], later) if before else None


def _nearer(earlier: Score, later: Score, target: str) -> bool:
    """Did it come nearer to the target between the two?"""
    first, second = earlier.value, later.value
    if isinstance(first, (int, float)) and isinstance(second, (int, float)) and not isinstance(first, bool):
        op = target.partition(" ")[0]
        return second > first if op in (">", ">=") else second < first
    return first != second

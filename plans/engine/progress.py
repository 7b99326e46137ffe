"""What a running phase is judged by: logs, scores and the state of each criterion. Plain values, no clock.

Silence counts as missed; a pain of 0 is a value and not silence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from exercises.adherence import Adherence, Entry, Order
from exercises.adherence import adherence as adherence_of
from plans.engine.draft import ExitCriterion
from plans.engine.facts import FindingValue
from plans.engine.gate import ADHERENCE, EPISODES, WORST
from plans.engine.operators import compare

ADHERENCE_DAYS = 14
INDEPENDENT_DAYS = 21
STEADY_DAYS = 28


@dataclass(frozen=True, slots=True)
class DayLog:
    """One day in the patient's diary. done: sessions done that day (a part counts as its fraction).
    pain: worst 0-10 of the day or None when not said; spasms: episodes or None; settled: back to usual in 24 h."""

    day: date
    done: float = 0.0
    pain: float | None = None
    spasms: int | None = None
    settled: bool | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A measurement since the phase began. Metrics are finding paths, ``spasm.episodes_2w`` or ``check.<what>``."""

    metric: str
    value: FindingValue
    day: date
    side: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """The home programme as prescribed and as logged, so that a phase is judged by the same figure that people see."""

    orders: tuple[Order, ...]
    entries: tuple[Entry, ...]

    def adherence(self, first: date, until: date) -> Adherence:
        """Over whole days, both inclusive."""
        return adherence_of(self.orders, self.entries, until=until, days=(until - first).days + 1)


@dataclass(frozen=True, slots=True)
class RunningPhase:
    """The phase that is running. sessions_per_day: prescribed sessions a day on average; baseline: metric -> value
    at the start of the plan; waived: criteria that the physiotherapist waived with a reason; home: the programme
    itself, when it is known (then adherence is counted by day and exercise, not by the average)."""

    number: int
    started: date
    criteria: tuple[ExitCriterion, ...]
    baseline: Mapping[str, FindingValue]
    sessions_per_day: float = 1.0
    waived: frozenset[str] = frozenset()
    review_after_days: int | None = None
    home: Home | None = None


@dataclass(frozen=True, slots=True)
class CriterionState:
    """met None = it applies but was not re-measured, which counts as not met."""

    key: str
    kind: str
    met: bool | None
    latest: Mapping[str, FindingValue]


@dataclass(frozen=True, eq=False)
class Record:
    """Logs and scores of the phase, in date order."""

    phase: RunningPhase
    logs: tuple[DayLog, ...]
    scores: tuple[Score, ...]
    today: date

    def history(self, metric: str) -> list[Score]:
        return [s for s in self.scores if s.metric == metric]

    def latest(self, metric: str) -> list[Score]:
        """Scores of the last day on which the metric was measured, one per side."""
        known = self.history(metric)
        return [s for s in known if s.day == known[-1].day] if known else []

    def log_of(self, day: date) -> DayLog | None:
        return next((log for log in self.logs if log.day == day), None)


def make_record(phase: RunningPhase, logs: Iterable[DayLog], scores: Iterable[Score], today: date) -> Record:
    """Keep what belongs to the phase; anything dated after `today` is left out."""
    inside = [log for log in logs if phase.started <= log.day <= today]
    measured = [s for s in scores if phase.started <= s.day <= today]
    by_day = tuple(sorted(inside, key=lambda log: log.day))
    return Record(phase, by_day, tuple(sorted(measured, key=lambda s: (s.day, s.metric, s.side))), today)


def adherence(record: Record, days: int = ADHERENCE_DAYS) -> float | None:
    """Per cent of prescribed sessions done over the last `days` full days; days without a log count as missed.

    None on the first day of the phase, and when nothing is prescribed."""
    first = max(record.phase.started, record.today - timedelta(days=days))
    if record.phase.home is not None:
        counted = record.phase.home.adherence(first, record.today - timedelta(days=1))
        return 100 * counted.credited / counted.expected if counted.expected else None
    span = (record.today - first).days
    due = span * record.phase.sessions_per_day
    if due <= 0:
        return None
    done = sum(log.done for log in record.logs if first <= log.day < record.today)
    return min(100.0, 100 * done / due)


def criterion_states(record: Record) -> tuple[CriterionState, ...]:
    return tuple(_state(record, criterion) for criterion in record.phase.criteria)


def _state(record: Record, criterion: ExitCriterion) -> CriterionState:
    targets = criterion.target if isinstance(criterion.target, Mapping) else {}
    latest = {metric: value for metric in targets if (value := _latest_value(record, metric)) is not None}
    if criterion.key in record.phase.waived and criterion.waivable:
        return CriterionState(criterion.key, criterion.kind, True, latest)
    rule = SPECIAL.get(criterion.key)
    met = rule(record, targets) if rule is not None else _all_met(record, targets)
    return CriterionState(criterion.key, criterion.kind, met, latest)


def _latest_value(record: Record, metric: str) -> FindingValue | None:
    if metric == ADHERENCE:
        return adherence(record)
    scores = record.latest(metric)
    if scores:
        return scores[-1].value
    if metric == WORST:
        return next((log.pain for log in reversed(record.logs) if log.pain is not None), None)
    return _logged_episodes(record) if metric == EPISODES else None


def _logged_episodes(record: Record, over: int = 14) -> int | None:
    """Spasm episodes of the last 14 days (or as many as wanted), when every one of these days was answered."""
    days = [record.today - timedelta(days=n) for n in range(over)]
    counts = [log.spasms if (log := record.log_of(day)) is not None else None for day in days]
    return sum(c for c in counts if c is not None) if all(c is not None for c in counts) else None


def holds(value: FindingValue, target: str) -> bool:
    """Does a value satisfy ``op operand``, for example ``>= 4.3``, ``== false`` or ``in low,moderate``?"""
    op, _, text = target.partition(" ")
    if op == "in":
        return compare(value, "in", tuple(part.strip() for part in text.split(",")))
    if text.lower() in ("true", "false"):
        return compare(value, op, text.lower() == "true")
    try:
        return compare(value, op, float(text))
    except ValueError:
        return compare(value, op, text)


def _all_met(record: Record, targets: Mapping[str, str]) -> bool | None:
    """Every metric met on every side measured last; None when one of them was not re-measured."""
    states = [_metric_met(record, metric, target) for metric, target in targets.items()]
    if any(state is False for state in states):
        return False
    return None if not states or any(state is None for state in states) else True


def _metric_met(record: Record, metric: str, target: str) -> bool | None:
    scores = record.latest(metric)
    if scores:
        return all(holds(score.value, target) for score in scores)
    value = _latest_value(record, metric)
    return None if value is None else holds(value, target)


# --- criteria that look at time -------------------------------------------------------------------------------------


def _two_visits(record: Record, targets: Mapping[str, str]) -> bool | None:
    """The last measurement and one at least 7 days before it hold, and all between them."""
    target = targets.get(WORST, "<= 2")
    scores = record.history(WORST)
    if not scores:
        return None
    last = scores[-1].day
    run = _trailing_run(scores, target)
    return bool(run) and (last - run[0].day).days >= 7


def _trailing_run(scores: Sequence[Score], target: str) -> list[Score]:
    run: list[Score] = []
    for score in reversed(scores):
        if not holds(score.value, target):
            break
        run.insert(0, score)
    return run


def _four_weeks(record: Record, targets: Mapping[str, str]) -> bool | None:
    """Measured in each of the last four weeks and always inside the target."""
    target = targets.get(WORST, "<= 2")
    known: list[tuple[date, FindingValue]] = [(s.day, s.value) for s in record.history(WORST)]
    known += [(log.day, log.pain) for log in record.logs if log.pain is not None]
    for week in range(4):
        newest, oldest = record.today - timedelta(days=7 * week), record.today - timedelta(days=7 * week + 6)
        values = [value for day, value in known if oldest <= day <= newest]
        if not values:
            return None
        if not all(holds(value, target) for value in values):
            return False
    return True


def _independent(record: Record, targets: Mapping[str, str]) -> bool | None:
    share = adherence(record, INDEPENDENT_DAYS)
    long_enough = (record.today - record.phase.started).days >= INDEPENDENT_DAYS
    return None if share is None or not long_enough else share >= 75


def _four_weeks_of_spasms(record: Record, targets: Mapping[str, str]) -> bool | None:
    """At most one episode in the last 28 days: by a diary without a gap, or by two counts 14 days or more apart."""
    target = targets.get(EPISODES, "<= 1")
    first = record.today - timedelta(days=STEADY_DAYS - 1)
    told = sum(log.spasms or 0 for log in record.logs if log.day >= first)
    counts = record.history(EPISODES)
    if not holds(told, target) or not all(holds(s.value, target) for s in counts if s.day >= first):
        return False
    if _logged_episodes(record, STEADY_DAYS) is not None:
        return True
    before = [s for s in counts if 14 <= (counts[-1].day - s.day).days <= STEADY_DAYS]
    return holds(_count(counts[-1]) + _count(before[-1]), target) if before else None


def _count(score: Score) -> float:
    return float(score.value) if isinstance(score.value, (int, float)) else 0.0


SPECIAL = {
    "p2_pain": _two_visits,
    "p3_pain": _four_weeks,
    "p3_spasm": _four_weeks_of_spasms,
    "p3_independent": _independent,
}

"""The phase that is running, as the engine judges it: its criteria, baseline, prescribed sessions and waivers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from exercises.adherence import Entry, Order, expected_doses
from exercises.models import Prescription
from exercises.programme import orders_of
from plans.course.measures import Measure, day_logs, measures_of, prescriptions_of, said_since
from plans.engine.draft import ExitCriterion
from plans.engine.facts import FindingValue
from plans.engine.gate import WORST
from plans.engine.progress import ADHERENCE_DAYS, DayLog, Home, RunningPhase, Score
from plans.engine.standing import NEVER_WAIVED
from plans.models import PhaseProgress, Plan, PlanCriterion, PlanPhase, PlanVersion

# Days in a phase after which it is reviewed (phases reference, section 1): 21 days, 12 weeks, 12 weeks.
REVIEW_AFTER_DAYS: Mapping[int, int] = {1: 21, 2: 84, 3: 84}


@dataclass(frozen=True, slots=True)
class Course:
    """Everything that a review of one plan needs, read in a fixed number of queries."""

    plan: Plan
    version: PlanVersion
    stay: PhaseProgress
    rows: tuple[PlanCriterion, ...]
    phase: RunningPhase
    logs: tuple[DayLog, ...]
    measures: tuple[Measure, ...]
    prescriptions: tuple[Prescription, ...]
    orders: Mapping[int, Order]
    waivers: Mapping[str, str]

    @property
    def scores(self) -> tuple[Score, ...]:
        return tuple(measure.score for measure in self.measures)


def running_phase(plan: Plan, *, today: date) -> RunningPhase | None:
    """The running phase; None when nothing is signed or no phase runs."""
    course = read_course(plan, today=today)
    return None if course is None else course.phase


def read_course(plan: Plan, *, today: date) -> Course | None:
    """The course of a plan on a day of the patient's calendar; None when no phase is running."""
    version = plan.versions.filter(state=PlanVersion.State.SIGNED).defer("draft", "facts").first()
    stay = plan.progress.filter(left_on__isnull=True).first()
    if version is None or stay is None or plan.current_phase is None or plan.state != Plan.State.ACTIVE:
        return None
    phase = PlanPhase.objects.filter(version=version, number=plan.current_phase).prefetch_related("criteria").first()
    if phase is None:
        return None
    rows = tuple(phase.criteria.all())
    prescriptions = tuple(prescriptions_of(plan))
    orders = orders_of(prescriptions)
    said = said_since(plan, stay.entered_on)
    home = Home(tuple(orders.values()), tuple(Entry(key, day, 1, state) for day, key, _, state, _ in said))
    waivers = {waiver.key: waiver.reason for waiver in stay.waivers.all()}
    running = RunningPhase(
        number=plan.current_phase,
        started=stay.entered_on,
        criteria=tuple(criterion_of(row) for row in rows),
        baseline=_baseline(plan),
        sessions_per_day=sessions_per_day(tuple(orders.values()), stay.entered_on, today),
        waived=frozenset(waivers),
        review_after_days=REVIEW_AFTER_DAYS.get(plan.current_phase),
        home=home,
    )
    measures = measures_of(plan)
    return Course(plan, version, stay, rows, running, day_logs(said), measures, prescriptions, orders, waivers)


def criterion_of(row: PlanCriterion) -> ExitCriterion:
    """A stored criterion as the engine's value."""
    kind: Any = row.kind
    return ExitCriterion(row.key, kind, row.text, row.baseline, targets_of(row), (), row.key not in NEVER_WAIVED)


def targets_of(row: PlanCriterion) -> dict[str, str]:
    """Metric -> "op value". A criterion whose plan names nothing to measure (a weakness that was never graded, a fault
    seen in no listed movement) is judged by a person, who ticks ``check.<key>``; otherwise it could never be met."""
    known = row.target if isinstance(row.target, Mapping) else {}
    return {str(metric): str(target) for metric, target in known.items()} or {f"check.{row.key}": "== true"}


def _baseline(plan: Plan) -> dict[str, FindingValue]:
    """Metric -> value when the plan began, from the facts of its first version; the worse side where sides differ."""
    facts = plan.versions.order_by("number").values_list("facts", flat=True).first() or {}
    found: dict[str, FindingValue] = {}
    for path, finding in facts.get("findings", {}).items():
        values = [reading["value"] for reading in finding["readings"]]
        numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
        worst = max if path.startswith(("pain.", "palp.")) else min
        found[path] = worst(numbers) if numbers else values[0]
    return found


def sessions_per_day(orders: Sequence[Order], started: date, today: date) -> float:
    """Prescribed sessions a day on average, over the days that adherence looks back on; pauses ask for nothing."""
    first = max(started, today - timedelta(days=ADHERENCE_DAYS))
    days = [first + timedelta(days=n) for n in range((today - first).days)] or [today]
    return _asked(orders, days) / len(days)


def _asked(orders: Iterable[Order], days: Sequence[date]) -> int:
    return sum(expected_doses(order, day) for order in orders for day in days)


def baseline_pain(phase: RunningPhase) -> float | None:
    """Worst pain when the plan began."""
    value = phase.baseline.get(WORST)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

"""Three courses worth opening: one ready for the next phase, one in a flare, one that fell silent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from config.demo.clock import clock_at
from exercises.models import SessionLog
from plans.actions.course import Seen, observe
from plans.actions.review import review_phase
from plans.course.fields import field_for
from plans.course.running import read_course, targets_of
from plans.engine.gate import ADHERENCE
from plans.models import PhaseReview, Plan

FLARE_PAIN = 8
SILENT_DAYS = 9
# What the retest finds, where the target alone does not say it.
FOUND: Mapping[str, object] = {"hist.irritability": "low", "spasm.episodes_2w": 0}


def tell(case: str, plan: Plan, today: date) -> None:
    """Let the course of a case go its way; every other course stays as it is."""
    story = STORIES.get(case)
    if story is None or plan.current_phase is None:
        return
    plan.refresh_from_db()
    story(plan, today)
    with clock_at(today, 3, 30):
        review_phase(plan, trigger=PhaseReview.Trigger.NIGHTLY, today=today)


def _ready(plan: Plan, today: date) -> None:
    """Every criterion of the phase was measured yesterday and is met."""
    day = today - timedelta(days=1)
    course = read_course(plan, today=today)
    if course is None or day < course.stay.entered_on:
        return
    targets = {metric: target for row in course.rows for metric, target in targets_of(row).items()}
    seen = [
        Seen(metric, _found(metric, target), side)
        for metric, target in targets.items()
        if metric != ADHERENCE and (asked := field_for(metric)) is not None
        for side in (("left", "right") if asked.sided else ("",))
    ]
    with clock_at(day, 15):
        observe(plan, plan.episode.practitioner.user, seen=seen, day=day, today=day, note="Follow-up visit")


def _found(metric: str, target: str) -> object:
    """A plain value that meets the target."""
    op, _, operand = target.partition(" ")
    if metric in FOUND:
        return FOUND[metric]
    if operand in ("true", "false"):
        return operand
    number = float(operand)
    if metric.startswith("rompct."):
        return 55  # degrees, of every range that the demo's cases limit
    return int(number) if op == "<=" else -int(-number)


def _flare(plan: Plan, today: date) -> None:
    """Two bad days running: pain far above what was usual, little done."""
    last = [today - timedelta(days=2), today - timedelta(days=1)]
    logs = SessionLog.objects.filter(prescription__episode=plan.episode_id, on__in=last)
    logs.filter(state="done").update(pain=FLARE_PAIN)
    for day in last:
        if not logs.filter(on=day, pain=FLARE_PAIN).exists():
            logs.filter(on=day).update(state="part", reason="", pain=FLARE_PAIN)


def _silent(plan: Plan, today: date) -> None:
    """Nothing was logged for more than a week."""
    since = today - timedelta(days=SILENT_DAYS)
    SessionLog.objects.filter(prescription__episode=plan.episode_id, on__gte=since).delete()


STORIES: Mapping[str, Callable[[Plan, date], None]] = {"CASE-01": _ready, "CASE-05": _flare, "CASE-04": _silent}

"""Each criterion of the running phase with its evidence: value, target, date, who measured it, and the way there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from plans.course.fields import metric_label, shown_target, shown_value
from plans.course.measures import Measure
from plans.course.running import Course, targets_of
from plans.engine.gate import ADHERENCE, WORST
from plans.engine.progress import CriterionState, Record, adherence
from plans.engine.standing import Standing
from plans.models import PlanCriterion

TREND_POINTS = 30
SIDES = {"left": "left", "right": "right", "both": "both sides"}


def criteria_with_evidence(
    course: Course, record: Record, states: Sequence[CriterionState], standing: Sequence[Standing]
) -> list[dict[str, Any]]:
    """The criteria as plain data, in the order of the plan; what a review keeps and its page shows."""
    by_key = {state.key: state for state in states}
    waivable = {entry.key: entry for entry in standing}
    return [_criterion(course, record, row, by_key[row.key], waivable.get(row.key)) for row in course.rows]


def _criterion(
    course: Course, record: Record, row: PlanCriterion, state: CriterionState, standing: Standing | None
) -> dict[str, Any]:
    return {
        "key": row.key,
        "kind": row.kind,
        "text": row.text,
        "met": state.met,
        "waived": course.waivers.get(row.key, ""),
        "standing": _standing_words(standing) if standing else "",
        "lines": [_line(course, record, metric, target) for metric, target in targets_of(row).items()],
    }


def _standing_words(standing: Standing) -> str:
    first, last = standing.earlier, standing.later
    name = metric_label(standing.metric)
    earlier, later = shown_value(standing.metric, first.value), shown_value(standing.metric, last.value)
    return f"{name}: {earlier} on {_said(first.day)}, {later} on {_said(last.day)}"


def _said(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def _line(course: Course, record: Record, metric: str, target: str) -> dict[str, Any]:
    latest = _latest(course, record, metric)
    return {
        "metric": metric,
        "label": metric_label(metric),
        "target": shown_target(metric, target),
        "op": target,
        "baseline": shown_value(metric, base) if (base := course.phase.baseline.get(metric)) is not None else "",
        **latest,
        "trend": [[day.isoformat(), value] for day, value in trend_of(course, record, metric)],
    }


def _latest(course: Course, record: Record, metric: str) -> dict[str, Any]:
    """The value that was judged: of the last day it was measured on, every side with its person."""
    measures = [m for m in course.measures if m.metric == metric and record.phase.started <= m.day <= record.today]
    last = [m for m in measures if m.day == measures[-1].day]
    if last:
        return {"value": _values(metric, last), "day": last[-1].day.isoformat(), "by": last[-1].by}
    if metric == ADHERENCE:
        share = adherence(record)
        shown = "" if share is None else shown_value(metric, share)
        return {"value": shown, "day": record.today.isoformat() if shown else "", "by": "home logs" if shown else ""}
    if metric == WORST:
        for log in reversed(record.logs):
            if log.pain is not None:
                return {"value": shown_value(metric, log.pain), "day": log.day.isoformat(), "by": "home logs"}
    return {"value": "", "day": "", "by": ""}


def _values(metric: str, measures: Sequence[Measure]) -> str:
    by_value: dict[str, list[str]] = {}
    for measure in measures:
        by_value.setdefault(shown_value(metric, measure.value), []).append(SIDES.get(measure.side, ""))
    said = ((value, " and ".join(side for side in sides if side)) for value, sides in by_value.items())
    return ", ".join(f"{value} ({sides})" if sides else value for value, sides in said)


def trend_of(course: Course, record: Record, metric: str) -> list[tuple[date, float]]:
    """The way of a number through the phase, oldest first; the worse side counts where two were measured."""
    if metric == ADHERENCE:
        return list(_adherence_trend(record))
    points: dict[date, float] = {}
    if metric == WORST:
        points = {log.day: float(log.pain) for log in record.logs if log.pain is not None}
    for measure in course.measures:
        number = _number(measure.value)
        if measure.metric == metric and number is not None and measure.day <= record.today:
            points[measure.day] = number
    return sorted(points.items())[-TREND_POINTS:]


def _adherence_trend(record: Record) -> Iterator[tuple[date, float]]:
    """Adherence as it stood once a week."""
    days = (record.today - record.phase.started).days
    for back in range(min(days, 56) // 7 * 7, -1, -7):
        day = record.today - timedelta(days=back)
        share = adherence(replace(record, today=day)) if day > record.phase.started else None
        if share is not None:
            yield day, round(share, 1)


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return float(value)
    return float(value) if isinstance(value, (int, float)) else None

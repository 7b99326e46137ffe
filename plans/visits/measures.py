"""What every visit measures: pain now and at worst, spasms. Never carried over; the last value is shown beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from assessments.vocabulary import VOCABULARY
from clinic.errors import Invalid
from plans.doses import parse_number
from plans.models import Plan, PlanVersion, VisitMeasure

NOW, WORST = "pain.nprs_current", "pain.nprs_worst_24h"
SPASMS_WEEK, SPASMS_2W = "hist.spasm_frequency_per_week", "spasm.episodes_2w"
NEW_FLAG = "check.new_red_flag"
EPISODES_MAX = 100
TREND_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure to take: its path, how it is said, its bounds."""

    path: str
    label: str
    low: float
    high: float
    is_scale: bool = False


@dataclass(frozen=True, slots=True)
class TrendPoint:
    day: date
    value: float


def metrics_for(phase: int) -> tuple[Metric, ...]:
    """Pain now and worst; spasms per week in phase 1, episodes of two weeks later (what the phase criteria read)."""
    spasms = (
        Metric(SPASMS_WEEK, "Spasms in the last 7 days", 0, EPISODES_MAX)
        if phase == 1
        else Metric(SPASMS_2W, "Spasms in the last 14 days", 0, EPISODES_MAX)
    )
    return (
        Metric(NOW, "Pain now", 0, 10, is_scale=True),
        Metric(WORST, "Worst pain, 24 hours", 0, 10, is_scale=True),
        spasms,
    )


def metric(path: str, phase: int) -> Metric | None:
    """The metric of that path, when a visit measures it."""
    return next((m for m in metrics_for(phase) if m.path == path), None)


def measured(text: str, what: Metric, *, field: str) -> Decimal:
    """A typed value within its bounds; a decimal comma is understood. Raises Invalid that names the range."""
    allowed = f"{what.low:g} to {what.high:g}"
    try:
        number = parse_number(text)
    except ValueError:
        raise Invalid("measure_number", f"“{text}” is not a number. Allowed: {allowed}.", field=field) from None
    if not what.low <= number <= what.high:
        raise Invalid("measure_range", f"{number:g} is out of range. Allowed: {allowed}.", field=field)
    return Decimal(str(round(number, 2)))


def trends(plan: Plan, version: PlanVersion, *, before: date) -> dict[str, tuple[TrendPoint, ...]]:
    """Each metric since the assessment, oldest first: its baseline, then the latest signed visits."""
    rows = VisitMeasure.objects.filter(
        note__plan=plan, note__state="signed", day__lte=before, metric__in=(NOW, WORST, SPASMS_WEEK, SPASMS_2W)
    ).order_by("day", "note_id")
    found: dict[str, list[TrendPoint]] = {}
    for row in rows:
        found.setdefault(row.metric, []).append(TrendPoint(row.day, float(row.value)))
    start = version.assessment.assessed_on
    for path in (NOW, WORST, SPASMS_WEEK):
        value = _baseline(version, path)
        if value is not None:
            found[path] = [TrendPoint(start, value), *found.get(path, [])[-TREND_LENGTH + 1 :]]
    return {path: tuple(points[-TREND_LENGTH:]) for path, points in found.items()}


def _baseline(version: PlanVersion, path: str) -> float | None:
    row = version.facts["findings"].get(path) if path in VOCABULARY else None
    value = row["readings"][0]["value"] if row and row["readings"] else None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

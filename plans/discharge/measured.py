"""The latest value of everything that was measured in a course of care: signed reassessments and signed visit notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from assessments.models import Assessment
from plans.engine.facts import FindingValue
from plans.facts import facts_for, number
from plans.models import Plan, VisitMeasure


@dataclass(frozen=True, slots=True)
class Measure:
    """A value of a metric on one side, and the day it was measured."""

    metric: str
    side: str
    value: FindingValue
    day: date


def measures_of(plan: Plan, *, today: date) -> tuple[Measure, ...]:
    """Everything measured since the plan began, oldest first. What was carried over was not measured."""
    return tuple(sorted((*_visits(plan), *_reassessments(plan, today=today)), key=lambda measure: measure.day))


def _visits(plan: Plan) -> Iterator[Measure]:
    for row in VisitMeasure.objects.filter(note__plan=plan, note__state="signed").order_by("note__signed_at"):
        yield Measure(row.metric, row.side, number(row.value), row.day)


def last_reassessment(plan: Plan) -> Assessment | None:
    """The latest signed assessment after the one that the plan began with."""
    first = plan.versions.order_by("number").values_list("assessment_id", flat=True).first()
    signed = Assessment.objects.for_chart().filter(episode=plan.episode_id, state=Assessment.State.SIGNED)
    last: Assessment | None = signed.order_by("-assessed_on", "-signed_at").first()
    return None if last is None or last.pk == first else last


def _reassessments(plan: Plan, *, today: date) -> Iterator[Measure]:
    last = last_reassessment(plan)
    if last is None:
        return
    carried = {row.path for row in last.findings.all() if row.is_carried}
    facts = facts_for(last, practitioner=plan.episode.practitioner, today=today)
    for path, finding in facts.findings.items():
        if path not in carried:
            for reading in finding.readings:
                yield Measure(path, reading.side, reading.value, last.assessed_on)

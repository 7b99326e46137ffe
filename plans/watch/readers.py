"""Running plans as the rules see them, many at a time, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Q

from assessments.outcomes.readers import series_of_many
from clinic.locality import patient_date
from clinic.models import Episode
from exercises.adherence import Pause
from exercises.models import Prescription, SessionLog, SkipReason
from exercises.programme import pauses_of
from plans.models import Plan, WatchLimits
from plans.querysets import PlanQuerySet
from plans.watch.rules import Limits, PainDay, Watched

LOOK_BACK_DAYS = 21
FUNCTION = "psfs"


@dataclass(frozen=True, slots=True)
class Case:
    """A running plan with what is known of it and from where its rules begin to speak."""

    plan: Plan
    watched: Watched
    limits: Limits


def running_plans() -> PlanQuerySet:
    """Plans in force of open episodes."""
    rows = Plan.objects.filter(state=Plan.State.ACTIVE, episode__state=Episode.State.OPEN)
    return rows.select_related("episode__patient", "watch_limits").order_by("pk")


def cases_of(plans: Iterable[Plan], *, now: datetime) -> list[Case]:
    """What the rules are told about each plan. Ten queries at most, however many plans there are."""
    wanted = list(plans)
    patients = [plan.episode.patient_id for plan in wanted]
    due = _due(wanted, now)
    logs = _logs(patients, now)
    last = dict(
        SessionLog.objects.filter(patient__in=patients)
        .order_by()
        .values_list("patient")
        .annotate(last=Max("acted_at"))
        .values_list("patient", "last")
    )
    function = _function([plan.episode_id for plan in wanted])
    return [
        Case(
            plan,
            Watched(
                today=patient_date(plan.episode.patient, now),
                now=now,
                due_since=due[plan.pk][0] if plan.pk in due else None,
                days_per_week=due[plan.pk][1] if plan.pk in due else 7,
                last_log_at=last.get(plan.episode.patient_id),
                days=logs.get(plan.episode.patient_id, ()),
                function=function.get(plan.episode_id, ()),
            ),
            limits_of(plan),
        )
        for plan in wanted
    ]


def limits_of(plan: Plan) -> Limits:
    """The plan's own limits, or the defaults."""
    try:
        row = plan.watch_limits
    except WatchLimits.DoesNotExist:
        return Limits()
    return Limits(row.silent_hours, row.pain_high, row.pain_rise, row.function_drop_pct, row.adherence_low_pct)


def _due(plans: list[Plan], now: datetime) -> dict[int, tuple[datetime, int]]:
    """Since when something is due at home, and on how many days a week at most; plans with nothing due are left out.

    A hold that ended begins the time anew: nobody is silent while nothing was asked.
    """
    by_patient = {plan.pk: plan.episode.patient for plan in plans}
    rows = (
        Prescription.objects.filter(planned__item__phase__version__plan__in=by_patient, state="active")
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=now.date() - timedelta(days=1)))
        .values_list("pk", "planned__item__phase__version__plan", "starts_on", "ends_on", "days_per_week")
    )
    prescriptions = list(rows)
    holds = pauses_of(row[0] for row in prescriptions)
    found: dict[int, tuple[datetime, int]] = {}
    for pk, plan_id, starts_on, ends_on, per_week in prescriptions:
        patient = by_patient[plan_id]
        today = patient_date(patient, now)
        pauses = holds.get(pk, ())
        if starts_on > today or (ends_on is not None and ends_on < today) or any(p.covers(today) for p in pauses):
            continue
        first = max(starts_on, _since_last(pauses, today))
        since = datetime.combine(first, time(), ZoneInfo(patient.time_zone))
        known = found.get(plan_id)
        found[plan_id] = (min(since, known[0]), max(per_week, known[1])) if known else (since, per_week)
    return found


def _since_last(pauses: Iterable[Pause], today: date) -> date:
    """The day after the last pause that is over; none that is still to come."""
    over = [
        pause.ends_on + timedelta(days=1) for pause in pauses if pause.ends_on is not None and pause.ends_on < today
    ]
    return max(over, default=date.min)


def _logs(patients: list[int], now: datetime) -> dict[int, list[PainDay]]:
    pain = Q(state=SessionLog.State.SKIPPED, reason=SkipReason.PAIN)
    rows = (
        SessionLog.objects.filter(patient__in=patients, on__gte=now.date() - timedelta(days=LOOK_BACK_DAYS))
        .order_by()
        .values_list("patient", "on")
        .annotate(worst=Max("pain"), skipped=Count("pk", filter=pain))
        .order_by("on")
    )
    found: dict[int, list[PainDay]] = defaultdict(list)
    for patient, day, worst, skipped in rows:
        found[patient].append(PainDay(day, worst, skipped))
    return found


def _function(episodes: list[int]) -> dict[int, list[tuple[date, float]]]:
    """Scores of the patient-specific functional scale, oldest first."""
    return {
        episode: [(point.day, point.value) for series in many if series.row.key == FUNCTION for point in series.points]
        for episode, many in series_of_many(episodes).items()
    }

"""What was measured along a course, and the review when nothing changes that matters."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction

from assessments.models import InstrumentVersion
from assessments.outcomes.install import in_force, instrument_of
from assessments.outcomes.meaning import Point, no_change_that_matters
from assessments.outcomes.readers import Series, score_metric, series_of_many
from clinic.locality import patient_date
from clinic.models import Episode, Patient
from plans.actions.worklist import close_alerts, is_known, raise_alert, standing_alerts
from plans.models import Alert, PhaseProgress, Plan, TreatmentNote, VisitMeasure

log = logging.getLogger(__name__)

RULE = "no_meaningful_change"
BATCH = 500
FOUR_WEEKS, SIX_WEEKS = 28, 42
PAIN_SHARE, FUNCTION_POINTS = 0.30, 1.3
# A person who dealt with the review is left in peace this long, even when nothing has changed yet.
QUIET = timedelta(days=14)


# --- what was measured ----------------------------------------------------------------------------------------------


def series_with_visits(episodes: Iterable[int]) -> dict[int, tuple[Series, ...]]:
    """Scores by instrument as ``series_of_many`` gives them, with what signed notes of visits measured."""
    wanted = list(episodes)
    found = series_of_many(wanted)
    rows = in_force()
    by_metric = {metric: row for row in rows.values() if (metric := score_metric(instrument_of(row)))}
    measures = VisitMeasure.objects.filter(
        note__plan__episode__in=wanted, note__state=TreatmentNote.State.SIGNED, metric__in=by_metric
    ).order_by("day", "id")
    extra: dict[int, dict[str, list[Point]]] = defaultdict(lambda: defaultdict(list))
    for episode, metric, value, day in measures.values_list("note__plan__episode_id", "metric", "value", "day"):
        extra[episode][by_metric[metric].key].append(Point(day, float(value), "clinician"))
    return {episode: _merged(found.get(episode, ()), extra[episode], rows) for episode in wanted}


def _merged(
    series: Sequence[Series], extra: Mapping[str, list[Point]], rows: Mapping[str, InstrumentVersion]
) -> tuple[Series, ...]:
    known = {one.row.key: one for one in series}
    for key, points in extra.items():
        one = known.get(key) or Series(rows[key], instrument_of(rows[key]), ())
        known[key] = replace(one, points=tuple(sorted((*one.points, *points), key=lambda point: point.day)))
    return tuple(known[key] for key in sorted(known))


# --- no change that matters -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Review:
    """What a person should look at. ``stage`` is week_4 or week_6."""

    stage: str
    text: str
    suggestion: str
    severity: str


def review_of(series: Sequence[Series], started: date, today: date) -> Review | None:
    """Whether the course calls for a review (phases reference, section 6); None when it does not."""
    days = (today - started).days
    so_far = [replace(one, points=tuple(p for p in one.points if p.day <= today)) for one in series]
    if days >= SIX_WEEKS and no_change_that_matters([(one.instrument, one.points, one.chosen) for one in so_far]):
        return Review(
            "week_6",
            f"{days // 7} weeks of treatment without a change that matters. {_summary(so_far)}",
            "Ask for the GP's or a specialist's opinion; no more of the same passive care.",
            Alert.Severity.HIGH,
        )
    if days >= FOUR_WEEKS and _no_response(so_far):
        return Review(
            "week_4",
            f"{days // 7} weeks of treatment with little response. {_summary(so_far)}",
            "Re-examine and rank the causes again; consider imaging or a referral letter.",
            Alert.Severity.NORMAL,
        )
    return None


def _no_response(series: Sequence[Series]) -> bool:
    """Worst pain down by less than 30 % and activities up by less than 1.3. Not measured again counts as none."""
    ends = {one.row.key: (one.points[0].value, one.points[-1].value) for one in series if len(one.points) > 1}
    pain, function = ends.get("nprs"), ends.get("psfs")
    pain_better = pain is not None and pain[0] > 0 and (pain[0] - pain[1]) / pain[0] >= PAIN_SHARE - 1e-9
    function_better = function is not None and function[1] - function[0] >= FUNCTION_POINTS - 1e-9
    return not pain_better and not function_better


def _summary(series: Sequence[Series]) -> str:
    """First and last value of each instrument in words."""
    parts = []
    for one in series:
        if one.instrument.zero_is_no_change and one.points:
            last = one.points[-1].value
            parts.append(f"{one.row.title}: {last:+g}" if last else f"{one.row.title}: nothing (0)")
        elif len(one.points) > 1:
            parts.append(f"{one.row.title}: {one.points[0].value:g} to {one.points[-1].value:g}")
        elif one.points:
            parts.append(f"{one.row.title}: {one.points[0].value:g}, not asked again")
    return "; ".join(parts) + "." if parts else "Nothing was measured."


def raise_reviews(*, now: datetime) -> int:
    """Raise a review for every course that calls for one and close those that no longer hold; returns how many hold.

    One that cannot be judged is logged, and the others go on.
    """
    plans = Plan.objects.filter(state=Plan.State.ACTIVE, episode__state=Episode.State.OPEN)
    open_alerts = _open_reviews()
    holding = 0
    running: set[int] = set()
    last = 0
    while batch := list(plans.filter(pk__gt=last).select_related("episode__patient").order_by("pk")[:BATCH]):
        last = batch[-1].pk
        running |= {plan.episode_id for plan in batch}
        holding += _review_batch(batch, open_alerts, now)
    for patient_id, alerts in open_alerts.items():
        for key in alerts:
            if int(key.split(":")[1]) not in running:
                _close(patient_id, key, "The plan is no longer running.")
    return holding


def _open_reviews() -> dict[int, dict[str, Alert]]:
    found: dict[int, dict[str, Alert]] = defaultdict(dict)
    for (patient_id, _, key), alert in standing_alerts([RULE]).items():
        found[patient_id][key] = alert
    return found


def _review_batch(plans: Sequence[Plan], open_alerts: Mapping[int, Mapping[str, Alert]], now: datetime) -> int:
    started: dict[int, date] = {}
    progress = PhaseProgress.objects.filter(plan__in=plans).order_by("-entered_on", "-id")
    for plan_id, entered in progress.values_list("plan_id", "entered_on"):
        started[plan_id] = entered
    long_enough = [
        plan
        for plan in plans
        if plan.pk in started and (patient_date(plan.episode.patient, now) - started[plan.pk]).days >= FOUR_WEEKS
    ]
    series = series_with_visits([plan.episode_id for plan in long_enough])
    quiet = _dealt_with([plan.episode.patient_id for plan in long_enough], now)
    holding = 0
    for plan in plans:
        try:
            today, scores = patient_date(plan.episode.patient, now), series.get(plan.episode_id)
            review = None if scores is None else review_of(scores, started[plan.pk], today)
            _settle(plan, review, open_alerts.get(plan.episode.patient_id, {}), quiet)
            holding += review is not None
        except Exception:
            log.exception("the course of plan %s could not be judged", plan.pk)
    return holding


def _dealt_with(patients: list[int], now: datetime) -> set[str]:
    """Keys of reviews that a person closed lately."""
    rows = Alert.objects.filter(
        rule=RULE, patient__in=patients, state="done", closed_by__isnull=False, closed_at__gte=now - QUIET
    )
    return set(rows.values_list("key", flat=True))


def _settle(plan: Plan, review: Review | None, standing: Mapping[str, Alert], quiet: set[str]) -> None:
    """Nothing is written while the worklist says already what holds."""
    wanted = f"episode:{plan.episode_id}:{review.stage}" if review is not None else ""
    over = [key for key in standing if key != wanted and key.startswith(f"episode:{plan.episode_id}:")]
    is_news = review is not None and wanted not in quiet
    if review is not None and is_known(standing.get(wanted), **_said(review), plan=plan):
        is_news = False
    if over or is_news:
        _write(plan, review if is_news else None, wanted, over)


@transaction.atomic
def _write(plan: Plan, review: Review | None, wanted: str, over: Iterable[str]) -> None:
    for key in over:
        outcome = "Became the review of six weeks." if wanted else "A change that matters was measured."
        _close(plan.episode.patient_id, key, outcome)
    if review is not None:
        raise_alert(plan.episode.patient, RULE, key=wanted, **_said(review), plan=plan)


def _said(review: Review) -> dict[str, str]:
    return {"text": review.text[:500], "suggestion": review.suggestion, "severity": review.severity}


def _close(patient_id: int, key: str, outcome: str) -> None:
    close_alerts(Patient(pk=patient_id), RULE, key=key, outcome=outcome)

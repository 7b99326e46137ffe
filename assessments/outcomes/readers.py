"""What was measured: for the review of a phase, and as a series for each instrument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import fmean
from typing import NamedTuple

from assessments.current import signed_now
from assessments.models import Finding, InstrumentVersion, OutcomeResponse, PsfsActivity
from assessments.outcomes.install import instrument_of
from assessments.outcomes.instrument import Instrument
from assessments.outcomes.meaning import Point
from assessments.outcomes.score import metrics_of
from clinic.models import Episode
from clinic.pieces import Piece


class Measured(NamedTuple):
    """One value of one metric (a finding path or ``spasm.episodes_2w``) on a day of the patient's calendar."""

    metric: str
    value: float
    day: date
    side: str = ""


def scores_since(episode: Episode, day: date) -> tuple[Measured, ...]:
    """What outcome measures say since a day (inclusive), oldest first; corrected answers count as corrected.

    Metrics: ``pain.nprs_current``, ``pain.nprs_worst_24h``, ``pain.nprs_best_24h``, ``func.psfs_avg``, ``func.groc``,
    ``hist.spasm_frequency_per_week``, ``spasm.episodes_2w``, and those that installed instruments name. One query.
    """
    rows = OutcomeResponse.objects.standing().filter(episode=episode, on__gte=day).select_related("instrument")
    return tuple(Measured(metric, value, row.on) for row in rows for metric, value in _metrics(row))


def _metrics(row: OutcomeResponse) -> tuple[tuple[str, float], ...]:
    score = None if row.score is None else float(row.score)
    return metrics_of(instrument_of(row.instrument), row.answers, score, row.activities)


@dataclass(frozen=True, slots=True)
class Series:
    """All scores of one instrument in an episode, oldest first, those of signed assessments among them."""

    row: InstrumentVersion
    instrument: Instrument
    points: tuple[Point, ...]

    @property
    def chosen(self) -> str:
        """The clinic's choice of the difference that matters."""
        return self.row.difference


def series_of(episode: Episode) -> tuple[Series, ...]:
    """The instruments of one episode that have a score. At most six queries."""
    return series_of_many([episode.pk]).get(episode.pk, ())


def series_of_many(episodes: Iterable[int]) -> dict[int, tuple[Series, ...]]:
    """The same for many episodes, in a fixed number of queries."""
    wanted = list(episodes)
    found: dict[int, dict[str, list[Point]]] = {pk: {} for pk in wanted}
    rows = {row.key: row for row in InstrumentVersion.objects.filter(in_force=True)}
    responses = OutcomeResponse.objects.standing().filter(episode__in=wanted, score__isnull=False)
    for response in responses.select_related("instrument"):
        rows.setdefault(response.instrument.key, response.instrument)
        point = Point(response.on, float(response.score or 0), response.filled_by, response=response.pk)
        found[response.episode_id].setdefault(response.instrument.key, []).append(point)
    for episode, key, point in _from_assessments(wanted, rows):
        found[episode].setdefault(key, []).append(point)
    return {
        episode: tuple(
            Series(rows[key], instrument_of(rows[key]), tuple(sorted(points, key=_order)))
            for key, points in sorted(by_key.items())
        )
        for episode, by_key in found.items()
    }


def _order(point: Point) -> tuple[date, int]:
    """By day; what an assessment found comes before what was answered on the same day."""
    return point.day, 0 if point.assessment else 1


def _from_assessments(episodes: list[int], rows: Mapping[str, InstrumentVersion]) -> Iterable[tuple[int, str, Point]]:
    """Scores that signed assessments hold: a finding of the score's own metric, and the mean of the activities.

    Corrected values count as corrected; what was carried over from an earlier assessment was not measured.
    """
    metrics = {metric: key for key, row in rows.items() if (metric := score_metric(instrument_of(row)))}
    if not metrics:
        return
    for assessment, findings, activities in signed_now(episodes, metrics):
        for metric, value in _measured(findings, activities):
            if metric in metrics:
                point = Point(assessment.assessed_on, value, "clinician", assessment=assessment.pk)
                yield assessment.episode_id, metrics[metric], point


def _measured(findings: Iterable[Finding], activities: Iterable[PsfsActivity]) -> Iterable[tuple[str, float]]:
    for row in findings:
        if row.number is not None and not row.is_carried:
            yield row.path, float(row.number)
    scores = [row.score for row in activities if row.score is not None and not row.is_carried]
    if scores:
        yield "func.psfs_avg", round(fmean(scores), 1)


def score_metric(instrument: Instrument) -> str:
    """The finding that says the same as the score: its own, or that of the one question it consists of."""
    if instrument.score.metric or instrument.score.method != "item":
        return instrument.score.metric
    return instrument.scored()[0].metric


# How many lists of questions the patient may answer today. Parameters: ``patient`` and ``today``, in their calendar.
WAITING = Piece(
    """SELECT to_json(count(*)) FROM assessments_outcomerequest r JOIN clinic_episode e ON e.id = r.episode_id
        WHERE e.patient_id = %(patient)s AND r.state = 'open'
          AND r.due_on <= %(today)s AND r.expires_on >= %(today)s""",
    int,
)

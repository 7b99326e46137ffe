"""The whole course of an episode on one time axis: phases, pain, function, range, strength and what was done at home.

Seven queries, however many days: pain by day, measurements, and the state of every day. Silence is a state of its
own, pain 0 is a value, and a day nobody answered has no pain at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import Avg, BigIntegerField, Case, CharField, DecimalField, Q, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, JSONObject, Round

from assessments.models import AmendedValue, Assessment, Finding, PsfsActivity
from assessments.outcomes.readers import scores_since
from assessments.scoring import rompct
from clinic.models import Episode
from exercises.adherence import DayState, Entry, Figure, Order, Pause, figures_of, state_of_day, sum_of
from exercises.models import HomePause, Prescription, SessionLog
from plans.course.fields import metric_label, shown_value
from plans.course.measures import activity_means
from plans.engine.gate import WORST
from plans.models import Observation, PhaseProgress, Plan, TreatmentNote, VisitMeasure

PSFS = "func.psfs_avg"
# What counts as a change that matters: pain 2 points (Farrar 2001), PSFS mean 2 (MDC90, assessment reference).
MATTERS = 2.0
NORMAL_PCT = 90.0
FULL_GRADE = 5.0
LINES_MAX = 3


@dataclass(frozen=True, slots=True)
class Band:
    """A stay in a phase; the last day is inclusive."""

    number: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Point:
    """A measured value on a day, as drawn and as said."""

    day: date
    value: float
    shown: str


@dataclass(frozen=True, slots=True)
class Line:
    """One metric over time; values of range and strength are per cent of the norm or of the full grade."""

    metric: str
    label: str
    points: tuple[Point, ...]

    @property
    def first(self) -> Point:
        return self.points[0]

    @property
    def last(self) -> Point:
        return self.points[-1]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the home programme: its state, sessions asked for and done."""

    day: date
    state: DayState
    asked: int
    done: float


@dataclass(frozen=True, slots=True)
class Week:
    """A row of the table below the chart."""

    first: date
    phase: int | None
    worst: float | None
    mean: float | None
    asked: int
    done: float
    silent: int

    @property
    def percent(self) -> int | None:
        """Whole per cent of what was asked for; None when nothing was."""
        return int(min(self.done, self.asked) * 100 // self.asked) if self.asked else None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything the progress page draws. ``first`` to ``last`` is the axis, both inclusive; ``plan_id`` is the plan
    whose phase runs."""

    plan_id: int | None
    first: date
    last: date
    bands: tuple[Band, ...]
    pain: tuple[Point, ...]
    pain_start: float | None
    function: Line | None
    ranges: tuple[Line, ...]
    strengths: tuple[Line, ...]
    days: tuple[Day, ...]
    weeks: tuple[Week, ...]
    measured: tuple[tuple[date, str, str], ...]
    pauses: tuple[HomePause, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.days or self.pain or self.measured)


@dataclass(frozen=True, slots=True)
class _Value:
    metric: str
    side: str
    value: float
    day: date


def read_timeline(episode: Episode, *, today: date) -> Timeline:
    """The course of an episode up to a day of the patient's calendar."""
    stays = list(
        PhaseProgress.objects.filter(plan__episode=episode).select_related("plan").order_by("entered_on", "id")
    )
    running = next((s.plan_id for s in stays if s.left_on is None and s.plan.state == Plan.State.ACTIVE), None)
    pauses = tuple(HomePause.objects.filter(patient=episode.patient_id).select_related("by").order_by("-starts_on"))
    orders = _orders(episode, pauses)
    logs = _logs(episode, today)
    values = _values(episode, today)
    began = [episode.opened_on, *(row.day for row in values), *(day for day, *_ in logs)]
    first = min([day for day in began if day <= today], default=today)
    bands = tuple(Band(s.number, s.entered_on, min(s.left_on or today, today)) for s in stays)
    pain = _pain(values, logs)
    figures = _figures_by_day(orders, logs, today)
    days = tuple(_day(day, of_day) for day, of_day in figures.items())
    start = next((v.value for v in values if v.metric == WORST), None)
    return Timeline(
        plan_id=running,
        first=first,
        last=today,
        bands=bands,
        pain=pain,
        pain_start=start,
        function=next(iter(_lines(values, PSFS, as_is)), None),
        ranges=_worst_lines(_lines(values, "rompct.", as_is), NORMAL_PCT),
        strengths=_worst_lines(_lines(values, "mmt.", of_full_grade), 100.0),
        days=days,
        weeks=_weeks(figures, pain, bands, first, today),
        measured=_measured(values),
        pauses=pauses,
    )


# --- Rows -----------------------------------------------------------------------------------------------------------


def _orders(episode: Episode, pauses: Sequence[HomePause]) -> list[Order]:
    """Prescriptions with their own holds and the pauses of the person, in one query."""
    away = tuple(Pause(row.starts_on, row.ends_on) for row in pauses)
    rows = Prescription.objects.filter(episode=episode).exclude(
        state=Prescription.State.STOPPED, ends_on__isnull=True
    )  # fmt: skip
    held = JSONObject(first="pauses__starts_on", last="pauses__ends_on")
    holds = JSONBAgg(held, filter=Q(pauses__isnull=False), default=Value("[]"))
    columns = ("pk", "starts_on", "per_day", "days_per_week", "ends_on", "holds")
    found = rows.order_by().annotate(holds=holds).values_list(*columns)
    return [
        Order(key, starts, per_day, days, ends, (*(_pause(hold) for hold in held), *away))
        for key, starts, per_day, days, ends, held in found
    ]


def _pause(hold: Mapping[str, str | None]) -> Pause:
    first, last = hold["first"], hold["last"]
    return Pause(date.fromisoformat(first or ""), date.fromisoformat(last) if last else None)


def _logs(episode: Episode, today: date) -> list[tuple[date, int, int, str, int | None]]:
    rows = SessionLog.objects.filter(prescription__episode=episode, on__lte=today).order_by("on")
    return list(rows.values_list("on", "prescription_id", "bout", "state", "pain"))


def _values(episode: Episode, today: date) -> list[_Value]:
    """Every measured number, oldest first; of two of one metric, side and day the last source named here counts."""
    found: dict[tuple[str, str, date], _Value] = {}
    age = episode.patient.age(today)
    recorded, amended = _assessed_and_visited(episode)
    if any(row.metric.startswith("a:") for row, _ in amended):
        means = (_Value(PSFS, "", value, day) for day, value in activity_means(episode))
        recorded = [*(row for row in recorded if row.metric != PSFS), *means]
    for row in [*_questionnaires(episode), *recorded, *_observed(episode)]:
        for value in _with_percent(row, age):
            if value.day <= today:
                found[value.metric, value.side, value.day] = value
    for row, stands in (entry for entry in amended if not entry[0].metric.startswith("a:")):
        for value in _with_percent(row, age):
            found[value.metric, value.side, value.day] = value
            if not stands:
                del found[value.metric, value.side, value.day]
    return sorted(found.values(), key=lambda v: (v.day, v.metric, v.side))


def _assessed_and_visited(episode: Episode) -> tuple[list[_Value], list[tuple[_Value, bool]]]:
    """Signed assessments, the mean of their activities, and signed visits; and the corrections of assessments in the
    order they were made, False where a value was taken back. One query."""
    signed: dict[str, Any] = {"assessment__episode": episode, "assessment__state": Assessment.State.SIGNED}
    # A value carried over from an earlier assessment was not measured; a painful grade is no strength grade.
    signed["carried_from__isnull"] = True
    findings = Finding.objects.filter(**signed, number__isnull=False, pain_limited=False).order_by()
    activities = PsfsActivity.objects.filter(**signed, score__isnull=False).order_by()
    grouped = activities.values("assessment_id", "assessment__assessed_on")
    visits = VisitMeasure.objects.filter(note__plan__episode=episode, note__state=TreatmentNote.State.SIGNED).order_by()
    corrections = AmendedValue.objects.filter(amendment__assessment__episode=episode, name__regex="^[fa]:").order_by()
    of_assessment = "assessment__assessed_on"
    rows = _figures(findings, "path", "side", "number", of_assessment, _BY_MODE).union(
        _figures(grouped, Value(PSFS), Value(""), Round(Avg("score"), 1), of_assessment),
        _figures(visits, "metric", "side", "value", "day"),
        _figures(corrections, "name", Value(""), KeyTextTransform("number", "after"), f"amendment__{of_assessment}",
                 "amendment_id"),
        all=True,
    )  # fmt: skip
    recorded, amended = [], []
    for metric, side, figure, day, order in sorted(rows, key=lambda row: row[4]):
        if order > 0:
            path, of_side = metric.split(":")[1:3] if metric.startswith("f:") else (metric, "")
            amended.append((_Value(path, of_side, float(figure or 0), day), figure is not None))
        else:
            recorded.append(_Value(metric, side, float(figure), day))
    return recorded, amended


# Active before passive before unstated, as the engine chooses.
_BY_MODE = Case(
    When(mode=Finding.Mode.ACTIVE, then=Value(0)), When(mode=Finding.Mode.PASSIVE, then=Value(-1)), default=Value(-2)
)


def _figures(rows: Any, metric: Any, side: Any, figure: Any, day: str, order: Any = None) -> Any:
    """Rows in the five columns that one UNION can hold: metric, side, figure, day, and an order: of two of one metric,
    side and day the higher one counts; above 0 it is a correction."""
    number: DecimalField[Any, Any] = DecimalField(max_digits=9, decimal_places=2)
    return rows.annotate(
        m_=Cast(metric, CharField(max_length=160)),
        s_=Cast(side, CharField(max_length=8)),
        n_=Cast(figure, number),
        o_=Cast(Value(0) if order is None else order, BigIntegerField()),
    ).values_list("m_", "s_", "n_", day, "o_")


def _observed(episode: Episode) -> Iterable[_Value]:
    rows = (
        Observation.objects.filter(plan__episode=episode).order_by("id").values_list("metric", "side", "value", "day")
    )
    for metric, side, value, day in rows:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield _Value(metric, side, float(value), day)


def _questionnaires(episode: Episode) -> Iterable[_Value]:
    return (_Value(row.metric, row.side, row.value, row.day) for row in scores_since(episode, episode.opened_on))


def _with_percent(row: _Value, age: int) -> Iterable[_Value]:
    """A value, and for a range its per cent of the norm as well."""
    yield row
    if row.metric.startswith("rom."):
        movement = row.metric.partition(".")[2]
        share = rompct(movement, row.value, age)
        if share is not None:
            yield _Value(f"rompct.{movement}", row.side, round(share, 1), row.day)


# --- Lines ----------------------------------------------------------------------------------------------------------


def as_is(value: float) -> float:
    """The value itself is drawn."""
    return value


def of_full_grade(value: float) -> float:
    """A strength grade as per cent of the full grade, for the common axis; the grade itself is what is said."""
    return round(100 * value / FULL_GRADE, 1)


def _lines(values: Sequence[_Value], prefix: str, scale: Any) -> list[Line]:
    """One line per metric and side that was measured."""
    by_line: dict[tuple[str, str], list[Point]] = {}
    for row in values:
        if row.metric.startswith(prefix):
            point = Point(row.day, scale(row.value), shown_value(row.metric, row.value))
            by_line.setdefault((row.metric, row.side), []).append(point)
    return [Line(metric, _label(metric, side), tuple(points)) for (metric, side), points in by_line.items()]


def _label(metric: str, side: str) -> str:
    return f"{metric_label(metric)}, {side}" if side in ("left", "right") else metric_label(metric)


def _worst_lines(lines: Sequence[Line], normal: float) -> tuple[Line, ...]:
    """The lines that began furthest below normal: what the plan works on."""
    low = [line for line in lines if line.first.value < normal]
    return tuple(sorted(low, key=lambda line: (line.first.value, line.label))[:LINES_MAX])


def _pain(values: Sequence[_Value], logs: Sequence[tuple[date, int, int, str, int | None]]) -> tuple[Point, ...]:
    """Worst pain of each day on which somebody said something."""
    worst: dict[date, float] = {}
    for day, _, _, _, pain in logs:
        if pain is not None:
            worst[day] = max(worst.get(day, 0.0), float(pain))
    for row in values:
        if row.metric == WORST:
            worst[row.day] = max(worst.get(row.day, 0.0), row.value)
    return tuple(Point(day, value, f"{value:g}") for day, value in sorted(worst.items()))


def _measured(values: Sequence[_Value]) -> tuple[tuple[date, str, str], ...]:
    """Pain, function, range and strength as rows of a table, newest first."""
    shown = [v for v in values if v.metric in (WORST, PSFS, "func.groc") or v.metric.startswith(("rompct.", "mmt."))]
    rows = [(v.day, _label(v.metric, v.side), shown_value(v.metric, v.value)) for v in shown]
    return tuple(sorted(rows, key=lambda row: (-row[0].toordinal(), row[1])))


# --- Days and weeks -------------------------------------------------------------------------------------------------


def _figures_by_day(
    orders: Sequence[Order], logs: Sequence[tuple[date, int, int, str, int | None]], today: date
) -> dict[date, list[Figure]]:
    """Every day since the first prescription, up to yesterday: today is not judged before it ends."""
    if not orders:
        return {}
    first = min(order.starts_on for order in orders)
    days = [first + timedelta(days=n) for n in range((today - first).days)]
    entries = [Entry(key, day, bout, state) for day, key, bout, state, _ in logs]
    found: dict[date, list[Figure]] = {day: [] for day in days}
    for figure in figures_of(orders, entries, days):
        found[figure.day].append(figure)
    return found


def _day(day: date, figures: Sequence[Figure]) -> Day:
    """Sessions done count a part as a half; never more of one exercise than it asks for in a day."""
    asked, done = sum(f.asked for f in figures), sum(f.credited for f in figures)
    return Day(day, state_of_day(f.state for f in figures), asked, done)


def _weeks(
    days: Mapping[date, Sequence[Figure]], pain: Sequence[Point], bands: Sequence[Band], first: date, today: date
) -> tuple[Week, ...]:
    """Calendar weeks (from Monday), newest first."""
    of_days: dict[date, list[tuple[date, Sequence[Figure]]]] = {}
    of_pain: dict[date, list[float]] = {}
    for day, figures in days.items():
        of_days.setdefault(_monday(day), []).append((day, figures))
    for point in pain:
        of_pain.setdefault(_monday(point.day), []).append(point.value)
    weeks = []
    monday = _monday(today)
    while monday >= _monday(first):
        weeks.append(_week(monday, of_days.get(monday, []), of_pain.get(monday, []), bands))
        monday -= timedelta(days=7)
    return tuple(weeks)


def _week(
    monday: date, days: Sequence[tuple[date, Sequence[Figure]]], pain: Sequence[float], bands: Sequence[Band]
) -> Week:
    sunday = monday + timedelta(days=6)
    counted = sum_of(figure for _, figures in days for figure in figures)
    phase = next((b.number for b in reversed(bands) if b.first <= sunday and b.last >= monday), None)
    return Week(
        first=monday,
        phase=phase,
        worst=max(pain, default=None),
        mean=round(sum(pain) / len(pain), 1) if pain else None,
        asked=counted.expected,
        done=counted.credited,
        silent=sum(state_of_day(f.state for f in figures) is DayState.NOT_LOGGED for _, figures in days),
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())

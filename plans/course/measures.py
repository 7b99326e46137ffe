"""What was really measured in a course of care, from every place where it is recorded; a fixed number of queries.

Signed reassessments, outcome measures, signed treatment notes, observations of the phase review, and logs of the home
programme. The assessment that the plan began with is the baseline and not a measurement of the course. Of two values of
one metric, side and day the one recorded later counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Q

from assessments.current import activities_now, amended_by_assessment, findings_now, flags_now, signed_now
from assessments.diary.readers import measured_since
from assessments.models import AmendedValue, Assessment
from assessments.outcomes.readers import scores_since
from assessments.vocabulary import RED_FLAGS, VOCABULARY
from clinic.models import Answer, Episode
from exercises.models import Prescription, SessionLog
from plans.engine.facts import FindingValue
from plans.engine.progress import DayLog, Score
from plans.facts import findings_of, number
from plans.models import Observation, Plan, TreatmentNote

NEW_FLAG = "check.new_red_flag"
FLAGS_CLEAR = "check.flags_clear"
PART = 0.5
Said = tuple[date, int, int, str, int | None]  # day, exercise, bouts a day asked for, state, pain
Amended = Mapping[int, dict[str, AmendedValue]]  # the corrections of each assessment, by its key


@dataclass(frozen=True, slots=True)
class Measure:
    """One measured value: who measured it on which day, and where it is recorded."""

    metric: str
    value: FindingValue
    day: date
    side: str
    by: str
    source: str
    at: datetime

    @property
    def score(self) -> Score:
        return Score(self.metric, self.value, self.day, self.side)


def scores_of(plan: Plan) -> tuple[Score, ...]:
    """Everything measured since the plan began, as the engine judges it."""
    return tuple(measure.score for measure in measures_of(plan))


def measures_of(plan: Plan) -> tuple[Measure, ...]:
    """Everything measured since the plan began, oldest first, each with its person and source."""
    found: dict[tuple[str, str, date], Measure] = {}
    for measure in sorted(_all(plan), key=lambda m: (m.day, m.at)):
        found[(measure.metric, measure.side, measure.day)] = measure
    return tuple(found.values())


def _all(plan: Plan) -> Iterator[Measure]:
    assessments = list(signed_assessments(plan))
    amended = amended_by_assessment(assessments) if assessments else {}
    yield from _from_assessments(plan, assessments, amended)
    yield from _from_diary(plan, assessments)
    yield from _from_outcomes(plan, assessments)
    yield from _from_notes(plan, assessments, amended)
    yield from _from_observations(plan)


# --- Reassessments --------------------------------------------------------------------------------------------------


def _from_assessments(plan: Plan, rows: Sequence[Assessment], amended: Amended) -> Iterator[Measure]:
    first = _first_assessment(plan)
    baseline = next((i for i, row in enumerate(rows) if row.pk == first), -1)
    known_flags = _flags_at(rows[: baseline + 1], amended)
    for row in rows[baseline + 1 :]:
        now = amended.get(row.pk, {})
        yield from _measured_in(row, now, age=plan.episode.patient.age(row.assessed_on))
        answers = {answer.flag: answer.answer for answer in flags_now(row, now)}
        yield from _flag_checks(row, answers, known_flags)
        known_flags |= {flag for flag, answer in answers.items() if answer == Answer.YES}


def signed_assessments(plan: Plan) -> Iterable[Assessment]:
    """The signed assessments of the episode with all that is measured in them, oldest first (five queries)."""
    return (
        Assessment.objects.filter(episode=plan.episode_id, state=Assessment.State.SIGNED)
        .select_related("signed_by")
        .prefetch_related("findings", "activities", "flag_answers", "clearances")
        .order_by("assessed_on", "signed_at", "id")
    )


def _first_assessment(plan: Plan) -> int | None:
    return plan.versions.order_by("number").values_list("assessment_id", flat=True).first()


def _measured_in(assessment: Assessment, amended: dict[str, AmendedValue], *, age: int) -> Iterator[Measure]:
    """What was measured in this assessment, as amended; what was carried over from an earlier one was not."""

    def measure(metric: str, value: FindingValue, side: str = "") -> Measure:
        by = assessment.signed_by.name if assessment.signed_by else ""
        at = assessment.signed_at or assessment.started_at
        return Measure(metric, value, assessment.assessed_on, side, by, "reassessment", at)

    measured = [row for row in findings_now(assessment, amended) if not row.is_carried]
    for path, finding in findings_of(measured, age=age).items():
        for reading in finding.readings:
            if not (path.startswith("mmt.") and reading.pain_limited):  # a painful grade is not a strength grade
                yield measure(path, reading.value, reading.side)
    activities = activities_now(assessment, amended)
    scores = [row.score for row in activities if row.score is not None and not row.is_carried]
    if scores:
        yield measure("func.psfs_avg", round(sum(scores) / len(scores), 1))


def activity_means(episode: Episode) -> Iterator[tuple[date, float]]:
    """Day and mean of the scored activities of each signed assessment, as corrected and without carried ones."""
    for assessment, _, activities in signed_now([episode.pk]):
        scores = [row.score for row in activities if row.score is not None and not row.is_carried]
        if scores:
            yield assessment.assessed_on, round(sum(scores) / len(scores), 1)


def _flags_at(assessments: Sequence[Assessment], amended: Amended) -> set[str]:
    """Flags that these assessments have on record, as corrected."""
    answers = (answer for row in assessments for answer in flags_now(row, amended.get(row.pk, {})))
    return {answer.flag for answer in answers if answer.answer == Answer.YES}


def _flag_checks(assessment: Assessment, answers: dict[str, str], known: set[str]) -> Iterator[Measure]:
    """The red-flag answers as checks: anything new, and whether the whole list is clear of what blocks."""
    if not answers:
        return
    cleared = {row.flag for row in assessment.clearances.all()}
    true = {flag for flag, answer in answers.items() if answer == Answer.YES} - cleared
    blocking = {flag for flag in true if flag not in RED_FLAGS or RED_FLAGS[flag].action != "flag"}
    by = assessment.signed_by.name if assessment.signed_by else ""
    at = assessment.signed_at or assessment.started_at
    yield Measure(NEW_FLAG, bool(true - known), assessment.assessed_on, "", by, "reassessment", at)
    asked = {flag for flag, answer in answers.items() if answer != Answer.NOT_ASKED}
    if asked >= set(RED_FLAGS):
        clear = not blocking and not true - known
        yield Measure(FLAGS_CLEAR, clear, assessment.assessed_on, "", by, "reassessment", at)


# --- Outcome measures -----------------------------------------------------------------------------------------------


def _from_outcomes(plan: Plan, assessments: Sequence[Assessment]) -> Iterator[Measure]:
    """What questionnaires say after the day of the first assessment. On one day a person's own measurement counts."""
    if not assessments:
        return
    since = assessments[0].assessed_on + timedelta(days=1)
    for row in scores_since(plan.episode, since):
        at = datetime.combine(row.day, time.min, tzinfo=UTC)
        yield Measure(row.metric, row.value, row.day, row.side, "questionnaire", "outcome", at)


def _from_diary(plan: Plan, assessments: Sequence[Assessment]) -> Iterator[Measure]:
    """Spasms and cramps that the patient wrote down; on one day an answered question counts before them."""
    if not assessments:
        return
    since = assessments[0].assessed_on + timedelta(days=1)
    for row in measured_since(plan.episode.patient_id, since):
        at = datetime.combine(row.day, time.min, tzinfo=UTC)
        yield Measure(row.metric, row.value, row.day, "", "the patient's diary", "diary", at)


# --- Treatment notes ------------------------------------------------------------------------------------------------


def _from_notes(plan: Plan, assessments: Sequence[Assessment], amended: Amended) -> Iterator[Measure]:
    """What was measured and asked at signed visits; a yes to a red flag that no assessment knows is new."""
    notes = (
        TreatmentNote.objects.filter(plan=plan, state=TreatmentNote.State.SIGNED)
        .select_related("author")
        .prefetch_related("measures", "flags")
        .order_by("visit_on", "id")
    )
    for note in notes:
        at = note.signed_at or note.created_at
        for row in note.measures.all():
            yield Measure(row.metric, _stored(row.metric, row.value), row.day, row.side, note.author.name, "visit", at)
        red = [row for row in note.flags.all() if row.is_red and row.answer != Answer.NOT_ASKED]
        if red:
            known = _flags_at([a for a in assessments if a.assessed_on <= note.visit_on], amended)
            new = any(row.answer == Answer.YES and row.flag not in known for row in red)
            yield Measure(NEW_FLAG, new, note.visit_on, "", note.author.name, "visit", at)
            clear = _clear(note, new=new)
            if clear is not None:
                yield Measure(FLAGS_CLEAR, clear, note.visit_on, "", note.author.name, "visit", at)


def _clear(note: TreatmentNote, *, new: bool) -> bool | None:
    """Whether the short list of a visit is clear (phases reference, p1_flags); None while some of it was not asked."""
    yes = [row.flag for row in note.flags.all() if row.is_red and row.answer == Answer.YES]
    if new or any(flag not in RED_FLAGS or RED_FLAGS[flag].action != "flag" for flag in yes):
        return False
    # The note keeps 0 here only when every red flag of its list was asked and denied.
    return True if any(row.metric == NEW_FLAG and row.value == 0 for row in note.measures.all()) else None


def _stored(metric: str, value: Decimal) -> FindingValue:
    """A stored figure as the finding it stands for: 1 and 0 are yes and no where the finding is a question."""
    field = VOCABULARY.get(metric)
    if metric.startswith("check.") or (field is not None and field.type == "bool"):
        return bool(value)
    return number(value)


# --- Observations ---------------------------------------------------------------------------------------------------


def _from_observations(plan: Plan) -> Iterator[Measure]:
    for row in Observation.objects.filter(plan=plan).select_related("by").order_by("day", "id"):
        value = tuple(row.value) if isinstance(row.value, list) else row.value
        yield Measure(row.metric, value, row.day, row.side, row.by.name, "review", row.at)


# --- Logs -----------------------------------------------------------------------------------------------------------


def logs_of(plan: Plan, *, since: date | None = None) -> tuple[DayLog, ...]:
    """One row per day on which the patient said something, oldest first (one query, however many days).

    ``done`` counts sessions (a part as its fraction), never more of one exercise than it asks for in a day; ``pain`` is
    the worst of the day, 0 being a value. Silent days have no row. ``since`` narrows to what a phase needs.
    """
    return day_logs(said_since(plan, since))


def said_since(plan: Plan, since: date | None = None) -> list[Said]:
    """Every bout that the patient said something about."""
    rows = SessionLog.objects.filter(prescription__episode=plan.episode_id).order_by()
    if since is not None:
        rows = rows.filter(on__gte=since)
    return list(rows.values_list("on", "prescription_id", "prescription__per_day", "state", "pain"))


def day_logs(rows: Iterable[Said]) -> tuple[DayLog, ...]:
    """Bouts (day, exercise, bouts a day asked for, state, pain) as days."""
    done: dict[date, dict[int, float]] = {}
    limits: dict[int, int] = {}
    pain: dict[date, int] = {}
    for day, key, per_day, state, felt in rows:
        limits[key] = per_day
        credit = {SessionLog.State.DONE: 1.0, SessionLog.State.PART: PART}.get(SessionLog.State(state), 0.0)
        of_day = done.setdefault(day, {})
        of_day[key] = of_day.get(key, 0.0) + credit
        if felt is not None:
            pain[day] = max(pain.get(day, 0), felt)
    return tuple(
        DayLog(day, sum(min(worth, limits[key]) for key, worth in of_day.items()), pain.get(day))
        for day, of_day in sorted(done.items())
    )


def prescriptions_of(plan: Plan) -> list[Prescription]:
    """Everything this episode's plan prescribed (one query)."""
    never_begun = Q(state=Prescription.State.STOPPED, ends_on__isnull=True)
    rows = Prescription.objects.filter(episode=plan.episode_id).exclude(never_begun)
    steps = ("exercise__progression", "exercise__regression")
    return list(rows.select_related("exercise", *steps).order_by("position", "id"))

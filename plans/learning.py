"""What a patient reads and takes up beside the exercises: topics, tips, habits. Never what a condition forbids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.http import Http404

from assessments.models import DiaryEntry
from clinic.errors import Conflict, Invalid
from clinic.models import Answer, Patient
from clinic.readers import facts_unsettled
from exercises.programme import read_programme
from plans.engine.education import WARNING_SIGNS
from plans.habits import HABITS, MOST, WEEK, open_to
from plans.models import (
    ConditionEffect,
    EducationTopic,
    HabitChoice,
    HabitTick,
    Plan,
    PlanCause,
    PlanEducation,
    PlanVersion,
    RootCause,
    TipRest,
    TopicAnswer,
)
from plans.tips import Moment, Rests, tip_of

SNOOZE_DAYS = 7
CRAMP_DAYS = 2  # a spasm or cramp noted since then calls for the tip about drinking
TICK_DAYS_BACK = 6  # what the strip shows may be filled in


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic for this patient: why it is in the plan, what to do, and what was said to it ("" is nothing yet)."""

    key: str
    title: str
    messages: tuple[str, ...]
    why: str
    answer: str


def barred_topics(patient: Patient) -> frozenset[str]:
    """Topics that a condition of the patient forbids or changes: general advice would be wrong or harmful."""
    told = patient.conditions.filter(answer=Answer.YES).values("condition")
    lists = ConditionEffect.objects.filter(condition__in=told).values_list("techniques", flat=True)
    return frozenset(key for keys in lists for key in keys if key.startswith("ed_"))


def topics_for(patient: Patient) -> list[Topic]:
    """The topics of the signed plan up to the step the patient is in, warning signs last; none without a plan."""
    version = _version(patient)
    if version is None or version.plan.current_phase is None:
        return []
    planned = PlanEducation.objects.filter(phase__version=version, phase__number__lte=version.plan.current_phase)
    rows = planned.select_related("topic").order_by("-phase__number", "position")
    barred = barred_topics(patient) - {WARNING_SIGNS}
    found = {row.topic.key: row.topic for row in rows if row.topic.key not in barred}
    signs = EducationTopic.objects.filter(key=WARNING_SIGNS).first()
    if signs is not None:
        found.pop(WARNING_SIGNS, None)
        found[WARNING_SIGNS] = signs
    answers = dict(patient.topic_answers.values_list("topic__key", "answer"))
    reasons = _reasons(version)
    return [_topic(row, reasons.get(key, ""), answers.get(key, "")) for key, row in found.items()]


def _topic(row: EducationTopic, why: str, answer: str) -> Topic:
    return Topic(row.key, row.title, tuple(row.messages), why, answer)


def _version(patient: Patient) -> PlanVersion | None:
    """The version in force."""
    signed = PlanVersion.objects.filter(state=PlanVersion.State.SIGNED, plan__state=Plan.State.ACTIVE)
    return signed.filter(plan__episode__patient=patient).select_related("plan").order_by("-signed_at", "-id").first()


def _reasons(version: PlanVersion) -> dict[str, str]:
    """Topic to why it is there: the likeliest cause of the plan that asks for it, in the patient's words."""
    causes = version.causes.exclude(decision=PlanCause.Decision.REJECTED).filter(state__in=("selected", "secondary"))
    used = list(causes.order_by("-position", "-id"))
    asked = dict(RootCause.objects.filter(key__in=[c.key for c in used]).values_list("key", "education"))
    return {topic: cause.patient_text for cause in used for topic in asked.get(cause.key, ())}


def topic_for(patient: Patient, key: str) -> Topic:
    """One of the patient's own topics; 404 for any other."""
    found = next((topic for topic in topics_for(patient) if topic.key == key), None)
    if found is None:
        raise Http404("No such topic.")
    return found


def answer_topic(patient: Patient, key: str, *, answer: str, now: datetime) -> TopicAnswer:
    """Keep what the patient says to a topic; said again, it is changed. Raises Invalid for another answer."""
    if answer not in TopicAnswer.Answer.values:
        raise Invalid("topic_answer", "Choose one of the answers.", field="answer")
    topic = EducationTopic.objects.get(key=topic_for(patient, key).key)
    values = {"answer": answer, "answered_at": now}
    return TopicAnswer.objects.update_or_create(patient=patient, topic=topic, defaults=values)[0]


def rest_tip(patient: Patient, key: str, *, today: date, forever: bool) -> None:
    """Do not show this tip for a week, or never again. The topic itself stays readable."""
    topic = EducationTopic.objects.get(key=topic_for(patient, key).key)
    until = None if forever else today + timedelta(days=SNOOZE_DAYS)
    TipRest.objects.update_or_create(patient=patient, topic=topic, defaults={"until": until})


def rests_of(patient: Patient) -> Rests:
    """The tips that rest."""
    rows = list(patient.tip_rests.values_list("topic__key", "until"))
    return Rests({key for key, until in rows if until is None}, {key: until for key, until in rows if until})


# --- Habits ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Habits:
    """What may be chosen, what is chosen, and the days that were ticked in the last week."""

    open: tuple[str, ...]
    chosen: tuple[str, ...]
    ticks: dict[str, frozenset[date]]


def habits_of(patient: Patient, today: date) -> Habits:
    """The patient's habits; one that a condition bars meanwhile is no longer shown."""
    allowed = open_to(barred_topics(patient))
    running = set(patient.habits.filter(ended_on__isnull=True).values_list("key", flat=True))
    since = today - timedelta(days=WEEK - 1)
    rows = list(patient.habit_ticks.filter(on__range=(since, today)).values_list("key", "on"))
    chosen = tuple(key for key in allowed if key in running)
    return Habits(tuple(allowed), chosen, {key: frozenset(on for k, on in rows if k == key) for key in chosen})


@transaction.atomic
def choose_habits(patient: Patient, keys: Iterable[str], *, today: date) -> None:
    """Take up these habits and let go of the others; their ticks stay.

    Raises Invalid for too many, and for one that does not exist or is barred for this patient.
    """
    wanted = set(keys)
    if wanted - set(open_to(barred_topics(patient))):
        raise Invalid("habit", "Choose from the list.", field="habits")
    if len(wanted) > MOST:
        raise Invalid("habits_many", f"Choose at most {MOST}.", field="habits")
    Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)
    running = patient.habits.filter(ended_on__isnull=True)
    running.exclude(key__in=wanted).update(ended_on=today)
    for key in sorted(wanted - set(running.values_list("key", flat=True)), key=list(HABITS).index):
        HabitChoice.objects.create(patient=patient, key=key, chosen_on=today)


def tick_habit(patient: Patient, key: str, *, on: date, today: date, done: bool) -> None:
    """Tick a chosen habit for a day of the last week, or take the tick back. Twice is once.

    Raises Conflict for a habit that is not chosen, Invalid for another day.
    """
    if not patient.habits.filter(key=key, ended_on__isnull=True).exists():
        raise Conflict("habit_not_chosen", "This habit is not on your list.", field="habit")
    if not today - timedelta(days=TICK_DAYS_BACK) <= on <= today:
        raise Invalid("habit_day", "Only the last seven days can be ticked.", field="on")
    if done:
        HabitTick.objects.get_or_create(patient=patient, key=key, on=on)
    else:
        HabitTick.objects.filter(patient=patient, key=key, on=on).delete()


# --- The tip of the day ----------------------------------------------------------------------------------------------


def tip_for(patient: Patient, today: date) -> Topic | None:
    """The tip of that day; None on days without one, without a plan, and while a new fact waits to be screened."""
    version = _version(patient)
    if version is None or version.plan.current_phase is None or facts_unsettled(patient.pk):
        return None
    topics = {topic.key: topic for topic in topics_for(patient)}
    key = tip_of(_moment(patient, version, today), tuple(topics), rests_of(patient), barred_topics(patient))
    return topics[key] if key else None


def _moment(patient: Patient, version: PlanVersion, today: date) -> Moment:
    begun = [row.entered_on for row in version.plan.progress.order_by("entered_on", "id")]
    used = version.causes.exclude(decision=PlanCause.Decision.REJECTED).filter(state__in=("selected", "secondary"))
    due = [item for item in read_programme(patient, today, rows_since=today).day(today) if item.is_due]
    noted = DiaryEntry.objects.standing().filter(patient=patient, on__gte=today - timedelta(days=CRAMP_DAYS))
    return Moment(
        day=today,
        phase=version.plan.current_phase or 0,
        days_in_phase=(today - begun[-1]).days if begun else 0,
        days_in_plan=(today - begun[0]).days if begun else 0,
        causes=frozenset(used.values_list("key", flat=True)),
        kinds=frozenset(item.prescription.exercise.kind for item in due),
        had_cramp=noted.exists(),
    )

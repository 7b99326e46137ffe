"""A yes on the short list of a visit: said at once, put on the worklist, and the home programme stops where it must."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db.models import QuerySet

from clinic.models import Answer, User
from exercises.actions import pause, resume
from exercises.models import Prescription, PrescriptionPause
from plans.actions import told
from plans.actions.worklist import close_alerts, raise_alert
from plans.models import Plan, TreatmentNote, VisitMeasure
from plans.visits.measures import NEW_FLAG
from plans.visits.questions import Question, answers_of

RED_RULE, ALSO_RULE = "red_flag_at_visit", "facts_changed_at_visit"
HOLD_REASON = "Red flag at the visit"


def flags_answered(
    note: TreatmentNote,
    *,
    before: Mapping[str, str],
    questions: Mapping[str, Question],
    by: User,
    today: date,
) -> None:
    """Act on what changed between ``before`` and the note's answers now. Inside a transaction."""
    now = answers_of(note)
    if now == before:
        return
    for key, question in questions.items():
        was, answer = before.get(key), now.get(key)
        if answer == Answer.YES and was != Answer.YES:
            _raise(note, question)
        elif was == Answer.YES and answer != Answer.YES:
            rule = RED_RULE if question.is_red else ALSO_RULE
            close_alerts(note.plan.episode.patient, rule, key=key, outcome="Answer corrected before signing")
    _measure(note, now, questions)
    _programme(note.plan, now, questions, by=by, today=today)


def _raise(note: TreatmentNote, question: Question) -> None:
    red = question.is_red
    raise_alert(
        note.plan.episode.patient,
        RED_RULE if red else ALSO_RULE,
        key=question.key,
        text=f"{question.label}: yes at the visit of {note.visit_on:%d %b}. {question.says}"[:500],
        suggestion=(
            "Act on it now, record who was told; then reassess before any treatment."
            if red
            else "Ask for details and record them with the patient's conditions."
        ),
        severity=question.severity,
        plan=note.plan,
    )


def _measure(note: TreatmentNote, now: Mapping[str, str], questions: Mapping[str, Question]) -> None:
    """``check.new_red_flag``: 1 with any yes, 0 when every red flag was denied, no row while one is not asked."""
    red = [now.get(key, Answer.NOT_ASKED) for key, question in questions.items() if question.is_red]
    value = 1 if Answer.YES in red else 0 if red and set(red) == {Answer.NO} else None
    rows = VisitMeasure.objects.filter(note=note, metric=NEW_FLAG)
    if value is None:
        rows.delete()
    else:
        VisitMeasure.objects.update_or_create(
            note=note, metric=NEW_FLAG, side="", defaults={"value": value, "day": note.visit_on}
        )


def _programme(plan: Plan, now: Mapping[str, str], questions: Mapping[str, Question], *, by: User, today: date) -> None:
    """A flag that blocks the whole plan puts the home exercises on hold; a corrected answer gives them back."""
    stops = [q for key, q in questions.items() if q.stops and now.get(key) == Answer.YES]
    mine = Prescription.objects.filter(planned__item__phase__version__plan=plan)
    if stops:
        reason = f"{HOLD_REASON}: {stops[0].label}"
        for row in mine.filter(state=Prescription.State.ACTIVE).exclude(ends_on__lt=today):
            pause(row, by=by, on=today, reason=reason)
        return
    held = mine.filter(
        state=Prescription.State.PAUSED, pauses__ends_on__isnull=True, pauses__reason__startswith=HOLD_REASON
    )
    if told.is_stopped(
        plan.episode.patient_id
    ):  # what the patient has told meanwhile stops them as well, until looked at
        _leave_to_report(held)
        return
    for row in held.distinct():
        resume(row, on=today)


def _leave_to_report(held: QuerySet[Prescription]) -> None:
    """The hold goes on as that of the patient's report; looking at the report ends it."""
    mine = PrescriptionPause.objects.filter(prescription__in=held, ends_on__isnull=True, reason__startswith=HOLD_REASON)
    mine.update(reason=f"{told.HOLD_REASON}; the answer at the visit was corrected")

"""One patient's course: assessed, planned, signed, moved through the phases, logged at home."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from assessments.actions import sign as sign_assessment
from assessments.actions import start_assessment
from assessments.chart import chart_of
from assessments.crosschecks import questions
from assessments.models import Assessment
from clinic.actions import open_episode
from clinic.models import Episode, Patient, Practitioner
from config.demo.chart import Case, answer_history, record_assessment, sign_consents
from config.demo.clock import clock_at
from exercises.models import Prescription, SessionLog
from plans.actions.drafting import draft_plan
from plans.actions.phases import move_to_phase
from plans.actions.signing import sign as sign_plan
from plans.models import Plan, PlanVersion

LOGGED_BOUTS = 2
SKIPS = ("time", "forgot", "pain", "unwell")


@dataclass(frozen=True, slots=True)
class Outline:
    """How far a course has come: ``begun`` days ago, and how it stands today.

    ``stage``: registered, assessing, drafted, phase1, phase2, phase3.
    """

    case: Case
    begun: date
    stage: str
    adherence: float
    complaint: str
    adjust: dict[str, Any]


PHASE_DAYS = {"phase1": (), "phase2": (14,), "phase3": (14, 42)}


def begin(patient: Patient, practitioner: Practitioner, outline: Outline) -> Episode:
    """Consents, condition list and episode on the first day."""
    user = practitioner.user
    with clock_at(outline.begun, 9):
        sign_consents(outline.case, patient, by=user, on=outline.begun)
        answer_history(outline.case, patient, by=user)
        return open_episode(
            patient,
            practitioner=practitioner,
            complaint=outline.complaint,
            opened_on=outline.begun,
            today=outline.begun,
            referral_source=outline.case.data.get("referral", ""),
        )


def assess(episode: Episode, outline: Outline, *, sign: bool) -> Assessment:
    """The initial assessment, complete; signed with every question confirmed that the record raises."""
    user, day = episode.practitioner.user, outline.begun
    with clock_at(day, 9, 20):
        assessment = start_assessment(episode, user, today=day)
        record_assessment(outline.case, assessment, by=user, today=day, adjust=outline.adjust)
        assessment = Assessment.objects.for_chart().get(pk=assessment.pk)
        if sign:
            confirmed = [question.key for question in questions(chart_of(assessment, today=day))]
            assessment = sign_assessment(assessment, by=user, today=day, confirmed=confirmed)
    return assessment


def plan(assessment: Assessment, outline: Outline, *, sign: bool) -> PlanVersion:
    """Draft from the assessment and sign what may be signed."""
    user, day = assessment.episode.practitioner.user, outline.begun
    with clock_at(day, 9, 40):
        version = draft_plan(assessment, user, today=day)
        if sign and version.start_phase is not None:
            version = PlanVersion.objects.for_page().get(pk=version.pk)
            sign_plan(version, user, today=day)
    return version


def advance(course: Plan, outline: Outline, today: date) -> None:
    """The phase moves that the stage asks for, each on its day, as far as the plan allows."""
    user = course.episode.practitioner.user
    start = course.current_phase or 1
    for step, days in enumerate(PHASE_DAYS.get(outline.stage, ()), start=2):
        day = outline.begun + timedelta(days=days)
        if step <= start or day > today or not course.versions.filter(phases__number=step, phases__is_locked=False):
            continue
        with clock_at(day, 11):
            move_to_phase(course, user, to=step, reason="Exit criteria met on re-test", today=day)
        course.refresh_from_db()


def home_logs(patient: Patient, outline: Outline, today: date, dice: random.Random) -> list[SessionLog]:
    """What the patient logged, day by day: mostly done, sometimes in part, some days silent, pain easing off."""
    rows: list[SessionLog] = []
    span = max((today - outline.begun).days, 1)
    first_pain = float(outline.case.findings.get("pain.nprs_worst_24h", 4))
    for prescription in Prescription.objects.filter(patient=patient).exclude(state="stopped"):
        day = prescription.starts_on
        last = min(prescription.ends_on or today, today - timedelta(days=1))
        while day <= last:
            progress = (day - outline.begun).days / span
            pain = max(0, min(10, round(first_pain * (1 - 0.8 * progress) + dice.uniform(-1.2, 1.0))))
            if dice.random() < prescription.days_per_week / 7:
                rows += _day_logs(patient, prescription, day, pain, outline.adherence, dice)
            day += timedelta(days=1)
    return rows


def _day_logs(
    patient: Patient, prescription: Prescription, day: date, pain: int, adherence: float, dice: random.Random
) -> list[SessionLog]:
    rows = []
    for bout in range(1, min(prescription.per_day, LOGGED_BOUTS) + 1):
        roll = dice.random()
        if roll > adherence + 0.1:
            continue  # silence
        skipped = roll > adherence
        state = "skipped" if skipped else "part" if roll > adherence - 0.08 else "done"
        rows.append(
            SessionLog(
                prescription=prescription,
                patient=patient,
                on=day,
                bout=bout,
                state=state,
                reason=dice.choice(SKIPS) if state == "skipped" else "",
                pain=None if skipped or dice.random() < 0.3 else pain,
                acted_at=datetime.combine(day, time(7 + 5 * bout, dice.randrange(60)), tzinfo=UTC),
                recorded_by=patient.user,
            )
        )
    return rows

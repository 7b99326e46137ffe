"""Ask on schedule, answer, leave it for now."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Min

from clinic.errors import Conflict, Invalid, Refused
from clinic.locality import patient_date
from clinic.models import FactChange, Patient, User
from exercises.daily import stored_figures
from exercises.models import HomePause, Prescription, SessionLog
from plans.actions.worklist import raise_alert
from plans.barriers.rules import ROUTES, WEEK, reminder_minute, short_week
from plans.models import BarrierQuestion, Plan
from plans.watch.readers import limits_of, running_plans

log = logging.getLogger(__name__)

RULE = "barrier"
AT_A_TIME = 500


def ask_barriers(now: datetime) -> int:
    """Ask everybody whose last week was short; returns how many were asked. Safe to run at any time and twice."""
    plans = list(running_plans())
    return sum(_ask(plans[at : at + AT_A_TIME], now) for at in range(0, len(plans), AT_A_TIME))


def _ask(plans: list[Plan], now: datetime) -> int:
    """Six queries, however many plans, and one for each question."""
    quiet = _quiet([plan.episode.patient_id for plan in plans], now)
    wanted = [plan for plan in plans if plan.episode.patient_id not in quiet]
    if not wanted:
        return 0
    patients = [plan.episode.patient_id for plan in wanted]
    around = now.date()
    figures = stored_figures(patients, first=around - timedelta(days=WEEK + 2), until=around + timedelta(days=1))
    began = _began([plan.episode_id for plan in wanted])
    count = 0
    for plan in wanted:
        patient = plan.episode.patient
        today = patient_date(patient, now)
        percent = short_week(
            figures.get(patient.pk, ()),
            threshold=limits_of(plan).adherence_low_pct,
            first_asked=began.get(plan.episode_id),
            today=today,
        )
        count += percent is not None and _ask_one(plan, percent, today)
    return count


def _quiet(patients: list[int], now: datetime) -> set[int]:
    """Who is left in peace: asked in the last week, away today, held by the safety gate, or with a fact to screen."""
    day, near = now.date(), timedelta(days=1)
    asked = BarrierQuestion.objects.filter(patient__in=patients, expires_on__gte=day + near)
    away = HomePause.objects.filter(patient__in=patients, starts_on__lte=day + near, ends_on__gte=day - near)
    held = Prescription.objects.filter(
        patient__in=patients, state=Prescription.State.PAUSED, pauses__ends_on__isnull=True
    )
    facts = FactChange.objects.filter(patient__in=patients, settled_at__isnull=True)
    return {pk for rows in (asked, away, held, facts) for pk in rows.order_by().values_list("patient_id", flat=True)}


def _began(episodes: Iterable[int]) -> dict[int, date]:
    rows = Prescription.objects.filter(episode__in=episodes).order_by().values_list("episode")
    return dict(rows.annotate(first=Min("starts_on")).values_list("episode", "first"))


def _ask_one(plan: Plan, percent: int, today: date) -> bool:
    """False when somebody was asked in the same week already: the database allows one."""
    try:
        with transaction.atomic():
            BarrierQuestion.objects.create(
                patient_id=plan.episode.patient_id, plan=plan, asked_on=today,
                expires_on=today + timedelta(days=WEEK - 1), percent=percent,
            )  # fmt: skip
    except IntegrityError:
        return False
    return True


@transaction.atomic
def answer(question: BarrierQuestion, *, by: User, answer: str, now: datetime) -> BarrierQuestion:
    """Store the answer and put it on the worklist. Dose proposals follow from it on the review page.

    Raises Refused for anyone but the patient, Invalid for an unknown answer, Conflict when it is no longer open.
    """
    row = _open(question, by, now)
    if answer not in ROUTES:
        raise Invalid("barrier", "Choose one of the reasons.", field="answer")
    row.state, row.answer, row.answered_at = BarrierQuestion.State.ANSWERED, answer, now
    row.save(update_fields=["state", "answer", "answered_at"])
    route = ROUTES[answer]
    raise_alert(
        row.patient, RULE, key=f"barrier:{row.pk}", plan=row.plan, severity=route.severity,
        text=f"{row.percent} % of the exercises done in a week. {route.text}", suggestion=route.suggestion,
    )  # fmt: skip
    return row


@transaction.atomic
def decline(question: BarrierQuestion, *, by: User, now: datetime) -> None:
    """Not now: it is not asked again this week. Raises as :func:`answer` does."""
    row = _open(question, by, now)
    row.state = BarrierQuestion.State.DECLINED
    row.save(update_fields=["state"])


def _open(question: BarrierQuestion, by: User, now: datetime) -> BarrierQuestion:
    row: BarrierQuestion = (
        BarrierQuestion.objects.select_for_update(of=("self",)).select_related("patient", "plan").get(pk=question.pk)
    )
    if row.patient.user_id is None or row.patient.user_id != by.pk:
        raise Refused("not_yours", "Only the patient answers this.")
    if row.state != BarrierQuestion.State.OPEN or row.expires_on < patient_date(row.patient, now):
        raise Conflict("barrier_closed", "This question is no longer open.")
    return row


def suggested_minute(patient: Patient, now: datetime) -> int:
    """When a reminder would help, as minute of the patient's own day, from when they usually log."""
    zone = ZoneInfo(patient.time_zone)
    rows = SessionLog.objects.filter(patient=patient, acted_at__gte=now - timedelta(days=28)).order_by()
    moments = (at.astimezone(zone) for at in rows.values_list("acted_at", flat=True))
    return reminder_minute(at.hour * 60 + at.minute for at in moments)

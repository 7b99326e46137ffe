"""What follows from something in the record: a visit ahead, questions that are due, a new version of the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time, timedelta

from django.db.models import QuerySet

from assessments.models import OutcomeRequest
from clinic.models import Patient
from plans.models import PlanVersion
from reminders.clock import allowed_from, local_date, to_instant
from reminders.facts import AHEAD, PLAN, VISIT
from reminders.models import ContactRules, Kind, OutboxMessage
from reminders.planner.base import HORIZON, batches, insert, key_of, known_occurrences, reachable, zone_or_utc
from reminders.reach import read_reach
from scheduling.models import Appointment

VISIT_LEAD = timedelta(hours=24)
VISIT_NOT_AFTER = timedelta(hours=1)
QUESTIONS = "questions"
# An hour after the digest, so that the two do not come together.
QUESTIONS_AT = time(10, 0)
# After an outage questions are still told about this long after they became due, and a new version after it was signed.
QUESTIONS_LAST = timedelta(days=3)
NEWS_LASTS = timedelta(days=2)
# A slip that is corrected at once makes one message, not two.
GRACE = timedelta(minutes=10)

Timed = tuple[Patient, OutboxMessage]
MakeRow = Callable[[ContactRules], OutboxMessage | None]


def plan_visits(*, now: datetime) -> int:
    """Add a reminder a day ahead of every visit; for one that was booked later, as soon as may be."""
    return sum(add_visits(batch, now) for batch in batches(visits_ahead(now)))


def visits_ahead(now: datetime) -> QuerySet[Appointment]:
    """Visits that are still worth a reminder and come within a day."""
    soon = Appointment.objects.filter(
        reachable("patient__", now),
        state__in=AHEAD,
        starts_at__gt=now + VISIT_NOT_AFTER,
        starts_at__lte=now + VISIT_LEAD + HORIZON,
    )
    rows: QuerySet[Appointment] = soon.select_related("patient").defer("patient__search")
    return rows


def add_visits(batch: Sequence[Appointment], now: datetime) -> int:
    """One batch in at most five queries."""
    return _add(((visit.patient, _visit_row(visit, now)) for visit in batch), now)


def _visit_row(visit: Appointment, now: datetime) -> OutboxMessage:
    start = visit.during.lower.astimezone(UTC)
    return OutboxMessage(
        patient_id=visit.patient_id,
        kind=Kind.APPOINTMENT,
        subject=f"{VISIT}{visit.pk}",
        occurrence=start.isoformat(),
        due_at=max(start - VISIT_LEAD, now),
        not_after=start - VISIT_NOT_AFTER,
    )


def plan_questions(*, now: datetime) -> int:
    """Tell once about the questions that became due on a day, however many they are."""
    return sum(add_questions(batch, now) for batch in batches(questions_due(now)))


def questions_due(now: datetime) -> QuerySet[OutcomeRequest]:
    """Open questions of the last days, in any zone."""
    day = now.astimezone(UTC).date()
    waiting = OutcomeRequest.objects.filter(
        reachable("episode__patient__", now),
        state=OutcomeRequest.State.OPEN,
        due_on__gte=day - QUESTIONS_LAST,
        due_on__lte=day + timedelta(days=1),
    )
    return waiting.select_related("episode__patient").defer("episode__patient__search")


def add_questions(batch: Sequence[OutcomeRequest], now: datetime) -> int:
    """One batch in at most five queries."""
    rows = ((request.episode.patient, _question_row(request, now)) for request in batch)
    return _add(((patient, row) for patient, row in rows if row is not None), now)


def _question_row(request: OutcomeRequest, now: datetime) -> OutboxMessage | None:
    patient = request.episode.patient
    zone = zone_or_utc(patient.time_zone)
    begins = to_instant(request.due_on, QUESTIONS_AT, zone)
    ends = min(request.due_on + QUESTIONS_LAST, request.expires_on)
    if begins is None or begins > now + HORIZON or ends < local_date(now, zone):
        return None
    return OutboxMessage(
        patient_id=patient.pk,
        kind=Kind.REASSESSMENT,
        subject=QUESTIONS,
        occurrence=request.due_on.isoformat(),
        due_at=max(begins, now),
        not_after=to_instant(ends, time(23, 59), zone) or begins,
    )


def plan_versions(*, now: datetime) -> int:
    """Tell about each newly signed version of a running plan, once. The first version is the plan, not a change."""
    return sum(add_versions(batch, now) for batch in batches(new_versions(now)))


def new_versions(now: datetime) -> QuerySet[PlanVersion]:
    """Versions signed a short while ago that follow an earlier one."""
    signed = PlanVersion.objects.filter(
        reachable("plan__episode__patient__", now),
        state=PlanVersion.State.SIGNED,
        plan__state="active",
        based_on__isnull=False,
        signed_at__gt=now - NEWS_LASTS,
    )
    return signed.select_related("plan__episode__patient").only(
        "number", "signed_at", "plan__episode__patient__time_zone", "plan__episode__patient__email",
        "plan__episode__patient__guardian_email", "plan__episode__patient__phone",
        "plan__episode__patient__guardian_phone", "plan__episode__patient__user",
    )  # fmt: skip


def add_versions(batch: Sequence[PlanVersion], now: datetime) -> int:
    """One batch in at most five queries."""
    rows = ((version.plan.episode.patient, _version_row(version)) for version in batch)
    return _add(((patient, row) for patient, row in rows if row is not None), now)


def _version_row(version: PlanVersion) -> OutboxMessage | None:
    if version.signed_at is None:
        return None
    return OutboxMessage(
        patient_id=version.plan.episode.patient_id,
        kind=Kind.PLAN_CHANGED,
        subject=f"{PLAN}{version.plan_id}",
        occurrence=str(version.number),
        due_at=version.signed_at + GRACE,
        not_after=version.signed_at + NEWS_LASTS,
    )


def _add(candidates: Iterable[Timed], now: datetime) -> int:
    """Insert what is new, by the first way that the patient wants, outside of the quiet hours."""
    found = {key_of(row): (patient, row) for patient, row in candidates}
    ids = {patient.pk for patient, _ in found.values()}
    kinds = {row.kind for _, row in found.values()}
    known = known_occurrences(ids, kind__in=kinds) if ids else set()
    fresh = [(patient, row) for key, (patient, row) in found.items() if key not in known]
    if not fresh:
        return 0
    reach = read_reach({patient.pk for patient, _ in fresh})
    wanted = []
    for patient, row in fresh:
        rules, zone = reach.rules_of(patient.pk), zone_or_utc(patient.time_zone)
        row.due_at = allowed_from(row.due_at, zone, rules.quiet_from, rules.quiet_until)
        if ways := reach.ways(patient, row.kind):
            row.channel = ways[0]
            wanted.append(row)
    return insert(wanted)

"""What comes at times of the week: the digest, the one nudge of a day on which nothing was logged, habit prompts."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Exists, OuterRef, Q, QuerySet

from exercises.models import Prescription
from reminders.clock import Occurrence, nudges, occurrences
from reminders.models import ContactRules, Kind, OutboxMessage, Reason, State, Timetable
from reminders.planner.base import HORIZON, PROGRAMME, batches, insert, key_of, known_occurrences, reachable
from reminders.reach import read_reach
from reminders.recheck import last_moment
from reminders.ways import HABITS

log = logging.getLogger(__name__)

# After an outage a digest is still worth sending this long after its time, on the same day.
CATCH_UP_HOURS = 3.0
CATCH_UP = timedelta(hours=CATCH_UP_HOURS)
NUDGE_CATCH_UP_HOURS = 2.0
NUDGE_CATCH_UP = timedelta(hours=NUDGE_CATCH_UP_HOURS)
# A prompt to move is about this hour. Prompts are at least an hour apart: after an outage no two of them are due.
PROMPT_LASTS = timedelta(minutes=30)
HABIT = "habit"


def plan_daily(*, now: datetime) -> int:
    """Add what comes within the horizon, or came a short while ago."""
    return sum(add_daily(batch, now) for batch in batches(timetables(now)))


def timetables(now: datetime) -> QuerySet[Timetable]:
    """Times of patients who may be told; for the programme only where there is one."""
    day = now.astimezone(UTC).date()
    current = Prescription.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=day - timedelta(days=1)),
        patient=OuterRef("patient"),
        state=Prescription.State.ACTIVE,
        starts_on__lte=day + timedelta(days=1),
    )
    due = Q(kind__in=HABITS) | (Q(kind=Kind.EXERCISES) & Q(Exists(current)))
    rows = Timetable.objects.filter(due, reachable("patient__", now))
    return rows.select_related("patient__contact_rules").defer("patient__search")


def add_daily(batch: Sequence[Timetable], now: datetime) -> int:
    """One batch: the arithmetic first, and queries (six) only for those who have something coming."""
    coming = [row for timetable in batch for row in _rows(timetable, now)]
    if not coming:
        return 0
    patients = {timetable.patient_id: timetable.patient for timetable in batch}
    ids = {row.patient_id for row in coming}
    known = known_occurrences(ids, due_at__gte=now - CATCH_UP - timedelta(hours=1))
    fresh = [row for row in coming if key_of(row) not in known]
    if not fresh:
        return 0
    reach = read_reach({row.patient_id for row in fresh})
    wanted = []
    for row in fresh:
        ways = reach.ways(patients[row.patient_id], row.kind)
        if ways:
            row.channel = ways[0]
            wanted.append(row)
    return insert(wanted)


def _rows(timetable: Timetable, now: datetime) -> list[OutboxMessage]:
    try:
        if timetable.kind in HABITS:
            return list(_prompts(timetable, now))
        return [*_digests(timetable, now), *_nudges(timetable, now)]
    except (ZoneInfoNotFoundError, OSError) as error:
        return [_isolated(timetable, now, Reason.BAD_ZONE, error)]
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one row, the others go on
        wrong = Reason.BAD_ZONE if isinstance(error, ValueError) else Reason.BROKEN
        return [_isolated(timetable, now, wrong, error)]


@lru_cache(maxsize=4096)
def _moments(minutes: tuple[int, ...], zone: str, start: datetime, end: datetime) -> tuple[Occurrence, ...]:
    """Most patients share their times and their zone."""
    return tuple(occurrences(minutes, ZoneInfo(zone), start, end))


def _within(timetable: Timetable, now: datetime, catch_up: timedelta) -> tuple[datetime, datetime]:
    """From when to when to plan. A time that was chosen only after it had passed begins tomorrow."""
    start = max(now - catch_up, timetable.changed_at)
    return start, max(start, now + HORIZON)


def _digests(timetable: Timetable, now: datetime) -> Iterable[OutboxMessage]:
    zone = ZoneInfo(timetable.patient.time_zone)
    for moment in _moments(tuple(timetable.week_minutes), zone.key, *_within(timetable, now, CATCH_UP)):
        end = last_moment(moment.at, zone, hours=CATCH_UP_HOURS)
        if end > now:
            yield _row(timetable.patient_id, Kind.EXERCISES, PROGRAMME, moment.key, moment.at, end)


def _nudges(timetable: Timetable, now: datetime) -> Iterable[OutboxMessage]:
    zone = ZoneInfo(timetable.patient.time_zone)
    rules = getattr(timetable.patient, "contact_rules", None) or ContactRules()
    start, end = _within(timetable, now, NUDGE_CATCH_UP)
    for moment in _nudge_moments(
        tuple(timetable.week_minutes), zone.key, start, end, (rules.quiet_from, rules.quiet_until)
    ):
        last = last_moment(moment.at, zone, hours=NUDGE_CATCH_UP_HOURS)
        if last > now:
            # Named by its day alone: a change of times cannot make a second one.
            yield _row(timetable.patient_id, Kind.NUDGE, PROGRAMME, moment.wall.date().isoformat(), moment.at, last)


@lru_cache(maxsize=4096)
def _nudge_moments(
    minutes: tuple[int, ...], zone: str, start: datetime, end: datetime, quiet: tuple[object, object]
) -> tuple[Occurrence, ...]:
    quiet_from, quiet_until = quiet
    return tuple(nudges(minutes, ZoneInfo(zone), start, end, quiet_from=quiet_from, quiet_until=quiet_until))  # type: ignore[arg-type]


def _prompts(timetable: Timetable, now: datetime) -> Iterable[OutboxMessage]:
    start, end = _within(timetable, now, PROMPT_LASTS)
    for moment in _moments(tuple(timetable.week_minutes), timetable.patient.time_zone, start, end):
        if moment.at + PROMPT_LASTS > now:
            yield _row(timetable.patient_id, timetable.kind, HABIT, moment.key, moment.at, moment.at + PROMPT_LASTS)


def _row(
    patient: int, kind: str, subject: str, occurrence: str, due_at: datetime, not_after: datetime
) -> OutboxMessage:
    return OutboxMessage(
        patient_id=patient, kind=kind, subject=subject, occurrence=occurrence, due_at=due_at, not_after=not_after
    )


def _isolated(timetable: Timetable, now: datetime, reason: str, error: Exception) -> OutboxMessage:
    """A row that cannot be planned is listed once a day for a person to look at."""
    log.error("patient %s cannot be planned for: %s", timetable.patient_id, type(error).__name__)
    subject = PROGRAMME if timetable.kind == Kind.EXERCISES else HABIT
    day = now.astimezone(UTC).date().isoformat()
    row = _row(timetable.patient_id, timetable.kind, subject, day, now, now)
    row.state, row.reason, row.detail = State.FAILED, reason, type(error).__name__
    return row

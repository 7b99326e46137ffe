"""Plans what is to be sent in the next hours: inserts the rows that are missing, so that running twice is harmless.

Works through everything in batches by key: a fixed number of queries per batch, whatever the number of patients.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic.models import Consent, Patient
from exercises.models import Prescription
from reminders.clock import Occurrence, allowed_from, occurrences, week_minute
from reminders.facts import AHEAD, VISIT, open_consent
from reminders.models import Channel, ContactRules, Kind, OutboxMessage, Preference, Reason, State
from reminders.recheck import last_moment
from scheduling.models import Appointment

log = logging.getLogger(__name__)

BATCH = 1000
HORIZON = timedelta(hours=2)
# After an outage a digest is still worth sending this long after its time, on the same day.
CATCH_UP_HOURS = 3.0
CATCH_UP = timedelta(hours=CATCH_UP_HOURS)
VISIT_LEAD = timedelta(hours=24)
VISIT_NOT_AFTER = timedelta(hours=1)
PROGRAMME = "programme"
DEFAULT_TIME = time(9, 0)
EVERY_DAY = [week_minute(weekday, DEFAULT_TIME) for weekday in range(7)]


@dataclass(frozen=True, slots=True)
class Planned:
    """How many rows one run has added."""

    defaults: int
    digests: int
    visits: int


def plan(*, now: datetime) -> Planned:
    """Add defaults for new patients, then the digests and visit reminders of the next hours."""
    return Planned(ensure_defaults(now=now), plan_digests(now=now), plan_visits(now=now))


def plan_patient(patient: Patient, *, now: datetime) -> None:
    """Plan for one patient at once, after a change of preference."""
    _add_digests(list(_digest_preferences(now).filter(patient=patient)), now)
    _add_visits(list(_visits_ahead(now).filter(patient=patient)), now)


def _reachable(prefix: str, now: datetime) -> Q:
    """Active patients with an address and an open consent to messages. ``prefix`` leads to the patient."""
    consent = Consent.objects.filter(open_consent(now), patient=OuterRef(f"{prefix}pk"))
    addressed = ~Q(**{f"{prefix}email": ""}) | ~Q(**{f"{prefix}guardian_email": ""})
    return Q(Exists(consent)) & addressed & Q(**{f"{prefix}is_active": True})


def ensure_defaults(*, now: datetime) -> int:
    """Give every reachable patient without rules the defaults: a digest at nine, visits a day ahead."""
    lacking = Patient.objects.filter(_reachable("", now), contact_rules__isnull=True).order_by("pk")
    added = 0
    while ids := list(lacking.values_list("pk", flat=True)[:BATCH]):
        Preference.objects.bulk_create(_default_preferences(ids, now), ignore_conflicts=True)
        ContactRules.objects.bulk_create([ContactRules(patient_id=pk) for pk in ids], ignore_conflicts=True)
        added += len(ids)
    return added


def _default_preferences(ids: Iterable[int], now: datetime) -> list[Preference]:
    made = []
    for pk in ids:
        made.append(Preference(patient_id=pk, kind=Kind.EXERCISES, week_minutes=EVERY_DAY, changed_at=now))
        made.append(Preference(patient_id=pk, kind=Kind.APPOINTMENT, changed_at=now))
    return made


def plan_digests(*, now: datetime) -> int:
    """Add the daily digests whose time comes within the horizon, or came a short while ago."""
    return sum(_add_digests(batch, now) for batch in _batches(_digest_preferences(now)))


def _digest_preferences(now: datetime) -> QuerySet[Preference]:
    day = now.astimezone(UTC).date()
    current = Prescription.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=day - timedelta(days=1)),
        patient=OuterRef("patient"),
        state=Prescription.State.ACTIVE,
        starts_on__lte=day + timedelta(days=1),
    )
    wanted = Preference.objects.filter(_reachable("patient__", now), Exists(current), enabled=True)
    return wanted.filter(kind=Kind.EXERCISES).select_related("patient").defer("patient__search")


def _batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = batch[-1].pk
        yield batch


def _add_digests(batch: list[Preference], now: datetime) -> int:
    known = set(
        OutboxMessage.objects.filter(
            patient__in=[row.patient_id for row in batch],
            kind=Kind.EXERCISES,
            due_at__gte=now - CATCH_UP - timedelta(hours=1),
        ).values_list("patient_id", "occurrence", "channel")
    )
    wanted = [row for preference in batch for row in _digests(preference, now)]
    fresh = [row for row in wanted if (row.patient_id, row.occurrence, row.channel) not in known]
    return _insert(fresh)


def _digests(preference: Preference, now: datetime) -> list[OutboxMessage]:
    try:
        zone = ZoneInfo(preference.patient.time_zone)
        # A time that was chosen only after it had passed begins tomorrow.
        start = max(now - CATCH_UP, preference.changed_at)
        moments = occurrences(preference.week_minutes, zone, start, max(start, now + HORIZON))
        return [_digest(preference, moment, zone) for moment in moments if _end_of(moment, zone) > now]
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        log.error("patient %s cannot be planned for: %s", preference.patient_id, type(error).__name__)
        return [_isolated(preference, now, type(error).__name__)]


def _end_of(moment: Occurrence, zone: ZoneInfo) -> datetime:
    return last_moment(moment.at, zone, hours=CATCH_UP_HOURS)


def _digest(preference: Preference, moment: Occurrence, zone: ZoneInfo) -> OutboxMessage:
    return OutboxMessage(
        patient_id=preference.patient_id,
        kind=Kind.EXERCISES,
        subject=PROGRAMME,
        occurrence=moment.key,
        channel=preference.channel,
        due_at=moment.at,
        not_after=_end_of(moment, zone),
    )


def _isolated(preference: Preference, now: datetime, detail: str) -> OutboxMessage:
    """A row that cannot be planned is listed once a day for a person to look at."""
    return OutboxMessage(
        patient_id=preference.patient_id,
        kind=Kind.EXERCISES,
        subject=PROGRAMME,
        occurrence=now.astimezone(UTC).date().isoformat(),
        channel=preference.channel,
        due_at=now,
        not_after=now,
        state=State.FAILED,
        reason=Reason.BAD_ZONE,
        detail=detail,
    )


def plan_visits(*, now: datetime) -> int:
    """Add a reminder a day ahead of every visit; for one that was booked later, as soon as may be."""
    return sum(_add_visits(batch, now) for batch in _batches(_visits_ahead(now)))


def _visits_ahead(now: datetime) -> QuerySet[Appointment]:
    refused = Preference.objects.filter(patient=OuterRef("patient"), kind=Kind.APPOINTMENT, enabled=False)
    soon = Appointment.objects.filter(
        _reachable("patient__", now),
        ~Exists(refused),
        state__in=AHEAD,
        starts_at__gt=now + VISIT_NOT_AFTER,
        starts_at__lte=now + VISIT_LEAD + HORIZON,
    )
    rows: QuerySet[Appointment] = soon.select_related("patient__contact_rules").defer("patient__search")
    return rows


def _add_visits(batch: list[Appointment], now: datetime) -> int:
    subjects = [f"{VISIT}{row.pk}" for row in batch]
    people = {row.patient_id for row in batch}
    told = OutboxMessage.objects.filter(patient__in=people, kind=Kind.APPOINTMENT, subject__in=subjects)
    known = set(told.values_list("subject", "occurrence"))
    return _insert([row for visit in batch for row in _visit_row(visit, now, known)])


def _visit_row(visit: Appointment, now: datetime, known: set[tuple[str, str]]) -> list[OutboxMessage]:
    start = visit.during.lower.astimezone(UTC)
    subject, occurrence = f"{VISIT}{visit.pk}", start.isoformat()
    if (subject, occurrence) in known:
        return []
    rules = getattr(visit.patient, "contact_rules", None) or ContactRules()
    try:
        zone = ZoneInfo(visit.patient.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")  # the sender lists the row as one that nobody can place in time
    due = allowed_from(max(start - VISIT_LEAD, now), zone, rules.quiet_from, rules.quiet_until)
    return [
        OutboxMessage(
            patient_id=visit.patient_id,
            kind=Kind.APPOINTMENT,
            subject=subject,
            occurrence=occurrence,
            channel=Channel.EMAIL,
            due_at=due,
            not_after=start - VISIT_NOT_AFTER,
        )
    ]


def _insert(rows: list[OutboxMessage]) -> int:
    """Insert what is not there yet; two planners at once leave one row."""
    if rows:
        OutboxMessage.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    return len(rows)

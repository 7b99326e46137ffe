"""What every part of the planner shares: who may be told, batches by key, inserts that are harmless twice."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic.models import Consent, Patient
from reminders.clock import week_minute
from reminders.models import ContactRules, Kind, OutboxMessage, Timetable
from reminders.reach import open_consent

BATCH = 1000
HORIZON = timedelta(hours=2)
PROGRAMME = "programme"
DEFAULT_TIME = time(9, 0)
EVERY_DAY = [week_minute(weekday, DEFAULT_TIME) for weekday in range(7)]


def reachable(prefix: str, now: datetime) -> Q:
    """Active patients with an open consent to messages. ``prefix`` leads to the patient."""
    consent = Consent.objects.filter(open_consent(now), patient=OuterRef(f"{prefix}pk"))
    return Q(Exists(consent)) & Q(**{f"{prefix}is_active": True})


def ensure_defaults(*, now: datetime) -> int:
    """Give every patient whom messages may reach the defaults: the usual rules, and a digest at nine."""
    lacking = Patient.objects.filter(reachable("", now), contact_rules__isnull=True).order_by("pk")
    added = 0
    while ids := list(lacking.values_list("pk", flat=True)[:BATCH]):
        default = [Timetable(patient_id=pk, kind=Kind.EXERCISES, week_minutes=EVERY_DAY, changed_at=now) for pk in ids]
        Timetable.objects.bulk_create(default, ignore_conflicts=True)
        ContactRules.objects.bulk_create([ContactRules(patient_id=pk) for pk in ids], ignore_conflicts=True)
        added += len(ids)
    return added


def batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """All rows, a thousand at a time, by key: one query each."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = batch[-1].pk
        yield batch


def known_occurrences(patients: Collection[int], **narrowed: Any) -> set[tuple[int, str, str, str]]:
    """Patient, kind, subject and occurrence of what is in the outbox already, whichever way it went."""
    rows = OutboxMessage.objects.filter(patient__in=patients, **narrowed).order_by()
    return set(rows.values_list("patient_id", "kind", "subject", "occurrence"))


def key_of(row: OutboxMessage) -> tuple[int, str, str, str]:
    return row.patient_id, row.kind, row.subject, row.occurrence


def insert(rows: list[OutboxMessage]) -> int:
    """Insert what is not there yet; two planners at once leave one row."""
    if rows:
        OutboxMessage.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    return len(rows)


def zone_or_utc(name: str) -> ZoneInfo:
    """The zone; UTC for one that is none: the sender then lists the row as one that nobody can place in time."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")

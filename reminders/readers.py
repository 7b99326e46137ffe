"""What pages ask about messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Count, Min, Q

from clinic.models import Patient
from reminders.clock import from_week_minute
from reminders.facts import VISIT
from reminders.models import Channel, ContactRules, Kind, OutboxMessage, Preference, State
from reminders.planner import EVERY_DAY
from scheduling.models import Appointment

# Older than this and something is stuck: workers, broker or mail server.
ALARM_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class KindSetting:
    """One kind of message by e-mail; ``times`` maps weekday (Monday is 0) to wall times."""

    kind: str
    enabled: bool
    times: Mapping[int, tuple[time, ...]]


@dataclass(frozen=True, slots=True)
class ReminderSettings:
    """Everything a patient has chosen, with the defaults where nothing was."""

    kinds: Mapping[str, KindSetting]
    quiet_from: time
    quiet_until: time
    daily_cap: int


def settings_for(patient: Patient) -> ReminderSettings:
    """The patient's settings as they stand, in two queries."""
    rows = {row.kind: row for row in Preference.objects.filter(patient=patient, channel=Channel.EMAIL)}
    rules = ContactRules.objects.filter(patient=patient).first() or ContactRules(patient=patient)
    kinds = {kind: _setting(kind, rows.get(kind)) for kind in Kind.values}
    return ReminderSettings(kinds, rules.quiet_from, rules.quiet_until, rules.daily_cap)


def _setting(kind: str, row: Preference | None) -> KindSetting:
    if row is None:
        minutes = EVERY_DAY if kind == Kind.EXERCISES else []
        return KindSetting(kind, True, _times(minutes))
    return KindSetting(kind, row.enabled, _times(row.week_minutes))


def _times(minutes: list[int]) -> dict[int, tuple[time, ...]]:
    found: dict[int, tuple[time, ...]] = {}
    for minute in sorted(minutes):
        weekday, at = from_week_minute(minute)
        found[weekday] = (*found.get(weekday, ()), at)
    return found


@dataclass(frozen=True, slots=True)
class Health:
    """How the outbox does: age of the oldest due row, rows that wait for a person, rows sent in the last day."""

    oldest_due: timedelta
    due: int
    doubtful: int
    failed: int
    sent_last_day: int

    @property
    def stuck(self) -> bool:
        """Nobody has picked up what is due: workers, broker or mail server need a look."""
        return self.oldest_due > ALARM_AFTER


def health(*, now: datetime) -> Health:
    """The state of the outbox in one query."""
    waiting = Q(state=State.PLANNED, due_at__lte=now)
    recent = Q(state__in=(State.SENT, State.DELIVERED), due_at__gt=now - timedelta(days=2))
    looked_at = OutboxMessage.objects.filter(Q(state__in=(State.PLANNED, State.UNKNOWN, State.FAILED)) | recent)
    row = looked_at.aggregate(
        oldest=Min("due_at", filter=waiting),
        due=Count("pk", filter=waiting),
        doubtful=Count("pk", filter=Q(state=State.UNKNOWN)),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        sent=Count("pk", filter=Q(state__in=(State.SENT, State.DELIVERED), sent_at__gt=now - timedelta(days=1))),
    )
    age = now - row["oldest"] if row["oldest"] else timedelta(0)
    return Health(age, row["due"], row["doubtful"], row["failed"], row["sent"])


def reminder_of(visit: Appointment) -> OutboxMessage | None:
    """The latest reminder of a visit, for the page of the visit: its state, never what the visit is for."""
    found: OutboxMessage | None = (
        OutboxMessage.objects.filter(patient=visit.patient_id, kind=Kind.APPOINTMENT, subject=f"{VISIT}{visit.pk}")
        .order_by("-due_at", "-id")
        .first()
    )
    return found

"""What pages ask about messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Min, Q

from clinic.models import Patient
from reminders.clock import from_week_minute
from reminders.facts import VISIT
from reminders.models import Kind, OutboxMessage, State, Timetable
from reminders.planner import EVERY_DAY
from reminders.reach import addresses_of, read_reach
from reminders.ways import POLICIES
from scheduling.models import Appointment

# Older than this and something is stuck: workers, broker or mail server.
ALARM_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class KindSetting:
    """One kind of message: the ways it may travel, those that are wanted (first to try in front), its times.

    ``times`` maps weekday (Monday is 0) to wall times.
    """

    kind: str
    offered: tuple[str, ...]
    ways: tuple[str, ...]
    times: Mapping[int, tuple[time, ...]]


@dataclass(frozen=True, slots=True)
class ReminderSettings:
    """Everything a patient has chosen, with the defaults where nothing was.

    ``addresses`` tells by channel where messages would go, empty where they cannot.
    """

    kinds: Mapping[str, KindSetting]
    quiet_from: time
    quiet_until: time
    daily_cap: int
    paused_from: date | None
    paused_until: date | None
    sms_number: str
    addresses: Mapping[str, str]

    def is_paused(self, today: date) -> bool:
        """On that day of the patient's calendar."""
        begun = self.paused_from is not None and self.paused_from <= today
        return begun and (self.paused_until is None or today <= self.paused_until)

    def pause_ahead(self, today: date) -> bool:
        """A pause that has not ended yet, begun or not."""
        return self.paused_from is not None and (self.paused_until is None or today <= self.paused_until)


def settings_for(patient: Patient) -> ReminderSettings:
    """The patient's settings as they stand, in five queries."""
    reach = read_reach([patient.pk])
    rules = reach.rules_of(patient.pk)
    times = {row.kind: row.week_minutes for row in Timetable.objects.filter(patient=patient)}
    kinds = {
        kind: KindSetting(
            kind,
            policy.offered,
            reach.wanted(patient.pk, kind),
            times_of_week(times.get(kind, EVERY_DAY if kind == Kind.EXERCISES else [])),
        )
        for kind, policy in POLICIES.items()
    }
    addresses = addresses_of(patient, rules, reach.country, has_push=patient.pk in reach.with_push)
    return ReminderSettings(
        kinds,
        rules.quiet_from,
        rules.quiet_until,
        rules.daily_cap,
        rules.paused_from,
        rules.paused_until,
        rules.sms_number,
        addresses,
    )


def times_of_week(minutes: Iterable[int]) -> dict[int, tuple[time, ...]]:
    """Wall times by weekday, in order."""
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

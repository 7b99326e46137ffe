"""Reads, for one handful of messages, everything that :mod:`reminders.recheck` asks: a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from clinic.models import Clinic, Consent, Patient
from clinic.readers import has_unsettled_facts
from exercises.adherence import Entry, Order
from exercises.models import Prescription, SessionLog
from exercises.programme import entry_of, order_of
from reminders.models import ContactRules, Kind, OutboxMessage, Preference, State
from reminders.recheck import Due, Person, Visit
from scheduling.models import Appointment

VISIT = "appointment:"
ALL_KINDS = frozenset(Kind.values)
AHEAD = ("booked", "confirmed")
WENT = (State.SENDING, State.SENT, State.DELIVERED, State.UNKNOWN)
# Wider than any calendar day of any zone around now.
AROUND = timedelta(hours=50)


@dataclass(frozen=True, slots=True)
class Facts:
    """What holds now for the messages at hand. ``read_at`` tells how old it is."""

    read_at: datetime
    clinic: Clinic
    people: dict[int, Person]
    patients: dict[int, Patient]
    visits: dict[int, Visit]

    def visit_of(self, row: OutboxMessage) -> Visit | None:
        return self.visits.get(visit_id(row.subject))


def visit_id(subject: str) -> int:
    """The appointment's id from the subject of a message; 0 when it is about something else."""
    number = subject.removeprefix(VISIT)
    return int(number) if subject.startswith(VISIT) and number.isdecimal() else 0


def due_of(row: OutboxMessage) -> Due:
    """The row as the plain value that the rules take. Raises ``ValueError`` for an occurrence that is none."""
    at = datetime.fromisoformat(row.occurrence)
    if row.kind == Kind.APPOINTMENT:
        return Due(row.kind, row.not_after, visit_start=at)
    return Due(row.kind, row.not_after, wall=at)


def read_facts(rows: Sequence[OutboxMessage], *, now: datetime) -> Facts:
    """Eleven queries, however many messages."""
    ids = list({row.patient_id for row in rows})
    patients = {row.pk: row for row in Patient.objects.filter(pk__in=ids).defer("search")}
    return Facts(
        read_at=now,
        clinic=Clinic.objects.first() or Clinic(name="Your clinic"),
        people=_people(ids, patients, now),
        patients=patients,
        visits=_visits(rows),
    )


def address_of(patient: Patient) -> str:
    """Where messages go: the patient, or the guardian of one who has no address."""
    return patient.email or patient.guardian_email


def _people(ids: list[int], patients: dict[int, Patient], now: datetime) -> dict[int, Person]:
    rules = {row.patient_id: row for row in ContactRules.objects.filter(patient__in=ids)}
    wants = _by_patient(Preference.objects.filter(patient__in=ids))
    consented, held = _consented(ids, now), _held(ids)
    orders, entries = _orders(ids, now), _entries(ids, now)
    went = OutboxMessage.objects.filter(patient__in=ids, state__in=WENT, sending_at__gt=now - AROUND)
    sent = defaultdict(list)
    for pk, at in went.values_list("patient_id", "sending_at"):
        sent[pk].append(at)
    return {
        pk: _person(
            patient,
            rules.get(pk) or ContactRules(),
            wants[pk],
            consented=pk in consented,
            on_hold=pk in held,
            orders=tuple(orders[pk]),
            entries=tuple(entries[pk]),
            sent_at=sent[pk],
        )
        for pk, patient in patients.items()
    }


def _person(patient: Patient, rules: ContactRules, wants: list[Preference], **known: Any) -> Person:
    refused = {row.kind for row in wants if not row.enabled}
    return Person(
        active=patient.is_active,
        address=address_of(patient),
        zone=patient.time_zone,
        wanted=ALL_KINDS - refused,
        week_minutes=frozenset(m for row in wants if row.kind == Kind.EXERCISES for m in row.week_minutes),
        quiet_from=rules.quiet_from,
        quiet_until=rules.quiet_until,
        daily_cap=rules.daily_cap,
        **known,
    )


def _by_patient(rows: Iterable[Preference]) -> defaultdict[int, list[Preference]]:
    found: defaultdict[int, list[Preference]] = defaultdict(list)
    for row in rows:
        found[row.patient_id].append(row)
    return found


def open_consent(now: datetime) -> Q:
    """Consents to messages that hold on the day of ``now``."""
    day = now.astimezone(UTC).date() + timedelta(days=1)  # signed "today" far in the east counts already
    return Q(kind=Consent.Kind.MESSAGES, withdrawn_on__isnull=True, signed_on__lte=day)


def _consented(ids: list[int], now: datetime) -> set[int]:
    return set(Consent.objects.filter(open_consent(now), patient__in=ids).values_list("patient_id", flat=True))


def _held(ids: list[int]) -> set[int]:
    """Whose exercises wait: a new fact to be screened, or nothing left beside what the safety gate holds."""
    own = Prescription.objects.filter(patient=OuterRef("pk"))
    held = own.filter(state=Prescription.State.PAUSED, pauses__for_safety=True, pauses__ends_on__isnull=True)
    active = own.filter(state=Prescription.State.ACTIVE)
    waiting = Q(has_unsettled_facts("pk")) | (Q(Exists(held)) & ~Q(Exists(active)))
    return set(Patient.objects.filter(waiting, pk__in=ids).values_list("pk", flat=True))


def _orders(ids: list[int], now: datetime) -> defaultdict[int, list[Order]]:
    found: defaultdict[int, list[Order]] = defaultdict(list)
    active = Prescription.objects.filter(patient__in=ids, state=Prescription.State.ACTIVE)
    for row in active.touching((now - AROUND).date()).prefetch_related("pauses"):
        found[row.patient_id].append(order_of(row))
    return found


def _entries(ids: list[int], now: datetime) -> defaultdict[int, list[Entry]]:
    found: defaultdict[int, list[Entry]] = defaultdict(list)
    for log in SessionLog.objects.filter(patient__in=ids, on__gte=(now - AROUND).date()):
        found[log.patient_id].append(entry_of(log))
    return found


def _visits(rows: Sequence[OutboxMessage]) -> dict[int, Visit]:
    ids = {visit_id(row.subject) for row in rows} - {0}
    found = Appointment.objects.filter(pk__in=ids).values_list("pk", "starts_at", "state")
    return {pk: Visit(start, state in AHEAD) for pk, start, state in found}

"""Reads, for one handful of messages, everything that :mod:`reminders.recheck` asks: a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from assessments.models import OutcomeRequest
from clinic.models import Clinic, Consent, Episode, Patient, PatientCondition
from clinic.readers import has_unsettled_facts
from exercises.adherence import Entry, Order
from exercises.models import Prescription, SessionLog
from exercises.programme import entry_of, orders_of
from plans.models import ConditionEffect, PlanVersion
from plans.news import news_for
from reminders.models import Channel, Kind, OutboxMessage, State, Timetable
from reminders.reach import Reach, addresses_of, open_consent, read_reach
from reminders.recheck import Due, Person, Visit
from reminders.ways import CAPPED
from scheduling.models import Appointment

VISIT = "appointment:"
PLAN = "plan:"
HYDRATION = "ed_hydration"
# What is sent as it was asked for: nothing in the record tells whether it still holds.
FREE = (Kind.QUESTION, Kind.WAIT_LIST)
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
    return _number(VISIT, subject)


def plan_id(subject: str) -> int:
    """The plan's id from the subject of a message; 0 when it is about something else."""
    return _number(PLAN, subject)


def _number(prefix: str, subject: str) -> int:
    number = subject.removeprefix(prefix)
    return int(number) if subject.startswith(prefix) and number.isdecimal() else 0


def due_of(row: OutboxMessage) -> Due:
    """The row as the plain value that the rules take. Raises ``ValueError`` for an occurrence that is none."""
    if row.kind == Kind.PLAN_CHANGED:
        return Due(row.kind, row.not_after, row.channel, version=(plan_id(row.subject), int(row.occurrence)))
    if row.kind in FREE:
        return Due(row.kind, row.not_after, row.channel)
    at = datetime.fromisoformat(row.occurrence)
    if row.kind == Kind.APPOINTMENT:
        return Due(row.kind, row.not_after, row.channel, visit_start=at)
    return Due(row.kind, row.not_after, row.channel, wall=at)


def read_facts(rows: Sequence[OutboxMessage], *, now: datetime) -> Facts:
    """At most sixteen queries, however many messages; more only for changed programmes, which are few."""
    ids = list({row.patient_id for row in rows})
    patients = {row.pk: row for row in Patient.objects.filter(pk__in=ids).defer("search")}
    clinic = Clinic.objects.first() or Clinic(name="Your clinic")
    return Facts(
        read_at=now,
        clinic=clinic,
        people=_people(rows, patients, clinic, now),
        patients=patients,
        visits=_visits(rows),
    )


def _people(
    rows: Sequence[OutboxMessage], patients: dict[int, Patient], clinic: Clinic, now: datetime
) -> dict[int, Person]:
    ids = list(patients)
    reach = read_reach(ids, country=clinic.country, push=any(row.channel == Channel.PUSH for row in rows))
    times = _times(ids)
    consented, held = _consented(ids, now), _held(ids)
    orders, entries, sent = _orders(ids, now), _entries(ids, now), _sent(ids, now)
    settled = _without_care([pk for pk in ids if not orders[pk]])
    extra = _extra(rows, patients)
    return {
        pk: _person(
            patient,
            reach,
            week_minutes=times[pk],
            consented=pk in consented,
            in_care=pk not in settled,
            on_hold=pk in held,
            orders=tuple(orders[pk]),
            entries=tuple(entries[pk]),
            sent_at=sent[pk],
            **{name: found[pk] for name, found in extra.items() if pk in found},
        )
        for pk, patient in patients.items()
    }


def _person(patient: Patient, reach: Reach, **known: Any) -> Person:
    rules = reach.rules_of(patient.pk)
    return Person(
        active=patient.is_active,
        zone=patient.time_zone,
        addresses=addresses_of(patient, rules, reach.country, has_push=patient.pk in reach.with_push),
        wanted=reach.wanted_by_kind(patient.pk),
        quiet_from=rules.quiet_from,
        quiet_until=rules.quiet_until,
        daily_cap=rules.daily_cap,
        paused_from=rules.paused_from,
        paused_until=rules.paused_until,
        **known,
    )


def _times(ids: list[int]) -> defaultdict[int, dict[str, frozenset[int]]]:
    found: defaultdict[int, dict[str, frozenset[int]]] = defaultdict(dict)
    for row in Timetable.objects.filter(patient__in=ids):
        found[row.patient_id][row.kind] = frozenset(row.week_minutes)
    return found


def _sent(ids: list[int], now: datetime) -> defaultdict[int, list[datetime]]:
    """When messages that count against the daily cap went; a notice in the portal disturbs nobody."""
    went = OutboxMessage.objects.filter(patient__in=ids, state__in=WENT, sending_at__gt=now - AROUND, kind__in=CAPPED)
    found: defaultdict[int, list[datetime]] = defaultdict(list)
    for pk, at in went.exclude(channel=Channel.PORTAL).values_list("patient_id", "sending_at"):
        found[pk].append(at)
    return found


def _without_care(ids: list[int]) -> set[int]:
    """Of those without an active exercise: who has no open episode of care either."""
    if not ids:
        return set()
    return set(ids) - set(Episode.objects.filter(patient__in=ids, state="open").values_list("patient_id", flat=True))


def _extra(rows: Sequence[OutboxMessage], patients: dict[int, Patient]) -> dict[str, dict[int, Any]]:
    """What only some kinds ask about, read for the patients of those rows alone."""
    by_kind: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows:
        by_kind[row.kind].add(row.patient_id)
    found: dict[str, dict[int, Any]] = {}
    if drinkers := by_kind[Kind.FLUIDS]:
        found["fluids_barred"] = dict.fromkeys(fluids_barred(drinkers), True)
    if asked := by_kind[Kind.REASSESSMENT]:
        found["questions"] = _questions(asked)
    if changed := by_kind[Kind.PLAN_CHANGED]:
        found["versions"] = _versions(changed)
        # Who would notice nothing is told nothing. A few rows a day: each may cost its own queries.
        found["unseen"] = {pk: v for pk, v in found["versions"].items() if news_for(patients[pk]) is not None}
    return found


def fluids_barred(ids: Collection[int]) -> set[int]:
    """Those of the patients to whom a condition forbids or changes advice on drinking: no prompt to drink either.

    A precaution counts as well: "drink to thirst, not to a target" is the opposite of a prompt.
    """
    barred = ConditionEffect.objects.filter(techniques__contains=[HYDRATION])
    told = PatientCondition.objects.filter(patient__in=ids, answer="yes", condition__in=barred.values("condition"))
    return set(told.values_list("patient_id", flat=True))


def _questions(ids: Collection[int]) -> dict[int, frozenset[date]]:
    waiting = OutcomeRequest.objects.filter(episode__patient__in=ids, state="open")
    return _grouped(waiting.order_by().values_list("episode__patient", "due_on"))


def _versions(ids: Collection[int]) -> dict[int, frozenset[tuple[int, int]]]:
    signed = PlanVersion.objects.filter(plan__episode__patient__in=ids, plan__state="active", state="signed")
    rows = signed.order_by().values_list("plan__episode__patient", "plan", "number")
    return _grouped((patient, (plan, number)) for patient, plan, number in rows)


def _grouped(pairs: Iterable[tuple[int, Any]]) -> dict[int, frozenset[Any]]:
    found: defaultdict[int, set[Any]] = defaultdict(set)
    for key, value in pairs:
        found[key].add(value)
    return {key: frozenset(values) for key, values in found.items()}


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
    rows = list(active.touching((now - AROUND).date()))
    orders = orders_of(rows)
    for row in rows:
        found[row.patient_id].append(orders[row.pk])
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

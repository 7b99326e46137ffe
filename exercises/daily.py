"""Each day of each prescription as it ended, written on schedule: silence is written down like anything else.

A tick asks the database which days have ended in the patient's own calendar and are not written; a lost tick or an
outage of weeks is caught up. Each time, the days that a late log may still change are counted again, and a late log or
pause does so at once. What is written is :func:`exercises.adherence.figure`, the function that every page uses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic.models import Patient
from exercises.adherence import DayState, Entry, Figure, figures_of
from exercises.models import HomeDay, Prescription, SessionLog
from exercises.programme import orders_of

# A late log may come for 14 days, a correction as long; one week more costs little and heals what was missed.
RECHECKED_DAYS = 21
# Further back nothing is judged any more (adherence looks back on 14 days, a phase on 12 weeks).
CAUGHT_UP_DAYS = 84
AT_A_TIME = 200


def settle_days(now: datetime) -> int:
    """Write every day that has ended since the last time; returns how many rows were new or different.

    Safe to run at any time and twice at once.
    """
    zones = Patient.objects.filter(prescriptions__isnull=False).order_by().values_list("time_zone", flat=True)
    return sum(_settle_zone(zone, now) for zone in sorted(set(zones.distinct())))


def refresh(patients: Iterable[Patient], *, since: date, now: datetime) -> int:
    """Count the days from ``since`` to yesterday again, after a late log, a correction or a pause."""
    return sum(_write([p.pk], p.time_zone, since, now) for p in patients)


def stored_figures(patients: Collection[int], *, first: date, until: date) -> dict[int, list[Figure]]:
    """The written days of several people, both dates inclusive, in one query."""
    rows = HomeDay.objects.filter(patient__in=patients, day__range=(first, until)).order_by("day")
    found: dict[int, list[Figure]] = {}
    for patient, key, day, state, asked, credited in rows.values_list(
        "patient_id", "prescription_id", "day", "state", "asked", "credited"
    ):
        found.setdefault(patient, []).append(Figure(key, day, DayState(state), asked, float(credited)))
    return found


def _settle_zone(zone: str, now: datetime) -> int:
    today = now.astimezone(ZoneInfo(zone)).date()
    yesterday = today - timedelta(days=1)
    due = sorted(set(_due(zone, today).order_by().values_list("patient_id", flat=True)))
    first = yesterday - timedelta(days=CAUGHT_UP_DAYS - 1)
    return sum(_write(due[at : at + AT_A_TIME], zone, first, now) for at in range(0, len(due), AT_A_TIME))


def _due(zone: str, today: date) -> QuerySet[Prescription]:
    """Prescriptions whose last day that has ended is not written, or was written before it had ended: the patient may
    have moved to a zone where it was still going on."""
    yesterday = today - timedelta(days=1)
    midnight = datetime.combine(today, time(), ZoneInfo(zone))
    of_row = HomeDay.objects.filter(prescription=OuterRef("pk"))
    lasting = Q(ends_on__isnull=True) | Q(ends_on__gte=yesterday)
    open_yesterday = lasting & ~Exists(of_row.filter(day=yesterday, computed_at__gte=midnight))
    ended = Q(ends_on__lt=yesterday, ends_on__gte=yesterday - timedelta(days=CAUGHT_UP_DAYS - 1))
    ended_unwritten = ended & ~Exists(of_row.filter(day=OuterRef("ends_on")))
    rows = Prescription.objects.touching(yesterday - timedelta(days=CAUGHT_UP_DAYS - 1))
    return rows.filter(open_yesterday | ended_unwritten, patient__time_zone=zone, starts_on__lte=yesterday)


@transaction.atomic
def _write(patients: Sequence[int], zone: str, first: date, now: datetime) -> int:
    """Count and store the days of some people. The prescriptions are locked, so that a log that comes in the same
    moment is counted either here or by itself."""
    today = now.astimezone(ZoneInfo(zone)).date()
    until, midnight = today - timedelta(days=1), datetime.combine(today, time(), ZoneInfo(zone))
    rows = list(
        Prescription.objects.select_for_update(of=("self",))
        .filter(patient__in=patients)
        .touching(first)
        .order_by("pk")
        .only("patient_id", "starts_on", "ends_on", "per_day", "days_per_week", "state")
    )
    stored = {(day.prescription_id, day.day): day for day in _stored(rows, first)}
    figures = _figures(rows, stored, first, until)
    patient_of = {row.pk: row.patient_id for row in rows}
    changed = [
        _row(f, patient_of[f.key], now) for f in figures if _differs(f, stored.get((f.key, f.day)), until, midnight)
    ]
    HomeDay.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["prescription", "day"],
        update_fields=["state", "asked", "credited", "computed_at"], batch_size=2000,
    )  # fmt: skip
    # A day that is not over (any more) or not part of the prescription says nothing.
    counted = {(f.key, f.day) for f in figures}
    over = [row.pk for key, row in stored.items() if key not in counted and (row.day > until or _outside(row, rows))]
    HomeDay.objects.filter(pk__in=over).delete()
    return len(changed) + len(over)


def _stored(rows: Sequence[Prescription], first: date) -> QuerySet[HomeDay]:
    return HomeDay.objects.filter(prescription__in=[row.pk for row in rows], day__gte=first)


def _figures(
    rows: Sequence[Prescription], stored: dict[tuple[int, date], HomeDay], first: date, until: date
) -> list[Figure]:
    """Days that are not written, and those that may still change."""
    orders = orders_of(rows)
    logs = SessionLog.objects.filter(prescription__in=list(orders), on__range=(first, until)).order_by("prescription")
    values = logs.values_list("prescription_id", "on", "bout", "state")
    entries = {key: [Entry(*v) for v in own] for key, own in groupby(values, key=lambda v: v[0])}
    fresh = until - timedelta(days=RECHECKED_DAYS - 1)
    days = [first + timedelta(days=n) for n in range((until - first).days + 1)]
    found: list[Figure] = []
    for key, order in orders.items():
        wanted = [day for day in days if day >= fresh or (key, day) not in stored]
        found += figures_of([order], entries.get(key, ()), wanted)
    return found


def _differs(figure: Figure, row: HomeDay | None, until: date, midnight: datetime) -> bool:
    """Also true for the newest day when it was written before it had ended, by another zone's calendar."""
    if row is None or (figure.day == until and row.computed_at < midnight):
        return True
    return (row.state, row.asked, float(row.credited)) != (figure.state.value, figure.asked, figure.credited)


def _outside(row: HomeDay, rows: Sequence[Prescription]) -> bool:
    of_row = next(p for p in rows if p.pk == row.prescription_id)
    return row.day < of_row.starts_on or (of_row.ends_on is not None and row.day > of_row.ends_on)


def _row(figure: Figure, patient: int, now: datetime) -> HomeDay:
    return HomeDay(
        prescription_id=figure.key,
        patient_id=patient,
        day=figure.day,
        state=figure.state.value,
        asked=figure.asked,
        credited=Decimal(str(figure.credited)),
        computed_at=now,
    )

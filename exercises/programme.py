"""The home programme of one patient as read from the rows: a fixed number of queries, then plain arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Q

from clinic.models import Patient
from exercises import adherence as figures
from exercises.models import HomePause, Prescription, PrescriptionPause, SessionLog

HISTORY_DAYS = 28
LOG_COLUMNS = tuple(field.attname for field in SessionLog._meta.concrete_fields)


@dataclass(frozen=True, slots=True)
class Bout:
    """One of the day's sessions of one exercise, with its log when there is one."""

    number: int
    log: SessionLog | None


@dataclass(frozen=True, slots=True)
class ExerciseDay:
    """One exercise on one day. ``expected`` is 0 on a rest day; the exercise may be done all the same."""

    prescription: Prescription
    expected: int
    bouts: tuple[Bout, ...]

    @property
    def logs(self) -> list[SessionLog]:
        return [bout.log for bout in self.bouts if bout.log]

    @property
    def next_bout(self) -> int | None:
        """The first session of the day that nothing was said about; None when all are answered."""
        return next((bout.number for bout in self.bouts if bout.log is None), None)

    @property
    def next_count(self) -> int:
        """Which session of the day the next answer is, counted in order of answers."""
        return len(self.logs) + 1

    @property
    def done(self) -> int:
        """Sessions done, wholly or in part."""
        return sum(log.state != SessionLog.State.SKIPPED for log in self.logs)

    @property
    def is_due(self) -> bool:
        return self.expected > 0

    @property
    def is_settled(self) -> bool:
        """Nothing more to say today."""
        return self.next_bout is None or (not self.is_due and bool(self.logs))

    @property
    def pain(self) -> int | None:
        """The pain given last on that day; 0 is an answer."""
        given = [log for log in self.logs if log.pain is not None]
        return max(given, key=lambda log: log.acted_at).pain if given else None


@dataclass(frozen=True, slots=True)
class Programme:
    """Prescriptions in programme order, and what was logged: of the last days, or of the one day that was asked for.

    ``entries`` are the logs as the plain values that the arithmetic takes, ``logs`` the whole rows of the days that
    were asked for, ``holds`` the pauses by prescription.
    """

    today: date
    prescriptions: tuple[Prescription, ...]
    entries: tuple[figures.Entry, ...]
    logs: tuple[SessionLog, ...]
    holds: Mapping[int, tuple[figures.Pause, ...]] = field(default_factory=dict)

    @property
    def is_checked(self) -> bool:
        """A new fact of the patient waits to be screened: nothing is to be done until then."""
        return any(getattr(row, "is_checked_anew", False) for row in self.prescriptions)

    def day(self, day: date) -> tuple[ExerciseDay, ...]:
        """What may be done and logged on that day, in programme order; nothing that is stopped or on hold."""
        return tuple(self._exercise_day(row, day) for row in self.prescriptions if self._open_on(row, day))

    def on_hold(self, day: date) -> int:
        """How many exercises wait for the physiotherapist."""
        states = {Prescription.State.PAUSED, Prescription.State.ACTIVE} if self.is_checked else {"paused"}
        waiting = (row for row in self.prescriptions if row.state in states)
        return sum(self.order(row).in_force(day) for row in waiting)

    def order(self, row: Prescription) -> figures.Order:
        """A prescription of this programme as the plain value that the arithmetic takes."""
        return _order(row, self.holds.get(row.pk, ()))

    def adherence(self, days: int = figures.WINDOW_DAYS) -> figures.Adherence:
        """Adherence over the last whole days; today is not judged before it ends."""
        return figures.adherence(self._orders(), self.entries, until=self.today - timedelta(days=1), days=days)

    def streak(self) -> int:
        """Days in a row, at most ``HISTORY_DAYS``."""
        return figures.streak(self._orders(), self.entries, today=self.today, days=HISTORY_DAYS)

    def strip(self, days: int = figures.WINDOW_DAYS) -> list[tuple[date, figures.DayState]]:
        """State of the whole programme per day, oldest first, today last."""
        orders = self._orders()
        wanted = [self.today - timedelta(days=back) for back in range(days - 1, -1, -1)]
        return [(day, figures.programme_day(orders, self.entries, day)) for day in wanted]

    def _orders(self) -> list[figures.Order]:
        return [self.order(row) for row in self.prescriptions]

    def _exercise_day(self, row: Prescription, day: date) -> ExerciseDay:
        own = {log.bout: log for log in self.logs if log.prescription_id == row.pk and log.on == day}
        bouts = tuple(Bout(number, own.get(number)) for number in range(1, row.per_day + 1))
        return ExerciseDay(row, figures.expected_doses(self.order(row), day), bouts)

    def _open_on(self, row: Prescription, day: date) -> bool:
        return not self.is_checked and row.state == Prescription.State.ACTIVE and self.order(row).in_force(day)


def read_programme(
    patient: Patient, today: date, *, days: int = HISTORY_DAYS, rows_since: date | None = None
) -> Programme:
    """Read the programme in three queries, however many exercises there are.

    ``rows_since`` narrows ``Programme.logs`` to the days that a page shows: a month of logs as whole objects costs more
    than the rest of the page.
    """
    since = today - timedelta(days=days)
    rows = tuple(Prescription.objects.filter(patient=patient).touching(since).for_portal().with_alarm())
    found = SessionLog.objects.filter(patient=patient, on__gt=since, on__lte=today).order_by("on", "bout")
    values = list(found.values_list(*LOG_COLUMNS))
    columns = [dict(zip(LOG_COLUMNS, value, strict=True)) for value in values]
    return Programme(
        today,
        rows,
        tuple(figures.Entry(c["prescription_id"], c["on"], c["bout"], c["state"]) for c in columns),
        tuple(SessionLog(**c) for c in columns if rows_since is None or c["on"] >= rows_since),
        _holds(rows, since),
    )


def _holds(rows: Iterable[Prescription], since: date) -> dict[int, tuple[figures.Pause, ...]]:
    """The pauses that did not end before that day, by prescription."""
    return pauses_of([row.pk for row in rows], since=since)


def pauses_of(prescriptions: Iterable[int], *, since: date = date.min) -> dict[int, tuple[figures.Pause, ...]]:
    """When nothing was asked, by prescription: its own holds and the pauses of the person, in one query."""
    keys = list(prescriptions)
    lasting = Q(ends_on__isnull=True) | Q(ends_on__gte=since)
    held = PrescriptionPause.objects.filter(lasting, prescription_id__in=keys).order_by()
    away = HomePause.objects.filter(ends_on__gte=since, patient__prescriptions__in=keys).order_by()
    rows = held.values_list("prescription_id", "starts_on", "ends_on").union(
        away.values_list("patient__prescriptions", "starts_on", "ends_on"), all=True
    )
    holds: dict[int, tuple[figures.Pause, ...]] = {}
    for key, starts_on, ends_on in rows:
        holds[key] = (*holds.get(key, ()), figures.Pause(starts_on, ends_on))
    return holds


def orders_of(rows: Iterable[Prescription]) -> dict[int, figures.Order]:
    """Prescriptions with their pauses as the plain values that the arithmetic takes, in one query."""
    found = list(rows)
    pauses = pauses_of(row.pk for row in found)
    return {row.pk: _order(row, pauses.get(row.pk, ())) for row in found}


def _order(row: Prescription, pauses: Iterable[figures.Pause]) -> figures.Order:
    return figures.Order(row.pk, row.starts_on, row.per_day, row.days_per_week, row.ends_on, tuple(pauses))


def entry_of(log: SessionLog) -> figures.Entry:
    """A log as the plain value that the arithmetic takes."""
    return figures.Entry(log.prescription_id, log.on, log.bout, log.state)


def finished(day: Sequence[ExerciseDay]) -> bool:
    """True when everything that was asked for on that day was answered."""
    due = [item for item in day if item.is_due]
    return bool(due) and all(item.is_settled for item in due)

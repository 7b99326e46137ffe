"""What the patient did at home since the last visit: one readable line per exercise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from clinic.models import Patient
from exercises import adherence as figures
from exercises.models import Prescription
from exercises.programme import Programme, read_programme

DAYS_MAX = 28


@dataclass(frozen=True, slots=True)
class HomeLine:
    """``done`` and ``asked`` count bouts up to yesterday; ``worst`` is the worst pain that was said, or None."""

    name: str
    done: float
    asked: int
    worst: int | None
    on_hold: bool = False

    @property
    def state(self) -> str:
        """Nothing asked, silent, little (under half), some, or most (three quarters and more)."""
        if not self.asked:
            return "none"
        share = self.done / self.asked
        return "silent" if not self.done else "little" if share < 0.5 else "some" if share < 0.75 else "most"


def home_since(patient: Patient, since: date, *, today: date) -> tuple[HomeLine, ...]:
    """The lines from that day up to yesterday, in programme order (three queries)."""
    days = min(max((today - since).days, 1), DAYS_MAX)
    first = today - timedelta(days=days)
    programme = read_programme(patient, today, days=days, rows_since=first)
    yesterday = today - timedelta(days=1)
    by_exercise: dict[int, list[HomeLine]] = {}
    for row in programme.prescriptions:
        if row.state == Prescription.State.STOPPED or (row.ends_on and row.ends_on < first):
            continue
        by_exercise.setdefault(row.exercise_id, []).append(_line(programme, row, yesterday, days))
    return tuple(_together(lines) for lines in by_exercise.values())


def _line(programme: Programme, row: Prescription, until: date, days: int) -> HomeLine:
    entries = [entry for entry in programme.entries if entry.key == row.pk]
    counted = figures.adherence([programme.order(row)], entries, until=until, days=days)
    pains = [log.pain for log in programme.logs if log.prescription_id == row.pk and log.pain is not None]
    on_hold = row.state == Prescription.State.PAUSED
    return HomeLine(row.exercise.name, counted.credited, counted.expected, max(pains, default=None), on_hold)


def _together(lines: list[HomeLine]) -> HomeLine:
    """One line for an exercise that a new phase or version prescribed again."""
    pains = [line.worst for line in lines if line.worst is not None]
    return HomeLine(
        lines[0].name,
        sum(line.done for line in lines),
        sum(line.asked for line in lines),
        max(pains, default=None),
        any(line.on_hold for line in lines),
    )

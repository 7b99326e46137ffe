"""What the patient did at home since the last visit: one readable line per exercise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from clinic.models import Patient
from exercises import adherence as figures
from exercises.models import Prescription
from exercises.programme import read_programme

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
    lines = []
    for row in programme.prescriptions:
        if row.state == Prescription.State.STOPPED or (row.ends_on and row.ends_on < first):
            continue
        entries = [entry for entry in programme.entries if entry.key == row.pk]
        counted = figures.adherence([programme.order(row)], entries, until=yesterday, days=days)
        pains = [log.pain for log in programme.logs if log.prescription_id == row.pk and log.pain is not None]
        lines.append(
            HomeLine(
                row.exercise.name,
                counted.credited,
                counted.expected,
                max(pains, default=None),
                row.state == Prescription.State.PAUSED,
            )
        )
    return tuple(lines)

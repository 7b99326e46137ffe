"""What the diary says: entries for pages, counts for the assessment and the review of a phase."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from assessments.diary.actions import COUNTED
from assessments.diary.counts import FORTNIGHT, WEEK, Diary, Quiet, per_week
from assessments.models import DiaryEntry, QuietDays
from assessments.outcomes.readers import Measured
from clinic.models import Patient

PER_WEEK, PER_FORTNIGHT = "hist.spasm_frequency_per_week", "spasm.episodes_2w"


def diary_of(patient_id: int, *, since: date) -> Diary:
    """The counted episodes and the quiet days of a patient from that day on. Two queries."""
    entries = DiaryEntry.objects.standing().filter(patient=patient_id, kind__in=COUNTED, on__gte=since)
    quiet = QuietDays.objects.filter(patient=patient_id, last__gte=since).values_list("first", "last")
    days = tuple(entries.order_by("on").values_list("on", flat=True))
    return Diary(days, tuple(Quiet(first, last) for first, last in quiet))


def measured_since(patient_id: int, day: date) -> Iterator[Measured]:
    """Episodes per week and per fortnight at each day on which the diary says something, from ``day`` on."""
    diary = diary_of(patient_id, since=day - timedelta(days=FORTNIGHT))
    for told in diary.told_on():
        if told >= day:
            for metric, days in ((PER_WEEK, WEEK), (PER_FORTNIGHT, FORTNIGHT)):
                count = diary.episodes_in(told, days)
                if count is not None:
                    yield Measured(metric, float(count), told)


@dataclass(frozen=True, slots=True)
class DiaryPage:
    """The entries of the last weeks, newest first, and what they add up to (None: the diary does not say)."""

    entries: tuple[DiaryEntry, ...]
    weeks: tuple[tuple[date, int], ...]
    last_week: int | None
    last_fortnight: int | None
    said_quiet: bool

    @property
    def is_empty(self) -> bool:
        return not self.entries and not self.said_quiet


def read_diary(patient: Patient, today: date, *, weeks: int = 8) -> DiaryPage:
    """The diary of the last ``weeks`` weeks. Two queries."""
    since = today - timedelta(days=weeks * WEEK - 1)
    entries = tuple(DiaryEntry.objects.standing().filter(patient=patient, on__gte=since))
    quiet = QuietDays.objects.filter(patient=patient, last__gte=since).values_list("first", "last")
    days = sorted(entry.on for entry in entries if entry.kind in COUNTED)
    diary = Diary(days, tuple(Quiet(first, last) for first, last in quiet))
    return DiaryPage(
        entries=entries,
        weeks=tuple(per_week(diary.episodes, today, weeks)),
        last_week=diary.episodes_in(today, WEEK),
        last_fortnight=diary.episodes_in(today, FORTNIGHT),
        said_quiet=any(each.last >= today - timedelta(days=WEEK - 1) for each in diary.quiet),
    )

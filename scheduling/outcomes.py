"""The tick of outcome measures: what the plans ask for, on the days of the diary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from clinic.locality import patient_date
from clinic.models import Episode
from plans.outcomes.asking import ask_due, batches, episodes_to_ask
from scheduling.models import Appointment

BEHIND = timedelta(days=100)  # a fortnight's rule never looks further back
AHEAD = timedelta(days=3)


def ask(*, now: datetime) -> int:
    """Ask everything that is due, in batches; returns how many questions are new."""
    episodes = episodes_to_ask(now.date())
    return sum(ask_due(batch, visit_days(batch, now=now), now=now) for batch in batches(episodes))


def visit_days(episodes: Sequence[Episode], *, now: datetime) -> dict[int, list[date]]:
    """Days of visits held or booked by patient id, in the patient's calendar; without missed and cancelled ones."""
    patients = {episode.patient_id: episode.patient for episode in episodes}
    rows = Appointment.objects.live().filter(
        patient__in=patients, starts_at__gte=now - BEHIND, starts_at__lte=now + AHEAD
    )
    days: dict[int, list[date]] = defaultdict(list)
    for patient_id, starts_at in rows.values_list("patient_id", "starts_at"):
        days[patient_id].append(patient_date(patients[patient_id], starts_at))
    return days

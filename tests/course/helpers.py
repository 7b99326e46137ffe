"""A signed plan some days into a phase, and the data that a course of care collects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from clinic.models import User
from exercises.models import Prescription, SessionLog
from plans.actions import move_to_phase
from plans.actions.course import Seen, observe
from plans.models import Plan, PlanVersion
from tests.factories.plans import TODAY, case_signed

START = TODAY


def day(n: int) -> date:
    """Day n of the plan."""
    return START + timedelta(days=n)


def running_plan(case: str = "case_01", *, phase: int = 0, on: int = 0) -> Plan:
    """A signed plan, moved to a phase on a day when one is named."""
    version: PlanVersion = case_signed(case)
    plan = fresh(version.plan)
    for step in range((plan.current_phase or 1) + 1, phase + 1):
        move_to_phase(plan, lead(plan), to=step, reason="For the test", today=day(on))
        plan = fresh(plan)
    return plan


def fresh(plan: Plan) -> Plan:
    """The plan as it is in the database."""
    found: Plan = Plan.objects.select_related("episode__patient", "episode__practitioner__user").get(pk=plan.pk)
    return found


def lead(plan: Plan) -> User:
    """The physiotherapist of the episode."""
    user: User = plan.episode.practitioner.user
    return user


def log_days(
    plan: Plan,
    first: int,
    pains: Sequence[int | None],
    *,
    state: str = "done",
    only: Prescription | None = None,
    bouts: int | None = None,
) -> None:
    """Every prescribed bout of each day logged with that day's pain."""
    patient = plan.episode.patient
    rows = []
    for offset, pain in enumerate(pains):
        on = day(first + offset)
        for row in [only] if only else in_force(plan, on):
            for bout in range(1, (bouts or row.per_day) + 1):
                rows.append(
                    SessionLog(
                        prescription=row, patient=patient, on=on, bout=bout, state=state, pain=pain,
                        reason="time" if state == "skipped" else "",
                        acted_at=datetime.combine(on, time(18), tzinfo=UTC), recorded_by=patient.user or lead(plan),
                    )
                )  # fmt: skip
    SessionLog.objects.bulk_create(rows)


def in_force(plan: Plan, on: date) -> list[Prescription]:
    """What is prescribed on that day."""
    return list(Prescription.objects.filter(episode=plan.episode_id).current(on).order_by("position", "id"))


def saw(plan: Plan, n: int, **values: Any) -> None:
    """Observations of day n: ``worst=2``, ``psfs=8``, ``neuro=True`` or full metrics as ``path__key``."""
    names = {
        "worst": "pain.nprs_worst_24h",
        "psfs": "func.psfs_avg",
        "groc": "func.groc",
        "irritability": "hist.irritability",
        "neuro": "check.neuro_unchanged",
        "flags": "check.flags_clear",
        "shows": "check.shows_exercises",
        "basic": "check.basic_function",
        "new_flag": "check.new_red_flag",
        "episodes": "spasm.episodes_2w",
    }
    seen = [Seen(names.get(key, key.replace("__", ".")), value) for key, value in values.items()]
    observe(plan, lead(plan), seen=seen, day=day(n), today=day(n))

"""Where the patient is in the plan. A person decides; the prescriptions follow."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from clinic.errors import Conflict, Invalid
from clinic.models import Patient, User
from exercises.actions import hold_for_safety
from exercises.models import Prescription
from plans.actions.guards import licensed, stated
from plans.models import (
    ChangeReport,
    ItemHold,
    PhaseProgress,
    Plan,
    PlanCause,
    PlannedPrescription,
    PlanPhase,
    PlanVersion,
)
from plans.outcomes.asking import ask_due

DOSE_FIELDS = (
    "sets", "reps", "hold_s", "duration_min", "per_day", "days_per_week", "rpe_low", "rpe_high", "rest_s",
)  # fmt: skip
WHY_MAX = 300


@transaction.atomic
def move_to_phase(plan: Plan, by: User, *, to: int, reason: str, today: date) -> None:
    """Advance by one phase or step back, with the reason a person gives; today's home exercises change with it.

    Raises Conflict when there is no signed version, the phase is locked, or the step skips a phase.
    """
    locked = Plan.objects.select_for_update().get(pk=plan.pk)
    licensed(by, today=today)
    why = stated(reason)
    version = PlanVersion.objects.for_page().filter(plan=locked, state=PlanVersion.State.SIGNED).first()
    if version is None or locked.current_phase is None:
        raise Conflict("nothing_signed", "Sign the plan first; then a phase can begin.")
    if to == locked.current_phase:
        raise Conflict("same_phase", f"The patient is in phase {to} already.", field="to")
    if to > locked.current_phase + 1:
        raise Invalid("phase_skipped", "Advance one phase at a time.", field="to")
    phase = next((p for p in version.phases.all() if p.number == to), None)
    if phase is None:
        raise Invalid("phase_missing", f"This version holds no phase {to}.", field="to")
    if phase.is_locked:
        raise Conflict("phase_locked", f"Phase {to} is locked until the assessment is complete.", field="to")
    enter_phase(locked, version, number=to, by=by, reason=why, today=today)
    ask_due([locked.episode], {}, now=timezone.now())


def enter_phase(plan: Plan, version: PlanVersion, *, number: int, by: User, reason: str, today: date) -> None:
    """Make a phase the current one and prescribe its exercises in place of those in force. Inside a transaction."""
    if plan.state == Plan.State.COMPLETED:
        raise Conflict("plan_closed", "This course of care was ended. Open a new episode to go on.")
    Patient.objects.select_for_update().only("pk").get(pk=plan.episode.patient_id)  # a report may arrive meanwhile
    if ChangeReport.objects.waiting().filter(patient=plan.episode.patient_id, stops=True).exists():
        raise Conflict("told_waits", "The patient has told you that something changed. Look at that first (worklist).")
    phase = next(p for p in version.phases.all() if p.number == number)
    if plan.current_phase != number:
        PhaseProgress.objects.filter(plan=plan, left_on__isnull=True).update(left_on=today)
        PhaseProgress.objects.create(plan=plan, number=number, entered_on=today, decided_by=by, reason=reason)
    plan.state, plan.current_phase = Plan.State.ACTIVE, number
    plan.save(update_fields=["state", "current_phase"])
    _end_prescriptions(plan, today)
    _prescribe(phase, plan, version, by, today)


def _end_prescriptions(plan: Plan, today: date) -> None:
    """What this plan prescribed so far ends yesterday; what would have begun only today is stopped."""
    current = Prescription.objects.filter(planned__item__phase__version__plan=plan).exclude(
        state=Prescription.State.STOPPED
    )
    running = current.filter(ends_on__isnull=True) | current.filter(ends_on__gte=today)
    running.filter(starts_on__gte=today).update(state=Prescription.State.STOPPED, ends_on=None)
    running.filter(starts_on__lt=today).update(ends_on=today - timedelta(days=1))


def _prescribe(phase: PlanPhase, plan: Plan, version: PlanVersion, by: User, today: date) -> None:
    causes = {cause.key: cause for cause in version.causes.all()}
    held = dict(
        ItemHold.objects.filter(exercise_item__phase=phase, released_at__isnull=True).values_list(
            "exercise_item_id", "rule"
        )
    )
    for item in phase.planexercises.all():
        prescription = Prescription.objects.create(
            patient=plan.episode.patient,
            episode=plan.episode,
            exercise_id=item.exercise_id,
            side=item.side,
            phase=phase.number,
            position=item.position,
            why=patient_reason([causes[key] for key in item.causes if key in causes]),
            starts_on=today,
            prescribed_by=by,
            **{name: getattr(item, name) for name in DOSE_FIELDS},
        )
        if item.pk in held:
            hold_for_safety([prescription], on=today, reason=f"Held: {held[item.pk]}")
        PlannedPrescription.objects.create(item=item, prescription=prescription)


def patient_reason(causes: list[PlanCause]) -> str:
    """Why the patient does this, in one plain sentence; "" when a person added it without a cause."""
    if not causes:
        return ""
    text = causes[0].patient_text or causes[0].explanation or causes[0].title
    return text if len(text) <= WHY_MAX else text[: WHY_MAX - 1].rsplit(" ", 1)[0] + "…"

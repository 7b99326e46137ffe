"""What a person does with a dose proposal: take it over into the next version, or dismiss it with a reason."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from clinic.errors import Conflict
from clinic.models import User
from exercises.models import Prescription
from plans.actions.drafting import usable_knowledge
from plans.actions.editing import DOSE_FIELDS, change_dose, checker_for, swap_exercise
from plans.actions.guards import licensed, stated
from plans.actions.versions import revise
from plans.course.proposals import Offer, offers_of
from plans.course.running import Course, read_course
from plans.engine.evaluate import evaluate
from plans.models import DoseDecision, Plan, PlanExercise, PlanVersion

REASON_MAX = 300


def dose_offers(course: Course, *, today: date) -> tuple[Offer, ...]:
    """What is proposed for the home exercises of the running phase today."""
    verdict = evaluate(course.phase, course.logs, course.scores, today)
    course.version.refresh_from_db(fields=["facts"])
    return offers_of(course, verdict, checker_for(course.version, usable_knowledge(), today=today), today=today)


@transaction.atomic
def take_over(plan: Plan, by: User, *, prescription: Prescription, kind: str, today: date) -> DoseDecision:
    """Put a proposal into the open draft of the plan, or into a new one. Nothing changes for the patient until a person
    signs it. The safety rules are asked again; raises Refused when the new exercise is blocked, Conflict when the
    proposal no longer holds or the exercise has left the draft."""
    practitioner = licensed(by, today=today)
    offer = _standing_offer(plan, prescription, kind, today)
    draft = plan.versions.filter(state=PlanVersion.State.DRAFT).first() or revise(plan, by, today=today)
    item = (
        PlanExercise.objects.select_related("exercise__progression", "exercise__regression", "phase__version")
        .filter(phase__version=draft, phase__number=plan.current_phase or 0, exercise_id=prescription.exercise_id)
        .first()
    )
    if item is None:
        raise Conflict("not_in_draft", f"{prescription.exercise.name} is no longer in the open draft.")
    why = ("Proposed from the logs: " + "; ".join(reason.text for reason in offer.proposal.reasons))[:REASON_MAX]
    if offer.proposal.swap:
        swap_exercise(item, by, to=offer.proposal.swap, reason=why, today=today)
    else:
        change_dose(item, by, values=_values(offer), reason=why, today=today)
    return DoseDecision.objects.create(
        prescription=prescription,
        version=draft,
        kind=kind,
        day=today,
        proposal=offer.as_data(),
        outcome=DoseDecision.Outcome.TAKEN,
        by=practitioner,
    )


def _values(offer: Offer) -> dict[str, object]:
    dose = offer.proposal.dose
    values = {name: getattr(dose, name, None) for name in DOSE_FIELDS}
    values["hold_s"] = values["hold_s"] or 0
    return values


@transaction.atomic
def dismiss(plan: Plan, by: User, *, prescription: Prescription, kind: str, reason: str, today: date) -> DoseDecision:
    """Leave the dose as it is, with a reason; the same proposal stays away for a week."""
    practitioner = licensed(by, today=today)
    why = stated(reason)
    offer = _standing_offer(plan, prescription, kind, today)
    return DoseDecision.objects.create(
        prescription=prescription,
        kind=kind,
        day=today,
        proposal=offer.as_data(),
        outcome=DoseDecision.Outcome.DISMISSED,
        reason=why,
        by=practitioner,
    )


def _standing_offer(plan: Plan, prescription: Prescription, kind: str, today: date) -> Offer:
    course = read_course(plan, today=today)
    offers = () if course is None else dose_offers(course, today=today)
    for offer in offers:
        if offer.prescription.pk == prescription.pk and offer.proposal.kind == kind and offer.is_open:
            return offer
    raise Conflict("proposal_gone", "This proposal no longer holds. Look at the page again.")

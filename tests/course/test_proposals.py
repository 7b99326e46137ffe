"""Dose proposals from rows: taken over into a draft, screened and signed by a person, or dismissed."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from clinic.errors import Conflict, Invalid, Refused
from exercises.models import Prescription
from plans.actions.titration import dismiss, dose_offers, take_over
from plans.course.proposals import Offer
from plans.course.running import read_course
from plans.models import DoseDecision, Plan, PlanEdit, PlanExercise, PlanVersion
from tests.course.helpers import day, fresh, in_force, lead, log_days, running_plan
from tests.factories.clinic import ManagerFactory

pytestmark = pytest.mark.django_db


def offers(plan: Plan, n: int) -> tuple[Offer, ...]:
    course = read_course(fresh(plan), today=day(n))
    assert course is not None
    return dose_offers(course, today=day(n))


def steady(n: int = 10) -> Plan:
    """Everything done, pain steady."""
    plan = running_plan()
    log_days(plan, 0, [4] * n)
    return plan


def step(plan: Plan, n: int = 10) -> Offer:
    """The first step up that changes a dose."""
    return next(o for o in offers(plan, n) if o.proposal.kind == "progress" and o.proposal.dose)


def test_a_steady_week_proposes_a_step_for_what_has_one() -> None:
    plan = steady()
    found = offers(plan, 10)
    assert [o.prescription.pk for o in found] == [row.pk for row in in_force(plan, day(10))]
    assert {o.proposal.light for o in found} == {"green"}
    assert step(plan).then != step(plan).now


def test_too_soon_or_silent_proposes_nothing() -> None:
    plan = steady(5)
    assert {o.proposal.kind for o in offers(plan, 5)} == {"hold"}
    assert {o.proposal.reasons[0].rule for o in offers(plan, 14)} == {"titrate.not_done"}


@pytest.mark.hazard("H-30")
def test_taking_over_changes_a_draft_and_nothing_for_the_patient() -> None:
    plan = steady()
    offer = step(plan)
    decision = take_over(plan, lead(plan), prescription=offer.prescription, kind="progress", today=day(10))
    draft = PlanVersion.objects.get(plan=plan, state="draft")
    assert decision.version == draft
    item = PlanExercise.objects.get(
        phase__version=draft, phase__number=offer.prescription.phase, exercise=offer.prescription.exercise
    )
    assert offer.proposal.dose is not None
    assert (item.sets, item.reps) == (offer.proposal.dose.sets, offer.proposal.dose.reps)
    assert "Proposed from the logs" in PlanEdit.objects.get(version=draft, action="dose").reason
    before = offer.prescription.reps
    assert Prescription.objects.get(pk=offer.prescription.pk).reps == before
    assert not next(o for o in offers(plan, 10) if o.prescription.pk == offer.prescription.pk).is_open


def test_a_second_proposal_goes_into_the_same_draft_and_the_first_is_not_taken_twice() -> None:
    plan = steady()
    first, second = [o for o in offers(plan, 10) if o.is_open][:2]
    for offer in (first, second):
        take_over(plan, lead(plan), prescription=offer.prescription, kind=offer.proposal.kind, today=day(10))
    assert PlanVersion.objects.filter(plan=plan).count() == 2
    with pytest.raises(Conflict):
        take_over(plan, lead(plan), prescription=first.prescription, kind=first.proposal.kind, today=day(10))


def test_a_dismissal_needs_a_reason_and_lasts_a_week() -> None:
    plan = steady()
    offer = step(plan)
    with pytest.raises(Invalid):
        dismiss(plan, lead(plan), prescription=offer.prescription, kind="progress", reason="", today=day(10))
    dismiss(plan, lead(plan), prescription=offer.prescription, kind="progress", reason="Holiday ahead", today=day(10))
    assert DoseDecision.objects.get().proposal["then"] == offer.then
    assert not next(o for o in offers(plan, 10) if o.prescription.pk == offer.prescription.pk).is_open


def test_only_a_registered_person_and_only_what_still_holds() -> None:
    plan = steady()
    offer = step(plan)
    with pytest.raises(Refused):
        take_over(plan, ManagerFactory(), prescription=offer.prescription, kind="progress", today=day(10))
    with pytest.raises(Conflict):
        take_over(plan, lead(plan), prescription=offer.prescription, kind="back", today=day(10))
    assert not PlanVersion.objects.filter(state="draft").exists()


@pytest.mark.hazard("H-30")
def test_a_flare_proposes_a_step_back_and_no_step_up() -> None:
    plan = running_plan()
    log_days(plan, 0, [3] * 8 + [7, 7])
    assert {o.proposal.light for o in offers(plan, 10)} == {"red"}
    assert {o.proposal.kind for o in offers(plan, 10)} <= {"back", "cut", "hold"}


def test_through_the_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = steady()
    monkeypatch.setattr("staff.course.views.patient_today", lambda _: day(10))
    client.force_login(lead(plan))
    client.post(reverse("staff:plan-review-judge", args=[plan.pk]))
    offer = step(plan)
    address = reverse("staff:dose-proposal", args=[plan.pk, offer.prescription.pk])
    assert "Step up" in client.get(reverse("staff:plan-review", args=[plan.pk])).content.decode()
    answer = client.post(address, {"act": "dismiss", "kind": "progress", "reason": ""})
    assert answer.status_code == 422
    assert client.post(address, {"act": "take", "kind": "progress"}).status_code == 302
    assert "In the draft" in client.get(reverse("staff:plan-review", args=[plan.pk])).content.decode()

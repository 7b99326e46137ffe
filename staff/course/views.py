"""The phase review: judge, decide, waive, record what was measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clinic.actions import first_message
from clinic.errors import DomainError
from clinic.locality import patient_today
from clinic.permissions import Permission, may
from exercises.models import Prescription
from plans.access import plan_for, review_for
from plans.actions.course import decide, observe, waive
from plans.actions.review import evidence_hash, review_phase
from plans.actions.titration import dismiss, dose_offers, take_over
from plans.course.running import Course, read_course
from plans.models import PhaseReview, Plan, ReviewDecision
from staff.course.forms import DecisionForm, ObservationForm, ProposalForm, WaiverForm
from staff.course.page import asked_metrics, history_of, review_page
from staff.forms import add_problems
from staff.headers import header_for, staff_user

HISTORY = 60
LAST_PHASE = 3


def _crumbs(plan: Plan) -> list[dict[str, str]]:
    episode = plan.episode
    return [
        {"label": episode.patient.display_name, "url": reverse("staff:patient-detail", args=[episode.patient_id])},
        {"label": episode.complaint, "url": reverse("staff:episode-detail", args=[episode.pk])},
        {"label": "Phase review", "url": reverse("staff:plan-review", args=[plan.pk])},
    ]


def _show(request: HttpRequest, plan: Plan, *, status: int = 200, **extra: Any) -> HttpResponse:
    today = patient_today(plan.episode.patient)
    course = read_course(plan, today=today)
    reviews = list(PhaseReview.objects.filter(plan=plan).for_page()[:HISTORY])
    latest = next((row for row in reviews if course and row.phase == plan.current_phase), None)
    context: dict[str, Any] = {
        "plan": plan,
        "patient": plan.episode.patient,
        "header": header_for(request, plan.episode.patient),
        "crumbs": _crumbs(plan),
        "course": course,
        "page": review_page(latest) if latest else None,
        "moved_on": bool(course and latest and evidence_hash(course) != latest.evidence_hash),
        "day_of_phase": (today - course.stay.entered_on).days if course else None,
        "today": today,
        "may_treat": may(request.user, Permission.CLINICAL_EDIT),
        "proposals": dose_offers(course, today=today) if course and latest else (),
        "history": history_of(reviews),
        "observe_form": ObservationForm(asked_metrics(course), initial={"day": today}) if course else None,
        "nav": "patient-list",
        **extra,
    }
    return render(request, "staff/course/review.html", context, status=status)


@require_safe
def plan_review(request: HttpRequest, pk: int) -> HttpResponse:
    """The latest judgement of the running phase, with its evidence and the four decisions."""
    return _show(request, plan_for(request.user, pk))


@require_POST
def plan_review_judge(request: HttpRequest, pk: int) -> HttpResponse:
    """Judge the running phase now."""
    plan = plan_for(request.user, pk, to="treat")
    if not _judge(request, plan):
        return redirect("staff:plan-review", pk=pk)
    messages.success(request, "Judged on what is known now.")
    return redirect("staff:plan-review", pk=pk)


def _judge(request: HttpRequest, plan: Plan) -> bool:
    try:
        today = patient_today(plan.episode.patient)
        review_phase(plan, trigger=PhaseReview.Trigger.ON_DEMAND, today=today, by=staff_user(request))
    except DomainError as error:
        messages.error(request, first_message(error))
        return False
    return True


def _done(form: forms.Form, act: Callable[[], Any]) -> bool:
    """Run the action of a valid form; False with the problems at their fields."""
    if not form.is_valid():
        return False
    try:
        act()
    except DomainError as error:
        add_problems(form, error)
        return False
    return True


@require_POST
def phase_review_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Advance, hold, step back or reassess."""
    review = review_for(request.user, pk, to="treat")
    plan = plan_for(request.user, review.plan_id, to="treat")
    form = DecisionForm(request.POST)

    def act() -> None:
        data, today = form.cleaned_data, patient_today(plan.episode.patient)
        decide(review, staff_user(request), choice=data["choice"], reason=data["reason"], to=data["to"], today=today)

    if not _done(form, act):
        return _show(request, plan, status=422, decision_form=form)
    return _after(request, plan, form.cleaned_data["choice"], phase=review.phase)


def _after(request: HttpRequest, plan: Plan, choice: str, *, phase: int) -> HttpResponse:
    if choice == ReviewDecision.Choice.REASSESS:
        draft = plan.episode.assessments.filter(state="draft").first()
        if draft is not None:
            messages.success(request, "The reassessment has begun.")
            return redirect("staff:assessment-edit", pk=draft.pk)
        return redirect("staff:episode-detail", pk=plan.episode_id)
    if choice == ReviewDecision.Choice.HOLD:
        messages.success(request, "The patient stays in this phase.")
        return redirect("staff:plan-review", pk=plan.pk)
    if choice == ReviewDecision.Choice.ADVANCE and phase == LAST_PHASE:
        messages.success(request, "Ready for discharge. Nothing has ended yet: read the record, then sign it.")
        return redirect("staff:discharge-new", pk=plan.episode_id)
    plan.refresh_from_db()
    messages.success(request, f"The patient is in phase {plan.current_phase}. The home exercises were changed.")
    return redirect("staff:plan-review", pk=plan.pk)


@require_POST
def plan_review_waive(request: HttpRequest, pk: int) -> HttpResponse:
    """Waive a gate that stands still; then judge anew."""
    plan = plan_for(request.user, pk, to="treat")
    form = WaiverForm(request.POST)

    def act() -> None:
        data, today = form.cleaned_data, patient_today(plan.episode.patient)
        waive(plan, staff_user(request), key=data["key"], reason=data["reason"], today=today)

    if not _done(form, act):
        return _show(request, plan, status=422, waiver_form=form)
    messages.success(request, "Waived for this phase, with your reason.")
    _judge(request, plan)
    return redirect("staff:plan-review", pk=pk)


@require_POST
def plan_review_observe(request: HttpRequest, pk: int) -> HttpResponse:
    """Record what was measured or checked; then judge anew."""
    plan = plan_for(request.user, pk, to="treat")
    today = patient_today(plan.episode.patient)
    course: Course | None = read_course(plan, today=today)
    if course is None:
        messages.error(request, "No phase is running: sign the plan first.")
        return redirect("staff:plan-review", pk=pk)
    form = ObservationForm(asked_metrics(course), request.POST)

    def act() -> None:
        data = form.cleaned_data
        observe(plan, staff_user(request), seen=form.seen(), day=data["day"], note=data["note"], today=today)

    if not _done(form, act):
        return _show(request, plan, status=422, observe_form=form)
    messages.success(request, "Recorded.")
    _judge(request, plan)
    return redirect("staff:plan-review", pk=pk)


@require_POST
def dose_proposal(request: HttpRequest, pk: int, prescription_pk: int) -> HttpResponse:
    """Take a dose proposal over into the next version, or dismiss it with a reason."""
    plan = plan_for(request.user, pk, to="treat")
    prescription = Prescription.objects.filter(pk=prescription_pk, episode=plan.episode_id).select_related(
        "exercise"
    ).first()  # fmt: skip
    if prescription is None:
        raise Http404("No such prescription in this plan.")
    form = ProposalForm(request.POST)

    def act() -> None:
        data, by = form.cleaned_data, staff_user(request)
        today = patient_today(plan.episode.patient)
        if data["act"] == "take":
            take_over(plan, by, prescription=prescription, kind=data["kind"], today=today)
        else:
            dismiss(plan, by, prescription=prescription, kind=data["kind"], reason=data["reason"], today=today)

    if not _done(form, act):
        return _show(request, plan, status=422, proposal_form=form, proposal_pk=prescription_pk)
    taken = form.cleaned_data["act"] == "take"
    said = "Taken into the draft of the next version. Sign it to change the home programme." if taken else "Dismissed."
    messages.success(request, said)
    return redirect(f"{reverse('staff:plan-review', args=[pk])}#proposals")

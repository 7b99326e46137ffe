"""The plan's pages: draft, read, decide on causes, sign, revise, move between phases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from assessments.access import assessment_for
from clinic.actions import first_message
from clinic.errors import DomainError, ManyProblems
from clinic.locality import patient_today
from clinic.models import Clinic
from clinic.permissions import Permission, may
from clinic.readers import facts_unsettled
from plans.access import cause_for, plan_for, version_for
from plans.actions import decide_cause, declined_families, draft_plan, recheck, revise, sign
from plans.actions.drafting import usable_knowledge
from plans.actions.holds import try_to_settle
from plans.models import PlanCause, PlanVersion
from plans.refusal import never_soften
from staff.forms import add_problems
from staff.headers import header_for, staff_user
from staff.plans.forms import CauseForm, DeclinedForm, ReasonForm, SummaryForm
from staff.plans.page import PlanPage, build_page
from staff.safety.lines import HoldForm, hold_groups, hold_lines


def plan_crumbs(version: PlanVersion, *more: tuple[str, str]) -> list[dict[str, str]]:
    """Patient > episode > plan version > more."""
    episode = version.plan.episode
    steps = [
        (episode.patient.display_name, reverse("staff:patient-detail", args=[episode.patient_id])),
        (episode.complaint, reverse("staff:episode-detail", args=[episode.pk])),
        (f"Plan, version {version.number}", version_url(version.pk)),
        *more,
    ]
    return [{"label": label, "url": url} for label, url in steps]


def version_url(pk: int) -> str:
    return reverse("staff:plan-version", args=[pk])


def back_to_version(pk: int) -> HttpResponse:
    return redirect("staff:plan-version", pk=pk)


def show_version(
    request: HttpRequest, pk: int, *, status: int = 200, hold_form: tuple[int, HoldForm] | None = None, **extra: Any
) -> HttpResponse:
    """The page of a version, with the forms that were refused in ``extra``."""
    context = {**plan_context(request, pk, hold_form=hold_form), **extra}
    context |= {"crumbs": plan_crumbs(context["version"]), "header": header_for(request, context["patient"])}
    return render(request, "staff/plans/version.html", context, status=status)


def plan_context(request: HttpRequest, pk: int, *, hold_form: tuple[int, HoldForm] | None = None) -> dict[str, Any]:
    """Everything the plan's page and its parts show, behind the door."""
    version = version_for(request.user, pk)
    alarm = _alarm(request, version)
    user = staff_user(request)
    patient = version.plan.episode.patient
    may_treat = may(user, Permission.CLINICAL_EDIT)
    page = build_page(version, usable_knowledge(), user=user, may_treat=may_treat, today=patient_today(patient))
    return {
        "page": page,
        "version": version,
        "plan": version.plan,
        "patient": patient,
        "may_treat": may_treat,
        "versions": PlanVersion.objects.filter(plan=version.plan).order_by("-number"),
        "never_soften": never_soften(version),
        "emergency_number": _emergency_number() if page.refusal else "",
        **_held(version, page, alarm=alarm, may_treat=may_treat, posted=hold_form),
        "redraft_url": reverse("staff:plan-redraft", args=[pk]),
        "cause_decisions": PlanCause.Decision.choices,
        "kept": request.session.get("plan_reasons", {}).get(str(pk), ""),
        "summary_form": SummaryForm(initial={"summary": version.summary_for_patient}),
        "declined_form": _declined_form(version) if page.editable else None,
        "nav": "patient-list",
    }


def _declined_form(version: PlanVersion) -> DeclinedForm:
    return DeclinedForm(initial={"families": declined_families(version.plan.episode.patient)})


def _alarm(request: HttpRequest, version: PlanVersion) -> bool:
    """True while a new fact waits to be screened; looking at the plan screens it when nothing is in the way."""
    patient = version.plan.episode.patient
    if not facts_unsettled(patient.pk):
        return False
    return not try_to_settle(patient, staff_user(request), today=patient_today(patient))


def _held(
    version: PlanVersion, page: PlanPage, *, alarm: bool, may_treat: bool, posted: tuple[int, HoldForm] | None
) -> dict[str, Any]:
    """What is held of the version in force."""
    if version.state != PlanVersion.State.SIGNED or page.names is None:
        return {"alarm": alarm}
    lines = hold_lines(version.plan, page.names, may_treat=may_treat, posted=posted)
    held = {line.anchor for line in lines if line.hold.released_at is None}
    ended = [line for line in lines if line.hold.released_at is not None]
    return {"alarm": alarm, "hold_groups": hold_groups(lines), "ended_holds": ended, "held": held}


def _emergency_number() -> str:
    return Clinic.objects.values_list("emergency_number", flat=True).first() or ""


@require_safe
def plan_version(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: the draft to work on, the signed plan to read, or what to do when there is none."""
    return show_version(request, pk)


@require_POST
def plan_draft_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft the plan from an assessment."""
    assessment = assessment_for(request.user, pk, to="treat")
    user = staff_user(request)
    try:
        version = draft_plan(assessment, user, today=patient_today(assessment.episode.patient))
    except DomainError as error:
        messages.error(request, first_message(error))
        return redirect("staff:episode-detail", pk=assessment.episode_id)
    return redirect("staff:plan-version", pk=version.pk)


@require_POST
def plan_redraft(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft anew from the same assessment; the edits of this draft are dropped."""
    version = version_for(request.user, pk, to="treat")
    assessment = assessment_for(request.user, version.assessment_id, to="treat")
    try:
        fresh = draft_plan(assessment, staff_user(request), today=patient_today(assessment.episode.patient))
    except DomainError as error:
        messages.error(request, first_message(error))
        return redirect("staff:plan-version", pk=pk)
    messages.success(request, "Drafted anew from today's facts.")
    return redirect("staff:plan-version", pk=fresh.pk)


@require_POST
def plan_recheck(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the edited draft and check each item against today's facts."""
    version = version_for(request.user, pk, to="treat")
    form = ReasonForm(request.POST)

    def act() -> None:
        today = patient_today(version.plan.episode.patient)
        recheck(version, staff_user(request), reason=form.cleaned_data["reason"], today=today)

    if _done(form, act):
        messages.success(request, "Every item was checked again.")
        return redirect("staff:plan-version", pk=pk)
    return show_version(request, pk, status=422, recheck_form=form)


@require_POST
def plan_sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign; what stands in the way is said on the page, and nothing is released."""
    version = version_for(request.user, pk, to="treat")
    try:
        sign(version, staff_user(request), today=patient_today(version.plan.episode.patient))
    except DomainError as error:
        problems = error.problems if isinstance(error, ManyProblems) else (error,)
        return show_version(request, pk, status=409, refused=problems)
    messages.success(request, "Signed. The home exercises are in the patient's portal.")
    return redirect("staff:plan-version", pk=pk)


@require_POST
def plan_revise(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the next version of a signed plan."""
    plan = plan_for(request.user, pk, to="treat")
    try:
        draft = revise(plan, staff_user(request), today=patient_today(plan.episode.patient))
    except DomainError as error:
        messages.error(request, first_message(error))
        return redirect("staff:episode-detail", pk=plan.episode_id)
    return redirect("staff:plan-version", pk=draft.pk)


@require_POST
def plan_cause_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept or reject a cause; the draft is chosen anew without a rejected one."""
    cause = cause_for(request.user, pk)
    form = CauseForm(request.POST)

    def act() -> None:
        data, today = form.cleaned_data, patient_today(cause.version.plan.episode.patient)
        decide_cause(cause, staff_user(request), decision=data["decision"], reason=data["reason"], today=today)

    if _done(form, act):
        messages.success(request, f"“{cause.title}” is kept as {cause.get_decision_display().lower()}.")
        return redirect(f"{version_url(cause.version_id)}#causes")
    return show_version(request, cause.version_id, status=422, cause_form=form, cause_key=cause.key)


def _done(form: ReasonForm, act: Callable[[], None]) -> bool:
    """Run the action of a valid form; False with the problems at their fields."""
    if not form.is_valid():
        return False
    try:
        act()
    except DomainError as error:
        add_problems(form, error)
        return False
    return True

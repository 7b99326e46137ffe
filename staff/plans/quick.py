"""The quick ways of changing a draft: one-tap steps, undo, one dose for a phase, packs, stars, words, wishes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.actions import first_message
from clinic.errors import Conflict, DomainError, ManyProblems
from clinic.locality import patient_today
from exercises.models import Exercise
from plans.access import item_for, phase_for, version_for
from plans.actions import (
    AppliedPack,
    apply_pack,
    change_phase_doses,
    delete_pack,
    save_pack,
    set_declined,
    set_summary,
    swap_exercise,
    toggle_favourite,
    undo_last,
)
from plans.actions.bulk import BULK_FIELDS
from plans.actions.drafting import usable_knowledge
from plans.actions.editing import checker_for, dose_of
from plans.coverage import served_by
from plans.difference import dose_words
from plans.models import Pack, PlanExercise, PlanPhase, PlanVersion
from plans.wording import exercise_dose
from staff.forms import add_problems
from staff.headers import header_for, staff_user
from staff.plans.answers import changed, keep_reason, kept_reason
from staff.plans.forms import BulkForm, DeclinedForm, PackForm, SummaryForm
from staff.plans.views import plan_crumbs, show_version, version_url

STEP_REASONS = {"easier": "Easier step", "harder": "Harder step"}


def draft_phase(request: HttpRequest, pk: int) -> tuple[PlanPhase, PlanVersion]:
    """A phase and its version, behind the door for those who treat."""
    phase = phase_for(request.user, pk)
    return phase, phase.version


@require_POST
def plan_step(request: HttpRequest, pk: int) -> HttpResponse:
    """One tap: the easier or harder exercise in place of this one, with its dose."""
    item = item_for(request.user, "exercise", pk)
    version = item.phase.version
    to = request.POST.get("to", "")
    if to not in STEP_REASONS or not isinstance(item, PlanExercise):
        return changed(request, version.pk, item.phase.number, notes=["Choose easier or harder."])
    name, before = item.exercise.name, dose_of(item)
    why = request.POST.get("reason") or kept_reason(request, version.pk) or STEP_REASONS[to]
    number, old = item.phase.number, f"exercise-{pk}"
    try:
        new = swap_exercise(item, staff_user(request), to=to, reason=why, today=patient_today(_patient(version)))
    except DomainError as error:
        return _refused(request, version, number, error, anchor=old)
    moved = dose_words(before, dose_of(new))
    said = f"{new.exercise.name} instead of {name}. " + ("; ".join(moved) + "." if moved else "The dose stays.")
    return changed(request, version.pk, number, said=said, anchor=f"exercise-{new.pk}")


def _patient(version: PlanVersion) -> Any:
    return version.plan.episode.patient


def _refused(
    request: HttpRequest, version: PlanVersion, phase: int, error: DomainError, *, anchor: str = ""
) -> HttpResponse:
    """A one-tap change that was refused: nothing changed, and the phase says why."""
    return changed(request, version.pk, phase, notes=[first_message(error)], anchor=anchor)


@require_POST
def plan_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back the last change of a draft."""
    version = version_for(request.user, pk, to="treat")
    try:
        edit = undo_last(version, staff_user(request), today=patient_today(_patient(version)))
    except DomainError as error:
        messages.error(request, first_message(error))
        return changed(request, pk, None)
    return changed(request, pk, edit.phase, said="The last change was taken back.", undo=False)


@require_POST
def plan_reason(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep one reason for the changes that follow; each of them is recorded with it."""
    version = version_for(request.user, pk, to="treat")
    text = " ".join(request.POST.get("reason", "").split())[:300]
    keep_reason(request, version.pk, text)
    if getattr(request, "htmx", False):
        return render(request, "staff/plans/_reason.html", {"version": version, "kept": text})
    return redirect(f"{version_url(pk)}#reason")


# --- One dose for a phase ---------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def plan_bulk(request: HttpRequest, pk: int) -> HttpResponse:
    """Set values on all exercises of a phase, or on those that stay ticked: all or none."""
    phase, version = draft_phase(request, pk)
    rows = list(phase.planexercises.select_related("exercise"))
    choices = [(str(row.pk), f"{row.exercise.name}: {exercise_dose(dose_of(row))}") for row in rows]
    first = {"only": [key for key, _ in choices], "reason": kept_reason(request, version.pk)}
    form = BulkForm(choices, request.POST or None, initial=first, prefix="bulk")
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            names = change_phase_doses(
                phase, staff_user(request), values={name: data[name] for name in BULK_FIELDS},
                only=[int(key) for key in data["only"]], reason=data["reason"], today=patient_today(_patient(version)),
            )  # fmt: skip
        except DomainError as error:
            _bulk_problems(form, error)
        else:
            keep_reason(request, version.pk, data["reason"])
            said = f"Dose changed: {', '.join(names)}." if names else "Every dose was like that already."
            return changed(
                request, version.pk, phase.number, said=said, anchor=f"phase-{phase.number}", undo=bool(names)
            )
    return _panel(request, "bulk", phase, version, {"form": form, "heading": "One dose for the phase"})


def _bulk_problems(form: BulkForm, error: DomainError) -> None:
    """Each exercise with its range on top, where there is room; at the field only that there is something."""
    if not isinstance(error, ManyProblems):
        return add_problems(form, error)
    for problem in error.problems:
        form.add_error(None, problem.message)
    for name in dict.fromkeys(p.field for p in error.problems if p.field in form.fields):
        form.add_error(name, "Not for every exercise, see above.")
    return None


# --- What the exercises serve -----------------------------------------------------------------------------------------


@require_safe
def plan_coverage(request: HttpRequest, pk: int) -> HttpResponse:
    """How much of the weighted causes the exercises of a phase serve, and one change that would serve more."""
    phase, version = draft_phase(request, pk)
    checker = checker_for(version, usable_knowledge(), today=patient_today(_patient(version)))
    served = served_by(phase, version, checker)
    return _panel(request, "coverage", phase, version, {"served": served, "heading": "What the exercises serve"})


# --- Packs ------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def plan_packs(request: HttpRequest, pk: int) -> HttpResponse:
    """Use a pack, keep this phase as one, or take one away."""
    phase, version = draft_phase(request, pk)
    action = request.POST.get("action", "")
    form = PackForm(request.POST if action == "save" else None, prefix="pack")
    refusal = ""
    if request.method == "POST":
        try:
            answer = _pack_act(request, phase, version, action, form)
        except DomainError as error:
            if action == "save":
                add_problems(form, error)
            refusal = "" if action == "save" else first_message(error)
        else:
            if answer is not None:
                return answer
    return _pack_panel(request, phase, version, form, refusal)


def _pack_act(
    request: HttpRequest, phase: PlanPhase, version: PlanVersion, action: str, form: PackForm
) -> HttpResponse | None:
    user = staff_user(request)
    if action == "save":
        if form.is_valid():
            pack = save_pack(phase, user, name=form.cleaned_data["name"], for_clinic=form.cleaned_data["for_clinic"])
            said = f"“{pack.name}” is kept with {pack.items.count()} exercises."
            return changed(request, version.pk, phase.number, said=said, undo=False)
        return None
    found = Pack.objects.usable_by(user).filter(pk=_number(request.POST.get("pack"))).first()
    if found is None:
        raise Conflict("pack_gone", "This pack was taken away. Choose another.")
    if action == "delete":
        delete_pack(found, user)
        return None
    why = request.POST.get("reason") or kept_reason(request, version.pk) or f"Pack “{found.name}”"
    done = apply_pack(phase, user, pack=found, reason=why, today=patient_today(_patient(version)))
    return changed(
        request, version.pk, phase.number, said=_pack_said(found, done), notes=_pack_notes(done), undo=bool(done.added)
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() and len(text) < 10 else 0


def _pack_said(pack: Pack, done: AppliedPack) -> str:
    total = len(done.added) + len(done.refused)
    return f"“{pack.name}”: {len(done.added)} of {total} exercises added."


def _pack_notes(done: AppliedPack) -> list[str]:
    notes = [f"Not added: {why}" if why.startswith(name) else f"Not added: {name}. {why}" for name, why in done.refused]
    if done.adjusted:
        notes.append(f"Dosed into the bounds of this phase: {', '.join(done.adjusted)}.")
    return notes


def _pack_panel(
    request: HttpRequest, phase: PlanPhase, version: PlanVersion, form: PackForm, refusal: str
) -> HttpResponse:
    packs = Pack.objects.usable_by(request.user).select_related("created_by").prefetch_related("items__exercise")
    context = {"form": form, "packs": packs, "refusal": refusal, "heading": "Packs of exercises"}
    return _panel(request, "packs", phase, version, context, bad=bool(refusal))


# --- Stars ------------------------------------------------------------------------------------------------------------


@require_POST
def plan_favourite(request: HttpRequest, pk: int) -> HttpResponse:
    """Star an exercise, or take the star away; then the list to add from, own stars first."""
    phase, _ = draft_phase(request, pk)
    exercise = Exercise.objects.filter(key=request.POST.get("star", "")).first()
    if exercise is not None:
        toggle_favourite(exercise, staff_user(request))
    return redirect(f"{_add_url(phase)}?q={request.POST.get('q', '')}")


def _add_url(phase: PlanPhase) -> str:
    return reverse("staff:plan-add", args=[phase.pk, "exercise"])


# --- Words for the patient, wishes of the patient ---------------------------------------------------------------------


@require_POST
def plan_words(request: HttpRequest, pk: int) -> HttpResponse:
    """The words above the plan in the patient's portal."""
    version = version_for(request.user, pk, to="treat")
    form = SummaryForm(request.POST)
    if form.is_valid():
        try:
            set_summary(version, staff_user(request), text=form.cleaned_data["summary"])
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, "The patient will read this above the plan once it is signed.")
            return redirect(f"{version_url(pk)}#words")
    return show_version(request, pk, status=422, summary_form=form)


@require_POST
def plan_declined(request: HttpRequest, pk: int) -> HttpResponse:
    """Which families of techniques the patient does not want."""
    version = version_for(request.user, pk, to="treat")
    form = DeclinedForm(request.POST)
    if form.is_valid() and set_declined(_patient(version), staff_user(request), families=form.cleaned_data["families"]):
        messages.success(request, "Recorded. Check the draft again, or draft anew, so that it follows.")
    return redirect(f"{version_url(pk)}#wishes")


# --- Shared -----------------------------------------------------------------------------------------------------------


def _panel(
    request: HttpRequest,
    name: str,
    phase: PlanPhase,
    version: PlanVersion,
    context: dict[str, Any],
    *,
    bad: bool = False,
) -> HttpResponse:
    """A panel in its slot of the plan page, or the same as a page of its own."""
    form = context.get("form")
    status = 422 if bad or (form is not None and form.errors) else 200
    partial = bool(getattr(request, "htmx", False))
    shown = {**context, "phase": phase, "version": version, "kept": kept_reason(request, version.pk), "panel": name}
    if partial:
        return render(request, f"staff/plans/_{name}_panel.html", shown, status=status)
    patient = _patient(version)
    page = {
        "header": header_for(request, patient),
        "crumbs": plan_crumbs(version, (f"Phase {phase.number}", "")),
        "nav": "patient-list",
        "panel_template": f"staff/plans/_{name}_panel.html",
    }
    return render(request, "staff/plans/panel.html", {**shown, **page}, status=status)

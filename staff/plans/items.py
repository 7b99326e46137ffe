"""Changing the items of a draft: dose, swap, remove, override, order, add. Each works without JavaScript."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from clinic.errors import Conflict, DomainError
from clinic.models import User
from exercises.models import Exercise
from plans.access import item_for, phase_for, version_for
from plans.actions import (
    add_exercise,
    add_technique,
    change_dose,
    move_item,
    override_item,
    plan_alternative,
    remove_item,
    swap_exercise,
)
from plans.actions.drafting import usable_knowledge
from plans.actions.editing import checker_for, dose_of, verdict_on
from plans.doses import exercise_bounds, technique_bounds
from plans.models import PlanExercise, PlanPhase, PlanTechnique, PlanVersion
from plans.screening import Checker
from plans.snapshot import facts_from_json
from plans.wording import Names
from staff.forms import add_problems
from staff.headers import header_for, staff_user
from staff.plans.forms import AddForm, DoseForm, OverrideForm, ReasonForm, SwapForm
from staff.plans.page import card_of
from staff.plans.views import patient_today, plan_crumbs, version_url

Item = PlanTechnique | PlanExercise
MAX_OFFERED = 60


def _back(request: HttpRequest, version_id: int, anchor: str) -> HttpResponse:
    """To the plan page, at the item; htmx loads the whole page anew so that meters and the sign bar are right.

    On the plan page itself a redirect that differs in its fragment only would not load anything, so it is refreshed.
    """
    plan_page = version_url(version_id)
    if not getattr(request, "htmx", False):
        return HttpResponseRedirect(f"{plan_page}#{anchor}")
    if plan_page in (request.htmx.current_url or ""):  # type: ignore[attr-defined]
        return HttpResponseClientRefresh()
    return HttpResponseClientRedirect(f"{plan_page}#{anchor}")


# --- One item -------------------------------------------------------------------------------------------------------


class ItemDesk:
    """The forms of one item, bound to what was posted for the chosen action."""

    def __init__(self, request: HttpRequest, kind: str, item: Item) -> None:
        self.kind, self.item = kind, item
        self.user: User = staff_user(request)
        self.today = patient_today(item.phase.version.plan.episode.patient)
        self.knowledge = usable_knowledge()
        self.checker: Checker = checker_for(item.phase.version, self.knowledge, today=self.today)
        self.action = request.POST.get("action", "")
        self._posted = request.POST if request.method == "POST" else None
        self.dose = DoseForm(self._bounds(), self._for("dose"), initial=dose_of(item), prefix="dose")
        self.swap = SwapForm(self._swap_choices(), self._for("swap"), prefix="swap")
        self.remove = ReasonForm(self._for("remove"), prefix="remove")
        self.plan = ReasonForm(self._for("plan"), prefix="plan")
        self.override = OverrideForm(self._for("override"), prefix="override")

    def _for(self, action: str) -> Any:
        return self._posted if self.action == action else None

    def _bounds(self) -> Any:
        phase = self.item.phase.number
        if isinstance(self.item, PlanTechnique):
            return technique_bounds(self.knowledge.techniques[self.item.technique.key], phase)
        exercise = self.knowledge.exercises[self.item.exercise.key]
        heavy = bool(self.checker.screen.heavy_avoided)
        return exercise_bounds(exercise, phase, self.knowledge, heavy_avoided=heavy)

    def _swap_choices(self) -> list[Any]:
        if isinstance(self.item, PlanTechnique):
            return []
        steps = [
            (word, step)
            for word, step in (("easier", self.item.exercise.regression), ("harder", self.item.exercise.progression))
            if step
        ]
        named = [(word, f"{word.capitalize()}: {step.name}") for word, step in steps]
        return [*named, *exercise_choices(self.item.phase, self.checker, near=self.item.exercise)]

    @property
    def form(self) -> ReasonForm | OverrideForm | None:
        """The form that was posted."""
        posted: dict[str, ReasonForm | OverrideForm] = {
            "dose": self.dose,
            "swap": self.swap,
            "remove": self.remove,
            "plan": self.plan,
            "override": self.override,
        }
        return posted.get(self.action)

    def act(self) -> str:
        """Do what was posted; the anchor to go back to."""
        item, by, today = self.item, self.user, self.today
        anchor = f"{self.kind}-{item.pk}"
        if self.action == "dose":
            change_dose(item, by, values=self.dose.values(), reason=self.dose.cleaned_data["reason"], today=today)
        elif self.action == "remove":
            remove_item(item, by, reason=self.remove.cleaned_data["reason"])
            anchor = f"phase-{item.phase.number}"
        elif self.action == "swap" and isinstance(item, PlanExercise):
            data = self.swap.cleaned_data
            new = swap_exercise(
                item, by, to=data["to"], reason=data["reason"], today=today, override=self.swap.request()
            )
            anchor = f"exercise-{new.pk}"
        elif self.action == "plan" and isinstance(item, PlanTechnique):
            plan_alternative(item, by, reason=self.plan.cleaned_data["reason"], today=today)
        elif self.action == "override":
            self._override()
        return anchor

    def _override(self) -> None:
        request = self.override.request()
        if request is None:
            raise Conflict("override_empty", "State the kind of reason, the approval on file and the reason.")
        override_item(self.item, self.user, request=request, today=self.today)


@require_http_methods(["GET", "POST"])
def plan_item(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Change one technique or exercise of a draft."""
    item = item_for(request.user, kind, pk)
    if item.phase.version.state != PlanVersion.State.DRAFT:
        messages.error(request, "This version is signed and never changes. Make a new version to edit the plan.")
        return _back(request, item.phase.version_id, f"{kind}-{pk}")
    desk = ItemDesk(request, kind, item)
    if request.method == "POST" and desk.form is not None and desk.form.is_valid():
        try:
            return _back(request, item.phase.version_id, desk.act())
        except DomainError as error:
            desk.item = item_for(request.user, kind, pk)
            _at_fields(desk.form, error)
    status = 422 if desk.form is not None and desk.form.errors else 200
    return _item_page(request, desk, status)


def _at_fields(form: ReasonForm | OverrideForm, error: DomainError) -> None:
    add_problems(form, error)
    form.needs_override = error.code in ("override_needed", "reason_code")  # type: ignore[union-attr]


def _item_page(request: HttpRequest, desk: ItemDesk, status: int) -> HttpResponse:
    version = version_for(request.user, desk.item.phase.version_id, to="treat")
    findings = facts_from_json(version.facts).findings
    names = Names(desk.knowledge)
    verdict = verdict_on(desk.item, desk.checker)
    context = {
        "desk": desk,
        "item": desk.item,
        "kind": desk.kind,
        "card": card_of(desk.item, names, desk.knowledge, findings),
        "verdict": verdict,
        "verdict_says": [names.said(reason.text) for reason in verdict.reasons],
        "approval": verdict.approval,
        "version": version,
        "header": header_for(request, version.plan.episode.patient),
        "crumbs": plan_crumbs(version, (_name(desk.item), "")),
        "nav": "patient-list",
    }
    partial = getattr(request, "htmx", False)
    return render(
        request, "staff/plans/_item_panel.html" if partial else "staff/plans/item.html", context, status=status
    )


def _name(item: Item) -> str:
    return item.technique.name if isinstance(item, PlanTechnique) else item.exercise.name


@require_POST
def plan_item_move(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """One place up or down."""
    item = item_for(request.user, kind, pk)
    try:
        move_item(item, staff_user(request), up=request.POST.get("direction") == "up")
    except DomainError as error:
        messages.error(request, error.message)
    return _back(request, item.phase.version_id, f"{kind}-{pk}")


# --- Adding ---------------------------------------------------------------------------------------------------------


def exercise_choices(phase: PlanPhase, checker: Checker, *, near: Exercise | None = None) -> list[tuple[str, str]]:
    """Exercises that may be offered in a phase, what is blocked said beside the name; those of the region first."""
    there = set(phase.planexercises.values_list("exercise__key", flat=True))
    rows = Exercise.objects.filter(is_active=True, phases__contains=[phase.number]).order_by("name")
    regions = {near.region} if near else set(checker.picture.regions)
    found = [row for row in rows if row.key not in there and row.key in checker.knowledge.exercises]
    found.sort(key=lambda row: row.region not in regions)
    return [(row.key, row.name + _mark(checker.exercise(row.key, phase.number).safety)) for row in found]


def technique_choices(phase: PlanPhase) -> list[tuple[str, str]]:
    """Techniques of a phase that are not planned yet."""
    there = set(phase.plantechniques.filter(is_alternative=False).values_list("technique__key", flat=True))
    return [
        (t.key, t.name)
        for t in usable_knowledge().techniques.values()
        if phase.number in t.phases and t.key not in there and t.category not in ("exercise", "education")
    ]


def _mark(safety: str) -> str:
    return {
        "blocked_absolute": " (not possible)",
        "blocked_overridable": " (blocked, needs an approval)",
        "unknown": " (a question is open)",
        "precaution": " (with precaution)",
    }.get(safety, "")


@require_http_methods(["GET", "POST"])
def plan_add(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Add an exercise or a technique to a phase of a draft."""
    phase = phase_for(request.user, pk)
    version = version_for(request.user, phase.version_id, to="treat")
    if version.state != PlanVersion.State.DRAFT:
        messages.error(request, "This version is signed and never changes. Make a new version to edit the plan.")
        return redirect("staff:plan-version", pk=version.pk)
    today = patient_today(version.plan.episode.patient)
    form = _add_form(request, phase, version, kind)
    if request.method == "POST" and form.is_valid():
        try:
            item = _add(form, phase, kind, staff_user(request), today)
        except DomainError as error:
            _at_fields(form, error)
        else:
            return _back(request, version.pk, f"{kind}-{item.pk}")
    context = {
        "form": form,
        "phase": phase,
        "kind": kind,
        "version": version,
        "header": header_for(request, version.plan.episode.patient),
        "crumbs": plan_crumbs(version, (f"Add to phase {phase.number}", "")),
        "nav": "patient-list",
    }
    partial = getattr(request, "htmx", False)
    template = "staff/plans/_add_panel.html" if partial else "staff/plans/add.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _add_form(request: HttpRequest, phase: PlanPhase, version: PlanVersion, kind: str) -> AddForm:
    knowledge = usable_knowledge()
    today = patient_today(version.plan.episode.patient)
    if kind == "technique":
        choices = technique_choices(phase)
    else:
        choices = exercise_choices(phase, checker_for(version, knowledge, today=today))
    sites = facts_from_json(version.facts).sites
    initial = {"region": sites[0].region, "side": sites[0].side} if sites else {}
    return AddForm(choices, request.POST or None, with_place=kind == "technique", initial=initial)


def _add(form: AddForm, phase: PlanPhase, kind: str, by: User, today: Any) -> Item:
    data = form.cleaned_data
    common = {"key": data["key"], "reason": data["reason"], "today": today, "override": form.request()}
    if kind == "technique":
        return add_technique(phase, by, region=data["region"], side=data["side"], **common)
    return add_exercise(phase, by, **common)

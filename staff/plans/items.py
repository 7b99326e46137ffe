"""Changing the items of a draft: dose, swap, remove, override, order, add. Each works without JavaScript."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from clinic.errors import Conflict, DomainError
from clinic.locality import patient_today
from clinic.models import User
from exercises.sides import side_to_say
from plans.access import item_for, version_for
from plans.actions import (
    change_dose,
    change_place,
    move_item,
    override_item,
    plan_alternative,
    remove_item,
    swap_exercise,
)
from plans.actions.drafting import usable_knowledge
from plans.actions.editing import checker_for, dose_of, verdict_on
from plans.doses import exercise_bounds, technique_bounds
from plans.models import PlanExercise, PlanTechnique, PlanVersion
from plans.screening import Checker
from plans.snapshot import facts_from_json
from plans.wording import Names
from staff.headers import header_for, staff_user
from staff.plans.adding import SWAP_MARKS, at_fields, offered_exercises
from staff.plans.answers import changed, kept_reason
from staff.plans.forms import DoseForm, OverrideForm, PlaceForm, ReasonForm, SwapForm
from staff.plans.page import card_of
from staff.plans.views import plan_crumbs

Item = PlanTechnique | PlanExercise
SAID = {
    "dose": "The dose was changed.",
    "remove": "It was taken out.",
    "swap": "Swapped.",
    "plan": "It is planned now.",
    "place": "The place was changed.",
    "override": "The override was recorded.",
}


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
        why = {"reason": kept_reason(request, item.phase.version_id)}
        self.dose = DoseForm(self._bounds(), self._for("dose"), initial={**dose_of(item), **why}, prefix="dose")
        self.swap = SwapForm(self._swap_choices(), self._for("swap"), initial=why, prefix="swap")
        self.remove = ReasonForm(self._for("remove"), initial=why, prefix="remove")
        self.plan = ReasonForm(self._for("plan"), initial=why, prefix="plan")
        self.place = self._place_form(why)
        self.override = OverrideForm(self._for("override"), prefix="override")

    def _place_form(self, why: dict[str, str]) -> PlaceForm | None:
        """Side and region of a technique; the side of an exercise only where it works one side at a time."""
        item = self.item
        if isinstance(item, PlanExercise) and not has_sides(item):
            return None
        first = {"region": item.region, "side": item.side, **why}
        with_region = isinstance(item, PlanTechnique)
        return PlaceForm(self._for("place"), initial=first, prefix="place", with_region=with_region)

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
        rows = offered_exercises(self.item.phase, self.checker, near=self.item.exercise)
        return [*named, *((row.key, row.name + SWAP_MARKS.get(safety, "")) for row, safety in rows)]

    @property
    def form(self) -> ReasonForm | OverrideForm | None:
        """The form that was posted."""
        posted: dict[str, ReasonForm | OverrideForm | None] = {
            "place": self.place,
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
        elif self.action == "place" and self.place is not None:
            data = self.place.cleaned_data
            region = data.get("region", item.region)
            change_place(item, by, region=region, side=data["side"], reason=data["reason"], today=today)
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
        return redirect("staff:plan-version", pk=item.phase.version_id)
    desk = ItemDesk(request, kind, item)
    if request.method == "POST" and desk.form is not None and desk.form.is_valid():
        try:
            anchor = desk.act()
        except DomainError as error:
            desk.item = item_for(request.user, kind, pk)
            at_fields(desk.form, error)
        else:
            return changed(request, item.phase.version_id, item.phase.number, said=SAID[desk.action], anchor=anchor)
    status = 422 if desk.form is not None and desk.form.errors else 200
    return _item_page(request, desk, status)


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


def has_sides(item: PlanExercise) -> bool:
    """Whether the exercise works one side at a time."""
    exercise = item.exercise
    said = side_to_say(
        "left",
        technique=exercise.technique,
        region=exercise.region,
        position=exercise.position,
        load_tags=exercise.load_tags,
    )
    return bool(said)


def _name(item: Item) -> str:
    return item.technique.name if isinstance(item, PlanTechnique) else item.exercise.name


@require_POST
def plan_item_move(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """One place up or down."""
    item = item_for(request.user, kind, pk)
    try:
        move_item(item, staff_user(request), up=request.POST.get("direction") == "up")
    except DomainError as error:
        return changed(request, item.phase.version_id, item.phase.number, notes=[error.message])
    return changed(request, item.phase.version_id, item.phase.number, anchor=f"{kind}-{pk}")

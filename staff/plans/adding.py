"""Adding to a phase: exercises with own stars first and a search; techniques, and why some may not be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinic.anatomy import REGIONS
from clinic.errors import DomainError
from clinic.locality import patient_today
from clinic.models import User
from exercises.models import Exercise
from plans.access import phase_for, version_for
from plans.actions import add_exercise, add_technique
from plans.actions.drafting import usable_knowledge
from plans.actions.editing import checker_for
from plans.engine.facts import Side, Site
from plans.models import Favourite, PlanExercise, PlanPhase, PlanTechnique, PlanVersion
from plans.screening import Checker
from plans.snapshot import facts_from_json
from plans.wording import CREDENTIALS, Names, exercise_dose
from staff.forms import add_problems
from staff.headers import header_for, staff_user
from staff.plans.answers import changed, kept_reason
from staff.plans.forms import AddForm
from staff.plans.views import plan_crumbs

SHOWN = 30
SWAP_MARKS = {
    "blocked_absolute": " (not possible)",
    "blocked_overridable": " (blocked, needs an approval)",
    "unknown": " (a question is open)",
    "precaution": " (with precaution)",
}
SAFETY_ORDER = {"clear": 0, "precaution": 0, "blocked_overridable": 1, "unknown": 1, "blocked_absolute": 2}


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of the list to add from. ``why`` says why it may not be taken, "" when it may."""

    key: str
    name: str
    about: str
    safety: str
    why: str = ""
    starred: bool = False
    override: bool = False


def offered_exercises(
    phase: PlanPhase, checker: Checker, *, near: Exercise | None = None
) -> list[tuple[Exercise, str]]:
    """Exercises that the phase does not hold yet with their safety; those of the patient's regions first."""
    there = set(phase.planexercises.values_list("exercise__key", flat=True))
    rows = Exercise.objects.filter(is_active=True, phases__contains=[phase.number]).order_by("name")
    regions = {near.region} if near else set(checker.picture.regions)
    found = [row for row in rows if row.key not in there and row.key in checker.knowledge.exercises]
    found.sort(key=lambda row: row.region not in regions)
    return [(row, checker.exercise(row.key, phase.number).safety) for row in found]


def exercise_offers(phase: PlanPhase, checker: Checker, user: User, search: str) -> list[Offer]:
    """Own stars first, then the patient's regions; what is blocked comes last and says why."""
    stars = set(Favourite.objects.filter(user=user).values_list("exercise__key", flat=True))
    names = Names(checker.knowledge)
    wanted = search.casefold().split()
    offers = []
    for row, safety in offered_exercises(phase, checker):
        words = f"{row.name} {REGIONS.get(row.region, '')} {row.kind}".casefold()
        if all(word in words for word in wanted):
            offers.append(_exercise_offer(row, safety, phase.number, checker, names, row.key in stars))
    offers.sort(key=lambda offer: (not offer.starred, SAFETY_ORDER.get(offer.safety, 2)))
    return offers


def _exercise_offer(row: Exercise, safety: str, phase: int, checker: Checker, names: Names, starred: bool) -> Offer:
    verdict = checker.exercise(row.key, phase)
    dosed = checker.exercise_dose(row.key, phase)
    dose = dosed.dosage
    plain = {
        "sets": dose.sets, "reps": dose.reps, "hold_s": dose.hold_s, "duration_min": dose.duration_min,
        "per_day": dose.per_day, "days_per_week": dose.days_per_week, "rest_s": dose.rest_s,
        "rpe_low": dose.rpe[0], "rpe_high": dose.rpe[1],
    }  # fmt: skip
    about = f"{REGIONS.get(row.region, row.region)} · {exercise_dose(plain)} · {dosed.minutes_per_day:.1f} min a day"
    why = "; ".join(names.said(reason.text) for reason in verdict.reasons) if verdict.is_blocked else ""
    return Offer(row.key, row.name, about, safety, why, starred, override=bool(verdict.approval))


def technique_offers(phase: PlanPhase, checker: Checker, site: Site) -> list[Offer]:
    """Techniques of the phase that are not planned: those that may be used, then the others with the reason.

    What the practitioner has no valid certificate for, and what the clinic has no device for, cannot be chosen.
    """
    there = set(phase.plantechniques.filter(is_alternative=False).values_list("technique__key", flat=True))
    names = Names(checker.knowledge)
    offers = []
    for technique in checker.knowledge.techniques.values():
        if phase.number not in technique.phases or technique.key in there:
            continue
        if technique.category in ("exercise", "education"):
            continue
        verdict = checker.technique(technique.key, phase.number, site)
        practice = practice_reason(technique.credentials, technique.equipment, checker)
        why = practice or ("; ".join(names.said(r.text) for r in verdict.reasons) if verdict.is_blocked else "")
        safety = "blocked_absolute" if practice else verdict.safety
        approval = bool(verdict.approval) and not practice
        offers.append(Offer(technique.key, technique.name, technique.aim, safety, why, override=approval))
    offers.sort(key=lambda offer: SAFETY_ORDER.get(offer.safety, 2))
    return offers


def practice_reason(credentials: Iterable[str], equipment: Iterable[str], checker: Checker) -> str:
    """Why this practitioner or this clinic cannot use it: certificate missing or ended on a day, device missing."""
    facts, today = checker.picture.facts, checker.picture.today
    held = {row.key: row.expires for row in facts.credentials}
    said = []
    for key in credentials:
        name, until = CREDENTIALS.get(key, key.replace("_", " ")), held.get(key)
        if key not in held:
            said.append(f"needs {name}, which is not on file")
        elif until is not None and until < today:
            said.append(f"needs {name}, which ended on {until:%d %b %Y}")
    owned = facts.clinic_equipment
    missing = [] if owned is None else [item.replace("_", " ") for item in equipment if item not in owned]
    if missing:
        said.append(f"the clinic has no {', '.join(missing)}")
    return "; ".join(said)


@require_http_methods(["GET", "POST"])
def plan_add(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Add an exercise or a technique to a phase of a draft."""
    phase = phase_for(request.user, pk)
    version = version_for(request.user, phase.version_id, to="treat")
    if version.state != PlanVersion.State.DRAFT:
        messages.error(request, "This version is signed and never changes. Make a new version to edit the plan.")
        return redirect("staff:plan-version", pk=version.pk)
    user, today = staff_user(request), patient_today(version.plan.episode.patient)
    checker = checker_for(version, usable_knowledge(), today=today)
    form = _add_form(request, phase, version, kind, checker)
    if request.method == "POST" and form.is_valid():
        try:
            item = _add(form, phase, kind, user, today)
        except DomainError as error:
            at_fields(form, error)
        else:
            said = f"{item.exercise.name if isinstance(item, PlanExercise) else item.technique.name} was added."
            return changed(request, version.pk, phase.number, said=said, anchor=f"{kind}-{item.pk}")
    offers = _offers(request, form, phase, kind, checker, user)
    context = {
        "form": form,
        "phase": phase,
        "kind": kind,
        "version": version,
        "offers": offers[:SHOWN],
        "more": max(0, len(offers) - SHOWN),
        "search": request.GET.get("q", ""),
        "chosen": form.data.get("key", ""),
        "header": header_for(request, version.plan.episode.patient),
        "crumbs": plan_crumbs(version, (f"Add to phase {phase.number}", "")),
        "nav": "patient-list",
    }
    partial = getattr(request, "htmx", False)
    template = "staff/plans/_add_panel.html" if partial else "staff/plans/add.html"
    if partial and request.htmx.target == f"offers-{phase.pk}":  # type: ignore[attr-defined]
        template = "staff/plans/_offers.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _offers(
    request: HttpRequest, form: AddForm, phase: PlanPhase, kind: str, checker: Checker, user: User
) -> list[Offer]:
    if kind == "exercise":
        return exercise_offers(phase, checker, user, request.GET.get("q", ""))
    region = form.data.get("region") or request.GET.get("region") or form.initial.get("region", "")
    side = form.data.get("side") or request.GET.get("side") or form.initial.get("side", "")
    return technique_offers(phase, checker, Site(str(region), cast(Side, str(side))))


def at_fields(form: Any, error: DomainError) -> None:
    """Put the refusal at its field; one that an approval could lift asks for it."""
    add_problems(form, error)
    form.needs_override = error.code in ("override_needed", "reason_code")


def _add_form(request: HttpRequest, phase: PlanPhase, version: PlanVersion, kind: str, checker: Checker) -> AddForm:
    sites = facts_from_json(version.facts).sites
    first = {"region": sites[0].region, "side": sites[0].side} if sites else {}
    first["reason"] = kept_reason(request, version.pk)
    choices = [(key, key) for key in (*checker.knowledge.exercises, *checker.knowledge.techniques)]
    return AddForm(choices, request.POST or None, with_place=kind == "technique", initial=first)


def _add(form: AddForm, phase: PlanPhase, kind: str, by: User, today: Any) -> PlanTechnique | PlanExercise:
    data = form.cleaned_data
    common = {"key": data["key"], "reason": data["reason"], "today": today, "override": form.request()}
    if kind == "technique":
        return add_technique(phase, by, region=data["region"], side=data["side"], **common)
    return add_exercise(phase, by, **common)

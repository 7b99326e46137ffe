"""Changes of a draft by a person. Each is screened by the engine's rules and kept with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max

from clinic.anatomy import REGIONS, SIDE_CHOICES
from clinic.errors import Conflict, Invalid
from clinic.models import User
from exercises.models import Exercise
from plans.actions.checking import item_key as item_key
from plans.actions.checking import screen_draft
from plans.actions.checking import verdict_on as verdict_on
from plans.actions.drafting import usable_knowledge
from plans.actions.filling import dose_columns, reasons_to_json
from plans.actions.guards import (
    Item,
    OverrideRequest,
    locked_draft,
    permitted,
    record,
    stated,
    version_of,
    write_override,
)
from plans.actions.refusals import refusals_kept
from plans.doses import (
    Bound,
    checked_exercise_dose,
    checked_technique_dose,
    exercise_bounds,
    fitted_dose,
    minutes_of,
    technique_bounds,
)
from plans.engine.dose import dose_dict
from plans.engine.knowledge import Knowledge
from plans.facts import practice_now
from plans.models import PlanExercise, PlanPhase, PlanTechnique, PlanVersion
from plans.screening import Checker, Verdict
from plans.snapshot import facts_from_json

PASSIVE_MAX = 3
STEPS = ("easier", "harder")
PASSIVE = ("manual_soft", "manual_joint", "needling", "electro", "thermal")
SIDES = frozenset(key for key, _ in SIDE_CHOICES) | {""}
DOSE_FIELDS = (
    "sets", "reps", "hold_s", "duration_min", "per_day", "days_per_week", "rpe_low", "rpe_high", "rest_s",
)  # fmt: skip


def checker_for(version: PlanVersion, knowledge: Knowledge, *, today: date) -> Checker:
    """The safety rules for the facts that the version was drafted from, with today's credentials and equipment."""
    rejected = version.causes.filter(decision="rejected").values_list("key", flat=True)
    facts = practice_now(facts_from_json(version.facts), version.plan.episode.practitioner)
    return Checker(facts, knowledge, today=today, rejected=rejected)


def item_name(item: Item) -> str:
    """Name of the technique or exercise of an item."""
    return item.technique.name if isinstance(item, PlanTechnique) else item.exercise.name


def dose_of(item: Item) -> dict[str, Any]:
    """The dose of an item as plain JSON values."""
    if isinstance(item, PlanTechnique):
        return dict(item.dose)
    columns = {name: getattr(item, name) for name in DOSE_FIELDS}
    columns["duration_min"] = None if item.duration_min is None else float(item.duration_min)
    return columns


def described(item: Item) -> dict[str, Any]:
    """Everything of an item that is needed to say what it was, and to put it back."""
    return {
        "kind": "technique" if isinstance(item, PlanTechnique) else "exercise",
        "key": item_key(item),
        "region": item.region,
        "side": item.side,
        "dose": dose_of(item),
        "position": item.position,
        "causes": list(item.causes),
        "reasons": list(item.reasons),
        "origin": str(item.origin),
        "is_alternative": getattr(item, "is_alternative", False),
    }


# --- Remove and reorder ---------------------------------------------------------------------------------------------


@transaction.atomic
def remove_item(item: Item, by: User, *, reason: str) -> None:
    """Take a technique or exercise out of its phase."""
    version = version_of(item)
    why = stated(reason)
    record(version, by, "remove", item_key(item), phase=item.phase.number, before=described(item), reason=why)
    item.delete()


@transaction.atomic
def move_item(item: Item, by: User, *, up: bool, reason: str = "Order changed") -> None:
    """One place up or down within its list; at the end of the list nothing happens."""
    version = version_of(item)
    siblings = _siblings(item)
    place = siblings.index(item)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(siblings):
        return
    before = {"order": [item_key(sibling) for sibling in siblings]}
    siblings[place], siblings[other] = siblings[other], siblings[place]
    for position, sibling in enumerate(siblings):
        type(sibling).objects.filter(pk=sibling.pk).update(position=position)
    after = {"position": other + 1, "order": [item_key(sibling) for sibling in siblings]}
    why = stated(reason)
    record(version, by, "reorder", item_key(item), phase=item.phase.number, before=before, after=after, reason=why)


def _siblings(item: Item) -> list[Any]:
    if isinstance(item, PlanTechnique):
        return list(item.phase.plantechniques.filter(is_alternative=item.is_alternative))
    return list(item.phase.planexercises.all())


# --- Dose -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def change_dose(item: Item, by: User, *, values: Mapping[str, object], reason: str, today: date) -> None:
    """Set a dose within its bounds. Raises Invalid or ManyProblems that name the range; then nothing changes."""
    version = version_of(item)
    knowledge = usable_knowledge()
    before = dose_of(item)
    phase = item.phase.number
    why = stated(reason)
    if isinstance(item, PlanTechnique):
        bounds = technique_bounds(knowledge.techniques[item.technique.key], phase)
        item.dose = checked_technique_dose(values, item.dose, bounds)
        item.save(update_fields=["dose"])
    else:
        checker = checker_for(version, knowledge, today=today)
        set_dose(item, checked_exercise_dose(values, limits_of(item.exercise.key, phase, checker)))
        item.save()
    record(version, by, "dose", item_key(item), phase=phase, before=before, after=dose_of(item), reason=why)


def limits_of(key: str, phase: int, checker: Checker) -> dict[str, Bound]:
    """The bounds of an exercise's dose for this patient."""
    knowledge, heavy = checker.knowledge, bool(checker.screen.heavy_avoided)
    return exercise_bounds(knowledge.exercises[key], phase, knowledge, heavy_avoided=heavy)


def set_dose(item: PlanExercise, dose: Mapping[str, Any]) -> None:
    """Put a checked dose into the columns; the minutes a day follow."""
    for name in DOSE_FIELDS:
        setattr(item, name, dose.get(name))
    item.minutes_per_day = round(minutes_of(dose), 1)


# --- Add and swap ---------------------------------------------------------------------------------------------------


@refusals_kept
@transaction.atomic
def add_exercise(
    phase: PlanPhase, by: User, *, key: str, reason: str, today: date, override: OverrideRequest | None = None
) -> PlanExercise:
    """Add an exercise with its starting dose. A blocked one is refused, or needs the override of its rule."""
    version = locked_draft(phase.version_id)
    why = stated(reason)
    checker = checker_for(version, usable_knowledge(), today=today)
    item = new_exercise(version, phase, key, by, checker=checker, today=today, override=override)
    record(version, by, "add", key, phase=phase.number, after=described(item), reason=why)
    return item


@refusals_kept
@transaction.atomic
def swap_exercise(
    item: PlanExercise, by: User, *, to: str, reason: str, today: date, override: OverrideRequest | None = None
) -> PlanExercise:
    """Put another exercise in its place: "easier", "harder" (regression, progression) or any key.

    A step keeps the dose as far as the bounds of the other exercise allow; any other exercise brings its own.
    """
    version = version_of(item)
    why = stated(reason)
    key = _swap_key(item.exercise, to)
    before, phase = described(item), item.phase
    item.delete()
    keep = before["dose"] if to in STEPS else None
    new = new_exercise(
        version,
        phase, key, by, checker=checker_for(version, usable_knowledge(), today=today), today=today,
        position=item.position, override=override, causes=item.causes, side=item.side, dose=keep,
    )  # fmt: skip
    record(version, by, "swap", before["key"], phase=phase.number, before=before, after=described(new), reason=why)
    return new


def _swap_key(exercise: Exercise, to: str) -> str:
    if to not in STEPS:
        return to
    other = exercise.regression if to == "easier" else exercise.progression
    if other is None:
        raise Invalid("no_step", f"The library has no {to} step for {exercise.name}.", field="to")
    return other.key


def next_position(items: Any) -> int:
    last = items.aggregate(last=Max("position"))["last"]
    return 0 if last is None else int(last) + 1


def new_exercise(
    version: PlanVersion,
    phase: PlanPhase,
    key: str,
    by: User,
    *,
    checker: Checker,
    today: date,
    position: int | None = None,
    override: OverrideRequest | None = None,
    causes: Iterable[str] = (),
    side: str = "",
    dose: Mapping[str, Any] | None = None,
) -> PlanExercise:
    """A screened exercise in a phase, with its starting dose or with ``dose`` kept inside its bounds.

    Raises Invalid (not in the library), Conflict (there already), Refused (blocked, or an override is needed).
    """
    exercise = checker.knowledge.exercises.get(key)
    if exercise is None:
        raise Invalid("exercise_unknown", f"“{key}” is not in the exercise library.", field="key")
    if phase.planexercises.filter(exercise__key=key).exists():
        raise Conflict("already_there", f"{exercise.name} is already in phase {phase.number}.", field="key")
    verdict = checker.exercise(key, phase.number)
    permitted(verdict, exercise.name, override)
    dosed = checker.exercise_dose(key, phase.number)
    item = PlanExercise(
        phase=phase,
        exercise=_exercise_row(key),
        region=exercise.region,
        side=side,
        position=next_position(phase.planexercises) if position is None else position,
        safety=verdict.safety,
        causes=list(causes),
        reasons=reasons_to_json((*verdict.reasons, *dosed.reasons)),
        origin=PlanExercise.Origin.PERSON,
    )
    start = dose_columns(dose_dict(dosed.dosage))
    set_dose(item, start if dose is None else fitted_dose(dose, start, limits_of(key, phase.number, checker)))
    item.save()
    checked(version, item, checker, by, override, today=today)
    return item


def _exercise_row(key: str) -> Exercise:
    row = Exercise.objects.filter(key=key).first()
    if row is None:
        raise Conflict("knowledge_incomplete", f"“{key}” is not in the exercise library. Load the knowledge first.")
    return row


def checked(
    version: PlanVersion, item: Item, checker: Checker, by: User, request: OverrideRequest | None, *, today: date
) -> None:
    """Write the safety check of a fresh item and, where it is blocked, the override that was stated."""
    (verdict,) = screen_draft(version, [item], checker, by=by)
    if verdict.is_blocked and request is not None:
        write_override(version, item, by, verdict, request, today=today)


@transaction.atomic
def change_place(item: Item, by: User, *, region: str, side: str, reason: str, today: date) -> None:
    """Another side, and for a technique another region: screened there as if it were new.

    An override holds for the place it was stated for, so an item with one must be added anew.
    """
    version = version_of(item)
    why = stated(reason)
    before = {"region": item.region, "side": item.side}
    is_technique = isinstance(item, PlanTechnique)
    after = {"region": region if is_technique else item.region, "side": side}
    if side not in SIDES or (is_technique and region not in REGIONS):
        raise Invalid("place", "Choose a region and a side.", field="region" if side in SIDES else "side")
    if before == after:
        raise Conflict("same_place", f"{item_name(item)} is planned there already.", field="side")
    if hasattr(item, "override"):
        raise Conflict("overridden", "Its override holds for this place. Take it out and add it where you want it.")
    item.region, item.side = after["region"], after["side"]
    checker = checker_for(version, usable_knowledge(), today=today)
    verdict = verdict_on(item, checker)
    permitted(verdict, item_name(item), None)
    item.safety, item.reasons = verdict.safety, _with_verdict(item.reasons, verdict)
    item.save(update_fields=["region", "side", "safety", "reasons"])
    screen_draft(version, [item], checker, by=by)
    record(version, by, "place", item_key(item), phase=item.phase.number, before=before, after=after, reason=why)


def _with_verdict(reasons: Iterable[Mapping[str, Any]], verdict: Verdict) -> list[Any]:
    """What spoke for the item stays; what was said about the old place is replaced."""
    kept = [dict(reason) for reason in reasons if not str(reason["rule"]).startswith("region")]
    return kept + [reason for reason in reasons_to_json(verdict.reasons) if reason not in kept]


@refusals_kept
@transaction.atomic
def override_item(item: Item, by: User, *, request: OverrideRequest, today: date) -> None:
    """Record the override that a blocked item of a draft still lacks."""
    version = version_of(item)
    checker = checker_for(version, usable_knowledge(), today=today)
    (verdict,) = screen_draft(version, [item], checker, by=by)
    name = item_name(item)
    permitted(verdict, name, request)
    if not verdict.is_blocked:
        raise Conflict("not_blocked", f"{name} is not blocked; nothing has to be overridden.")
    if hasattr(item, "override") and item.override.rule == verdict.rule:
        raise Conflict("overridden", f"{name} has an override already.")
    if hasattr(item, "override"):  # it was of another rule and is void
        item.override.delete()
    write_override(version, item, by, verdict, request, today=today)
    record(
        version,
        by,
        "override",
        item_key(item),
        phase=item.phase.number,
        reason=stated(request.reason, longest=500)[:300],
    )

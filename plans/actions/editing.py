"""Changes of a draft by a person. Each is screened by the engine's rules and kept with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max

from clinic.errors import Conflict, Invalid, Refused
from clinic.models import User
from exercises.models import Exercise
from plans.actions.checking import item_key as item_key
from plans.actions.checking import screen_draft
from plans.actions.checking import verdict_on as verdict_on
from plans.actions.drafting import usable_knowledge
from plans.actions.filling import KnowledgeRows, dose_columns, reasons_to_json, row_of
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
from plans.doses import checked_exercise_dose, checked_technique_dose, exercise_bounds, minutes_of, technique_bounds
from plans.engine.dose import dose_dict, technique_dose
from plans.engine.facts import Site
from plans.engine.knowledge import Knowledge
from plans.models import PlanExercise, PlanPhase, PlanTechnique, PlanVersion
from plans.screening import Checker
from plans.snapshot import facts_from_json

PASSIVE_MAX = 3
PASSIVE = ("manual_soft", "manual_joint", "needling", "electro", "thermal")
DOSE_FIELDS = (
    "sets", "reps", "hold_s", "duration_min", "per_day", "days_per_week", "rpe_low", "rpe_high", "rest_s",
)  # fmt: skip


def checker_for(version: PlanVersion, knowledge: Knowledge, *, today: date) -> Checker:
    """The safety rules for the facts that the version was drafted from."""
    rejected = version.causes.filter(decision="rejected").values_list("key", flat=True)
    return Checker(facts_from_json(version.facts), knowledge, today=today, rejected=rejected)


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


def _described(item: Item) -> dict[str, Any]:
    return {"key": item_key(item), "region": item.region, "side": item.side, "dose": dose_of(item)}


# --- Remove and reorder ---------------------------------------------------------------------------------------------


@transaction.atomic
def remove_item(item: Item, by: User, *, reason: str) -> None:
    """Take a technique or exercise out of its phase."""
    version = version_of(item)
    why = stated(reason)
    record(version, by, "remove", item_key(item), phase=item.phase.number, before=_described(item), reason=why)
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
    siblings[place], siblings[other] = siblings[other], siblings[place]
    for position, sibling in enumerate(siblings):
        type(sibling).objects.filter(pk=sibling.pk).update(position=position)
    after = {"position": other + 1}
    record(version, by, "reorder", item_key(item), phase=item.phase.number, after=after, reason=stated(reason))


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
        exercise = knowledge.exercises[item.exercise.key]
        limits = exercise_bounds(exercise, phase, knowledge, heavy_avoided=bool(checker.screen.heavy_avoided))
        _set_dose(item, checked_exercise_dose(values, limits))
        item.save()
    record(version, by, "dose", item_key(item), phase=phase, before=before, after=dose_of(item), reason=why)


def _set_dose(item: PlanExercise, dose: Mapping[str, Any]) -> None:
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
    item = _new_exercise(
        phase, version, key, by, position=_next_position(phase.planexercises), today=today, override=override
    )
    record(version, by, "add", key, phase=phase.number, after=_described(item), reason=why)
    return item


@refusals_kept
@transaction.atomic
def swap_exercise(
    item: PlanExercise, by: User, *, to: str, reason: str, today: date, override: OverrideRequest | None = None
) -> PlanExercise:
    """Put another exercise in its place: "easier", "harder" (regression, progression) or any key."""
    version = version_of(item)
    why = stated(reason)
    key = _swap_key(item.exercise, to)
    before, phase, position = _described(item), item.phase, item.position
    causes = list(item.causes)
    item.delete()
    new = _new_exercise(phase, version, key, by, position=position, today=today, override=override, causes=causes)
    record(version, by, "swap", before["key"], phase=phase.number, before=before, after=_described(new), reason=why)
    return new


def _swap_key(exercise: Exercise, to: str) -> str:
    if to not in ("easier", "harder"):
        return to
    other = exercise.regression if to == "easier" else exercise.progression
    if other is None:
        raise Invalid("no_step", f"The library has no {to} step for {exercise.name}.", field="to")
    return other.key


def _next_position(items: Any) -> int:
    last = items.aggregate(last=Max("position"))["last"]
    return 0 if last is None else int(last) + 1


def _new_exercise(
    phase: PlanPhase,
    version: PlanVersion,
    key: str,
    by: User,
    *,
    position: int,
    today: date,
    override: OverrideRequest | None,
    causes: Iterable[str] = (),
) -> PlanExercise:
    knowledge = usable_knowledge()
    exercise = knowledge.exercises.get(key)
    if exercise is None:
        raise Invalid("exercise_unknown", f"“{key}” is not in the exercise library.", field="key")
    if phase.planexercises.filter(exercise__key=key).exists():
        raise Conflict("already_there", f"{exercise.name} is already in phase {phase.number}.", field="key")
    checker = checker_for(version, knowledge, today=today)
    verdict = checker.exercise(key, phase.number)
    permitted(verdict, exercise.name, override)
    dosed = checker.exercise_dose(key, phase.number)
    item = PlanExercise.objects.create(
        phase=phase,
        exercise_id=row_of(KnowledgeRows.read().exercises, key),
        region=exercise.region,
        position=position,
        safety=verdict.safety,
        causes=list(causes),
        reasons=reasons_to_json((*verdict.reasons, *dosed.reasons)),
        origin=PlanExercise.Origin.PERSON,
        minutes_per_day=round(dosed.minutes_per_day, 1),
        **dose_columns(dose_dict(dosed.dosage)),
    )
    _checked(version, item, checker, by, override, today=today)
    return item


def _checked(
    version: PlanVersion, item: Item, checker: Checker, by: User, request: OverrideRequest | None, *, today: date
) -> None:
    """Write the safety check of a fresh item and, where it is blocked, the override that was stated."""
    (verdict,) = screen_draft(version, [item], checker, by=by)
    if verdict.is_blocked and request is not None:
        write_override(version, item, by, verdict, request, today=today)


@refusals_kept
@transaction.atomic
def add_technique(
    phase: PlanPhase,
    by: User,
    *,
    key: str,
    region: str,
    side: str,
    reason: str,
    today: date,
    override: OverrideRequest | None = None,
) -> PlanTechnique:
    """Add a hands-on, electrical, thermal, needling or support technique at one place."""
    version = locked_draft(phase.version_id)
    why = stated(reason)
    knowledge = usable_knowledge()
    technique = knowledge.techniques.get(key)
    if technique is None or technique.category in ("exercise", "education"):
        raise Invalid("technique_unknown", f"“{key}” is not a technique that can be added here.", field="key")
    old = phase.plantechniques.filter(technique__key=key).first()
    if old is not None and not old.is_alternative:
        raise Conflict("already_there", f"{technique.name} is already in phase {phase.number}.", field="key")
    _room_for_passive(phase, technique.category)
    site = Site(region, side)  # type: ignore[arg-type] # the form offers the sides of Site
    checker = checker_for(version, knowledge, today=today)
    verdict = checker.technique(key, phase.number, site)
    permitted(verdict, technique.name, override)
    if old is not None:
        old.delete()
    item = PlanTechnique.objects.create(
        phase=phase,
        technique_id=row_of(KnowledgeRows.read().techniques, key),
        region=region,
        side=side,
        dose=technique_dose(technique, phase.number),
        position=_next_position(phase.plantechniques),
        safety=verdict.safety,
        reasons=reasons_to_json(verdict.reasons),
        origin=PlanTechnique.Origin.PERSON,
    )
    _checked(version, item, checker, by, override, today=today)
    record(version, by, "add", key, phase=phase.number, after=_described(item), reason=why)
    return item


def _room_for_passive(phase: PlanPhase, category: str) -> None:
    """At most three passive techniques per visit (phases reference, section 5)."""
    planned = phase.plantechniques.filter(is_alternative=False, technique__category__in=PASSIVE).count()
    if category in PASSIVE and planned >= PASSIVE_MAX:
        message = f"A visit holds at most {PASSIVE_MAX} passive techniques. Take one out, then add this one."
        raise Refused("passive_ceiling", message, field="key")


@transaction.atomic
def plan_alternative(item: PlanTechnique, by: User, *, reason: str, today: date) -> None:
    """Take an alternative into the planned techniques of its phase."""
    version = version_of(item)
    why = stated(reason)
    if not item.is_alternative:
        raise Conflict("already_there", f"{item.technique.name} is already planned.")
    _room_for_passive(item.phase, item.technique.category)
    site = Site(item.region, item.side)  # type: ignore[arg-type] # written by the engine
    checker = checker_for(version, usable_knowledge(), today=today)
    verdict = checker.technique(item.technique.key, item.phase.number, site)
    permitted(verdict, item.technique.name, None)
    item.is_alternative = False
    item.safety = verdict.safety
    item.position = _next_position(item.phase.plantechniques)
    item.save(update_fields=["is_alternative", "safety", "position"])
    _checked(version, item, checker, by, None, today=today)
    record(version, by, "add", item.technique.key, phase=item.phase.number, after=_described(item), reason=why)


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

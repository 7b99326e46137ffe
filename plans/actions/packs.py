"""Packs of exercises and favourites: what makes the second programme quicker than the first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import uuid4

from django.db import IntegrityError, transaction

from clinic.errors import Conflict, DomainError, Invalid, Refused
from clinic.models import User
from exercises.models import Exercise
from plans.actions.drafting import usable_knowledge
from plans.actions.editing import DOSE_FIELDS, checker_for, described, new_exercise
from plans.actions.guards import locked_draft, record, stated
from plans.models import Favourite, Pack, PackItem, PlanPhase

NAME_MAX = 80


@dataclass(frozen=True, slots=True)
class AppliedPack:
    """What came into the phase, and what did not with the reason; ``adjusted`` were dosed into their bounds."""

    added: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    adjusted: tuple[str, ...]


@transaction.atomic
def save_pack(phase: PlanPhase, by: User, *, name: str, for_clinic: bool) -> Pack:
    """Keep the exercises of a phase, with their doses, under a name; no word about the patient goes with them.

    Raises Invalid for a missing name or an empty phase, Conflict for a name that is taken.
    """
    title = " ".join(name.split())
    if not 2 <= len(title) <= NAME_MAX:
        raise Invalid("pack_name", f"Give the pack a name of 2 to {NAME_MAX} letters.", field="name")
    rows = list(phase.planexercises.all())
    if not rows:
        raise Invalid("pack_empty", "This phase has no exercise to keep.", field="name")
    owner = None if for_clinic else by
    try:
        with transaction.atomic():
            pack = Pack.objects.create(name=title, owner=owner, created_by=by)
    except IntegrityError as error:
        raise Conflict("pack_exists", f"There is a pack named “{title}” already.", field="name") from error
    PackItem.objects.bulk_create(
        PackItem(
            pack=pack,
            exercise_id=row.exercise_id,
            side=row.side,
            position=position,
            **{field: getattr(row, field) for field in DOSE_FIELDS},
        )
        for position, row in enumerate(rows)
    )
    return pack


@transaction.atomic
def apply_pack(phase: PlanPhase, by: User, *, pack: Pack, reason: str, today: date) -> AppliedPack:
    """Add the exercises of a pack to a phase. Each is screened by itself: it comes as a whole or not at all."""
    version = locked_draft(phase.version_id)
    why = stated(reason)
    checker = checker_for(version, usable_knowledge(), today=today)
    batch = uuid4()
    added, refused, adjusted = [], [], []
    for item in pack.items.select_related("exercise"):
        name, wanted = item.exercise.name, {field: getattr(item, field) for field in DOSE_FIELDS}
        try:
            with transaction.atomic():
                row = new_exercise(
                    version, phase, item.exercise.key, by, checker=checker, today=today, side=item.side, dose=wanted
                )
        except DomainError as error:
            refused.append((name, error.message))
            continue
        after = described(row)
        record(version, by, "add", item.exercise.key, phase=phase.number, after=after, reason=why, batch=batch)
        added.append(name)
        if any(getattr(row, field) != value for field, value in wanted.items()):
            adjusted.append(name)
    return AppliedPack(tuple(added), tuple(refused), tuple(adjusted))


@transaction.atomic
def delete_pack(pack: Pack, by: User) -> None:
    """Take a pack away; plans that were made with it keep their exercises. Raises Refused for another's pack."""
    if by.pk not in (pack.owner_id, pack.created_by_id):
        raise Refused("not_yours", "Only who made this pack may take it away.")
    pack.delete()


@transaction.atomic
def toggle_favourite(exercise: Exercise, by: User) -> bool:
    """Star an exercise, or take the star away; True when it is starred now."""
    star, made = Favourite.objects.get_or_create(user=by, exercise=exercise)
    if not made:
        star.delete()
    return made

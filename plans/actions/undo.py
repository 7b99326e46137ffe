"""Taking back the last change of a draft. The history keeps both the change and that it was taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from clinic.errors import Conflict
from clinic.models import User
from exercises.models import Exercise
from plans.actions.checking import screen_draft, verdict_on
from plans.actions.drafting import usable_knowledge
from plans.actions.editing import checker_for, set_dose
from plans.actions.guards import REASON_MAX, Item, locked_draft, permitted, record
from plans.models import PlanEdit, PlanExercise, PlanPhase, PlanTechnique, PlanVersion, Technique
from plans.screening import Checker

NEVER = {
    "cause": "The last change decided about a cause. Decide about it again instead.",
    "facts": "The last change checked every item against new facts. That cannot be taken back.",
    "override": "The last change was an override. Take the item out instead.",
}


def last_change(version: PlanVersion) -> PlanEdit | None:
    """The newest change that was not taken back; None when there is none."""
    rows = version.edits.exclude(action="undo").filter(undone_by__isnull=True)
    newest: PlanEdit | None = rows.order_by("-id").first()
    return newest


@dataclass(frozen=True, slots=True)
class Hand:
    """The rules that hold today, and who takes something back."""

    checker: Checker
    by: User


@transaction.atomic
def undo_last(version: PlanVersion, by: User, *, today: date) -> PlanEdit:
    """Take back the last change, or the whole batch it belongs to; what comes back is screened as if it were new.

    Returns the change that was taken back. Raises Conflict when there is none or it cannot be, Refused when the item
    that would come back is blocked now; then nothing changes.
    """
    draft = locked_draft(version.pk)
    last = last_change(draft)
    if last is None:
        raise Conflict("nothing_to_undo", "There is no change to take back.")
    if last.action in NEVER:
        raise Conflict("cannot_undo", NEVER[last.action])
    checker = checker_for(draft, usable_knowledge(), today=today)
    for edit in _together(draft, last):
        UNDO[edit.action](draft, edit, Hand(checker, by))
        why = f"Taken back: {edit.reason}"[:REASON_MAX]
        record(
            draft,
            by,
            "undo",
            edit.item,
            phase=edit.phase,
            before=edit.after,
            after=edit.before,
            reason=why,
            undoes=edit,
        )
    return last


def _together(version: PlanVersion, last: PlanEdit) -> list[PlanEdit]:
    """The change and those of its batch, newest first."""
    if last.batch is None:
        return [last]
    return list(version.edits.filter(batch=last.batch, undone_by__isnull=True).exclude(action="undo").order_by("-id"))


def _phase(version: PlanVersion, edit: PlanEdit) -> PlanPhase:
    found = version.phases.filter(number=edit.phase or 0).first()
    if found is None:
        raise _moved_on()
    return found


def _moved_on() -> Conflict:
    return Conflict("cannot_undo", "The plan changed since, so this cannot be taken back. Change it by hand.")


def _item(version: PlanVersion, edit: PlanEdit, key: str) -> Item:
    """The item of the phase that the change was about."""
    phase = _phase(version, edit)
    exercise = phase.planexercises.select_related("exercise", "phase").filter(exercise__key=key).first()
    technique = phase.plantechniques.select_related("technique", "phase").filter(technique__key=key).first()
    found = exercise or technique
    if found is None:
        raise _moved_on()
    return found


def _undo_rows(version: PlanVersion, edit: PlanEdit, hand: Hand) -> None:
    """What came goes, and what went comes back."""
    if edit.after:
        _item(version, edit, edit.after["key"]).delete()
    if edit.before:
        _put_back(version, _phase(version, edit), edit.before, hand)


def _put_back(version: PlanVersion, phase: PlanPhase, was: Mapping[str, Any], hand: Hand) -> None:
    columns = {name: was[name] for name in ("region", "side", "position", "causes", "reasons", "origin")}
    item: Item
    if was["kind"] == "technique":
        technique = Technique.objects.filter(key=was["key"]).first()
        item = PlanTechnique(
            phase=phase, technique=technique, dose=was["dose"], is_alternative=was["is_alternative"], **columns
        )
    else:
        exercise = Exercise.objects.filter(key=was["key"]).first()
        item = PlanExercise(phase=phase, exercise=exercise, **columns)
        set_dose(item, was["dose"])
    verdict = verdict_on(item, hand.checker)
    if not getattr(item, "is_alternative", False):
        permitted(verdict, str(technique if was["kind"] == "technique" else exercise), None)
    item.safety = verdict.safety
    item.save()
    screen_draft(version, [item], hand.checker, by=hand.by)


def _undo_dose(version: PlanVersion, edit: PlanEdit, hand: Hand) -> None:
    item = _item(version, edit, edit.item)
    if isinstance(item, PlanTechnique):
        item.dose = edit.before
    else:
        set_dose(item, edit.before or {})
    item.save()


def _undo_place(version: PlanVersion, edit: PlanEdit, hand: Hand) -> None:
    item, was = _item(version, edit, edit.item), edit.before or {}
    item.region, item.side = was["region"], was["side"]
    verdict = verdict_on(item, hand.checker)
    permitted(verdict, edit.item, None)
    item.safety = verdict.safety
    item.save()
    screen_draft(version, [item], hand.checker, by=hand.by)


def _undo_order(version: PlanVersion, edit: PlanEdit, hand: Hand) -> None:
    order = (edit.before or {}).get("order", [])
    for position, key in enumerate(order):
        item = _item(version, edit, key)
        type(item).objects.filter(pk=item.pk).update(position=position)


def _undo_summary(version: PlanVersion, edit: PlanEdit, hand: Hand) -> None:
    version.summary_for_patient = str(edit.before or "")
    version.save(update_fields=["summary_for_patient"])


UNDO: Mapping[str, Callable[[PlanVersion, PlanEdit, Hand], None]] = {
    "add": _undo_rows,
    "remove": _undo_rows,
    "swap": _undo_rows,
    "dose": _undo_dose,
    "place": _undo_place,
    "reorder": _undo_order,
    "summary": _undo_summary,
}

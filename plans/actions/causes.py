"""What the therapist makes of the ranked causes; a rejected cause contributes nothing, so the choice is made anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from clinic.errors import Conflict, Invalid
from clinic.models import User
from plans.actions.checking import item_key, items_of, screen_draft
from plans.actions.drafting import answer_columns, ask_engine, usable_knowledge
from plans.actions.editing import dose_of
from plans.actions.filling import write_content
from plans.actions.guards import locked_draft, record, stated
from plans.engine.draft import Refusal
from plans.engine.facts import Options
from plans.models import PlanCause, PlanExercise, PlanTechnique, PlanVersion
from plans.screening import Checker
from plans.snapshot import facts_from_json


@transaction.atomic
def decide_cause(cause: PlanCause, by: User, *, decision: str, reason: str, today: date) -> None:
    """Accept, reject or leave a cause as proposed. Rejecting selects techniques and exercises anew; what a person
    added, removed or dosed before stays. Raises Conflict when nothing would be left to treat."""
    version = locked_draft(cause.version_id)
    if decision not in PlanCause.Decision.values:
        raise Invalid("decision", "Accept the cause, reject it, or leave it as proposed.", field="decision")
    before = cause.decision
    cause.decision, cause.decision_reason = decision, stated(reason)
    cause.save(update_fields=["decision", "decision_reason"])
    record(version, by, "cause", cause.key, before=before, after=decision, reason=cause.decision_reason)
    if PlanCause.Decision.REJECTED in (before, decision) and before != decision:
        reselect(version, by, today=today)


def reselect(version: PlanVersion, by: User, *, today: date) -> None:
    """Ask the engine again without the rejected causes; keep what people changed."""
    facts, knowledge = facts_from_json(version.facts), usable_knowledge()
    decided = {c.key: (c.decision, c.decision_reason) for c in version.causes.all()}
    rejected = frozenset(key for key, (decision, _) in decided.items() if decision == PlanCause.Decision.REJECTED)
    answer = ask_engine(facts, knowledge, options=Options(rejected_causes=rejected), today=today)
    if isinstance(answer, Refusal):
        why = "; ".join(reason.text for reason in answer.reasons)
        raise Conflict("nothing_left", f"Without this cause there is no plan to draft: {why}")
    touches = Touches.read(version)
    _clear(version)
    for name, value in answer_columns(answer, facts).items():
        setattr(version, name, value)
    version.save()
    write_content(version, answer, knowledge=knowledge, findings=facts.findings)
    for key, (decision, reason) in decided.items():
        version.causes.filter(key=key).update(decision=decision, decision_reason=reason)
    touches.apply(version)
    # What the engine wrote carries its verdict; what people added was screened on the knowledge of that day.
    kept = [item for item in items_of(version) if item.origin == PlanTechnique.Origin.PERSON]
    if kept:
        screen_draft(version, kept, Checker(facts, knowledge, today=today, rejected=rejected), by=by)


def _clear(version: PlanVersion) -> None:
    """Delete what the engine wrote; items that a person added stay where they are."""
    engine = PlanTechnique.Origin.ENGINE
    PlanTechnique.objects.filter(phase__version=version, origin=engine).delete()
    PlanExercise.objects.filter(phase__version=version, origin=engine).delete()
    for phase in version.phases.all():
        phase.education.all().delete()
        phase.criteria.all().delete()
    version.goals.all().delete()
    version.causes.all().delete()


@dataclass(frozen=True, slots=True)
class Touches:
    """What people did to the engine's items: doses they set and items they took out, by (phase, key)."""

    doses: dict[tuple[int, str], dict[str, Any]]
    removed: frozenset[tuple[int, str]]

    @classmethod
    def read(cls, version: PlanVersion) -> Touches:
        dosed: set[tuple[int, str]] = set()
        removed: set[tuple[int, str]] = set()
        for edit in version.edits.filter(undone_by__isnull=True).exclude(action="undo").order_by("at", "id"):
            place = (edit.phase or 0, edit.item)
            if edit.action in ("remove", "swap"):
                removed.add(place)
            elif edit.action == "add":
                removed.discard(place)
            elif edit.action == "dose":
                dosed.add(place)
        doses = {p: dose_of(i) for i in items_of(version) if (p := (i.phase.number, item_key(i))) in dosed}
        return cls(doses, frozenset(removed))

    def apply(self, version: PlanVersion) -> None:
        """Set the doses and take out the items once more."""
        for item in items_of(version):
            place = (item.phase.number, item_key(item))
            if place in self.removed and item.origin == PlanTechnique.Origin.ENGINE:
                item.delete()
            elif place in self.doses:
                _set(item, self.doses[place])


def _set(item: PlanTechnique | PlanExercise, dose: dict[str, Any]) -> None:
    if isinstance(item, PlanTechnique):
        item.dose = dose
    else:
        for name, value in dose.items():
            setattr(item, name, value)
    item.save()

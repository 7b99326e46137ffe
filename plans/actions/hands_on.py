"""Adding hands-on, needling, electrical, thermal and support techniques to a draft."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from clinic.errors import Conflict, Invalid, Refused
from clinic.models import User
from plans.actions.drafting import usable_knowledge
from plans.actions.editing import PASSIVE, PASSIVE_MAX, checked, checker_for, described, next_position
from plans.actions.filling import reasons_to_json
from plans.actions.guards import OverrideRequest, locked_draft, permitted, record, stated, version_of
from plans.actions.refusals import refusals_kept
from plans.engine.dose import technique_dose
from plans.engine.facts import Site
from plans.models import PlanPhase, PlanTechnique, Technique


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
    room_for_passive(phase, technique.category)
    site = Site(region, side)  # type: ignore[arg-type] # the form offers the sides of Site
    checker = checker_for(version, knowledge, today=today)
    verdict = checker.technique(key, phase.number, site)
    permitted(verdict, technique.name, override)
    before = described(old) if old is not None else None
    if old is not None:
        old.delete()
    item = PlanTechnique.objects.create(
        phase=phase,
        technique=_technique_row(key),
        region=region,
        side=side,
        dose=technique_dose(technique, phase.number),
        position=next_position(phase.plantechniques),
        safety=verdict.safety,
        reasons=reasons_to_json(verdict.reasons),
        origin=PlanTechnique.Origin.PERSON,
    )
    checked(version, item, checker, by, override, today=today)
    record(version, by, "add", key, phase=phase.number, before=before, after=described(item), reason=why)
    return item


def room_for_passive(phase: PlanPhase, category: str) -> None:
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
    room_for_passive(item.phase, item.technique.category)
    site = Site(item.region, item.side)  # type: ignore[arg-type] # written by the engine
    checker = checker_for(version, usable_knowledge(), today=today)
    verdict = checker.technique(item.technique.key, item.phase.number, site)
    permitted(verdict, item.technique.name, None)
    before = described(item)
    item.is_alternative = False
    item.safety = verdict.safety
    item.position = next_position(item.phase.plantechniques)
    item.save(update_fields=["is_alternative", "safety", "position"])
    checked(version, item, checker, by, None, today=today)
    record(
        version,
        by,
        "add",
        item.technique.key,
        phase=item.phase.number,
        before=before,
        after=described(item),
        reason=why,
    )


def _technique_row(key: str) -> Technique:
    row = Technique.objects.filter(key=key).first()
    if row is None:
        raise Conflict("knowledge_incomplete", f"“{key}” is not in the clinical knowledge. Load the knowledge first.")
    return row

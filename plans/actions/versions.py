"""Facts that moved on, and the next version of a signed plan."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Model

from clinic.errors import Conflict
from clinic.models import User
from plans.actions.checking import items_of, screen_draft
from plans.actions.drafting import ask_engine, next_number, treating_practitioner, usable_knowledge
from plans.actions.filling import answer_to_json
from plans.actions.guards import locked_draft, record, stated
from plans.engine.draft import Draft, Refusal
from plans.engine.facts import Facts, Options
from plans.facts import facts_for, with_later_flags
from plans.models import (
    Plan,
    PlanPhase,
    PlanVersion,
)
from plans.screening import Checker
from plans.snapshot import facts_hash, facts_to_json


def facts_now(version: PlanVersion, *, today: date) -> Facts:
    """The facts of the version's assessment as they are today, with red flags that a later assessment raised."""
    version.assessment.episode = version.plan.episode  # the same row, already read with its patient and practitioner
    facts = facts_for(version.assessment, practitioner=treating_practitioner(version.assessment), today=today)
    return with_later_flags(facts, version.assessment)


def facts_moved_on(version: PlanVersion, *, today: date) -> bool:
    """True when something the draft rests on changed since: findings, answers, consents, credentials, equipment."""
    return facts_hash(facts_now(version, today=today)) != version.facts_hash


@transaction.atomic
def recheck(version: PlanVersion, by: User, *, reason: str, today: date) -> None:
    """Keep the edited draft and check every item against today's facts and knowledge.

    Raises Conflict when the engine would now refuse a plan: then only a new draft is right.
    """
    draft = locked_draft(version.pk)
    why = stated(reason)
    before = draft.facts_hash
    _renew(draft, by, today=today)
    record(draft, by, "facts", "facts", before=before, after=draft.facts_hash, reason=why)


def _renew(draft: PlanVersion, by: User, *, today: date) -> None:
    """Put today's facts below a draft and screen all of its items again."""
    knowledge, facts = usable_knowledge(), facts_now(draft, today=today)
    rejected = frozenset(draft.causes.filter(decision="rejected").values_list("key", flat=True))
    answer = ask_engine(facts, knowledge, options=Options(rejected_causes=rejected), today=today)
    if isinstance(answer, Refusal):
        why = "; ".join(reason.text for reason in answer.reasons)
        raise Conflict(
            "now_refused", f"With today's facts no plan may be released: {why}. Draft anew to see what to do."
        )
    _store(draft, facts, answer)
    checker = Checker(facts, knowledge, today=today, rejected=rejected)
    screen_draft(draft, items_of(draft), checker, by=by)
    for phase in draft.phases.all():
        drafted = answer.phases.get(phase.number)
        phase.is_locked = drafted is not None and drafted.locked
        phase.save(update_fields=["is_locked"])


def _store(draft: PlanVersion, facts: Facts, answer: Draft) -> None:
    draft.facts, draft.facts_hash = facts_to_json(facts), facts_hash(facts)
    draft.draft, draft.disposition = answer_to_json(answer), answer.disposition
    draft.knowledge_revision, draft.is_complete = answer.knowledge_revision, answer.complete
    draft.save()


# --- The next version ------------------------------------------------------------------------------------------------


@transaction.atomic
def revise(plan: Plan, by: User, *, today: date) -> PlanVersion:
    """Copy the signed version into the next draft. Overrides are never copied: a blocked item needs a new one.

    The draft starts in the phase that the patient is in. Raises Conflict without a signed version, with a draft that
    is open already, and when today's facts allow no plan.
    """
    locked = Plan.objects.select_for_update().get(pk=plan.pk)
    signed = PlanVersion.objects.for_page().filter(plan=locked, state=PlanVersion.State.SIGNED).first()
    if signed is None:
        raise Conflict("nothing_signed", "Only a signed plan can be revised. Draft a plan from the assessment.")
    if locked.versions.filter(state=PlanVersion.State.DRAFT).exists():
        raise Conflict("draft_exists", "A draft of the next version is open already. Continue with it.")
    draft = _copy_version(signed, by, start_phase=locked.current_phase)
    for phase in signed.phases.all():
        _copy_phase(phase, draft)
    _renew(draft, by, today=today)
    return draft


def _copy_version(signed: PlanVersion, by: User, *, start_phase: int | None) -> PlanVersion:
    draft = PlanVersion.objects.create(
        plan=signed.plan,
        number=next_number(signed.plan),
        assessment=signed.assessment,
        based_on=signed,
        disposition=signed.disposition,
        start_phase=start_phase or signed.start_phase,
        is_complete=signed.is_complete,
        knowledge_revision=signed.knowledge_revision,
        facts=signed.facts,
        facts_hash=signed.facts_hash,
        draft=signed.draft,
        summary_for_patient=signed.summary_for_patient,
        created_by=by,
    )
    for rows in (signed.causes.all(), signed.goals.all()):
        for row in rows:
            _clone(row, version=draft)
    return draft


def _copy_phase(phase: PlanPhase, draft: PlanVersion) -> None:
    copy = _clone(phase, version=draft)
    for rows in (phase.plantechniques, phase.planexercises, phase.education, phase.criteria):
        for row in rows.all():
            _clone(row, phase=copy)


def _clone(row: Model, **parents: Model) -> Any:
    """A copy of a row below another parent; what points to the row (an override) is not copied."""
    columns = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
    copy = type(row)(**columns)
    for name, parent in parents.items():
        setattr(copy, name, parent)
    copy.save(force_insert=True)
    return copy

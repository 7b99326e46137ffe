"""The signature: what still stands in its way, and what it writes. Refuses whenever it is not certain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from assessments.models import Assessment
from clinic.errors import Conflict, DomainError, ManyProblems, Refused
from clinic.hashing import content_hash
from clinic.models import User
from clinic.readers import facts_unsettled
from clinic.signatures import Kind, append
from plans.actions.checking import item_key, items_of, verdict_on
from plans.actions.drafting import usable_knowledge
from plans.actions.editing import PASSIVE, checker_for, dose_of, item_name
from plans.actions.guards import licensed, locked_draft
from plans.actions.holds import close_holds, try_to_settle
from plans.actions.phases import enter_phase
from plans.actions.versions import facts_now
from plans.governance.signoff import NOT_REVIEWED, is_signed_off
from plans.models import Plan, PlanExercise, PlanPhase, PlanTechnique, PlanVersion, Safety
from plans.screening import BLOCKED
from plans.snapshot import facts_hash

DISPOSITION_SAYS = {
    "emergency_now": "Emergency: call the emergency services now.",
    "urgent_same_day": "The patient needs medical contact today.",
    "urgent_referral": "An urgent referral comes first.",
}


def sign_problems(version: PlanVersion, by: User, *, today: date) -> tuple[DomainError, ...]:
    """Everything that stands in the way of this person signing this version today; each says what to do.

    ``version`` must come with its page rows (``for_page``).
    """
    if version.state != PlanVersion.State.DRAFT:
        return (Conflict("not_draft", "This version is signed already."),)
    if version.start_phase is None:
        return (_refused_plan(version),)
    found = [*_person(by, today), *_record(version, today), *_facts(version, today)]
    for phase in version.phases.all():
        found += _phase(phase)
    return tuple(found)


def _refused_plan(version: PlanVersion) -> DomainError:
    first = DISPOSITION_SAYS.get(version.disposition, "The engine drafted no plan.")
    return Refused("no_plan", f"{first} Follow the steps on this page; then record the outcome and draft anew.")


def _person(by: User, today: date) -> Iterator[DomainError]:
    try:
        licensed(by, today=today)
    except Refused as problem:
        yield problem


def _record(version: PlanVersion, today: date) -> Iterator[DomainError]:
    if version.assessment.state != Assessment.State.SIGNED:
        yield Conflict("assessment_unsigned", "Sign the assessment first: a plan rests on a signed assessment.")
    patient = version.plan.episode.patient
    if patient.is_minor(today) and not (patient.guardian_name and (patient.guardian_phone or patient.guardian_email)):
        yield Refused(
            "guardian_missing", "The patient is under 16: record name and contact of a parent or guardian first."
        )


def _facts(version: PlanVersion, today: date) -> Iterator[DomainError]:
    try:
        knowledge = usable_knowledge()
    except DomainError as problem:
        yield problem
        return
    facts = facts_now(version, today=today)
    if facts.consent.assess_and_treat is not True:
        yield Refused(
            "consent_missing", "Consent to assessment and treatment is not on file. Record it with the consents."
        )
    if facts_hash(facts) != version.facts_hash:
        yield Conflict(
            "facts_changed",
            "Something that this draft rests on has changed since. Draft anew, or check the edited draft again.",
        )
    elif knowledge.revision != version.knowledge_revision:
        yield Conflict(
            "knowledge_changed",
            "The clinical knowledge has changed since. Draft anew, or check the edited draft again.",
        )
    elif not is_signed_off(version.knowledge_revision):
        yield Conflict("knowledge_not_reviewed", NOT_REVIEWED)


def _phase(phase: PlanPhase) -> Iterator[DomainError]:
    exercises = list(phase.planexercises.all())
    techniques = [t for t in phase.plantechniques.all() if not t.is_alternative]
    items: list[PlanTechnique | PlanExercise] = [*techniques, *exercises]
    for item in items:
        if item.safety in BLOCKED and not _override_holds(item):
            message = f"Phase {phase.number}: {item_name(item)} is blocked. Remove it, or record the override it needs."
            yield Refused("item_blocked", message)
    if phase.is_scheduled and not exercises and any(t.technique.category in PASSIVE for t in techniques):
        message = f"Phase {phase.number} holds only passive treatment. Add at least one exercise."
        yield Refused("passive_only", message)


def _override_holds(item: PlanTechnique | PlanExercise) -> bool:
    """An override of the rule that blocks now; one of another rule is void."""
    if item.safety != Safety.BLOCKED_OVERRIDABLE or not hasattr(item, "override"):
        return False
    return item.checks.order_by("-id").values_list("rule", flat=True).first() == item.override.rule


# --- Signing --------------------------------------------------------------------------------------------------------


def sign(version: PlanVersion, by: User, *, today: date) -> PlanVersion:
    """Sign a draft: it becomes the plan in force, its start phase begins and its exercises are prescribed.

    Raises ManyProblems with everything that stands in the way; then nothing is written. ``today`` is the day in the
    patient's own calendar. New facts that nobody screened yet are screened first, and stay so when signing fails.
    """
    if facts_unsettled(version.plan.episode.patient_id):
        try_to_settle(version.plan.episode.patient, by, today=today)
    return _sign(version, by, today=today)


@transaction.atomic
def _sign(version: PlanVersion, by: User, *, today: date) -> PlanVersion:
    plan = Plan.objects.select_for_update().get(pk=version.plan_id)
    locked_draft(version.pk)
    draft: PlanVersion = PlanVersion.objects.for_page().get(pk=version.pk)
    problems = sign_problems(draft, by, today=today)
    if problems:
        raise ManyProblems("cannot_sign", "The plan was not signed.", problems)
    _screened_alike(draft, today=today)
    # Alternatives are shown beside the plan and not planned; a blocked one must not ride along into a signed version.
    _drop_blocked_alternatives(draft)
    plan.versions.filter(state=PlanVersion.State.SIGNED).update(state=PlanVersion.State.SUPERSEDED)
    draft.content_hash = content_hash(signed_content(draft))
    draft.state = PlanVersion.State.SIGNED
    draft.signed_by = licensed(by, today=today)
    draft.signed_at = timezone.now()
    append(Kind.PLAN_VERSION, draft.pk, draft.content_hash, by=by, at=draft.signed_at)
    try:
        draft.save(update_fields=["content_hash", "state", "signed_by", "signed_at"])
    except IntegrityError as error:
        raise Conflict(
            "database_refused",
            "The database refused the signature; nothing was released. Check the edited draft again, then sign.",
        ) from error
    draft.plan = plan
    close_holds(plan, by, today=today)
    enter_phase(plan, draft, number=draft.start_phase or 0, by=by, reason=f"Version {draft.number} signed", today=today)
    return draft


def _screened_alike(version: PlanVersion, *, today: date) -> None:
    """Screen once more and refuse when an item is blocked now that was not: the kept verdicts were tampered with."""
    checker = checker_for(version, usable_knowledge(), today=today)
    for item in items_of(version):
        if verdict_on(item, checker).is_blocked and item.safety not in BLOCKED and not _is_alternative(item):
            message = f"{item_name(item)} is blocked by the rules, but marked as safe. Check the edited draft again."
            raise Refused("verdict_differs", message)


def _is_alternative(item: PlanTechnique | PlanExercise) -> bool:
    return isinstance(item, PlanTechnique) and item.is_alternative


def _drop_blocked_alternatives(version: PlanVersion) -> None:
    PlanTechnique.objects.filter(phase__version=version, is_alternative=True, safety__in=BLOCKED).delete()


def signed_content(version: PlanVersion) -> dict[str, Any]:
    """What the signature binds: everything a reader of the version sees, as plain data."""
    return {
        "plan": version.plan_id,
        "number": version.number,
        "assessment": version.assessment_id,
        "disposition": version.disposition,
        "start_phase": version.start_phase,
        "knowledge_revision": version.knowledge_revision,
        "facts_hash": version.facts_hash,
        "summary": version.summary_for_patient,
        "causes": [[c.key, c.label, str(c.score), c.decision] for c in version.causes.all()],
        "goals": [[g.metric, g.op, g.target, g.side, g.by] for g in version.goals.all()],
        "phases": [_phase_content(phase) for phase in version.phases.all()],
    }


def _phase_content(phase: PlanPhase) -> dict[str, Any]:
    return {
        "number": phase.number,
        "scheduled": phase.is_scheduled,
        "locked": phase.is_locked,
        "techniques": [_item_content(t) for t in phase.plantechniques.all() if not t.is_alternative],
        "exercises": [_item_content(e) for e in phase.planexercises.all()],
        "education": [row.topic.key for row in phase.education.all()],
        "criteria": [[c.key, c.kind, c.text, c.target] for c in phase.criteria.all()],
    }


def _item_content(item: PlanTechnique | PlanExercise) -> list[Any]:
    override = getattr(item, "override", None)
    bound = [override.rule, override.approval, override.reason_code, override.by_id] if override else None
    return [item_key(item), item.region, item.side, dose_of(item), item.safety, bound]


def content_is_unchanged(version: PlanVersion) -> bool:
    """True when a signed version still reads as it was signed (``version`` with its page rows)."""
    return content_hash(signed_content(version)) == version.content_hash

"""From an assessment to a draft: the engine proposes, nothing is released.

Everything is written in one transaction. When the engine fails or has no knowledge, nothing is written at all.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Max

from assessments.models import Assessment
from clinic.errors import Conflict, DomainError
from clinic.hashing import content_hash
from clinic.models import Episode, Practitioner, User
from plans.actions.filling import answer_to_json, start_phase_number, write_content
from plans.engine import generate
from plans.engine.draft import CauseResult, Draft, RaisedFlag, Refusal
from plans.engine.facts import Facts, Options
from plans.engine.knowledge import Knowledge
from plans.facts import facts_for
from plans.knowledge.rows.revision import knowledge_in_force
from plans.models import Plan, PlanVersion
from plans.snapshot import facts_to_json
from plans.wording import evidence_sentence, finding_label, missing_label

log = logging.getLogger(__name__)


def usable_knowledge() -> Knowledge:
    """The clinical knowledge in force. Raises Conflict when it is empty: nothing can be drafted or checked."""
    knowledge = knowledge_in_force()
    if not (knowledge.conditions and knowledge.techniques and knowledge.exercises and knowledge.root_causes):
        raise Conflict("knowledge_empty", "The clinical knowledge is empty. Run “manage.py load_knowledge” first.")
    return knowledge


def ask_engine(facts: Facts, knowledge: Knowledge, *, options: Options, today: date) -> Draft | Refusal:
    """The engine's answer. A failure of the engine is an error for the person, never a plan."""
    try:
        return generate(facts, knowledge, options, today=today)
    except Exception as error:
        log.exception("the plan engine failed")
        raise DomainError(
            "engine_failed",
            "The plan engine failed, so nothing was drafted or released. The error is in the log of the server.",
        ) from error


@transaction.atomic
def draft_plan(
    assessment: Assessment,
    by: User,
    *,
    today: date,
    rejected_causes: Iterable[str] = (),
    opted_in: Iterable[str] = (),
) -> PlanVersion:
    """Draft the plan of an episode from this assessment; a draft that exists is replaced.

    A refusal of the engine is kept as a version too: without phases, with its reasons, notes and tasks. Raises
    Conflict (episode closed, knowledge empty) and DomainError (engine failed); then nothing is written.
    """
    plan = _open_plan(assessment.episode, by)
    facts = facts_for(assessment, practitioner=treating_practitioner(assessment), today=today)
    knowledge = usable_knowledge()
    options = Options(opted_in=frozenset(opted_in), rejected_causes=frozenset(rejected_causes))
    answer = ask_engine(facts, knowledge, options=options, today=today)
    plan.versions.filter(state=PlanVersion.State.DRAFT).delete()
    version = PlanVersion.objects.create(
        plan=plan,
        number=next_number(plan),
        assessment=assessment,
        based_on=plan.versions.filter(state=PlanVersion.State.SIGNED).first(),
        created_by=by,
        **answer_columns(answer, facts),
    )
    write_content(version, answer, knowledge=knowledge, findings=facts.findings)
    return version


def answer_columns(answer: Draft | Refusal, facts: Facts) -> dict[str, object]:
    """The columns of a version that hold what the engine saw and said."""
    snapshot = facts_to_json(facts)
    return {
        "disposition": answer.disposition,
        "start_phase": start_phase_number(answer),
        "is_complete": isinstance(answer, Draft) and answer.complete,
        "knowledge_revision": answer.knowledge_revision,
        "facts": snapshot,
        "facts_hash": content_hash(snapshot),
        "draft": answer_to_json(answer),
    }


def treating_practitioner(assessment: Assessment) -> Practitioner:
    """Who treats, and whose credentials count: the practitioner that leads the episode."""
    return assessment.episode.practitioner


def next_number(plan: Plan) -> int:
    return (plan.versions.aggregate(last=Max("number"))["last"] or 0) + 1


def _open_plan(episode: Episode, by: User) -> Plan:
    """The open plan of the episode, locked; made when there is none."""
    locked = Episode.objects.select_for_update().get(pk=episode.pk)
    if locked.state != Episode.State.OPEN:
        raise Conflict("episode_closed", "This episode is closed. Open a new episode to plan further care.")
    plan = Plan.objects.filter(episode=locked, state__in=(Plan.State.DRAFT, Plan.State.ACTIVE)).first()
    return plan or Plan.objects.create(episode=locked, created_by=by)


# --- The live summary beside an assessment ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CausePreview:
    """A contributing factor that the findings so far speak for; lists are sentences."""

    key: str
    title: str
    label: str
    score: float
    supporting: tuple[str, ...]
    against: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What the findings mean so far. ``would_settle``: what is not assessed yet, the most telling first."""

    disposition: str
    flags: tuple[RaisedFlag, ...]
    causes: tuple[CausePreview, ...]
    would_settle: tuple[str, ...]
    unanswered: tuple[str, ...]
    contradictions: tuple[str, ...]


def preview_causes(assessment: Assessment, *, today: date) -> Preview:
    """Read-only summary of an assessment in the making: flags first, then causes, then what would settle it."""
    facts = facts_for(assessment, practitioner=treating_practitioner(assessment), today=today)
    knowledge = usable_knowledge()
    answer = ask_engine(facts, knowledge, options=Options(), today=today)
    return Preview(
        disposition=answer.disposition,
        flags=answer.flags,
        causes=tuple(_preview(cause, facts) for cause in answer.causes),
        would_settle=_would_settle(answer.causes, facts),
        unanswered=tuple(missing_label(key, knowledge) for key in answer.missing),
        contradictions=answer.contradictions,
    )


def _preview(cause: CauseResult, facts: Facts) -> CausePreview:
    def lines(part: str) -> tuple[str, ...]:
        return tuple(evidence_sentence(line, facts.findings) for line in getattr(cause, part))

    return CausePreview(
        cause.key, cause.title, cause.label, cause.score, lines("supporting"), lines("against"), lines("missing")
    )


def _would_settle(causes: Iterable[CauseResult], facts: Facts, limit: int = 5) -> tuple[str, ...]:
    """Unassessed findings by the weight they could move, summed over the shown causes."""
    weights: dict[str, float] = {}
    for cause in causes:
        for line in cause.missing:
            weights[line.finding] = weights.get(line.finding, 0) + abs(line.weight)
    ranked = sorted(weights, key=lambda path: (-weights[path], path))
    return tuple(finding_label(path) for path in ranked[:limit] if path not in facts.findings)

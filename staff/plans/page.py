"""What the pages of a plan show, composed from rows and the engine's stored answer. No rules are decided here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from assessments.vocabulary import DISPOSITIONS, RED_FLAGS, SAFETY_TEXTS
from clinic.anatomy import MUSCLES
from clinic.errors import DomainError
from clinic.models import User
from exercises.models import Exercise
from plans.actions import sign_problems
from plans.actions.editing import PASSIVE, dose_of
from plans.engine.facts import Finding
from plans.engine.knowledge import Knowledge
from plans.models import (
    Override,
    PlanCause,
    PlanEdit,
    PlanEducation,
    PlanExercise,
    PlanPhase,
    PlanTechnique,
    PlanVersion,
)
from plans.screening import BLOCKED
from plans.snapshot import facts_from_json
from plans.wording import Names, capital, exercise_dose, goal_sentence, missing_label, place, symbols, technique_dose

SAFETY_CHIPS = {
    "precaution": ("caution", "With precaution"),
    "blocked_overridable": ("stop", "Blocked"),
    "blocked_absolute": ("stop", "Blocked"),
    "unknown": ("notasked", "A question is open"),
}
LABEL_CHIPS = {"strong": "Strong", "probable": "Probable", "possible": "Possible"}
CARE_RULES = (
    "condition.",
    "red_flag",
    "region.precaution",
    "region.withheld",
    "aggravation",
    "equipment",
    "preference",
)
PLACE_RULE = "region.also"
# The order and words of the drawer "left out, and why"; what steers the choice comes after what protects.
LEFT_OUT = {
    "red_flags": "A red flag",
    "conditions": "A condition of the patient",
    "conditions.floor": "Cannot get down to the floor",
    "region": "Not at this region",
    "consent": "Consent is not on file",
    "credential": "A credential is missing",
    "preference": "The patient does not want it",
    "aggravation": "Matches what makes it worse",
    "neural": "A nerve is sensitive",
    "stretch": "The muscle is long enough",
    "indication": "No indication",
    "gate": "A gate is not met",
    "extra_rule": "A rule of the technique",
    "incomplete": "The assessment is incomplete",
    "setting": "Not for home",
    "equipment": "Equipment is missing",
    "minutes": "No minutes left",
    "ceiling": "The phase is full",
    "phase": "For another phase",
    "relevance": "No cause asks for it",
}
SPEEDS = ("emergency_now", "urgent_same_day", "urgent_referral", "routine_referral", "caution_monitor")
QUIET = frozenset({"phase", "relevance"})


@dataclass(frozen=True, slots=True)
class Card:
    """A technique or exercise as its card shows it."""

    kind: str
    item: PlanTechnique | PlanExercise
    name: str
    where: str
    dose: tuple[tuple[str, str], ...]
    reasons: tuple[dict[str, str], ...]
    cares: tuple[str, ...]
    chip: tuple[str, str] | None
    override: Override | None
    blocked: bool
    minutes: float = 0.0
    is_first: bool = False
    is_last: bool = False

    @property
    def exercise(self) -> Exercise | None:
        return self.item.exercise if isinstance(self.item, PlanExercise) else None

    @property
    def targets(self) -> tuple[str, ...]:
        """What the exercise works on, as "region:side" for the body picture."""
        exercise = self.exercise
        if exercise is None:
            return ()
        regions = [MUSCLES[key].region for key in exercise.target_muscles if key in MUSCLES] or [exercise.region]
        return tuple(f"{region}:{self.item.side or 'both'}" for region in dict.fromkeys(regions))

    @property
    def anchor(self) -> str:
        return f"{self.kind}-{self.item.pk}"


@dataclass(frozen=True, slots=True)
class LeftOutGroup:
    title: str
    items: tuple[tuple[str, str], ...]  # name, sentence
    quiet: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One phase: what is done in the clinic, at home, explained, and what ends it."""

    phase: PlanPhase
    techniques: tuple[Card, ...]
    alternatives: tuple[Card, ...]
    exercises: tuple[Card, ...]
    education: tuple[PlanEducation, ...]
    gates: tuple[str, ...]
    supports: tuple[str, ...]
    left_out: tuple[LeftOutGroup, ...]
    minutes: float
    passive: int
    is_start: bool
    is_current: bool

    @property
    def left_out_count(self) -> int:
        return sum(len(group.items) for group in self.left_out if not group.quiet)


@dataclass(frozen=True, slots=True)
class FlagLine:
    state: str
    name: str
    suspected: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CauseCard:
    cause: PlanCause
    label: str
    equal: bool
    supporting: tuple[str, ...]
    against: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no plan, and what to do: in this order on the page."""

    disposition: str
    how_fast: str
    emergency: bool
    reasons: tuple[dict[str, str], ...]
    tasks: tuple[str, ...]
    missing: tuple[str, ...]
    referral: str
    education: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EditLine:
    """One change by hand: what was done to what, when, by whom, why."""

    what: str
    phase: int | None
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PlanPage:
    version: PlanVersion
    columns: tuple[Column, ...]
    causes: tuple[CauseCard, ...]
    flags: tuple[FlagLine, ...]
    notes: tuple[str, ...]
    tasks: tuple[tuple[str, str], ...]  # how fast, what
    goals: tuple[str, ...]
    missing: tuple[str, ...]
    contradictions: tuple[str, ...]
    refusal: Refusal | None
    problems: tuple[DomainError, ...] = ()
    editable: bool = False
    edits: tuple[EditLine, ...] = ()
    names: Names | None = field(default=None, repr=False)

    @property
    def used_causes(self) -> tuple[CauseCard, ...]:
        """Causes that the plan is built on, that wait, or that a person decided about."""
        return tuple(card for card in self.causes if _matters(card.cause))

    @property
    def other_causes(self) -> tuple[CauseCard, ...]:
        """Causes that are only shown."""
        return tuple(card for card in self.causes if not _matters(card.cause))

    @property
    def facts_changed(self) -> bool:
        return any(problem.code in ("facts_changed", "knowledge_changed") for problem in self.problems)


def build_page(version: PlanVersion, knowledge: Knowledge, *, user: User, may_treat: bool, today: date) -> PlanPage:
    """The page of a version (``version`` with its page rows)."""
    names, answer = Names(knowledge), version.draft
    findings = facts_from_json(version.facts).findings
    is_draft = version.state == PlanVersion.State.DRAFT
    return PlanPage(
        version=version,
        columns=tuple(_column(phase, version, names, knowledge, findings) for phase in version.phases.all()),
        causes=tuple(_cause(cause) for cause in version.causes.all()),
        flags=tuple(_flag(flag, names) for flag in answer["flags"]),
        notes=tuple(names.said(note) for note in answer["notes"]),
        tasks=tuple((_speed(task["disposition"]), names.said(task["text"])) for task in answer["tasks"]),
        goals=tuple(goal_sentence(g.metric, g.op, g.target, g.side, g.by) for g in version.goals.all()),
        missing=tuple(missing_label(key, knowledge) for key in answer["missing"]),
        contradictions=tuple(names.said(text) for text in answer["contradictions"]),
        refusal=None if version.start_phase else _refusal(version, names, knowledge, findings),
        problems=sign_problems(version, user, today=today) if is_draft and may_treat else (),
        editable=is_draft and may_treat and version.start_phase is not None,
        edits=tuple(_edit(edit, names) for edit in version.edits.all()),
        names=names,
    )


EDIT_WORDS = {
    "add": "Added",
    "remove": "Taken out",
    "swap": "Swapped",
    "dose": "Dose changed",
    "reorder": "Moved",
    "cause": "Cause decided",
    "facts": "Checked again",
    "override": "Override",
}


def _edit(edit: PlanEdit, names: Names) -> EditLine:
    word = EDIT_WORDS.get(edit.action, edit.action)
    what = word if edit.action == "facts" else f"{word}: {names.name(edit.item)}"
    if edit.action == "swap" and edit.after:
        what = f"{what} → {names.name(edit.after['key'])}"
    return EditLine(what, edit.phase, edit.reason, edit.by.name, edit.at)


# --- Phases ---------------------------------------------------------------------------------------------------------


def _column(
    phase: PlanPhase, version: PlanVersion, names: Names, knowledge: Knowledge, findings: Mapping[str, Finding]
) -> Column:
    techniques = list(phase.plantechniques.all())
    planned = [t for t in techniques if not t.is_alternative]
    exercises = list(phase.planexercises.all())
    criteria = list(phase.criteria.all())
    return Column(
        phase=phase,
        techniques=_cards(planned, names, knowledge, findings),
        alternatives=_cards([t for t in techniques if t.is_alternative], names, knowledge, findings),
        exercises=_cards(exercises, names, knowledge, findings),
        education=tuple(phase.education.all()),
        gates=tuple(capital(symbols(c.text)) for c in criteria if c.kind == "gate"),
        supports=tuple(capital(symbols(c.text)) for c in criteria if c.kind == "support"),
        left_out=_left_out(version.draft["excluded"], phase.number, names),
        minutes=float(sum(e.minutes_per_day for e in exercises)),
        passive=sum(1 for t in planned if t.technique.category in PASSIVE),
        is_start=version.state == PlanVersion.State.DRAFT and version.start_phase == phase.number,
        is_current=version.state == PlanVersion.State.SIGNED and version.plan.current_phase == phase.number,
    )


def _cards(
    items: Iterable[PlanTechnique | PlanExercise], names: Names, knowledge: Knowledge, findings: Mapping[str, Finding]
) -> tuple[Card, ...]:
    rows = list(items)
    last = len(rows) - 1
    return tuple(
        card_of(item, names, knowledge, findings, is_first=i == 0, is_last=i == last) for i, item in enumerate(rows)
    )


def card_of(
    item: PlanTechnique | PlanExercise,
    names: Names,
    knowledge: Knowledge,
    findings: Mapping[str, Finding],
    *,
    is_first: bool = True,
    is_last: bool = True,
) -> Card:
    """The card of one item."""
    is_exercise = isinstance(item, PlanExercise)
    override = getattr(item, "override", None)
    return Card(
        kind="exercise" if is_exercise else "technique",
        item=item,
        name=item.exercise.name if isinstance(item, PlanExercise) else item.technique.name,
        where=_where(item, names),
        dose=_dose(item, knowledge),
        reasons=tuple(names.reason(reason, findings) for reason in item.reasons),
        cares=tuple(names.said(r["text"]) for r in item.reasons if r["rule"].startswith(CARE_RULES)),
        chip=SAFETY_CHIPS.get(item.safety),
        override=override,
        blocked=item.safety in BLOCKED and override is None,
        minutes=float(item.minutes_per_day) if isinstance(item, PlanExercise) else 0.0,
        is_first=is_first,
        is_last=is_last,
    )


def _where(item: PlanTechnique | PlanExercise, names: Names) -> str:
    also = [names.said(reason["text"]) for reason in item.reasons if reason["rule"] == PLACE_RULE]
    return ". ".join([text for text in (place(item.region, item.side), *also) if text])


def _dose(item: PlanTechnique | PlanExercise, knowledge: Knowledge) -> tuple[tuple[str, str], ...]:
    if isinstance(item, PlanExercise):
        return (("", exercise_dose(dose_of(item))),)
    return tuple(technique_dose(item.dose, item.technique.key, knowledge))


def _left_out(excluded: Iterable[Mapping[str, Any]], phase: int, names: Names) -> tuple[LeftOutGroup, ...]:
    """Grouped by reason; what no cause asked for stays folded."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in excluded:
        rule = row["reason"]["rule"]
        if row["phase"] == phase and (rule not in QUIET or row.get("candidate")):
            groups.setdefault(rule, []).append((names.name(row["key"]), names.said(row["reason"]["text"])))
    order = list(LEFT_OUT)
    ranked = sorted(groups, key=lambda rule: order.index(rule) if rule in order else len(order))
    return tuple(LeftOutGroup(LEFT_OUT.get(rule, rule), tuple(sorted(groups[rule])), rule in QUIET) for rule in ranked)


# --- Causes, flags, refusal -----------------------------------------------------------------------------------------


def _matters(cause: PlanCause) -> bool:
    return cause.state != "shown" or cause.decision != PlanCause.Decision.PROPOSED


def _cause(cause: PlanCause) -> CauseCard:
    evidence = cause.evidence
    return CauseCard(
        cause=cause,
        label=LABEL_CHIPS.get(cause.label, cause.label),
        equal=bool(evidence.get("equal")),
        supporting=tuple(evidence["for"]),
        against=tuple(evidence["against"]),
        missing=tuple(evidence["missing"]),
    )


def _flag(flag: Mapping[str, Any], names: Names) -> FlagLine:
    known = RED_FLAGS.get(flag["key"])
    urgent = flag["disposition"] in ("emergency_now", "urgent_same_day", "urgent_referral")
    return FlagLine(
        state="stop" if urgent or flag["action"] != "flag" else "caution",
        name=known.label if known else flag["key"],
        suspected=known.suspected if known else "",
        says=tuple(names.said(reason["text"]) for reason in flag["reasons"]),
    )


def _speed(disposition: str) -> str:
    known = DISPOSITIONS.get(disposition)
    return known.label if known else "Referral beside treatment"


def _refusal(version: PlanVersion, names: Names, knowledge: Knowledge, findings: Mapping[str, Finding]) -> Refusal:
    answer = version.draft
    known = DISPOSITIONS.get(version.disposition)
    reasons = answer.get("reasons") or [r for flag in answer["flags"] for r in flag["reasons"]]
    topics = answer.get("education") or [t for phase in answer["phases"].values() for t in phase["education"]]
    asked = answer["missing"] if answer["kind"] == "refusal" else []
    return Refusal(
        disposition=known.label if known else "No plan can be drafted yet",
        how_fast=known.how_fast if known else "",
        emergency=version.disposition in ("emergency_now", "urgent_same_day"),
        reasons=tuple(names.reason(reason, findings) for reason in reasons),
        tasks=(*_flag_steps(answer["flags"]), *_cause_steps(answer, names)),
        missing=tuple(missing_label(key, knowledge) for key in asked),
        referral=referral_text(version, names),
        education=tuple(names.name(key) for key in dict.fromkeys(topics)),
    )


def _flag_steps(flags: Iterable[Mapping[str, Any]]) -> list[str]:
    """One step per speed, the fastest first: what is suspected, and what must not be done meanwhile."""
    by_speed: dict[str, list[str]] = {}
    limits: dict[str, list[str]] = {}
    for flag in flags:
        known = RED_FLAGS.get(flag["key"])
        if known is not None:
            by_speed.setdefault(flag["disposition"], []).append(known.suspected)
            if not known.limits.startswith("all"):
                limits.setdefault(flag["disposition"], []).append(known.limits)
    steps = []
    for speed in (key for key in SPEEDS if key in by_speed):
        suspected = "; ".join(dict.fromkeys(by_speed[speed]))
        avoid = "; ".join(dict.fromkeys(limits.get(speed, [])))
        steps.append(f"{_speed(speed)}: suspected {suspected}." + (f" Not until cleared: {avoid}." if avoid else ""))
    return steps


def _cause_steps(answer: Mapping[str, Any], names: Names) -> list[str]:
    flagged = {flag["key"] for flag in answer["flags"]}
    return [f"{names.said(task['text'])}." for task in answer["tasks"] if task["key"] not in flagged]


def _answers(flag: Mapping[str, Any], names: Names) -> str:
    """How a flag came to be true: "answered yes and follows from ..."."""
    return "; ".join(names.said(reason["text"]).rpartition(": ")[2] for reason in flag["reasons"])


def referral_text(version: PlanVersion, names: Names) -> str:
    """A hand-over text to read out or paste: who, what is suspected, from which answers, what was done."""
    patient, answer = version.plan.episode.patient, version.draft
    lines = [
        f"Re: {patient.given_name} {patient.family_name}, born {patient.date_of_birth:%d %b %Y}, {patient.number}",
        f"Assessed {version.assessment.assessed_on:%d %b %Y}: {version.plan.episode.complaint}.",
        *_flag_steps(answer["flags"]),
        *_cause_steps(answer, names),
    ]
    for flag in answer["flags"]:
        known = RED_FLAGS.get(flag["key"])
        lines.append(f"- {known.label if known else flag['key']}: {_answers(flag, names)}")
    lines.append("No physiotherapy treatment was given. Please tell us the outcome.")
    return "\n".join(lines)


def never_soften(version: PlanVersion) -> tuple[str, ...]:
    """The fixed safety wording for cauda equina, when it is about that."""
    about_it = any(flag["key"].startswith("ces_") for flag in version.draft["flags"])
    return (capital(SAFETY_TEXTS[0].partition(": ")[2]),) if about_it else ()

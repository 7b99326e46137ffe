"""What the pages of a plan show, composed from rows and the engine's stored answer. No rules are decided here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from clinic.anatomy import MUSCLES
from clinic.errors import DomainError
from clinic.models import User
from exercises.models import Exercise
from exercises.sides import side_to_say
from plans.actions import sign_problems
from plans.actions.editing import PASSIVE, dose_of
from plans.actions.undo import NEVER
from plans.budget import Budget, budget_of, technique_minutes
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
from plans.refusal import FlagLine, Refusal, flag_line, refusal_of, speed_label
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
    visit_minutes: float = 0.0

    @property
    def steps(self) -> tuple[tuple[str, str, str], ...]:
        """The easier and the harder exercise that this phase may hold: (word, icon, name)."""
        exercise, number = self.exercise, self.item.phase.number
        if exercise is None:
            return ()
        both = (("easier", "chevron-down", exercise.regression), ("harder", "chevron-up", exercise.progression))
        return tuple((w, i, row.name) for w, i, row in both if row and row.is_active and number in row.phases)

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
        side = _said_side(self.item)
        return tuple(f"{region}:{side or 'both'}" for region in dict.fromkeys(regions))

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
    budget: Budget
    is_start: bool
    is_current: bool

    @property
    def left_out_count(self) -> int:
        return sum(len(group.items) for group in self.left_out if not group.quiet)


@dataclass(frozen=True, slots=True)
class CauseCard:
    cause: PlanCause
    label: str
    equal: bool
    supporting: tuple[str, ...]
    against: tuple[str, ...]
    missing: tuple[str, ...]


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
    def can_undo(self) -> str:
        """What an undo would take back, in words; "" when there is nothing, or nothing that can be."""
        taken = {edit.undoes_id for edit in self.version.edits.all()}
        rows = [e for e in self.version.edits.all() if e.action != "undo" and e.pk not in taken]
        last = max(rows, key=lambda edit: edit.pk, default=None)
        if last is None or last.action in NEVER or not self.editable or self.names is None:
            return ""
        return _edit(last, self.names).what

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
        flags=tuple(flag_line(flag, names) for flag in answer["flags"]),
        notes=tuple(names.said(note) for note in answer["notes"]),
        tasks=tuple((speed_label(task["disposition"]), names.said(task["text"])) for task in answer["tasks"]),
        goals=tuple(goal_sentence(g.metric, g.op, g.target, g.side, g.by) for g in version.goals.all()),
        missing=tuple(missing_label(key, knowledge) for key in answer["missing"]),
        contradictions=tuple(names.said(text) for text in answer["contradictions"]),
        refusal=None if version.start_phase else refusal_of(version, names, knowledge, findings),
        problems=sign_problems(version, user, today=today) if is_draft and may_treat else (),
        editable=is_draft and may_treat and version.start_phase is not None,
        edits=tuple(_edit(edit, names) for edit in version.edits.all()),
        names=names,
    )


def column_of(page: PlanPage, number: int) -> Column | None:
    """The column of one phase."""
    return next((column for column in page.columns if column.phase.number == number), None)


EDIT_WORDS = {
    "add": "Added",
    "remove": "Taken out",
    "swap": "Swapped",
    "dose": "Dose changed",
    "reorder": "Moved",
    "cause": "Cause decided",
    "facts": "Checked again",
    "override": "Override",
    "place": "Place changed",
    "summary": "Words for the patient",
    "undo": "Taken back",
}


def _edit(edit: PlanEdit, names: Names) -> EditLine:
    word = EDIT_WORDS.get(edit.action, edit.action)
    what = word if edit.item in ("facts", "summary") else f"{word}: {names.name(edit.item)}"
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
        budget=_budget(phase, planned, exercises, knowledge, findings),
        is_start=version.state == PlanVersion.State.DRAFT and version.start_phase == phase.number,
        is_current=version.state == PlanVersion.State.SIGNED and version.plan.current_phase == phase.number,
    )


def _budget(
    phase: PlanPhase,
    planned: Iterable[PlanTechnique],
    exercises: Iterable[PlanExercise],
    knowledge: Knowledge,
    findings: Mapping[str, Finding],
) -> Budget:
    said = findings.get("hist.exercise_time_min_day")
    value = said.readings[0].value if said and said.readings else None
    return budget_of(
        [(t.technique.category, t.dose) for t in planned],
        [float(e.minutes_per_day) for e in exercises],
        home_limit=float(phase.minutes_budget),
        available=float(value) if isinstance(value, (int, float)) else None,
        visit_length=knowledge.phases[phase.number].visit_length,
        passive=PASSIVE,
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
        visit_minutes=technique_minutes(item.dose) if isinstance(item, PlanTechnique) else 0.0,
        is_first=is_first,
        is_last=is_last,
    )


def _where(item: PlanTechnique | PlanExercise, names: Names) -> str:
    also = [names.said(reason["text"]) for reason in item.reasons if reason["rule"] == PLACE_RULE]
    return ". ".join([text for text in (place(item.region, _said_side(item)), *also) if text])


def _said_side(item: PlanTechnique | PlanExercise) -> str:
    """The side to name: for an exercise only where it works one side at a time."""
    if isinstance(item, PlanTechnique):
        return item.side
    exercise = item.exercise
    return side_to_say(
        item.side,
        technique=exercise.technique,
        region=exercise.region,
        position=exercise.position,
        load_tags=exercise.load_tags,
    )


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


# --- Causes --------------------------------------------------------------------------------------------------------


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

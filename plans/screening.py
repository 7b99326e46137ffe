"""The safety verdict on one item, for a person who adds, swaps or keeps it. Uses the engine's own rules.

The engine screens what it proposes; this module asks the same rules about an item that a person wants. Rules that only
steer the choice (relevance, aggravation, equipment at home) become precautions here: they warn, they do not block.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from plans.engine.derive import build_picture, not_asked
from plans.engine.dose import Dosed, Dosing
from plans.engine.draft import Reason, SafetyLevel
from plans.engine.eligibility import Eligibility
from plans.engine.evidence import ScoredCause, score_causes
from plans.engine.facts import Facts, Options, Site
from plans.engine.index import index_for
from plans.engine.knowledge import Knowledge, Technique
from plans.engine.minimum import completeness
from plans.engine.reason import region_blocks
from plans.engine.screen import Block, Screen, active_flags, combined_override, contraindications, precautions

# Whether a person's own choice is relevant and indicated is theirs to judge; it is not a warning.
SILENT = frozenset({"relevance", "indication", "gate", "setting"})
RULE_MAX = 200
BLOCKED: frozenset[str] = frozenset({"blocked_absolute", "blocked_overridable", "unknown"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """``reasons`` say why; ``approval`` is what must be recorded to override ("" = none may); ``rules`` name the
    conditions or flags behind a block, for counting overrides."""

    safety: SafetyLevel
    reasons: tuple[Reason, ...] = ()
    approval: str = ""
    rules: tuple[str, ...] = ()

    @property
    def is_blocked(self) -> bool:
        return self.safety in BLOCKED

    @property
    def rule(self) -> str:
        """The rules as one text: what an override names, and what overrides are counted by."""
        return ", ".join(self.rules)[:RULE_MAX]


class Checker:
    """The safety rules that hold for one patient on one day. Build once, ask for many items."""

    def __init__(self, facts: Facts, knowledge: Knowledge, *, today: date, rejected: Iterable[str] = ()) -> None:
        picture = build_picture(facts, index_for(knowledge), today)
        flags = active_flags(picture)
        complete = completeness(picture)
        self.scored = score_causes(picture, complete.objective_complete)
        self.screen = Screen(picture, flags, region_blocks(self.scored, picture, frozenset(rejected)))
        self.eligibility = Eligibility(picture, self.screen, Options(), complete)
        self.dosing = Dosing(picture, self.screen, knowledge.phases)
        self.knowledge = knowledge
        self.picture = picture
        self.open_questions = (*not_asked(picture.flags.values()), *not_asked(picture.conditions.values()))
        self.plan_blocks = tuple(flag for flag in flags if flag.action == "block_plan")

    # --- exercises -------------------------------------------------------------------------------------------------

    def exercise(self, key: str, phase: int) -> Verdict:
        """May this exercise be done in this phase?"""
        exercise = self.knowledge.exercises[key]
        if phase not in exercise.phases:
            return self._absolute("phase", self.picture.index.phase_reasons[key, phase])
        blocks = self.screen.exercise(key)
        closed = self._closed(blocks)
        if closed is not None:
            return closed
        advice = [f.reason for f in self.eligibility.exercise_failures(exercise, self._any_cause(key), phase)]
        return _with_precautions(blocks, [r for r in advice if r.rule not in SILENT])

    def exercise_dose(self, key: str, phase: int) -> Dosed:
        """The starting dose, capped for this patient."""
        return self.dosing.exercise(self.knowledge.exercises[key], phase)

    def _any_cause(self, key: str) -> ScoredCause:
        """A cause to test selection rules with: one that lists the exercise, else the first (they only advise)."""
        listing = [s for s in self.scored if any(key in keys for keys in s.cause.exercises.values())]
        return (listing or self.scored or [_no_cause(self.knowledge)])[0]

    # --- techniques ------------------------------------------------------------------------------------------------

    def technique(self, key: str, phase: int, site: Site) -> Verdict:
        """May this technique be used at this place in this phase?"""
        technique = self.knowledge.techniques[key]
        if phase not in technique.phases:
            return self._absolute("phase", self.picture.index.phase_reasons[key, phase])
        blocks = self.screen.technique(key, site)
        closed = self._closed(blocks)
        if closed is not None and closed.safety != "blocked_overridable":
            return closed
        failure = self.eligibility.unliftable_failure(technique, phase, site)
        if failure is not None:  # an approval lifts the condition that asks for it, never consent, credential or place
            return self._absolute(failure.rule, failure.reason, *(closed.reasons if closed else ()))
        if closed is not None:
            return closed
        return _with_precautions(blocks, self._technique_advice(technique, site))

    def _technique_advice(self, technique: Technique, site: Site) -> list[Reason]:
        rows = [r for r in technique.restrictions if r.region == site.region and r.level == "precaution"]
        return [Reason("region", row.reason, (row.region,), row.source) for row in rows]

    # --- shared ----------------------------------------------------------------------------------------------------

    def _absolute(self, rule: str, reason: Reason, *others: Reason) -> Verdict:
        return Verdict("blocked_absolute", (reason, *others), rules=(rule,))

    def _closed(self, blocks: Sequence[Block]) -> Verdict | None:
        """Blocked by a flag or condition, or not known because a question is open."""
        if self.plan_blocks:
            return Verdict(
                "blocked_absolute",
                tuple(flag.reason for flag in self.plan_blocks),
                rules=tuple(flag.flag.key for flag in self.plan_blocks),
            )
        against = contraindications(blocks)
        approval = combined_override(blocks)
        if against and not (approval and self.open_questions):  # a question that is open is answered first
            level: SafetyLevel = "blocked_overridable" if approval else "blocked_absolute"
            keys = tuple(dict.fromkeys(block.key for block in against))
            return Verdict(level, tuple(dict.fromkeys(block.reason for block in against)), approval, keys)
        if self.open_questions:
            text = "a safety question is not answered, and “not asked” is never “no”"
            return Verdict("unknown", (Reason("unanswered", text, self.open_questions),), rules=("unanswered",))
        return None


def _with_precautions(blocks: Sequence[Block], advice: Sequence[Reason]) -> Verdict:
    reasons = tuple(dict.fromkeys((*(block.reason for block in precautions(blocks)), *advice)))
    return Verdict("precaution" if reasons else "clear", reasons)


def _no_cause(knowledge: Knowledge) -> ScoredCause:
    first = next(iter(knowledge.root_causes.values()))
    return ScoredCause(first, 0, 0.0, "possible", (), (), ())

"""Step 6, "why not": every item that is not in a phase, with the first rule that failed.

Candidates of the used causes carry the rule that removed them. All other items are judged by the same order (phase,
red flags, conditions, region, consent and credential); what is left over is simply not listed by a used cause.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plans.engine.draft import Excluded, Reason, SafetyLevel
from plans.engine.eligibility import Eligibility, Failure
from plans.engine.knowledge import Technique
from plans.engine.screen import Block, combined_override, contraindications


@dataclass(frozen=True, slots=True)
class PhaseContent:
    """What a phase holds, for telling what it does not hold."""

    phase: int
    exercises: frozenset[str]
    techniques: frozenset[str]  # planned, alternatives and the techniques of the exercises
    education: frozenset[str]
    failures: Mapping[str, Failure]
    set_aside: Mapping[str, Reason]  # items of causes that a referral or a red flag has set aside
    education_removed: Mapping[str, tuple[Block, ...]]


class Excluder:
    """Builds the list of exclusions; item-level answers are kept for all phases."""

    def __init__(self, eligibility: Eligibility) -> None:
        self.eligibility = eligibility
        self.index = eligibility.picture.index
        self.knowledge = eligibility.knowledge
        self._exercise: dict[str, Failure | None] = {}
        self._technique: dict[str, Failure | None] = {}
        self._sites = tuple(eligibility.picture.sites)

    def phase(self, content: PhaseContent) -> list[Excluded]:
        number, plain = content.phase, self.index.plain_exclusions
        special = self.eligibility.screen.forbidden | content.failures.keys() | content.set_aside.keys()
        found = [
            self._entry(key, content, self._exercise_failure(key, content)) if key in special else plain[key, number]
            for key in self.knowledge.exercises
            if key not in content.exercises
        ]
        for technique in self.knowledge.techniques.values():
            if technique.category == "education":
                if technique.key in content.education_removed:
                    found.append(self._education(technique.key, content))
            elif technique.key not in content.techniques:
                found.append(self._technique_entry(technique, content, technique.key in special))
        return found

    def _technique_entry(self, technique: Technique, content: PhaseContent, special: bool) -> Excluded:
        if not special and self._technique_safety(technique) is None:
            return self.index.plain_exclusions[technique.key, content.phase]
        return self._entry(technique.key, content, self._technique_failure(technique, content))

    def _entry(self, key: str, content: PhaseContent, failure: Failure) -> Excluded:
        override = combined_override(failure.blocks)
        candidate = key in content.failures
        return Excluded(key, content.phase, failure.reason, _safety(failure, override), override, candidate)

    def _education(self, key: str, content: PhaseContent) -> Excluded:
        blocks = contraindications(content.education_removed[key])
        override = combined_override(blocks)
        reason = Reason(
            "conditions", "; ".join(b.reason.text for b in blocks), tuple(i for b in blocks for i in b.reason.inputs)
        )
        return Excluded(
            key, content.phase, reason, "blocked_overridable" if override else "blocked_absolute", override, True
        )

    # --- exercises ---------------------------------------------------------------------------------------------

    def _exercise_failure(self, key: str, content: PhaseContent) -> Failure:
        failure = content.failures.get(key)
        safety = self._exercise_safety(key)
        if failure is None:
            phase = self.index.phase_reasons.get((key, content.phase))
            failure = Failure("phase", phase) if phase is not None else safety
        if failure is None:
            failure = Failure("precedence", content.set_aside[key]) if key in content.set_aside else None
        return _with_safety(failure or Failure("relevance", self.index.unlisted_reasons[key]), safety)

    def _exercise_safety(self, key: str) -> Failure | None:
        if key not in self._exercise:
            blocks = self.eligibility.screen.exercise(key)
            self._exercise[key] = next(self.eligibility.safety_failures(blocks), None) if blocks else None
        return self._exercise[key]

    # --- techniques --------------------------------------------------------------------------------------------

    def _technique_failure(self, technique: Technique, content: PhaseContent) -> Failure:
        key = technique.key
        failure = content.failures.get(key)
        safety = self._technique_safety(technique)
        if failure is None:
            phase = self.index.phase_reasons.get((key, content.phase))
            failure = Failure("phase", phase) if phase is not None else safety
        if failure is None and key in content.set_aside:
            failure = Failure("precedence", content.set_aside[key])
        return _with_safety(failure or Failure("relevance", self.index.unlisted_reasons[key]), safety)

    def _technique_safety(self, technique: Technique) -> Failure | None:
        if technique.key not in self._technique:
            outcome = self.eligibility.allowed_sites(technique, self._sites)
            safety = outcome if isinstance(outcome, Failure) else self.eligibility.practice_failure(technique)
            self._technique[technique.key] = safety
        return self._technique[technique.key]


def _with_safety(failure: Failure, safety: Failure | None) -> Failure:
    """An item outside its phase that may not be used at all says so as well."""
    if safety is None or failure.rule != "phase":
        return failure
    reason = Reason(
        "phase", f"{failure.reason.text}; also {safety.reason.text}", failure.reason.inputs + safety.reason.inputs
    )
    return Failure("phase", reason, safety.blocks)


def _safety(failure: Failure, override: str) -> SafetyLevel:
    if failure.rule == "incomplete":
        return "unknown"
    if not contraindications(failure.blocks):
        return "clear"
    return "blocked_overridable" if override else "blocked_absolute"


def everything(reasons: Sequence[Reason]) -> tuple[Excluded, ...]:
    """A refusal leaves out every item in every phase."""
    text = "; ".join(r.text for r in reasons)
    inputs = tuple(dict.fromkeys(i for r in reasons for i in r.inputs))
    reason = Reason("refused", f"no technique or exercise is released: {text}", inputs)
    return tuple(Excluded("ALL", phase, reason, "blocked_absolute") for phase in (1, 2, 3))

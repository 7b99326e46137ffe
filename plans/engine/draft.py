"""What the engine answers: a `Draft` or a `Refusal`, every part of it with reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Label = Literal["strong", "probable", "possible"]
CauseState = Literal["selected", "secondary", "blocked", "shown"]
StartPhase = Literal["1", "2", "3", "none", "none_at_region"]
SafetyLevel = Literal["blocked_absolute", "blocked_overridable", "precaution", "clear", "unknown"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is in, out or dosed so. rule: stable code of the rule (``condition.contraindicated``);
    text: one plain sentence; inputs: the fact keys and values it used; source: the reference it rests on."""

    rule: str
    text: str
    inputs: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One evidence item as scored: `sides` names the sides on which it is true; `points` is what it counted."""

    finding: str
    op: str
    value: object
    weight: float
    points: float
    sides: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class CauseResult:
    key: str
    label: Label
    score: float
    category: str
    title: str
    explanation: str
    supporting: tuple[EvidenceLine, ...]
    against: tuple[EvidenceLine, ...]
    missing: tuple[EvidenceLine, ...]
    state: CauseState = "shown"
    equal_to_previous: bool = False
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class RaisedFlag:
    """A flag that is true (or cleared), where it applies, what it does and from which answers it follows."""

    key: str
    action: str
    disposition: str
    state: Literal["true", "cleared"]
    sites: tuple[tuple[str, str], ...] = ()
    contradiction: bool = False
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedExercise:
    key: str
    technique: str
    region: str
    side: str
    dose: Mapping[str, object]
    minutes_per_day: float
    causes: tuple[str, ...]
    reasons: tuple[Reason, ...]
    safety: SafetyLevel = "clear"
    locked: bool = False


@dataclass(frozen=True, slots=True)
class PlannedTechnique:
    """A hands-on, needling, electrical, thermal or support technique. `rank_score` is the summed cause score."""

    key: str
    category: str
    region: str
    side: str
    dose: Mapping[str, object]
    causes: tuple[str, ...]
    rank_score: float
    reasons: tuple[Reason, ...]
    safety: SafetyLevel = "clear"
    phase: int = 0


@dataclass(frozen=True, slots=True)
class ExitCriterion:
    key: str
    kind: Literal["gate", "support"]
    text: str
    baseline: object = None
    target: object = None  # metric -> "op value"
    reasons: tuple[Reason, ...] = ()
    waivable: bool = True


@dataclass(frozen=True, slots=True)
class PhasePlan:
    number: int
    techniques: tuple[PlannedTechnique, ...]
    exercises: tuple[PlannedExercise, ...]
    education: tuple[str, ...]
    exit: tuple[ExitCriterion, ...]
    scheduled: bool = True  # False: stored for a step back
    locked: bool = False  # True: may not be released until the assessment is complete
    minutes_per_day: float = 0.0
    minutes_budget: float = 0.0
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Excluded:
    """An item that is not in a phase, with the first rule that failed; `override` is the approval that could
    re-enable it ("" = none may)."""

    key: str
    phase: int
    reason: Reason
    safety: SafetyLevel = "clear"
    override: str = ""
    candidate: bool = False  # a used cause lists it for this phase


@dataclass(frozen=True, slots=True)
class PlanGoal:
    metric: str
    op: str
    target: object
    by: str
    baseline: object = None
    side: str = ""
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """Something a person must do: a referral letter, a re-screen, a missing answer. `due` names the speed."""

    key: str
    disposition: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan that may be shown to the therapist (never released by itself)."""

    disposition: str
    start_phase: StartPhase
    flags: tuple[RaisedFlag, ...]
    causes: tuple[CauseResult, ...]
    phases: Mapping[int, PhasePlan]
    alternatives: tuple[PlannedTechnique, ...]
    excluded: tuple[Excluded, ...]
    goals: tuple[PlanGoal, ...]
    notes: tuple[str, ...]
    tasks: tuple[Task, ...]
    knowledge_revision: str
    complete: bool = True
    missing: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    derived_conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """No plan may be released: no technique, exercise or dose. Education and safety text remain.

    code: red_flag, cause_block, unanswered, consent_missing, irritability_unknown, incomplete.
    """

    code: str
    disposition: str
    start_phase: StartPhase
    reasons: tuple[Reason, ...]
    flags: tuple[RaisedFlag, ...]
    causes: tuple[CauseResult, ...] = ()
    education: tuple[str, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()
    tasks: tuple[Task, ...] = ()
    knowledge_revision: str = ""
    missing: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    derived_conditions: tuple[str, ...] = ()
    phases: Mapping[int, PhasePlan] = field(default_factory=dict)

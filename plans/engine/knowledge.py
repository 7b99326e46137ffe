"""The clinical knowledge as the engine sees it: frozen values, no database, no files.

Whoever loads knowledge (a YAML parser, a database reader) builds one `Knowledge` and hands it to
`plans.engine.generate`. Field names follow the keys of the clinical reference. Sequences are tuples and keep
written order, because order is part of the rules ("written order", "position in this file").

A small expression language appears in three places and has one type, `Expression`:

* technique indications and gates: ``palp.* >= 2``, ``trp.* in latent,active``, ``len.* short``,
  ``endur.* flagged``, ``hist.easing includes heat``, ``always``, ``therapist_opt_in``;
* root-cause evidence (`EvidenceItem` = an expression with a weight);
* referral triggers (`Referral.now_any`).

Operators: ``== != < <= > >= in includes`` compare; ``short`` and ``flagged`` take no value and ask the
`FindingSpec` of the path for its rule; ``always`` and ``therapist_opt_in`` take neither path nor value.
A path whose key is ``*`` stands for every key of that namespace that lies in the regions under test.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Scalar = bool | int | float | str
Value = Scalar | tuple[str, ...] | None
Operator = Literal[
    "==", "!=", "<", "<=", ">", ">=", "in", "includes", "short", "flagged", "always", "therapist_opt_in", "change>="
]
Level = Literal["contraindicated", "precaution"]
Scope = Literal["anywhere", "at_region", "regions"]
Action = Literal["flag", "block_techniques", "block_region", "block_plan"]
Disposition = Literal["caution_monitor", "routine_referral", "urgent_referral", "urgent_same_day", "emergency_now"]
PlanEffect = Literal["treat", "limit", "block_region", "block"]


@dataclass(frozen=True, slots=True)
class Expression:
    """``path op value``. `path` is "" for ``always`` and ``therapist_opt_in``; `value` is None without an operand.

    List operands (``in``) are tuples of strings. Grade codes are floats (4+ is 4.3); trigger-point grades stay words.
    """

    path: str
    op: Operator
    value: Value = None

    @property
    def namespace(self) -> str:
        return self.path.partition(".")[0]

    @property
    def key(self) -> str:
        return self.path.partition(".")[2]

    @property
    def is_wildcard(self) -> bool:
        return self.path.endswith(".*")

    def __str__(self) -> str:
        if not self.path:
            return self.op
        if self.value is None:
            return f"{self.path} {self.op}"
        value = self.value
        shown = (
            ", ".join(value) if isinstance(value, tuple) else str(value).lower() if value in (True, False) else value
        )
        return f"{self.path} {self.op} {shown}"


# --- Anatomy and findings -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Regions in written order, the region of each muscle, and the limb chains (conditions file, semantics)."""

    regions: Mapping[str, str]  # key -> label
    muscle_regions: Mapping[str, str]  # muscle -> region
    muscle_labels: Mapping[str, str]
    limb_chains: Mapping[str, tuple[str, ...]]  # lower_limb, upper_limb, trunk
    rompct_prefix_regions: Mapping[str, str]  # cerv -> cervical, ...


@dataclass(frozen=True, slots=True)
class Threshold:
    """``value op limit`` for people of this age (years, inclusive bounds) and sex; None = everybody."""

    op: Operator
    limit: float
    age_min: int | None = None
    age_max: int | None = None
    sex: str | None = None


@dataclass(frozen=True, slots=True)
class FindingSpec:
    """What one finding path holds and how it is judged.

    value_type: number, int, bool, enum, multi (list of choices), list (free list), text, date.
    short_rule / flag_rules: the ``short`` and ``flagged`` tests; the first threshold that fits age and sex decides.
    short_side_difference: absolute difference between sides above which the test also counts as short.
    flag_side_difference_pct: per cent of the better side above which an endurance test also counts as flagged.
    worse: which direction is worse ("low", "high") for the shown side; region: region key or None (no region).
    """

    path: str
    label: str
    value_type: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    region: str | None = None
    muscle: str | None = None
    sided: bool = False
    norm: float | None = None
    worse: Literal["low", "high"] | None = None
    pass_rule: Threshold | None = None
    short_rule: Threshold | None = None
    short_side_difference: float | None = None
    flag_rules: tuple[Threshold, ...] = ()
    flag_side_difference_pct: float | None = None
    codes: tuple[float, ...] = ()  # the only valid numbers, when the scale has them (strength grades)


# --- Conditions and red flags ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TechniqueEffect:
    """One effect of a condition on techniques. `override` is "none" or the approval that must be recorded."""

    techniques: tuple[str, ...]
    level: Level
    scope: Scope
    override: str
    reason: str
    source: str
    regions: tuple[str, ...] = ()
    modification: str = ""


@dataclass(frozen=True, slots=True)
class ConditionRule:
    key: str
    label: str
    kind: str
    ask: str
    avoid_load_tags: tuple[str, ...]
    caution_load_tags: tuple[str, ...]
    tag_scope: Literal["anywhere", "at_region"]
    technique_effects: tuple[TechniqueEffect, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class RedFlag:
    """A screening item. `remove_techniques` / `remove_load_tags` may be ("ALL",)."""

    key: str
    region: str
    question: str
    suspected: str
    disposition: Disposition
    action: Action
    scope: Literal["anywhere", "at_region"]
    remove_techniques: tuple[str, ...]
    remove_load_tags: tuple[str, ...]
    limits: str = ""  # "what is blocked or limited" in words
    basis: str = ""


# --- Techniques -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DoseParameter:
    """One dosage parameter. Figures are numbers where the reference gives numbers, else words (grade "I-II")."""

    parameter: str
    unit: str
    default: float | str | None
    minimum: float | str | None = None
    maximum: float | str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class RegionRestriction:
    """Section 6 of the techniques file: the treated region exactly; contraindicated has no override unless named.

    `credential`, where given, is needed beside the credentials of the technique to treat this region.
    """

    region: str
    level: Level
    reason: str
    source: str = ""
    override: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Technique:
    """category: manual_soft, manual_joint, needling, electro, thermal, exercise, support, education."""

    key: str
    category: str
    name: str
    phases: tuple[int, ...]
    aim: str
    consent: str  # verbal, written, none
    credentials: tuple[str, ...]  # all needed; empty = any treating physiotherapist
    dose: tuple[DoseParameter, ...] = ()
    indications: tuple[Expression, ...] = ()  # any one
    gate: tuple[Expression, ...] = ()  # all
    equipment: tuple[str, ...] = ()
    effects: str = ""
    aftercare: str = ""
    evidence_note: str = ""
    extra_rule: str = ""
    restrictions: tuple[RegionRestriction, ...] = ()


@dataclass(frozen=True, slots=True)
class Dosage:
    """Dose of an exercise in one phase: minutes (duration_min) replace hold_s for relaxation and aerobic work.

    Units: hold_s and rest_s seconds, duration_min minutes per bout, per_day bouts, rpe CR10 effort range.
    """

    sets: int
    reps: int
    per_day: int
    days_per_week: int
    rpe: tuple[int, int]
    rest_s: int
    hold_s: int | None = None
    duration_min: float | None = None


@dataclass(frozen=True, slots=True)
class Exercise:
    key: str
    name: str
    kind: str
    technique: str
    region: str
    target_muscles: tuple[str, ...]
    position: str
    equipment: tuple[str, ...]
    setting: tuple[str, ...]
    phases: tuple[int, ...]
    dosage: Mapping[int, Dosage]  # phase number -> dose
    progression: str | None
    regression: str | None
    load_tags: tuple[str, ...]
    contraindications: tuple[str, ...]
    contraindications_at_region: tuple[str, ...]
    precautions: tuple[str, ...]
    cues: tuple[str, ...] = ()
    common_error: str = ""
    stop_if: str = ""


@dataclass(frozen=True, slots=True)
class ExerciseRules:
    """meta of the exercises file: everyday equipment and which exercises bear weight through which limb."""

    equipment_everyday: tuple[str, ...]
    lower_limb_positions: tuple[str, ...]
    lower_limb_extra: tuple[str, ...]
    upper_limb: tuple[str, ...]
    allowed_ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    global_rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """An expression with its weight; against items carry negative weights."""

    finding: str
    op: Operator
    value: Value
    weight: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    possible: float
    probable: float
    strong: float


@dataclass(frozen=True, slots=True)
class Goal:
    """`by` is phase1_exit, phase2_exit or phase3_exit; op may be ``change>=`` (latest minus baseline)."""

    metric: str
    op: str
    target: Scalar
    by: str


@dataclass(frozen=True, slots=True)
class Referral:
    """level: none, routine, urgent. now: always, never, or any_of (then one of `now_any` must be true)."""

    level: str
    now: Literal["always", "never", "any_of"]
    rule: str
    now_any: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class RootCause:
    key: str
    label: str
    category: str
    explanation: str
    regions: tuple[str, ...]
    plan_effect: PlanEffect
    blocked_by_flags: tuple[str, ...]
    required: tuple[tuple[EvidenceItem, ...], ...]  # groups; one item of each group must be true
    supporting: tuple[EvidenceItem, ...]
    against: tuple[EvidenceItem, ...]
    thresholds: Thresholds
    techniques: Mapping[int, tuple[str, ...]]  # phase number -> keys in written order
    exercises: Mapping[int, tuple[str, ...]]
    education: tuple[str, ...]
    goals: tuple[Goal, ...]
    referral: Referral
    patient_text: str = ""  # the explanation in words for the patient, second person


@dataclass(frozen=True, slots=True)
class Criterion:
    """A gate or support criterion of a phase; `kind` is "gate" or "support"."""

    key: str
    text: str
    kind: Literal["gate", "support"]
    basis: str = ""
    waivable: bool = True
    label: str = ""
    measures: tuple[str, ...] = ()  # finding paths or wildcards that feed the criterion
    cause_categories: tuple[str, ...] = ()  # a gate only for causes of these categories; empty = always


@dataclass(frozen=True, slots=True)
class PhaseRules:
    """One phase: its overview and exit criteria (phase 3: criteria for discharge)."""

    number: int
    name: str
    aim: str
    emphasis: str
    usual_duration: str
    visits: str
    visit_length: str
    exit: tuple[Criterion, ...]
    home_items_max: int  # 4, 6, 5
    home_minutes_max: int  # 15, 25, 30
    rpe: tuple[int, int]  # exercise intensity of the phase


@dataclass(frozen=True, slots=True)
class EducationTopic:
    """Patient education; `key` is also a technique key of category education."""

    key: str
    title: str
    attach_when: str
    messages: tuple[str, ...]
    safety: str = ""
    phases: tuple[int, ...] = (1, 2, 3)


@dataclass(frozen=True, eq=False)
class Knowledge:
    """Everything the engine may know. Mappings keep file order. Compared by identity, so indexes can be cached."""

    revision: str
    anatomy: Anatomy
    findings: Mapping[str, FindingSpec]  # path -> spec
    conditions: Mapping[str, ConditionRule]
    red_flags: Mapping[str, RedFlag]
    techniques: Mapping[str, Technique]
    exercises: Mapping[str, Exercise]
    exercise_rules: ExerciseRules
    root_causes: Mapping[str, RootCause]
    phases: Mapping[int, PhaseRules]
    education: Mapping[str, EducationTopic]

"""The shape of the knowledge documents. A missing, misspelt or mistyped key is a problem with its path.

Only shapes and bounds stand here; what one document says about another is checked in `plans.knowledge.crosscheck`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Phase = Literal[1, 2, 3]
Level = Literal["contraindicated", "precaution"]
Scope = Literal["anywhere", "at_region", "regions"]
Scalar = StrictBool | int | float | str
Text = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """An unknown key is an error: most are misspelt."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Test(Strict):
    """``finding op value``."""

    __test__ = False  # not a test case, whatever its name

    finding: Text
    op: Literal["==", "!=", "<", "<=", ">", ">=", "in", "includes", "is"]
    value: Scalar | list[str]


TestOrWord = Test | Literal["always", "therapist_opt_in"]


# --- Conditions ------------------------------------------------------------------------------------------------------


class TechniqueEffect(Strict):
    techniques: list[Key] = Field(min_length=1)
    level: Level
    scope: Scope
    regions: list[Key] = []
    override: Text
    reason: Text
    modification: str = ""
    source: str = ""

    @model_validator(mode="after")
    def _regions_belong_to_scope(self) -> TechniqueEffect:
        if (self.scope == "regions") != bool(self.regions):
            raise ValueError("scope 'regions' needs regions, and no other scope has them")
        return self


class Condition(Strict):
    key: Key
    label: Text
    kind: Literal["implant", "life_stage", "state", "medication", "condition", "psych"]
    ask: Text
    avoid_load_tags: list[Key]
    caution_load_tags: list[Key]
    tag_scope: Literal["anywhere", "at_region"]
    technique_effects: list[TechniqueEffect]
    note: str = ""


class Derived(Strict):
    text: Text
    when: dict[str, Any] | None = None
    sites_from: Literal["", "flag", "neuro_levels"] = ""


class ConditionsMeta(Strict):
    version: int
    semantics: dict[str, str]
    derived_conditions: dict[str, Derived]
    load_tags: dict[str, str]


class ConditionsDocument(Strict):
    meta: ConditionsMeta
    conditions: list[Condition]


# --- Techniques ------------------------------------------------------------------------------------------------------


class DoseParameter(Strict):
    parameter: Key
    label: Text
    unit: str
    default: int | float | str | None = None
    min: int | float | str | None = None
    max: int | float | str | None = None
    note: str = ""
    verify: bool = False


class Technique(Strict):
    key: Key
    name: Text
    category: Literal[
        "manual_soft", "manual_joint", "needling", "electro", "thermal", "exercise", "support", "education"
    ]
    phases: list[Phase] = Field(min_length=1)
    aim: Text
    consent: Literal["verbal", "written", "none"]
    consent_text: str = ""
    credentials: list[Key]
    credential_note: str = ""
    indications: list[TestOrWord] = Field(min_length=1)
    gate: list[Test]
    equipment: list[Text]
    effects: str | None = None
    aftercare: str | None = None
    evidence: str = ""
    extra_rule: str | None = None
    verify: bool = False
    dosage: list[DoseParameter]


class RegionRestriction(Strict):
    key: Key
    techniques: list[Key] = Field(min_length=1)
    regions: list[Key] = Field(min_length=1)
    level: Level
    reason: Text
    source: str = ""
    override: str = ""
    credential: str = ""
    verify: bool = False


class TechniquesMeta(BaseModel):
    """Texts for people; only what is checked is named."""

    model_config = ConfigDict(extra="allow", frozen=True)

    version: int
    credentials: dict[str, str]


class TechniquesDocument(Strict):
    meta: TechniquesMeta
    techniques: list[Technique]
    region_restrictions: list[RegionRestriction]


# --- Red flags -------------------------------------------------------------------------------------------------------


class ReAsk(Strict):
    text: Text
    regions: list[Key] = []
    conditions: list[Key] = []
    techniques: list[Key] = []


class FollowsFrom(Strict):
    text: Text
    when: dict[str, Any]


class RedFlag(Strict):
    key: Key
    label: Text
    group: Key
    region: Key
    question: Text
    suspected: Text
    disposition: Literal["caution_monitor", "routine_referral", "urgent_referral", "urgent_same_day", "emergency_now"]
    action: Literal["flag", "block_techniques", "block_region", "block_plan"]
    scope: Literal["anywhere", "at_region"]
    remove_techniques: list[str]
    remove_load_tags: list[str]
    limits: str
    basis: str
    verify: bool = False
    follows_from: FollowsFrom | None = None
    re_ask: ReAsk | None = None


class RedFlagsDocument(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    red_flags: list[RedFlag]


# --- Exercises -------------------------------------------------------------------------------------------------------


class Dosage(Strict):
    """Either reps with a hold in seconds, or minutes per bout."""

    sets: int
    reps: int
    hold_s: int | None = None
    duration_min: float | None = None
    per_day: int
    days_per_week: int
    rpe: tuple[int, int]
    rest_s: int


class PhaseDosages(Strict):
    phase1: Dosage | None = None
    phase2: Dosage | None = None
    phase3: Dosage | None = None

    def of(self, phase: int) -> Dosage | None:
        found: Dosage | None = getattr(self, f"phase{phase}")
        return found


class Exercise(Strict):
    key: Key
    name: Text
    kind: Literal[
        "mobility", "static_stretch", "relaxation", "motor_control", "strength", "endurance", "neural", "aerobic"
    ]
    technique: Key
    region: Key
    target_muscles: list[Key]
    position: Literal["supine", "prone", "side_lying", "sitting", "standing", "quadruped", "kneeling"]
    equipment: list[Key] = Field(min_length=1)
    setting: list[Literal["home", "clinic"]] = Field(min_length=1)
    phases: list[Phase] = Field(min_length=1)
    dosage: PhaseDosages
    progression: Key | None
    regression: Key | None
    load_tags: list[Key]
    contraindications: list[Key]
    contraindications_at_region: list[Key]
    precautions: list[Key]
    cues: list[Text] = Field(min_length=1)
    common_error: str
    stop_if: Text


class WeightBearing(Strict):
    lower_limb_positions: list[str]
    lower_limb_extra: list[Key]
    upper_limb: list[Key]
    trunk: str
    note: str


class ExercisesMeta(Strict):
    version: int
    dosage_units: dict[str, str]
    allowed_ranges: dict[str, tuple[float, float]]
    global_rules: list[str]
    weight_bearing: WeightBearing
    time_estimate: str
    equipment_everyday: list[Key]


class ExercisesDocument(Strict):
    meta: ExercisesMeta
    exercises: list[Exercise]


# --- Root causes -----------------------------------------------------------------------------------------------------


class EvidenceItem(Test):
    weight: float


class EvidenceGroup(Strict):
    any_of: list[EvidenceItem] = Field(min_length=1)


class Thresholds(Strict):
    possible: float
    probable: float
    strong: float


class Evidence(Strict):
    required: list[EvidenceGroup]
    supporting: list[EvidenceItem]
    against: list[EvidenceItem]
    thresholds: Thresholds


class PhaseLists(Strict):
    phase1: list[Key]
    phase2: list[Key]
    phase3: list[Key]

    def of(self, phase: int) -> list[str]:
        found: list[str] = getattr(self, f"phase{phase}")
        return found


class Goal(Strict):
    metric: Text
    op: Literal["<=", ">=", "==", "change>="]
    target: Scalar
    by: Literal["phase1_exit", "phase2_exit", "phase3_exit"]


class Referral(Strict):
    level: Literal["none", "routine", "urgent"]
    now: Literal["always", "never"] | list[Test]
    rule: Text


class RootCause(Strict):
    key: Key
    label: Text
    category: Key
    explanation: Text
    patient_text: str = ""
    regions: list[Key] = Field(min_length=1)
    plan_effect: Literal["treat", "limit", "block_region", "block"]
    blocked_by_flags: list[Key]
    evidence: Evidence
    techniques: PhaseLists
    exercises: PhaseLists
    education: list[Key]
    goals: list[Goal]
    referral: Referral


class RootCausesDocument(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    meta: dict[str, Any]
    root_causes: list[RootCause]


# --- Phases and education --------------------------------------------------------------------------------------------


class Criterion(Strict):
    key: Key
    label: Text
    text: Text
    kind: Literal["gate", "support"]
    cause_categories: list[Key] = []
    when_goal: bool = False
    waivable: bool = True
    measures: list[Text] = []
    basis: str = ""
    verify: bool = False


class PhaseRules(Strict):
    number: Phase
    name: Text
    aim: Text
    emphasis: str
    usual_duration: str
    visits: str
    visit_length: str
    passive_share: str
    home: str
    home_items: tuple[int, int]
    exercise_ceiling: int = Field(ge=1, le=20)
    home_minutes: int = Field(ge=1, le=240)
    rpe: tuple[int, int]
    passive_share_pct: int
    duration_days: tuple[int, int]
    review_after_days: int
    visits_per_week: tuple[float, float, float]
    visits_cap: int
    visit_minutes: tuple[int, int]
    exit: list[Criterion] = Field(min_length=1)


class PhasesDocument(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    meta: dict[str, Any]
    phases: list[PhaseRules]


class EducationTopic(Strict):
    key: Key
    title: Text
    attach_when: Text
    attach: list[TestOrWord] = []
    phases: list[Phase] = Field(min_length=1)
    messages: list[Text] = Field(min_length=1)
    reference_figures: str = ""
    safety: str = ""


class EducationDocument(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    topics: list[EducationTopic]

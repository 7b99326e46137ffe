"""What will be done and why: knowledge, plans and their versions."""

from plans.models.barriers import BarrierQuestion
from plans.models.causes import PhaseCriterion, PhaseRule, RootCause, RootCauseEvidence, RootCauseGoal
from plans.models.course import CriterionWaiver, DoseDecision, Observation, PhaseReview, ReviewDecision
from plans.models.discharge import Discharge
from plans.models.governance import KnowledgeChange, KnowledgeChangeRow, KnowledgeSignOff
from plans.models.knowledge import (
    ConditionEffect,
    ConditionRule,
    DoseParameter,
    EducationTopic,
    KnowledgeRevision,
    RedFlagRule,
    RegionRestriction,
    Technique,
)
from plans.models.learning import HabitChoice, HabitTick, TipRest, TopicAnswer
from plans.models.letters import Letter
from plans.models.notes import (
    AdverseEvent,
    NoteAddendum,
    NoteExercise,
    NoteFlag,
    NoteTechnique,
    Response,
    TreatmentNote,
    VisitMeasure,
)
from plans.models.packs import DECLINABLE, Declined, Favourite, Pack, PackItem, SeenVersion
from plans.models.plan import (
    PhaseProgress,
    Plan,
    PlanCause,
    PlanCriterion,
    PlanEdit,
    PlanEducation,
    PlanExercise,
    PlanGoal,
    PlannedPrescription,
    PlanPhase,
    PlanTechnique,
    PlanVersion,
    Safety,
)
from plans.models.questions import PatientQuestion, QuestionReply
from plans.models.safety import ItemHold, Override, OverrideRefusal, ReasonCode, SafetyCheck
from plans.models.told import ChangeLook, ChangeReport
from plans.models.worklist import Alert, WatchLimits

__all__ = [
    "DECLINABLE",
    "AdverseEvent",
    "Alert",
    "BarrierQuestion",
    "ChangeLook",
    "ChangeReport",
    "ConditionEffect",
    "ConditionRule",
    "CriterionWaiver",
    "Declined",
    "Discharge",
    "DoseDecision",
    "DoseParameter",
    "EducationTopic",
    "Favourite",
    "HabitChoice",
    "HabitTick",
    "ItemHold",
    "KnowledgeChange",
    "KnowledgeChangeRow",
    "KnowledgeRevision",
    "KnowledgeSignOff",
    "Letter",
    "NoteAddendum",
    "NoteExercise",
    "NoteFlag",
    "NoteTechnique",
    "Observation",
    "Override",
    "OverrideRefusal",
    "Pack",
    "PackItem",
    "PatientQuestion",
    "PhaseCriterion",
    "PhaseProgress",
    "PhaseReview",
    "PhaseRule",
    "Plan",
    "PlanCause",
    "PlanCriterion",
    "PlanEdit",
    "PlanEducation",
    "PlanExercise",
    "PlanGoal",
    "PlanPhase",
    "PlanTechnique",
    "PlanVersion",
    "PlannedPrescription",
    "QuestionReply",
    "ReasonCode",
    "RedFlagRule",
    "RegionRestriction",
    "Response",
    "ReviewDecision",
    "RootCause",
    "RootCauseEvidence",
    "RootCauseGoal",
    "Safety",
    "SafetyCheck",
    "SeenVersion",
    "Technique",
    "TipRest",
    "TopicAnswer",
    "TreatmentNote",
    "VisitMeasure",
    "WatchLimits",
]

"""What will be done and why: knowledge, plans and their versions."""

from plans.models.knowledge import EducationTopic, KnowledgeRevision, Technique
from plans.models.plan import (
    Override,
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

__all__ = [
    "EducationTopic",
    "KnowledgeRevision",
    "Override",
    "PhaseProgress",
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
    "Safety",
    "Technique",
]

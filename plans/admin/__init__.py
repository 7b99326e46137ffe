"""The clinical knowledge in the admin: found, read and edited by those who keep it, checked before it is saved."""

from plans.admin.causes import EducationTopicAdmin, PhaseRuleAdmin, RootCauseAdmin
from plans.admin.exercises import ExerciseAdmin
from plans.admin.plans import OverrideAdmin, PlanVersionAdmin
from plans.admin.revisions import KnowledgeRevisionAdmin
from plans.admin.safety import ConditionAdmin, RedFlagRuleAdmin
from plans.admin.techniques import RegionRestrictionAdmin, TechniqueAdmin

__all__ = [
    "ConditionAdmin",
    "EducationTopicAdmin",
    "ExerciseAdmin",
    "KnowledgeRevisionAdmin",
    "OverrideAdmin",
    "PhaseRuleAdmin",
    "PlanVersionAdmin",
    "RedFlagRuleAdmin",
    "RegionRestrictionAdmin",
    "RootCauseAdmin",
    "TechniqueAdmin",
]

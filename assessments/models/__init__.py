"""What was found, and who signed it."""

from assessments.models.assessment import Assessment
from assessments.models.findings import Finding, PainMark, PsfsActivity, Surgery, SymptomRegion
from assessments.models.redflags import FlagClearance, RedFlagAnswer

__all__ = [
    "Assessment",
    "Finding",
    "FlagClearance",
    "PainMark",
    "PsfsActivity",
    "RedFlagAnswer",
    "Surgery",
    "SymptomRegion",
]

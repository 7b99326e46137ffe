"""What was found, and who signed it."""

from assessments.models.amendments import AmendedValue, Amendment
from assessments.models.assessment import Assessment
from assessments.models.diary import DiaryEntry, QuietDays
from assessments.models.findings import Finding, PainMark, PsfsActivity, Surgery, SymptomRegion
from assessments.models.outcomes import InstrumentVersion, OutcomeRequest, OutcomeResponse
from assessments.models.redflags import FlagClearance, RedFlagAnswer

__all__ = [
    "AmendedValue",
    "Amendment",
    "Assessment",
    "DiaryEntry",
    "Finding",
    "FlagClearance",
    "InstrumentVersion",
    "OutcomeRequest",
    "OutcomeResponse",
    "PainMark",
    "PsfsActivity",
    "QuietDays",
    "RedFlagAnswer",
    "Surgery",
    "SymptomRegion",
]

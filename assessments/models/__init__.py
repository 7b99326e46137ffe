"""What was found, and who signed it."""

from assessments.models.amendments import AmendedValue, Amendment
from assessments.models.assessment import Assessment
from assessments.models.findings import Finding, PainMark, PsfsActivity, Surgery, SymptomRegion
from assessments.models.outcomes import InstrumentVersion, OutcomeRequest, OutcomeResponse
from assessments.models.redflags import FlagClearance, RedFlagAnswer

__all__ = [
    "AmendedValue",
    "Amendment",
    "Assessment",
    "Finding",
    "FlagClearance",
    "InstrumentVersion",
    "OutcomeRequest",
    "OutcomeResponse",
    "PainMark",
    "PsfsActivity",
    "RedFlagAnswer",
    "Surgery",
    "SymptomRegion",
]

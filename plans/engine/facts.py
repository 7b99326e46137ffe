"""The facts about one person at one moment, as plain frozen values.

Three states everywhere: a thing not in the mapping was **not asked / not assessed**; it is never read as "no".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Side = Literal["left", "right", "both", "midline", ""]
FindingValue = bool | int | float | str | tuple[str, ...]
Answer = Literal["true", "false", "not_asked"]
FlagState = Literal["true", "false", "not_asked", "cleared"]


@dataclass(frozen=True, slots=True)
class Site:
    """A body region with its side; "" means the side was not recorded."""

    region: str
    side: Side = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One recorded value of a finding on one side. `pain_limited` belongs to strength grades."""

    value: FindingValue
    side: Side = ""
    pain_limited: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """All readings of one finding path, one per recorded side; `region` overrides the path's own region
    (for tests whose region is recorded with the answer)."""

    path: str
    readings: tuple[Reading, ...]
    region: str | None = None


@dataclass(frozen=True, slots=True)
class ConditionFact:
    """Answer to a condition question with the places it applies to (empty = region not recorded)."""

    key: str
    state: Answer
    sites: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class FlagFact:
    """Answer to a red-flag question. `cleared` = a named clinician cleared it with a reason."""

    key: str
    state: FlagState
    sites: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class Consent:
    """None = not recorded. `assess_and_treat` is the general consent without which no plan is released."""

    assess_and_treat: bool | None = None
    needling_signed: bool | None = None
    thrust_signed: bool | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """A practitioner's credential; `expires` None = does not expire. In date through the expiry day."""

    key: str
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the engine is told about the patient and the treating practitioner.

    clinic_equipment None = the clinic's equipment was not recorded, so no technique is refused for it.
    """

    sites: tuple[Site, ...]
    findings: Mapping[str, Finding]
    conditions: Mapping[str, ConditionFact]
    flags: Mapping[str, FlagFact]
    consent: Consent = Consent()
    credentials: tuple[Credential, ...] = ()
    clinic_equipment: frozenset[str] | None = None
    preferences_declined: frozenset[str] = field(default_factory=frozenset)  # items the patient does not want
    guardian_contact: bool | None = None  # for people under 16


@dataclass(frozen=True, slots=True)
class Options:
    """Choices of the therapist, kept apart from the facts.

    opted_in: techniques marked therapist_opt_in that the therapist adds; rejected_causes: causes the therapist
    rejected; visit_minutes: length of a visit or None.
    """

    opted_in: frozenset[str] = frozenset()
    rejected_causes: frozenset[str] = frozenset()
    visit_minutes: int | None = None

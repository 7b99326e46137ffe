"""What may be changed in an assessment, one value per kind of change. ``name`` is how a page calls the field.

``untouched``: the page showed a value carried forward and nobody touched it, so the same value confirms nothing.
Without it, entering the same value says "re-measured, the same".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from assessments.models import Finding


NOT_MEASURED = "normal, not measured"  # the note of a figure that "all normal" wrote


@dataclass(frozen=True, slots=True)
class FindingChange:
    """One finding on one side in one mode; an empty value removes it ("not assessed").

    ``value`` may come as typed text (``"4+"``, ``"12,5"``). ``pain_limited`` and ``note`` keep their value when None;
    the note ``NOT_MEASURED`` does not outlive the figure it was written with.
    """

    path: str
    side: str = ""
    mode: str = ""
    value: object = None
    pain_limited: bool | None = None
    note: str | None = None
    untouched: bool = False

    @property
    def name(self) -> str:
        return f"f:{self.path}:{self.side}:{self.mode}"


@dataclass(frozen=True, slots=True)
class RegionChange:
    """A symptom region is there, or is not any more."""

    region: str
    side: str = ""
    present: bool = True
    untouched: bool = False

    @property
    def name(self) -> str:
        return f"r:{self.region}:{self.side}"


@dataclass(frozen=True, slots=True)
class MarkChange:
    """A mark on the body picture, added or replaced under its key, or removed.

    ``x`` and ``y`` are thousandths of the picture, None when the mark was chosen from the list.
    """

    key: UUID
    remove: bool = False
    view: str = "front"
    x: object = None
    y: object = None
    region: str = ""
    side: str = ""
    depth: str = ""
    quality: str = ""
    nprs: object = None
    untouched: bool = False

    @property
    def name(self) -> str:
        return f"m:{self.key}"


@dataclass(frozen=True, slots=True)
class ActivityChange:
    """An activity of the patient-specific functional scale; without text it is removed."""

    position: int
    activity: str = ""
    score: object = None
    untouched: bool = False

    @property
    def name(self) -> str:
        return f"a:{self.position}"


@dataclass(frozen=True, slots=True)
class SurgeryChange:
    """A past operation, added or replaced under its key; without a procedure it is removed."""

    key: UUID
    procedure: str = ""
    region: str = ""
    side: str = ""
    performed_on: object = None
    untouched: bool = False

    @property
    def name(self) -> str:
        return f"s:{self.key}"


@dataclass(frozen=True, slots=True)
class FlagChange:
    """The answer to a red-flag question; ``not_asked`` removes it. Region and side only matter with a yes."""

    flag: str
    answer: str
    region: str = ""
    side: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        return f"g:{self.flag}"


@dataclass(frozen=True, slots=True)
class ConditionChange:
    """The answer to a condition question, kept with the patient, with the places where a yes applies.

    ``seen`` is the mark (``assessments.answering.told``) of the answer that the writer saw; None asks for no check.
    """

    condition: str
    answer: str
    sites: tuple[tuple[str, str], ...] = ()
    since: date | None = None
    note: str = ""
    seen: str | None = None

    @property
    def name(self) -> str:
        return f"c:{self.condition}"


@dataclass(frozen=True, slots=True)
class HeadChange:
    """A field of the assessment itself: ``story`` or ``assessed_on``."""

    attribute: str
    value: str = ""

    @property
    def name(self) -> str:
        return f"h:{self.attribute}"


Change = (
    FindingChange
    | RegionChange
    | MarkChange
    | ActivityChange
    | SurgeryChange
    | FlagChange
    | ConditionChange
    | HeadChange
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A change that was refused: the field's name, a stable code, a sentence for the person."""

    name: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A change not written because somebody else changed the same field meanwhile; ``theirs`` is what they wrote,
    ``mark`` the mark of their answer to a condition question."""

    name: str
    theirs: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """The outcome of a save. ``elsewhere`` names the fields that others changed since the given revision; ``findings``
    are the rows of the touched paths as they are now, for what stands beside the figures."""

    revision: int
    written: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    conflicts: tuple[Overtaken, ...] = ()
    elsewhere: tuple[str, ...] = field(default=())
    findings: tuple[Finding, ...] = field(default=(), compare=False)

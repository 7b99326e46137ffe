"""The finished plan as the notes see it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from plans.engine.eligibility import Eligibility
from plans.engine.evidence import ScoredCause
from plans.engine.picture import Picture
from plans.engine.reason import RaisedReferral, Selection
from plans.engine.screen import ActiveFlag, Screen


@dataclass(frozen=True, eq=False)
class Told:
    """The finished plan as the notes see it. `offered`: techniques planned or shown as alternatives with regions."""

    picture: Picture
    screen: Screen
    eligibility: Eligibility
    selection: Selection
    flags: Sequence[ActiveFlag]
    referrals: Sequence[RaisedReferral]
    offered: Mapping[str, tuple[str, ...]]
    exercises: frozenset[str]
    education: frozenset[str]
    modifications: Mapping[tuple[str, str], tuple[str, ...]]  # (condition, modification) -> items
    removed: Mapping[str, tuple[str, ...]]  # condition or flag -> candidates it removed
    region_closed: bool

    @property
    def regions(self) -> frozenset[str]:
        return frozenset(self.picture.regions)

    @property
    def causes(self) -> tuple[ScoredCause, ...]:
        return self.selection.selected

    def has(self, *conditions: str) -> list[str]:
        return [c for c in conditions if self.picture.has_condition(c)]

    def label(self, condition: str) -> str:
        return self.picture.index.knowledge.conditions[condition].label

    def active(self, *flags: str) -> list[str]:
        return [f.flag.key for f in self.flags if f.flag.key in flags]


Note = Callable[[Told], Iterable[str]]

"""What one field of the assessment holds: its label, type, limits, norms and cut-offs. Pure values."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Number = int | float
Comparison = Literal["==", "<", "<=", ">", ">=", "between"]
ValueType = Literal["int", "number", "bool", "enum", "multi", "grade", "date", "text", "list", "records"]
Worse = Literal["low", "high"]


class Frozen(BaseModel):
    """Base of the vocabulary values: immutable, and a misspelt key in a file is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Choice(Frozen):
    """A value that may be chosen, and how it is shown. Grades have numbers, everything else words."""

    value: str | int | float
    label: str


class Rule(Frozen):
    """``value op limit``, for an age range in years (inclusive) and a sex when given."""

    op: Comparison
    value: Number | tuple[Number, Number]
    age: tuple[int, int] | None = None
    sex: Literal["male", "female"] | None = None

    def holds(self, value: float) -> bool:
        """Whether a recorded value meets the rule; ``between`` includes both ends."""
        if isinstance(self.value, tuple):
            return self.value[0] <= value <= self.value[1]
        outcomes = {
            "==": value == self.value,
            "<": value < self.value,
            "<=": value <= self.value,
            ">": value > self.value,
            ">=": value >= self.value,
        }
        return outcomes[self.op]

    def fits(self, sex: str | None, age: float | None) -> bool:
        """Whether the rule is meant for this person. A rule for an age needs the age to be known."""
        if self.age is not None and (age is None or not self.age[0] <= int(age) <= self.age[1]):
            return False
        return self.sex is None or self.sex == sex


class Norm(Frozen):
    """A norm for a sex and age range: a mean (with its SD) or a band from ``low`` to ``high``."""

    sex: Literal["male", "female"] | None = None
    age: tuple[int, int] | None = None
    mean: Number | None = None
    mean_left: Number | None = None
    sd: Number | None = None
    low: Number | None = None
    high: Number | None = None

    def figure(self, side: str = "") -> float | None:
        """The figure that counts as 100 %: the mean (of the side, when they differ), else the foot of the band."""
        if side == "left" and self.mean_left is not None:
            return float(self.mean_left)
        found = self.mean if self.mean is not None else self.low
        return None if found is None else float(found)


class AgeNorm(Frozen):
    """A norm that replaces the usual one in an age range."""

    age: tuple[int, int]
    norm: Number


class Confirm(Frozen):
    """Inside the limits but unusual: the form asks once. ``age_from`` restricts it to people of that age and above."""

    below: Number | None = None
    above: Number | None = None
    age_from: int | None = None
    text: str


class VocabularyField(Frozen):
    """One field of the assessment, named by its path (``namespace.key``)."""

    path: str
    namespace: str
    key: str
    label: str
    type: ValueType
    section: str = ""
    unit: str = ""
    choices: tuple[Choice, ...] = ()
    valid: tuple[Number, Number] | None = None
    step: Number | None = None
    sided: bool = False
    modes: tuple[str, ...] = ()
    region: str | None = None
    muscle: str | None = None
    worse: Worse | None = None
    test: str = ""
    help: str = ""
    interpretation: str = ""
    source: str = ""
    verify: bool = False
    scored: bool = True
    derived: bool = False
    with_region: bool = False
    warning: str = ""
    min_items: int = 0
    max_items: int | None = None
    max_length: int = 4000
    norm: Number | None = None
    norm_by_age: tuple[AgeNorm, ...] = ()
    norms: tuple[Norm, ...] = ()
    norm_text: str = ""
    positive: Rule | None = None
    pass_rule: Rule | None = Field(default=None, alias="pass")
    short_rule: Rule | None = Field(default=None, alias="short")
    short_side_difference: Number | None = None
    measurement_error: Number | None = None
    bands: str = ""
    flag_rules: tuple[Rule, ...] = Field(default=(), alias="flag")
    flag_side_difference_pct: Number | None = None
    meaningful_change: Number | None = None
    confirm: Confirm | None = None
    grades: tuple[str, ...] = ()
    view: str = ""
    how: str = ""
    tight: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    codes: tuple[float, ...] = ()

    @property
    def is_numeric(self) -> bool:
        return self.type in ("int", "number", "grade")

    def choice_label(self, value: object) -> str:
        """How a recorded value is shown; a value without a label is shown as it is."""
        return next((choice.label for choice in self.choices if choice.value == value), str(value))

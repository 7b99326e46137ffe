"""What counts as a change between two assessments, from ``change.yaml``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

from assessments.vocabulary import VOCABULARY
from assessments.vocabulary.fields import Frozen, Number
from assessments.vocabulary.load import VocabularyError, read

ACTIVITY = "func.psfs_activity"  # one activity of the patient-specific scale; no finding of its own
Direction = Literal["high", "low"]


class MeasurementError(Frozen):
    """A change smaller than ``error`` (in the unit of the finding, or per cent of the earlier value) says nothing."""

    paths: tuple[str, ...]
    error: Number
    percent: bool = False
    source: str
    verify: bool = False

    def limit(self, before: float) -> float:
        """The smallest change that counts, from this earlier value."""
        return abs(before) * float(self.error) / 100 if self.percent else float(self.error)


class Order(Frozen):
    """Words from best to worst."""

    paths: tuple[str, ...]
    values: tuple[str, ...]


class Worse(Frozen):
    """Findings by the direction in which they get worse."""

    high: tuple[str, ...] = ()
    low: tuple[str, ...] = ()


class ChangeRules(Frozen):
    """The whole file."""

    errors: tuple[MeasurementError, ...]
    worse: Worse
    yes_is_worse: tuple[str, ...]
    yes_is_no_matter: tuple[str, ...] = ()
    orders: tuple[Order, ...] = ()

    def error_of(self, path: str) -> MeasurementError | None:
        """The measurement error of a finding; None when none is known, and no change is judged then."""
        exact = next((row for row in self.errors if path in row.paths), None)
        field = VOCABULARY.get(path)
        if exact is not None or field is None:
            return exact
        if field.measurement_error is not None:
            return MeasurementError(paths=(path,), error=field.measurement_error, source=field.source or "retest")
        return next((row for row in self.errors if _space(path) in row.paths), None)

    def worse_when(self, path: str) -> Direction | None:
        """The direction in which a number gets worse; None when neither is."""
        if path in self.worse.high:
            return "high"
        if path in self.worse.low or path == ACTIVITY:
            return "low"
        field = VOCABULARY.get(path)
        return field.worse if field is not None else None

    def order_of(self, path: str) -> tuple[str, ...]:
        """The words of an enumeration from best to worst; empty when they have no order."""
        return next((row.values for row in self.orders if {path, _space(path)} & set(row.paths)), ())

    def yes_counts(self, path: str) -> bool:
        """Whether a yes is worse than a no."""
        return path.partition(".")[0] in self.yes_is_worse and path not in self.yes_is_no_matter


def _space(path: str) -> str:
    return f"{path.partition('.')[0]}.*"


def _named(rules: ChangeRules) -> Sequence[str]:
    rows = [path for row in rules.errors for path in row.paths] + [p for row in rules.orders for p in row.paths]
    return [*rows, *rules.worse.high, *rules.worse.low, *rules.yes_is_no_matter]


@cache
def change_rules() -> ChangeRules:
    """The rules, checked against the vocabulary. Raises VocabularyError for a path that does not exist."""
    rules = ChangeRules.model_validate(read("change"))
    known = {ACTIVITY, *VOCABULARY, *(_space(path) for path in VOCABULARY)}
    unknown = [path for path in _named(rules) if path not in known]
    if unknown:
        raise VocabularyError(f"change.yaml: unknown path {path}" for path in unknown)
    return rules

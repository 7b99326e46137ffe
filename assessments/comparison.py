"""Two assessments side by side: before, after, the difference, and whether it is more than measurement error. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from assessments.chart import Chart, Place, Value
from assessments.vocabulary import VOCABULARY
from assessments.vocabulary.change import ACTIVITY, ChangeRules, MeasurementError, change_rules

# better, worse: beyond measurement error. within: a difference that may be error. changed: no error or direction is
# known. before, after: assessed only then. carried: copied forward and not measured, so nothing is said about change.
Verdict = Literal["better", "worse", "changed", "within", "same", "before", "after", "carried"]
NO_CHANGE: frozenset[str] = frozenset({"same", "within", "carried"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One value in both assessments. ``delta`` is after minus before, for numbers that were measured both times."""

    path: str
    side: str
    mode: str
    before: Value | None
    after: Value | None
    verdict: Verdict
    delta: float | None = None
    error: MeasurementError | None = None
    before_carried: date | None = None
    after_carried: date | None = None

    @property
    def is_change(self) -> bool:
        """Worth reading when only changes are shown."""
        return self.verdict not in NO_CHANGE


def compare(before: Chart, after: Chart) -> list[Difference]:
    """Every value of either assessment, in the order of the vocabulary."""
    rules, order = change_rules(), {path: position for position, path in enumerate(VOCABULARY)}
    places = sorted({*before.values, *after.values}, key=lambda p: (order.get(p[0], len(order)), p[1], p[2]))
    return [_difference(rules, place, before, after) for place in places]


def _difference(rules: ChangeRules, place: Place, before: Chart, after: Chart) -> Difference:
    old, new = before.values.get(place), after.values.get(place)
    carried = before.carried.get(place), after.carried.get(place)
    verdict, delta = judge(place[0], old, new)
    if any(carried) and old is not None and new is not None:
        verdict, delta = "carried", None
    return Difference(
        *place, old, new, verdict, delta, rules.error_of(place[0]), before_carried=carried[0], after_carried=carried[1]
    )


def judge(path: str, old: Value | None, new: Value | None) -> tuple[Verdict, float | None]:
    """What to say about a value that was ``old`` and is ``new``, and the numerical difference where there is one."""
    if old is None or new is None:
        return ("after" if old is None else "before"), None
    if old == new:
        return "same", 0.0 if _is_number(new) else None
    rules = change_rules()
    if isinstance(old, bool) or isinstance(new, bool):
        if not rules.yes_counts(path):
            return "changed", None
        return ("worse" if new else "better"), None
    if isinstance(old, (int, float)) and isinstance(new, (int, float)):
        return _judged_number(rules, path, float(old), float(new))
    return _judged_word(rules.order_of(path), old, new), None


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _judged_number(rules: ChangeRules, path: str, old: float, new: float) -> tuple[Verdict, float]:
    delta = round(new - old, 2)
    error, worse = rules.error_of(path), rules.worse_when(path)
    if error is None:
        return "changed", delta
    if abs(delta) < error.limit(old) - 1e-9:
        return "within", delta
    if worse is None:
        return "changed", delta
    return ("worse" if (delta > 0) == (worse == "high") else "better"), delta


def _judged_word(order: tuple[str, ...], old: Value, new: Value) -> Verdict:
    if isinstance(old, str) and isinstance(new, str) and old in order and new in order:
        return "worse" if order.index(new) > order.index(old) else "better"
    return "changed"


def compare_activities(
    before: Iterable[tuple[str, int | None]], after: Iterable[tuple[str, int | None]], *, carried: frozenset[str]
) -> list[tuple[str, Difference]]:
    """The patient's activities by their words; ``carried`` names those whose later score was only copied."""
    old, new = _scores(before), _scores(after)
    rows = []
    for name in dict.fromkeys((*old, *new)):
        verdict, delta = judge(ACTIVITY, old.get(name), new.get(name))
        if name in carried and name in old and name in new:
            verdict, delta = "carried", None
        error = change_rules().error_of(ACTIVITY)
        rows.append((name, Difference(ACTIVITY, "", "", old.get(name), new.get(name), verdict, delta, error)))
    return rows


def _scores(rows: Iterable[tuple[str, int | None]]) -> Mapping[str, int]:
    return {name.strip(): score for name, score in rows if score is not None}

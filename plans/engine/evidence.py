"""Step 2a: score every root cause from the findings (root-causes file, meta.scoring 1-7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plans.engine.draft import EvidenceLine, Label
from plans.engine.knowledge import EvidenceItem, RootCause, Thresholds
from plans.engine.picture import Picture, Test

DROPPED: Mapping[str, Label | None] = {"strong": "probable", "probable": "possible", "possible": None}


@dataclass(frozen=True, slots=True)
class ScoredCause:
    """A cause that is shown. `position` is its place in the file; lines are in written order."""

    cause: RootCause
    position: int
    score: float
    label: Label
    supporting: tuple[EvidenceLine, ...]
    against: tuple[EvidenceLine, ...]
    missing: tuple[EvidenceLine, ...]

    @property
    def key(self) -> str:
        return self.cause.key

    @property
    def accepted(self) -> bool:
        return self.label in ("strong", "probable")

    def positive_findings(self) -> tuple[str, ...]:
        return tuple(line.finding for line in self.supporting)


def score_causes(picture: Picture, objective_complete: bool) -> list[ScoredCause]:
    """All shown causes, score high to low, then file order (rules 3-7)."""
    causes = picture.index.knowledge.root_causes.values()
    found = [_score(picture, cause, position, objective_complete) for position, cause in enumerate(causes)]
    shown = [scored for scored in found if scored is not None]
    return sorted(shown, key=lambda s: (-s.score, s.position))


def _score(picture: Picture, cause: RootCause, position: int, complete: bool) -> ScoredCause | None:
    required = [[(item, _test(picture, item)) for item in group] for group in cause.required]
    if not all(any(test.state for _, test in group) for group in required):
        return None
    optional = [(item, _test(picture, item)) for item in (*cause.supporting, *cause.against)]
    tested = [pair for group in required for pair in group] + optional
    score = sum(_points(item, test) for item, test in tested if test.state)
    label = label_for(score, cause.thresholds)
    if label is not None and not complete and cause.category != "refer":
        label = DROPPED[label]
    return None if label is None else _scored(cause, position, score, label, tested)


def _scored(
    cause: RootCause, position: int, score: float, label: Label, tested: Sequence[tuple[EvidenceItem, Test]]
) -> ScoredCause:
    true = [(item, test) for item, test in tested if test.state]
    return ScoredCause(
        cause=cause,
        position=position,
        score=score,
        label=label,
        supporting=tuple(_line(i, t) for i, t in true if i.weight >= 0),
        against=tuple(_line(i, t) for i, t in true if i.weight < 0),
        missing=tuple(_line(i, t) for i, t in tested if t.state is None),
    )


def _test(picture: Picture, item: EvidenceItem) -> Test:
    return picture.test(item.finding, item.op, item.value)


def _points(item: EvidenceItem, test: Test) -> float:
    """Full weight; half when every side on which a strength item is true was limited by pain."""
    if item.finding.startswith("mmt.") and test.readings and all(r.pain_limited for r in test.readings):
        return item.weight / 2
    return item.weight


def label_for(score: float, thresholds: Thresholds) -> Label | None:
    if score >= thresholds.strong:
        return "strong"
    if score >= thresholds.probable:
        return "probable"
    return "possible" if score >= thresholds.possible else None


def _line(item: EvidenceItem, test: Test) -> EvidenceLine:
    points = _points(item, test) if test.state else 0.0
    return EvidenceLine(
        item.finding, item.op, item.value, item.weight, points, test.sides, evidence_text(item, points, test)
    )


def evidence_text(item: EvidenceItem, points: float, test: Test) -> str:
    """``mmt.gluteus_medius <= 4 (recorded 3.7, right) +3`` or ``... not assessed (3)``."""
    operand = item.value
    shown = ", ".join(operand) if isinstance(operand, tuple) else _plain(operand)
    head = f"{item.finding} {item.op} {shown}"
    if not test.state:
        return f"{head}: not assessed ({item.weight:+g})"
    seen = dict.fromkeys(_plain(r.value) for r in test.readings)
    sides = f", {', '.join(test.sides)}" if test.sides else ""
    return f"{head} (recorded {'; '.join(seen)}{sides}) {points:+g}"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)

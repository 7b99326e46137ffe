"""What the review page shows, composed from stored reviews. No rules are decided here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Any

from plans.actions.course import recommended
from plans.actions.review import not_ready, recommendation
from plans.course.fields import ALWAYS, MetricField, field_for
from plans.course.running import Course, targets_of
from plans.engine.standing import NEVER_WAIVED
from plans.models import PhaseReview, ReviewDecision
from plans.wording import capital, symbols
from staff.course.spark import Spark, spark_of

CHIPS = {
    "advance": ("ok", "Ready"),
    "hold": ("waiting", "Not ready"),
    "regress": ("caution", "Step back"),
    "reassess": ("caution", "Reassess"),
    "stop": ("stop", "Stop"),
}


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One measured value of a criterion."""

    label: str
    value: str
    target: str
    baseline: str
    day: date | None
    by: str
    spark: Spark | None


@dataclass(frozen=True, slots=True)
class CriterionCard:
    """One criterion of the checklist. state: met, open, unmeasured or waived."""

    key: str
    text: str
    state: str
    waived: str
    standing: str
    never_waived: bool
    lines: tuple[EvidenceLine, ...]


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A review as its page shows it."""

    review: PhaseReview
    decision: ReviewDecision | None
    chip: tuple[str, str]
    sentence: str
    not_ready: str
    reasons: tuple[dict[str, str], ...]
    gates: tuple[CriterionCard, ...]
    supports: tuple[CriterionCard, ...]
    recommended: str

    @property
    def gates_met(self) -> int:
        return sum(card.state in ("met", "waived") for card in self.gates)

    @property
    def supports_met(self) -> int:
        return sum(card.state in ("met", "waived") for card in self.supports)

    @property
    def supports_needed(self) -> int:
        return (len(self.supports) + 1) // 2


def review_page(review: PhaseReview) -> ReviewPage:
    """The page of one stored review."""
    cards = [(row["kind"], _card(row)) for row in review.criteria]
    return ReviewPage(
        review=review,
        decision=getattr(review, "decision", None),
        chip=CHIPS[review.verdict],
        sentence=capital(symbols(recommendation(review))),
        not_ready=not_ready(review.criteria),
        reasons=tuple(_reason(row, review) for row in review.reasons),
        gates=tuple(card for kind, card in cards if kind == "gate"),
        supports=tuple(card for kind, card in cards if kind == "support"),
        recommended=recommended(review),
    )


def _reason(row: dict[str, Any], review: PhaseReview) -> dict[str, str]:
    """A reason of the engine; the key of a criterion is replaced by its text."""
    key, colon, rest = str(row["text"]).partition(": ")
    names = {c["key"]: c["text"] for c in review.criteria}
    text = f"{names[key]}: {rest}" if colon and key in names else str(row["text"])
    return {"text": capital(symbols(text)), "rule": str(row["rule"]), "source": str(row["source"])}


def _card(row: dict[str, Any]) -> CriterionCard:
    state = "waived" if row["waived"] else {True: "met", False: "open", None: "unmeasured"}[row["met"]]
    return CriterionCard(
        key=row["key"],
        text=capital(symbols(row["text"]).replace("block_ action", "blocking action")),
        state=state,
        waived=row["waived"],
        standing=row["standing"],
        never_waived=row["key"] in NEVER_WAIVED,
        lines=tuple(_line(line) for line in row["lines"]),
    )


def _line(line: dict[str, Any]) -> EvidenceLine:
    return EvidenceLine(
        label=line["label"],
        value=line["value"],
        target=line["target"],
        baseline=line["baseline"],
        day=date.fromisoformat(line["day"]) if line["day"] else None,
        by=line["by"],
        spark=spark_of(line["trend"]) if not line["metric"].startswith("check.") else None,
    )


def asked_metrics(course: Course) -> list[MetricField]:
    """What may be recorded on this page: every metric of the running phase, then the signs that stop a plan."""
    metrics = [metric for row in course.rows for metric in targets_of(row)]
    asked = [field for metric in dict.fromkeys([*metrics, *ALWAYS]) if (field := field_for(metric)) is not None]
    return sorted(asked, key=lambda field: field.kind == "yesno")


def history_of(reviews: Sequence[PhaseReview]) -> list[dict[str, Any]]:
    """Earlier reviews worth reading: the first of each run of equal verdicts, and every one that was decided."""
    found: list[dict[str, Any]] = []
    for review, before in zip_longest(reviews, reviews[1:]):
        decision = getattr(review, "decision", None)
        changed = before is None or (before.verdict, before.phase) != (review.verdict, review.phase)
        if decision is not None or changed:
            found.append({"review": review, "decision": decision, "chip": CHIPS[review.verdict]})
    return found

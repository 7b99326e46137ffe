"""The questions as a page shows them: words, answers to choose from, what was typed, what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assessments.outcomes.instrument import Instrument, Question
from assessments.outcomes.score import asked


@dataclass(frozen=True, slots=True)
class Row:
    """One question. kind: scale (few numbers to tap), choice (words to tap) or count (a number to type)."""

    key: str
    text: str
    help: str
    kind: str
    options: tuple[tuple[str, str], ...]
    low: str
    high: str
    low_label: str
    high_label: str
    unit: str
    required: bool
    value: str = ""
    problem: str = ""


def sheet_of(
    instrument: Instrument,
    activities: Sequence[str] = (),
    typed: Mapping[str, object] | None = None,
    problems: Mapping[str, str] | None = None,
) -> tuple[Row, ...]:
    """The questions in order; an activity is the question's first line. Typed values come back as they were typed."""
    values, wrong = typed or {}, problems or {}
    return tuple(
        _row(entry.key, entry.question, entry.activity, values.get(entry.key), wrong.get(entry.key, ""))
        for entry in asked(instrument, activities)
    )


def _row(key: str, question: Question, activity: str, value: object, problem: str) -> Row:
    low, high = question.bounds
    return Row(
        key=key,
        text=activity or question.text,
        help=question.text if activity else question.help,
        kind=question.type,
        options=_options(question),
        low=f"{low:g}",
        high=f"{high:g}",
        low_label=question.low_label,
        high_label=question.high_label,
        unit=question.unit,
        required=question.required,
        value=_shown(value),
        problem=problem,
    )


def _options(question: Question) -> tuple[tuple[str, str], ...]:
    if question.type == "choice":
        return tuple((f"{option.value:g}", option.label) for option in question.options)
    if question.type == "scale":
        return tuple((str(number), str(number)) for number in range(question.low, question.high + 1))
    return ()


def _shown(value: object) -> str:
    """A stored number as one types it, a typed text as it was typed (shortened, it may be anything)."""
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)[:40]


def loose_problem(rows: Sequence[Row], problems: Mapping[str, str]) -> str:
    """What is wrong and belongs to no question on the page; "" when there is nothing such."""
    known = {row.key for row in rows}
    return next((message for key, message in problems.items() if key not in known), "")

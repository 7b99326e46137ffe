"""From what was typed to answers, from answers to a score and to findings. Pure; no clock, no database."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assessments.outcomes.instrument import Instrument, Question

MAX_ACTIVITIES = 5
_NUMBER = re.compile(r"[+-]?\d{1,6}(?:[.,]\d{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one answer; ``field`` is the answer's key."""

    field: str
    code: str
    message: str


class AnswerProblems(ValueError):
    """The answers cannot be taken as they are; ``problems`` has one entry per answer."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in problems))


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it is asked; ``key`` names its answer, ``activity`` is the patient's own words or ""."""

    key: str
    question: Question
    activity: str = ""


def asked(instrument: Instrument, activities: Sequence[str] = ()) -> tuple[Asked, ...]:
    """The questions in order, those per activity once for each (``activity_1``, ``activity_2``, ...)."""
    return tuple(_asked(instrument, activities))


def _asked(instrument: Instrument, activities: Sequence[str]) -> Iterator[Asked]:
    for question in instrument.questions:
        if not question.per_activity:
            yield Asked(question.key, question)
            continue
        for number, activity in enumerate(activities[:MAX_ACTIVITIES], start=1):
            yield Asked(f"{question.key}_{number}", question, activity)


def read_answers(instrument: Instrument, raw: Mapping[str, object], activities: Sequence[str] = ()) -> dict[str, float]:
    """Typed answers by key; an optional question may be left out. Raises AnswerProblems naming every one."""
    entries = asked(instrument, activities)
    answers: dict[str, float] = {}
    problems: list[Problem] = []
    if not entries:
        problems.append(Problem("", "no_activities", "There is no activity to ask about. Name one first."))
    known = {entry.key for entry in entries}
    problems += [Problem(key, "unknown", f"There is no question '{str(key)[:40]}'.") for key in raw if key not in known]
    for entry in entries:
        value = raw.get(entry.key)
        if value is None or (isinstance(value, str) and not value.strip()):
            if entry.question.required:
                problems.append(Problem(entry.key, "missing", "Please answer this question."))
            continue
        problem, number = _number(entry, value)
        if problem is not None:
            problems.append(problem)
        else:
            answers[entry.key] = number
    problems += _crossed(entries, answers)
    if problems:
        raise AnswerProblems(problems)
    return answers


def _number(entry: Asked, value: object) -> tuple[Problem | None, float]:
    number = _parsed(value)
    low, high = entry.question.bounds
    if number is None:
        return Problem(entry.key, "not_a_number", f"Choose a number from {low:g} to {high:g}."), 0.0
    if entry.question.options:
        if number not in [float(option.value) for option in entry.question.options]:
            return Problem(entry.key, "out_of_range", "Choose one of the answers."), 0.0
    elif not low <= number <= high:
        return Problem(entry.key, "out_of_range", f"Choose a number from {low:g} to {high:g}."), 0.0
    elif not number.is_integer():
        return Problem(entry.key, "not_whole", f"Choose a whole number from {low:g} to {high:g}."), 0.0
    return None, number


def _parsed(value: object) -> float | None:
    """A finite number, also from text with a decimal comma; None for anything else, true and false included."""
    if isinstance(value, str):
        text = value.strip().replace("−", "-")
        return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _crossed(entries: Sequence[Asked], answers: Mapping[str, float]) -> Iterator[Problem]:
    texts = {entry.key: entry.question.text for entry in entries}
    for entry in entries:
        value = answers.get(entry.key)
        if value is None:
            continue
        floor, ceiling = answers.get(entry.question.not_below), answers.get(entry.question.not_above)
        if floor is not None and value < floor:
            other = texts[entry.question.not_below]
            yield Problem(entry.key, "crossed", f'This cannot be less than {floor:g}, your answer to "{other}"')
        if ceiling is not None and value > ceiling:
            other = texts[entry.question.not_above]
            yield Problem(entry.key, "crossed", f'This cannot be more than {ceiling:g}, your answer to "{other}"')


def score_of(instrument: Instrument, answers: Mapping[str, float], activities: Sequence[str] = ()) -> float | None:
    """The score, rounded as the instrument says; None when too many questions have no answer."""
    wanted = {question.key for question in instrument.scored()}
    counted = [entry for entry in asked(instrument, activities) if entry.question.key in wanted]
    given = [entry for entry in counted if entry.key in answers]
    if not given or len(counted) - len(given) > instrument.score.may_miss:
        return None
    total = sum(entry.question.worth(answers[entry.key]) for entry in given)
    method = instrument.score.method
    if method == "percent":
        result = 100 * total / sum(entry.question.worth_bounds[1] for entry in given)
    elif method == "sum":
        result = total * len(counted) / len(given)
    else:
        result = total / len(given)
    return _rounded(result, instrument.score.decimals)


def _rounded(value: float, decimals: int) -> float:
    """Halves away from zero, as people round; the tiny error of binary fractions does not decide."""
    factor: int = 10**decimals
    sign = -1 if value < 0 else 1
    return float(sign * math.floor(abs(value) * factor + 0.5 + 1e-9) / factor)


def metrics_of(
    instrument: Instrument, answers: Mapping[str, float], score: float | None, activities: Sequence[str] = ()
) -> tuple[tuple[str, float], ...]:
    """What else was measured by answering: (finding path, value)."""
    found = [
        (entry.question.metric, answers[entry.key])
        for entry in asked(instrument, activities)
        if entry.question.metric and entry.key in answers
    ]
    if instrument.score.metric and score is not None:
        found.append((instrument.score.metric, score))
    return tuple(found)

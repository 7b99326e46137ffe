"""What an instrument is: questions, scoring, the change that matters, source and licence. Pure values and parser.

An instrument is a YAML file. Shipped files and those that a clinic installs go through the same parser, which names
every problem of every file at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError

from assessments.vocabulary import VOCABULARY
from assessments.vocabulary.fields import Frozen, Number, Worse
from clinic.vocabulary import read_yaml_text

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,38}$")]
Words = Annotated[str, Field(min_length=1, max_length=500)]
Filler = Literal["patient", "clinician"]
Method = Literal["item", "sum", "mean", "percent"]
MAX_BYTES = 100_000
# Measured by questionnaires only, so not a finding of the assessment.
METRICS_BESIDE = frozenset({"spasm.episodes_2w"})


class InstrumentError(Exception):
    """The files cannot be installed; ``problems`` names each with its file and place."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class Option(Frozen):
    """One answer of a choice."""

    value: Number
    label: Words


class Points(Frozen):
    """What an answer adds to the score: its share of ``full_at``, at most all of it, times ``worth``."""

    full_at: Annotated[float, Field(gt=0)]
    worth: Annotated[float, Field(gt=0)]


class Question(Frozen):
    """One question. ``scale`` and ``count`` take numbers from low to high, ``choice`` one of the options.

    ``per_activity``: asked once for each activity that the patient named. ``metric``: the answer is also this finding.
    ``not_below`` and ``not_above`` name a question whose answer bounds this one.
    """

    key: Key
    text: Words
    help: Annotated[str, Field(max_length=500)] = ""
    type: Literal["scale", "choice", "count"]
    low: int = 0
    high: int = 10
    low_label: Annotated[str, Field(max_length=80)] = ""
    high_label: Annotated[str, Field(max_length=80)] = ""
    unit: Annotated[str, Field(max_length=20)] = ""
    options: tuple[Option, ...] = ()
    inverted: bool = False
    points: Points | None = None
    metric: str = ""
    per_activity: bool = False
    required: bool = True
    not_below: str = ""
    not_above: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest possible answer."""
        values = [float(option.value) for option in self.options]
        return (min(values), max(values)) if values else (float(self.low), float(self.high))

    def worth(self, answer: float) -> float:
        """What the answer counts in the score."""
        low, high = self.bounds
        value = low + high - answer if self.inverted else answer
        return value if self.points is None else min(value / self.points.full_at, 1.0) * self.points.worth

    @property
    def worth_bounds(self) -> tuple[float, float]:
        """Least and most that an answer can count."""
        ends = [self.worth(end) for end in self.bounds]
        return min(ends), max(ends)


class Scoring(Frozen):
    """How the answers become one figure.

    item: the one question of ``of``; sum, mean: of the questions in ``of`` (all, when empty); percent: the sum as a
    share of what was possible. ``may_miss`` questions without answer are left out (a sum is scaled up); beyond that
    there is no score.
    """

    method: Method
    of: tuple[str, ...] = ()
    range: tuple[Number, Number]
    worse: Worse
    unit: Annotated[str, Field(max_length=20)] = ""
    decimals: Annotated[int, Field(ge=0, le=2)] = 1
    may_miss: Annotated[int, Field(ge=0)] = 0
    metric: str = ""


class Difference(Frozen):
    """A change that matters: so many points, or so many per cent of the first value, or (with both) both."""

    key: Key
    label: Words
    points: Annotated[float, Field(gt=0)] | None = None
    percent: Annotated[float, Field(gt=0, le=100)] | None = None
    source: Words
    verify: bool = False

    def needed(self, baseline: float) -> float:
        """Points of change that are needed, seen from the first value."""
        share = 0.0 if self.percent is None else abs(baseline) * self.percent / 100
        return max(self.points or 0.0, share)


class Licence(Frozen):
    """Who holds the wording, and on what terms it may be used."""

    name: Words
    holder: Annotated[str, Field(max_length=200)] = ""
    statement: Words


class Instrument(Frozen):
    """One version of one instrument. ``smallest`` is the key of the difference that counts unless the clinic chose.

    ``zero_is_no_change``: the answer is itself a change (rating of change), so it is compared with 0 and not with the
    first answer.
    """

    key: Key
    version: Annotated[int, Field(ge=1, le=9999)]
    title: Annotated[str, Field(min_length=1, max_length=120)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    about: Annotated[str, Field(max_length=1000)] = ""
    intro: Annotated[str, Field(max_length=500)] = ""
    recall: Words
    fill: Annotated[tuple[Filler, ...], Field(min_length=1)]
    validated: bool = True
    source: Words
    licence: Licence
    questions: Annotated[tuple[Question, ...], Field(min_length=1, max_length=60)]
    score: Scoring
    zero_is_no_change: bool = False
    differences: tuple[Difference, ...] = ()
    smallest: str = ""

    @property
    def per_activity(self) -> bool:
        """Whether it needs the activities that the patient named."""
        return any(question.per_activity for question in self.questions)

    def scored(self) -> tuple[Question, ...]:
        """The questions that count in the score."""
        wanted = self.score.of
        return tuple(question for question in self.questions if not wanted or question.key in wanted)

    def difference(self, chosen: str = "") -> Difference | None:
        """The difference that matters: the clinic's choice, else the shipped one; None when none is known."""
        found = {difference.key: difference for difference in self.differences}
        return found.get(chosen) or found.get(self.smallest)


def parse_instruments(texts: Mapping[str, str]) -> tuple[Instrument, ...]:
    """All files, by name, or InstrumentError with every problem of every file; then nothing is usable."""
    found: list[Instrument] = []
    problems: list[str] = []
    for name, text in sorted(texts.items()):
        try:
            found.append(parse_instrument(name, text))
        except InstrumentError as error:
            problems += error.problems
    keys = [(instrument.key, instrument.version) for instrument in found]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    problems += [f"{key} version {version}: described by more than one file" for key, version in twice]
    if problems:
        raise InstrumentError(problems)
    return tuple(found)


def parse_instrument(name: str, text: str) -> Instrument:
    """One file. Raises InstrumentError with all its problems."""
    if len(text.encode()) > MAX_BYTES:
        raise InstrumentError([f"{name}: larger than {MAX_BYTES} bytes"])
    try:
        data = read_yaml_text(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InstrumentError([f"{name}: not readable: {' '.join(str(error).split())[:200]}"]) from None
    return build_instrument(name, data)


def build_instrument(name: str, data: Any) -> Instrument:
    """An instrument from plain data (a read file, a stored row)."""
    try:
        instrument = Instrument.model_validate(data)
    except ValidationError as error:
        raise InstrumentError(
            f"{name}: {'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()
        ) from None
    problems = [f"{name}: {problem}" for problem in _contradictions(instrument)]
    if problems:
        raise InstrumentError(problems)
    return instrument


def _contradictions(instrument: Instrument) -> Iterator[str]:
    keys = [question.key for question in instrument.questions]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"questions: the key '{key}' stands twice"
    if sum(question.per_activity for question in instrument.questions) > 1:
        yield "questions: only one may be asked per activity"
    for question in instrument.questions:
        yield from _question_problems(question, keys)
    yield from _scoring_problems(instrument, keys)
    yield from _difference_problems(instrument)


def _question_problems(question: Question, keys: list[str]) -> Iterator[str]:
    place = f"questions.{question.key}"
    values = [option.value for option in question.options]
    if (question.type == "choice") != bool(values):
        yield f"{place}: a choice needs options, and nothing else has them"
    if len(set(values)) != len(values):
        yield f"{place}: two options have the same value"
    if question.type != "choice" and not question.low < question.high:
        yield f"{place}: low must be less than high"
    for other in (question.not_below, question.not_above):
        if other and (other not in keys or other == question.key):
            yield f"{place}: there is no other question '{other}'"
    yield from _metric_problems(place, question.metric)


def _metric_problems(place: str, metric: str) -> Iterator[str]:
    field = VOCABULARY.get(metric)
    if metric and metric not in METRICS_BESIDE and (field is None or not field.is_numeric):
        yield f"{place}: '{metric}' is not a number that the assessment knows"


def _scoring_problems(instrument: Instrument, keys: list[str]) -> Iterator[str]:
    score = instrument.score
    for key in score.of:
        if key not in keys:
            yield f"score.of: there is no question '{key}'"
    if score.method == "item" and len(score.of) != 1:
        yield "score: the method 'item' names exactly one question in 'of'"
    if not score.range[0] < score.range[1]:
        yield "score.range: the first figure must be less than the second"
    yield from _metric_problems("score", score.metric)
    if all(key in keys for key in score.of):
        yield from _outside_range(instrument)


def _outside_range(instrument: Instrument) -> Iterator[str]:
    low, high = instrument.score.range
    ends = [question.worth_bounds for question in instrument.scored()]
    least, most = [end[0] for end in ends], [end[1] for end in ends]
    possible = {
        "item": (min(least), max(most)),
        "mean": (min(least), max(most)),
        "sum": (sum(least), sum(most)),
        "percent": (0.0, 100.0),
    }[instrument.score.method]
    if possible[0] < low or possible[1] > high:
        yield f"score.range: the answers can reach {possible[0]:g} to {possible[1]:g}"
    if instrument.score.method == "percent" and min(least) < 0:
        yield "score: a percentage needs answers that are not below 0"


def _difference_problems(instrument: Instrument) -> Iterator[str]:
    keys = [difference.key for difference in instrument.differences]
    for difference in instrument.differences:
        if difference.points is None and difference.percent is None:
            yield f"differences.{difference.key}: give points, per cent or both"
    if len(set(keys)) != len(keys):
        yield "differences: a key stands twice"
    if bool(keys) != bool(instrument.smallest) or (keys and instrument.smallest not in keys):
        yield "smallest: name one of the differences"

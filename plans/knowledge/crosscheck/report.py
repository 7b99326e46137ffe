"""What every check works with: the typed documents, the keys that may be named, the list of problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from plans.knowledge import schema
from plans.knowledge.documents import file_of
from plans.knowledge.paths import Known, test_problem

ALL = "ALL"
PHASES = (1, 2, 3)


@dataclass(frozen=True)
class Parsed:
    """The seven documents after their shape was checked."""

    conditions: schema.ConditionsDocument
    techniques: schema.TechniquesDocument
    red_flags: schema.RedFlagsDocument
    exercises: schema.ExercisesDocument
    root_causes: schema.RootCausesDocument
    phases: schema.PhasesDocument
    education: schema.EducationDocument


@dataclass
class Report:
    """Collects problems as ``file: path: text``."""

    document: str
    problems: list[str] = field(default_factory=list)

    def add(self, place: str, text: str) -> None:
        self.problems.append(f"{file_of(self.document)}: {place}: {text}")

    def unknown(self, place: str, kind: str, keys: Iterable[str], known: Iterable[str]) -> None:
        """One problem for each key that is not known, with its position in the list."""
        allowed = set(known)
        for index, key in enumerate(keys):
            if key not in allowed:
                self.add(f"{place}[{index}]", f"unknown {kind} '{key}'")

    def duplicates(self, place: str, keys: Sequence[str]) -> None:
        counts = Counter(keys)
        for index, key in enumerate(keys):
            if counts[key] > 1 and keys.index(key) != index:
                self.add(f"{place}[{index}].key", f"duplicate key '{key}'")


@dataclass(frozen=True)
class Keys:
    """Every key that may be named."""

    conditions: frozenset[str]
    techniques: dict[str, schema.Technique]
    flags: frozenset[str]
    exercises: dict[str, schema.Exercise]
    causes: frozenset[str]
    load_tags: frozenset[str]
    education: frozenset[str]
    credentials: frozenset[str]

    @property
    def known(self) -> Known:
        return Known(self.conditions, self.flags)


def keys_of(parsed: Parsed) -> Keys:
    return Keys(
        conditions=frozenset(condition.key for condition in parsed.conditions.conditions),
        techniques={technique.key: technique for technique in parsed.techniques.techniques},
        flags=frozenset(flag.key for flag in parsed.red_flags.red_flags),
        exercises={exercise.key: exercise for exercise in parsed.exercises.exercises},
        causes=frozenset(cause.key for cause in parsed.root_causes.root_causes),
        load_tags=frozenset(parsed.conditions.meta.load_tags),
        education=frozenset(topic.key for topic in parsed.education.topics),
        credentials=frozenset(parsed.techniques.meta.credentials),
    )


def check_tests(report: Report, place: str, tests: Sequence[schema.TestOrWord], keys: Keys) -> None:
    for index, test in enumerate(tests):
        if isinstance(test, schema.Test):
            wrong = test_problem(test.finding, test.op, test.value, keys.known)
            if wrong is not None:
                report.add(f"{place}[{index}]", wrong)

"""Step 3: choose exercises round-robin and rank hands-on techniques (meta.selection 3-7 and 9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plans.engine.dose import Dosed, Dosing, fit_first_item
from plans.engine.draft import Reason
from plans.engine.eligibility import SUBSTITUTABLE, Eligibility, Failure, Treatable
from plans.engine.evidence import ScoredCause
from plans.engine.knowledge import Exercise, Knowledge, Technique

MINUTES = {1: 15.0, 2: 25.0, 3: 30.0}
PASSIVE_PER_VISIT = 3
ROUNDING = 1e-9  # sums of sevenths are not exact in binary
ONE_AMONG_THE_PLANNED = frozenset({"needling", "electro", "thermal"})


@dataclass(slots=True)
class Choice:
    """An exercise that was chosen, for which causes, and what it stands in for."""

    exercise: Exercise
    dosed: Dosed
    causes: list[str]
    replaces: list[str] = field(default_factory=list)


@dataclass(slots=True)
class PhaseExercises:
    chosen: dict[str, Choice]
    failures: dict[str, Failure]  # candidate -> first failing rule for the highest-ranked cause
    budget: float
    minutes: float


@dataclass(frozen=True, slots=True)
class RankedTechnique:
    technique: Technique
    score: float
    causes: tuple[str, ...]
    treatable: Treatable


@dataclass(frozen=True, slots=True)
class PhaseTechniques:
    planned: tuple[RankedTechnique, ...]
    alternatives: tuple[RankedTechnique, ...]
    self_release: tuple[RankedTechnique, ...]
    failures: Mapping[str, Failure]


def minutes_budget(available: float | None, phase: int) -> float:
    return MINUTES[phase] if available is None else min(available, MINUTES[phase])


class ExerciseSelector:
    """Round-robin over the causes for one phase."""

    def __init__(self, eligibility: Eligibility, dosing: Dosing, phase: int, ceiling: int, budget: float) -> None:
        self.eligibility = eligibility
        self.dosing = dosing
        self.known = eligibility.knowledge.exercises
        self.phase = phase
        self.ceiling = ceiling
        self.result = PhaseExercises({}, {}, budget, 0.0)
        self._rank: dict[str, int] = {}  # cause -> place in the order of the causes
        self._told_by: dict[str, int] = {}  # candidate -> rank of the cause whose failure is stored

    def run(self, causes: Sequence[ScoredCause]) -> PhaseExercises:
        self._rank = {cause.key: place for place, cause in enumerate(causes)}
        queues = [(cause, list(cause.cause.exercises.get(self.phase, ()))) for cause in causes]
        while len(self.result.chosen) < self.ceiling:
            added = False
            for cause, queue in queues:
                if len(self.result.chosen) >= self.ceiling:
                    break
                added = self._turn(cause, queue) or added
            if not added:
                break
        self._leftovers(queues)
        return self.result

    def _turn(self, cause: ScoredCause, queue: list[str]) -> bool:
        """The cause offers its next candidates until one is taken."""
        while queue:
            if self._offer(cause, queue.pop(0)):
                return True
        return False

    def _offer(self, cause: ScoredCause, key: str) -> bool:
        if self._gain(cause, key):
            return False
        exercise = self.known[key]
        failures = list(self.eligibility.exercise_failures(exercise, cause, self.phase))
        if not failures:
            return self._take(cause, exercise)
        self._store(key, self._rank[cause.key], failures[0])
        if all(failure.rule in SUBSTITUTABLE for failure in failures):
            return self._substitute(cause, exercise)
        return False

    def _store(self, key: str, rank: int, failure: Failure) -> None:
        """Of several causes that list an item, the highest-ranked one says why it is left out."""
        if rank < self._told_by.get(key, rank + 1):
            self._told_by[key] = rank
            self.result.failures[key] = failure

    def _gain(self, cause: ScoredCause, key: str) -> bool:
        """An item already chosen is skipped and gains the cause as a further reason."""
        choice = self.result.chosen.get(key)
        if choice is None:
            return False
        if cause.key not in choice.causes:
            choice.causes.append(cause.key)
        return True

    def _substitute(self, cause: ScoredCause, failed: Exercise) -> bool:
        """Rule 6: the regression in its place, then the progression of that regression."""
        regression = self.known.get(failed.regression or "")
        if regression is None:
            return False
        following = self.known.get(regression.progression or "")
        for exercise in (regression, following):
            if exercise is None or exercise.key == failed.key:
                continue
            if self._gain(cause, exercise.key):
                return False
            passes = next(self.eligibility.exercise_failures(exercise, cause, self.phase), None) is None
            if passes and self._take(cause, exercise, failed.key):
                return True
        return False

    def _take(self, cause: ScoredCause, exercise: Exercise, replaces: str = "") -> bool:
        """Rule 5a: the first item always, a later one only inside the minutes."""
        result = self.result
        dosed = self.dosing.exercise(exercise, self.phase)
        if not result.chosen:
            dosed = fit_first_item(dosed, result.budget)
        elif result.minutes + dosed.minutes_per_day > result.budget + ROUNDING:
            rank = len(self._rank) if replaces else self._rank[cause.key]
            self._store(exercise.key, rank, self._minutes_failure(exercise, dosed))
            return False
        result.failures.pop(exercise.key, None)
        result.chosen[exercise.key] = Choice(exercise, dosed, [cause.key], [replaces] if replaces else [])
        result.minutes += dosed.minutes_per_day
        return True

    def _minutes_failure(self, exercise: Exercise, dosed: Dosed) -> Failure:
        text = (
            f"{exercise.key} takes {dosed.minutes_per_day:.1f} minutes a day, "
            f"{self.result.minutes:.1f} of {self.result.budget:g} are used"
        )
        return Failure("minutes", Reason("minutes", text, ("hist.exercise_time_min_day",), "selection 5a"))

    def _leftovers(self, queues: Sequence[tuple[ScoredCause, list[str]]]) -> None:
        """Candidates never reached because the ceiling was: store why, by their own rules first."""
        for cause, queue in queues:
            for key in queue:
                if self._gain(cause, key):
                    continue
                first = next(self.eligibility.exercise_failures(self.known[key], cause, self.phase), None)
                self._store(key, self._rank[cause.key], first or self._ceiling_failure(key))

    def _ceiling_failure(self, key: str) -> Failure:
        text = f"{key}: the phase already holds its {self.ceiling} exercises"
        return Failure("ceiling", Reason("ceiling", text, (key,), "selection 5"))


def rank_techniques(
    eligibility: Eligibility, knowledge: Knowledge, causes: Sequence[ScoredCause], phase: int
) -> PhaseTechniques:
    """Rule 7: by summed score of the causes that list a technique; three planned, the rest alternatives."""
    index = eligibility.picture.index
    listing: dict[str, list[ScoredCause]] = {}
    for cause in causes:
        for key in cause.cause.techniques.get(phase, ()):
            listing.setdefault(key, []).append(cause)
    failures: dict[str, Failure] = {}
    ranked: list[RankedTechnique] = []
    for key, own in listing.items():
        technique = knowledge.techniques[key]
        if key not in index.passive and key != "su_self_release":
            continue
        outcome = eligibility.technique(technique, own, phase)
        if isinstance(outcome, Failure):
            failures[key] = outcome
        else:
            score = sum(cause.score for cause in own)
            ranked.append(RankedTechnique(technique, score, tuple(c.key for c in own), outcome))
    ranked.sort(key=lambda r: (-r.score, index.technique_order[r.technique.key]))
    counted = [r for r in ranked if r.technique.key != "su_self_release"]
    planned = _planned(counted)
    rest = tuple(r for r in counted if r not in planned)
    return PhaseTechniques(planned, rest, tuple(r for r in ranked if r not in counted), failures)


def _planned(ranked: Sequence[RankedTechnique]) -> tuple[RankedTechnique, ...]:
    """The top three, with at most one needling, one electrical and one thermal technique among them."""
    planned: list[RankedTechnique] = []
    used: set[str] = set()
    for item in ranked:
        category = item.technique.category
        if len(planned) == PASSIVE_PER_VISIT:
            break
        if category in ONE_AMONG_THE_PLANNED and category in used:
            continue
        used.add(category)
        planned.append(item)
    return tuple(planned)

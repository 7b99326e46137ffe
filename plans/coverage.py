"""What the exercises of a phase serve of the weighted causes now, and one change that would serve more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from plans.engine.coverage import Candidate, exchange, reachable, share
from plans.engine.dose import fit_first_item
from plans.engine.evidence import ScoredCause
from plans.models import PlanCause, PlanExercise, PlanPhase, PlanVersion
from plans.screening import Checker

CEILINGS = {1: 4, 2: 6, 3: 5}
WORTH_SAYING = 0.03  # a few per cent are not worth an exchange


@dataclass(frozen=True, slots=True)
class Offer:
    """Take ``add`` (a key), in place of ``drop`` when it is given; ``percent`` of the weight is served then."""

    add: str
    add_name: str
    drop: PlanExercise | None
    percent: int


@dataclass(frozen=True, slots=True)
class Served:
    """Per cent of the weight of the used causes, how many of them, which ones not, and what would help."""

    percent: int
    served: int
    causes: int
    missed: tuple[str, ...]
    offer: Offer | None


def served_by(phase: PlanPhase, version: PlanVersion, checker: Checker) -> Served | None:
    """Coverage of the phase as it stands, with its edits; None when no cause of the plan can be served at home."""
    used = _used(version.causes.all(), checker)
    weights = {scored.key: scored.score for scored in used}
    rows = list(phase.planexercises.select_related("exercise"))
    budget = float(phase.minutes_budget)
    candidates = _candidates(used, phase.number, checker, budget)
    by_key = {candidate.key: candidate for candidate in candidates}
    chosen = [_chosen(row, by_key) for row in rows]
    within = reachable([*candidates, *chosen]) & weights.keys()
    if not within:
        return None
    now = share(weights, [c.causes for c in chosen], within)
    reached = within & reachable(chosen)
    found = exchange(weights, candidates, chosen, max(CEILINGS[phase.number], len(chosen)), budget)
    offer = None
    if found is not None and found.share - now >= WORTH_SAYING:
        drop = next((row for row in rows if row.exercise.key == found.drop), None)
        name = checker.knowledge.exercises[found.add].name
        offer = Offer(found.add, name, drop, round(found.share * 100))
    titles = {cause.key: cause.title for cause in version.causes.all()}
    missed = tuple(titles.get(key, key) for key in weights if key in within - reached)
    return Served(round(now * 100), len(reached), len(within), missed, offer)


def _used(causes: Iterable[PlanCause], checker: Checker) -> list[ScoredCause]:
    keys = {c.key for c in causes if c.state == "selected" and c.decision != PlanCause.Decision.REJECTED}
    return [scored for scored in checker.scored if scored.key in keys]


def _candidates(used: list[ScoredCause], phase: int, checker: Checker, budget: float) -> list[Candidate]:
    """What passes every rule of the selection for at least one of the causes."""
    serves: dict[str, set[str]] = {}
    for scored in used:
        for key in scored.cause.exercises.get(phase, ()):
            exercise = checker.knowledge.exercises[key]
            if next(checker.eligibility.exercise_failures(exercise, scored, phase), None) is None:
                serves.setdefault(key, set()).add(scored.key)
    found = []
    for key, causes in serves.items():
        dosed = checker.exercise_dose(key, phase)
        first = fit_first_item(dosed, budget).minutes_per_day
        found.append(Candidate(key, dosed.minutes_per_day, first, frozenset(causes)))
    return found


def _chosen(row: PlanExercise, candidates: dict[str, Candidate]) -> Candidate:
    """A planned exercise with its own minutes; it serves the causes it was chosen for as well."""
    known = candidates.get(row.exercise.key)
    causes = frozenset(row.causes) | (known.causes if known else frozenset())
    minutes = float(row.minutes_per_day)
    return Candidate(row.exercise.key, minutes, minutes, causes)

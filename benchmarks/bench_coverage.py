"""Coverage of the weighted causes by the choice of exercises, against an exhaustive search on random small cases."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.measure import Measured
from plans.engine.coverage import Candidate, best_share, exchange, reachable, share
from plans.engine.derive import build_picture
from plans.engine.dose import Dosing, fit_first_item
from plans.engine.eligibility import Eligibility
from plans.engine.evidence import ScoredCause, score_causes
from plans.engine.facts import Options
from plans.engine.index import index_for
from plans.engine.knowledge import EvidenceItem, Knowledge
from plans.engine.minimum import completeness
from plans.engine.screen import Screen, active_flags
from plans.engine.select import MINUTES, ExerciseSelector
from tests.engine.helpers import TODAY, cause, knowledge, make_facts, with_causes

CEILING = {1: 4, 2: 6, 3: 5}
ENOUGH_MINUTES = 10
EXCHANGES = 3  # that a person takes one after the other


@dataclass(frozen=True, slots=True)
class Loss:
    """How much less than the best is served: by the choice as it is, and after the offered exchanges."""

    enough: bool
    gap: float
    gap_after: float


def small_case(random: Random) -> tuple[Knowledge, int, int]:
    """Up to five low-back causes with up to four exercises each, and a number of minutes."""
    phase = random.choice((1, 2, 3))
    pool = [e.key for e in knowledge().exercises.values() if phase in e.phases and e.region in ("lumbar", "abdomen")]
    causes = [
        cause(
            f"c{n}",
            exercises={p: tuple(random.sample(pool, random.randint(1, 4))) if p == phase else () for p in (1, 2, 3)},
            supporting=(EvidenceItem("hist.age_years", ">", 1, random.randint(1, 9)),),
        )
        for n in range(random.randint(2, 5))
    ]
    return with_causes(*causes), phase, random.choice((4, 6, 8, 10, 15, 30))


def losses(random: Random, cases: int) -> list[Loss]:
    """The losses of that many random cases."""
    return [_loss(*small_case(random)) for _ in range(cases)]


def _loss(known: Knowledge, phase: int, minutes: int) -> Loss:
    changes = {
        "hist.exercise_time_min_day": minutes,
        "hist.home_equipment": ("band", "mat", "ball", "foam_roller", "weights", "bench", "bike", "pool", "partner"),
        "endur.side_bridge": 20,
        "len.modified_schober_cm": 3,
    }
    picture = build_picture(make_facts(changes), index_for(known), TODAY)
    screen = Screen(picture, active_flags(picture))
    eligibility = Eligibility(picture, screen, Options(), completeness(picture))
    dosing = Dosing(picture, screen, known.phases)
    causes = score_causes(picture, True)
    budget = min(float(minutes), MINUTES[phase])
    chosen = ExerciseSelector(eligibility, dosing, phase, CEILING[phase], budget).run(causes).chosen
    candidates = _candidates(eligibility, dosing, causes, phase, budget)
    weights = {c.key: c.score for c in causes}
    taken = [c for c in candidates if c.key in chosen]
    best = best_share(weights, candidates, CEILING[phase], budget)
    within = reachable(candidates)
    here = share(weights, [c.causes for c in taken], within)
    after = _exchanged(weights, candidates, taken, CEILING[phase], budget)
    return Loss(budget >= ENOUGH_MINUTES, best - here, best - after)


def _candidates(
    eligibility: Eligibility, dosing: Dosing, causes: Sequence[ScoredCause], phase: int, budget: float
) -> list[Candidate]:
    serves: dict[str, set[str]] = {}
    for scored in causes:
        for key in scored.cause.exercises[phase]:
            exercise = eligibility.knowledge.exercises[key]
            if next(eligibility.exercise_failures(exercise, scored, phase), None) is None:
                serves.setdefault(key, set()).add(scored.key)
    found = []
    for key in sorted(serves):
        dosed = dosing.exercise(eligibility.knowledge.exercises[key], phase)
        first = fit_first_item(dosed, budget).minutes_per_day
        found.append(Candidate(key, dosed.minutes_per_day, first, frozenset(serves[key])))
    return found


def _exchanged(
    weights: dict[str, float], candidates: list[Candidate], taken: list[Candidate], ceiling: int, budget: float
) -> float:
    by_key = {c.key: c for c in candidates}
    for _ in range(EXCHANGES):
        offer = exchange(weights, candidates, taken, ceiling, budget)
        if offer is None:
            break
        taken = [c for c in taken if c.key != offer.drop] + [by_key[offer.add]]
    return share(weights, [c.causes for c in taken], reachable(candidates))


def run() -> list[Measured]:
    found = losses(Random(20260115), 400)
    rows = []
    for enough, words in ((True, "10 minutes a day or more"), (False, "4 to 8 minutes a day")):
        here = [row for row in found if row.enough is enough]
        gap, after = (statistics.mean(getattr(row, name) for row in here) * 100 for name in ("gap", "gap_after"))
        best = sum(row.gap < 1e-9 for row in here) / len(here) * 100
        note = f"{len(here)} random small cases; {best:.0f} % of them as good as the best"
        rows.append(
            Measured(f"Causes served less than by the best choice, {words}", gap, "%", 12 - 9 * enough, note=note)
        )
        note = f"at most {EXCHANGES}, each one tap on the draft"
        rows.append(Measured(f"The same after the offered exchanges, {words}", after, "%", 3, note=note))
    return rows

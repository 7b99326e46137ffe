"""How much of the weighted causes a phase covers, against an exhaustive search on small cases.

Coverage of a phase = summed score of the used causes that at least one chosen exercise serves (it is on the list of the
cause and passes every rule for it). The exhaustive search takes the best set of eligible exercises within the same
ceiling and minutes. Round-robin gives each cause a turn before minutes are compared, so it can lose where a long item
of a high cause leaves no minutes for a lower one. The figures are measured by ``benchmarks/bench_coverage.py``.
"""

from random import Random

import pytest

from benchmarks.bench_coverage import losses
from plans.engine.coverage import Candidate, Exchange, best_share, exchange, fits, share

ENOUGH_MINUTES = 10
WORST_GAP = 0.5  # one case at 10 minutes or more, where one long item of the first cause fills the phase
MEAN_GAP = 0.03  # 10 minutes or more
MEAN_GAP_SHORT = 0.12  # under 10 minutes
MEAN_GAP_EXCHANGED = 0.03  # after the offered exchanges, whatever the minutes


def test_coverage_against_an_exhaustive_search() -> None:
    found = losses(Random(20260115), 150)
    plain = {enough: [row.gap for row in found if row.enough is enough] for enough in (True, False)}
    assert min(row.gap for row in found) >= -1e-9
    assert max(plain[True]) <= WORST_GAP
    assert sum(plain[True]) / len(plain[True]) <= MEAN_GAP
    assert sum(plain[False]) / len(plain[False]) <= MEAN_GAP_SHORT


def test_the_offered_exchanges_close_the_gap() -> None:
    found = losses(Random(20260115), 150)
    assert all(-1e-9 <= row.gap_after <= row.gap + 1e-9 for row in found)
    for enough in (True, False):
        after = [row.gap_after for row in found if row.enough is enough]
        assert sum(after) / len(after) <= MEAN_GAP_EXCHANGED


WEIGHTS = {"a": 10.0, "b": 6.0, "c": 4.0}


def candidate(key: str, minutes: float, causes: str, first: float | None = None) -> Candidate:
    return Candidate(key, minutes, minutes if first is None else first, frozenset(causes))


LONG, BOTH, SHORT_B, SHORT_C = (
    candidate("long", 9, "a"),
    candidate("both", 6, "ab"),
    candidate("short_b", 3, "b"),
    candidate("short_c", 3, "c"),
)
ALL = [LONG, BOTH, SHORT_B, SHORT_C]


def test_shares() -> None:
    assert share(WEIGHTS, [LONG.causes], "abc") == 0.5
    assert share(WEIGHTS, [], "abc") == 0
    assert share(WEIGHTS, [], "") == 1
    assert best_share(WEIGHTS, ALL, 4, 10) == 1.0  # both and short_c
    assert best_share(WEIGHTS, ALL, 1, 10) == 0.8
    assert best_share(WEIGHTS, [], 4, 10) == 1.0


@pytest.mark.parametrize(
    ("chosen", "ceiling", "budget", "offer"),
    [
        ([LONG], 4, 10, Exchange("both", "long", 0.8)),
        ([BOTH], 4, 10, Exchange("short_c", "", 1.0)),
        ([BOTH, SHORT_C], 4, 10, None),
        ([LONG], 4, 12, Exchange("short_b", "", 0.8)),  # an addition wins the tie with an exchange
        ([LONG], 1, 30, Exchange("both", "long", 0.8)),
        ([], 4, 10, Exchange("both", "", 0.8)),
    ],
)
def test_one_step_nearer(chosen: list[Candidate], ceiling: int, budget: float, offer: Exchange | None) -> None:
    assert exchange(WEIGHTS, ALL, chosen, ceiling, budget) == offer


def test_the_first_item_may_be_done_less_often() -> None:
    twice = candidate("twice", 12, "a", first=6)
    assert fits([twice], 4, 5)
    assert fits([twice, SHORT_B], 4, 9)
    assert not fits([twice, SHORT_B], 4, 8)
    assert not fits([twice, SHORT_B], 1, 90)


def test_too_many_candidates_are_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        best_share(WEIGHTS, [candidate(str(n), 1, "a") for n in range(19)], 4, 10)

"""How far an opener is: honest about what was never measured, and never at the end before it is reached."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from plans.summary import CriterionLine, Station
from portal.distance import Distance, distance_of
from portal.journey import stop_of

DAY = date(2026, 11, 24)


def line(metric: str, op: str, *trend: float, baseline: str = "", value: str | None = None) -> dict[str, Any]:
    shown = value if value is not None else (str(trend[-1]) if trend else "")
    points = [["2026-11-01", number] for number in trend]
    return {
        "metric": metric, "op": op, "baseline": baseline, "value": shown, "trend": points,
        "day": DAY.isoformat() if shown else "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("met", "lines", "expected"),
    [
        (None, [line("pain.nprs_worst_24h", "<= 4")], Distance("unmeasured")),
        (False, [line("mmt.gluteus_medius", ">= 4.3")], Distance("unmeasured")),
        (
            False,
            [line("pain.nprs_worst_24h", "<= 4", 6, baseline="8 of 10")],
            Distance("open", "now 6 out of 10", DAY, 50),
        ),
        (
            False,  # worse than at the start is no way at all
            [line("pain.nprs_worst_24h", "<= 4", 9, baseline="8 of 10")],
            Distance("open", "now 9 out of 10", DAY, 0),
        ),
        (
            False,  # the number is there, the rest of the criterion is not
            [line("pain.nprs_worst_24h", "<= 4", 4, baseline="8 of 10")],
            Distance("open", "now 4 out of 10", DAY, 99),
        ),
        (True, [line("pain.nprs_worst_24h", "<= 4", 0, baseline="8")], Distance("met", "now 0 out of 10", DAY, 100)),
        (False, [line("func.adherence_pct", ">= 75", 40)], Distance("open", "now 40 %", DAY, None)),
        (False, [line("func.adherence_pct", ">= 75", 40, 74.9)], Distance("open", "now 74 %", DAY, 99)),
        (
            False,  # two values are asked for, one was measured: no bar
            [line("rompct.lum_flexion", ">= 90", 80, baseline="60"), line("rompct.lum_extension", ">= 90")],
            Distance("open", "now 80 %", DAY, None),
        ),
        (True, [line("check.flare_plan", "== true", 1, value="Yes")], Distance("met", "", DAY, 100)),
    ],
)
def test_distance(met: bool | None, lines: list[dict[str, Any]], expected: Distance) -> None:
    assert distance_of({"met": met, "lines": lines}) == expected


def station(state: str) -> Station:
    line = CriterionLine("p1_pain", "gate", "", None, {"pain.nprs_worst_24h": "<= 4"})
    return Station(1, state, None, False, (), (), (line,), ())


@pytest.mark.parametrize(
    ("state", "known", "expected"),
    [
        ("here", {}, None),  # not reviewed yet: nothing is claimed
        ("here", {"p1_spasm": Distance("met")}, Distance("unmeasured")),
        ("here", {"p1_pain": Distance("open", share=50)}, Distance("open", share=50)),
        ("ahead", {"p1_pain": Distance("open")}, None),
    ],
)
def test_a_distance_is_said_only_of_the_running_phase_once_it_was_reviewed(
    state: str, known: dict[str, Distance], expected: Distance | None
) -> None:
    assert [opener.distance for opener in stop_of(station(state), known).openers] == [expected]

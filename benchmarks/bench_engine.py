"""The plan engine on the eight shipped cases with the full knowledge, and with ten times the exercises."""

from __future__ import annotations

import statistics
from dataclasses import replace
from datetime import date

from benchmarks.measure import Measured, median_seconds
from config.demo.chart import CASES
from plans.engine.casefile import load_case
from plans.engine.facts import Facts
from plans.engine.generate import generate
from plans.engine.knowledge import Knowledge
from plans.knowledge.parse import shipped_knowledge

TODAY = date(2026, 11, 24)


def larger(knowledge: Knowledge, times: int) -> Knowledge:
    """The same knowledge with each exercise copied under further keys."""
    exercises = dict(knowledge.exercises)
    for copy in range(1, times):
        for key, exercise in knowledge.exercises.items():
            exercises[f"{key}_{copy}"] = replace(exercise, key=f"{key}_{copy}")
    return replace(knowledge, exercises=exercises)


def _per_case(facts: list[Facts], knowledge: Knowledge, times: int) -> list[float]:
    return [
        median_seconds(lambda one=one: generate(one, knowledge, today=TODAY), times=times)  # type: ignore[misc]
        for one in facts
    ]


def run() -> list[Measured]:
    knowledge = shipped_knowledge()
    facts = [load_case(path.read_text(encoding="utf-8"), knowledge).facts for path in sorted(CASES.glob("*.yaml"))]
    once = _per_case(facts, knowledge, 30)
    tenfold = _per_case(facts, larger(knowledge, 10), 10)
    growth = statistics.median(tenfold) / statistics.median(once)
    return [
        Measured(
            "Engine, one case on the full knowledge (median)",
            statistics.median(once) * 1000,
            "ms",
            5,
            note=f"slowest of the eight cases {max(once) * 1000:.1f} ms",
        ),
        Measured("Engine, time with ten times the exercises", growth, "x", 10),
    ]

"""Sparklines: a trend as the points of a small picture. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT, PAD = 96, 28, 3


@dataclass(frozen=True, slots=True)
class Spark:
    """A polyline in a box of ``WIDTH`` by ``HEIGHT``; ``x``, ``y`` is the last point; ``said`` reads it out."""

    points: str
    x: float
    y: float
    said: str


def spark_of(trend: Sequence[Sequence[object]]) -> Spark | None:
    """A sparkline of [ISO day, number] pairs; None with fewer than two points."""
    known = [(date.fromisoformat(str(day)), float(str(value))) for day, value in trend]
    if len(known) < 2:
        return None
    first, last = known[0][0].toordinal(), known[-1][0].toordinal()
    low, high = min(v for _, v in known), max(v for _, v in known)
    spots = [
        (
            round(PAD + (WIDTH - 2 * PAD) * (day.toordinal() - first) / max(last - first, 1), 1),
            round(HEIGHT - PAD - (HEIGHT - 2 * PAD) * ((value - low) / (high - low) if high > low else 0.5), 1),
        )
        for day, value in known
    ]
    said = f"{len(known)} values, from {known[0][1]:g} to {known[-1][1]:g}"
    return Spark(" ".join(f"{x:g},{y:g}" for x, y in spots), *spots[-1], said)

"""How far each opener of the next phase is: the values that the review of the phase was judged by, in patient words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from plans.models import PhaseReview

PER_CENT = ("rompct.", "func.adherence_pct")
OF_TEN = ("pain.", "func.psfs_avg")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Distance:
    """``state`` is met, open or unmeasured; ``share`` of the way from where it began, 0-100, None when there is no
    way to draw: a bar is shown only between two measured values."""

    state: str
    now: str = ""
    day: date | None = None
    share: int | None = None


def distances(plan_id: int, phase: int) -> dict[str, Distance]:
    """By criterion, from the last review of the running phase: what the physiotherapist sees as well. One query."""
    review = PhaseReview.objects.filter(plan=plan_id, phase=phase).order_by("-day", "-made_at", "-id").first()
    return {row["key"]: distance_of(row) for row in review.criteria} if review else {}


def distance_of(row: Mapping[str, Any]) -> Distance:
    """One criterion of a stored review. Where several values are asked for, the one that is furthest away counts."""
    lines = [line for line in row["lines"] if line["value"]]
    if row["met"] is None or (not lines and not row["met"]):
        return Distance("unmeasured")
    shares = [share for line in lines if (share := _share(line)) is not None]
    days = [date.fromisoformat(line["day"]) for line in lines if line["day"]]
    whole = len(lines) == len(row["lines"])
    return Distance(
        "met" if row["met"] else "open",
        now=_now(lines),
        day=max(days, default=None),
        share=100 if row["met"] else min(99, *shares) if whole and len(shares) == len(lines) and shares else None,
    )


def _now(lines: Iterable[Mapping[str, Any]]) -> str:
    """The value in words where there is a single number to say."""
    found = list(lines)
    number = _last(found[0]) if len(found) == 1 else None
    if number is None:
        return ""
    if found[0]["metric"].startswith(PER_CENT):
        return _("now {n} %").format(n=int(number))  # 74.9 never passes for 75
    shown = f"{number:.0f}" if number == int(number) else f"{number:.1f}"
    if found[0]["metric"].startswith(OF_TEN):
        return _("now {n} out of 10").format(n=shown)
    return ""


def _last(line: Mapping[str, Any]) -> float | None:
    trend = line["trend"]
    return float(trend[-1][1]) if trend and not line["metric"].startswith("check.") else None


def _share(line: Mapping[str, Any]) -> int | None:
    """How much of the way from the start to the target is done, rounded down and never 100 before it is reached."""
    start, now = _number(line["baseline"]), _last(line)
    op, _space, operand = str(line["op"]).partition(" ")
    target = _number(operand)
    if start is None and len(line["trend"]) > 1:
        start = float(line["trend"][0][1])
    if start is None or now is None or target is None or op not in ("<", "<=", ">", ">="):
        return None
    if (now <= target) if op.startswith("<") else (now >= target):
        return 100
    if start == target:
        return 0
    return max(0, min(99, int(100 * (now - start) / (target - start))))


def _number(text: str) -> float | None:
    found = NUMBER.search(str(text))
    return float(found.group()) if found else None

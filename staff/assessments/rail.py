"""The section rail with its completion marks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assessments.relevance import is_relevant
from assessments.vocabulary import RED_FLAGS, RULES, fields_of
from staff.assessments.board import Board
from staff.assessments.sections import SECTIONS, Section

_MINIMUM = RULES["minimum_assessment"]
HISTORY = (
    "hist.chief_complaint",
    "hist.symptom_duration_days",
    *(path for path in _MINIMUM["further_paths"] if path not in ("hist.home_equipment", "hist.exercise_time_min_day")),
)
GOALS = ("hist.needle_preference", "hist.can_floor_transfer", "hist.home_equipment", "hist.exercise_time_min_day")
PAIN = ("pain.nprs_current", "pain.nprs_best_24h", "pain.nprs_worst_24h")


@dataclass(frozen=True, slots=True)
class RailEntry:
    """A section with how far it is: done, part, alert or empty, and a count to show."""

    key: str
    label: str
    url: str
    state: str
    active: bool
    count: str = ""


def _state(done: int, wanted: int) -> str:
    return "empty" if not done else "done" if done >= wanted else "part"


def _paths(board: Board, paths: tuple[str, ...]) -> tuple[int, int]:
    known = sum(board.chart.has(path) for path in paths)
    if "hist.symptom_duration_days" in paths and not board.chart.has("hist.symptom_duration_days"):
        known += board.chart.duration_days is not None
    return known, len(paths)


def _namespaces(board: Board, names: tuple[str, ...]) -> tuple[int, int]:
    """Recorded rows against the rows of the symptom regions; the first namespace sets the measure."""
    recorded = {path for path, _, _ in board.chart.values if path.partition(".")[0] in names}
    wanted = sum(is_relevant(field, board.regions) for field in fields_of(names[0]))
    return len(recorded), wanted


def _head(board: Board, name: str) -> int:
    """A count that ``for_page`` put on the assessment."""
    return int(getattr(board.assessment, name, 0))


def _counted(board: Board, section: Section) -> tuple[int, int]:
    chart = board.chart
    if section.key == "history":
        return _paths(board, HISTORY)
    if section.key == "goals":
        return _paths(board, GOALS)
    if section.key == "pain":
        known, wanted = _paths(board, PAIN)
        return known + bool(chart.sites) + bool(chart.irritability), wanted + 2
    if section.key == "flags":
        return _head(board, "flags_answered"), len(RED_FLAGS)
    if section.key == "conditions":
        answered = _head(board, "conditions_answered") + _head(board, "consent_on_file")
        return answered, _head(board, "conditions_asked") + 1
    if section.key == "function":
        return sum(score is not None for _, score in chart.activities), min(3, max(1, len(chart.activities)))
    if section.key == "neuro":
        return (chart.umn_any is not None) + chart.has("neuro.single_root_pattern"), 2
    return _namespaces(board, section.namespaces)


def rail(board: Board, active: str, url: str) -> list[RailEntry]:
    """Every section with its mark. The board's assessment carries the counts of ``for_page``."""
    entries = []
    for section in SECTIONS:
        if section.key == "review":
            entries.append(RailEntry("review", section.label, f"{url}?section=review", "empty", active == "review"))
            continue
        done, wanted = _counted(board, section)
        state = _state(done, wanted)
        if section.key == "flags" and _head(board, "flags_yes"):
            state = "alert"
        count = "" if state == "done" else f"{done}/{wanted}" if section.key in ("flags", "conditions") else ""
        address = f"{url}?section={section.key}"
        entries.append(RailEntry(section.key, section.label, address, state, active == section.key, count))
    return entries


def rail_context(board: Board, active: str, url: str) -> dict[str, Any]:
    """For ``components/_sections.html``."""
    return {"sections": rail(board, active, url)}

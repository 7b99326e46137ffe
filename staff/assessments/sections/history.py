"""History, and the goals that shape the plan."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from assessments.diary.readers import read_diary
from assessments.vocabulary import SECTION_LABELS, fields_of
from assessments.writing import HELD_ELSEWHERE
from clinic.anatomy import REGION_CHOICES, SIDE_CHOICES
from staff.assessments.board import Board
from staff.assessments.entries import Entry, entry

GOALS = "plan"
IN_PAIN = ("irritability",)  # shown with the figures it follows from
ALWAYS_OPEN = ("person", "complaint", "work", "lifestyle")


def _group(board: Board, section: str) -> list[Entry]:
    paths = [
        field.path
        for field in fields_of("hist")
        if field.section == section and field.path not in HELD_ELSEWHERE and field.key not in IN_PAIN
    ]
    return [entry(board.chart, path, typed=board.typed) for path in paths]


def history(board: Board) -> dict[str, Any]:
    """Every history field under its heading; rare groups are folded until something is recorded in them."""
    groups = []
    for key, label in SECTION_LABELS["hist"].items():
        if key == GOALS:
            continue
        entries = _group(board, key)
        recorded = sum(made.recorded for made in entries)
        groups.append({"key": key, "label": label, "entries": entries, "open": key in ALWAYS_OPEN or recorded > 0})
    return {
        "groups": groups,
        "stage": board.chart.stage,
        "duration": board.chart.duration_days,
        "surgeries": list(board.assessment.surgeries.all()),
        "new_key": uuid4(),
        "diary": read_diary(board.assessment.episode.patient, board.today),
        "regions": REGION_CHOICES,
        "sides": SIDE_CHOICES,
    }


def goals(board: Board) -> dict[str, Any]:
    """What the patient wants, has at home and has time for."""
    return {"groups": [{"key": GOALS, "label": "For the plan", "entries": _group(board, GOALS), "open": True}]}

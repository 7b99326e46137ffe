"""Pain scales with the body picture, and function."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from assessments.models import PainMark
from assessments.vocabulary import VOCABULARY, fields_of
from assessments.writing import HELD_ELSEWHERE, MAX_ACTIVITIES
from clinic.anatomy import REGION_CHOICES, SIDE_CHOICES
from staff.assessments.board import Board
from staff.assessments.entries import entry

SCALES = ("nprs_current", "nprs_best_24h", "nprs_worst_24h", "nprs_avg_week", "distribution")
IRRITABILITY = ("pain.nprs_movement", "pain.provocation_min", "pain.time_to_settle_min", "hist.irritability")


def picture(board: Board) -> dict[str, Any]:
    """The body picture with its marks, and the symptom regions."""
    marks = list(board.assessment.pain_marks.all())
    return {
        "marks": marks,
        "painted": [(region, side) for region, side in board.chart.sites],
        "sites": board.assessment.symptom_regions.all(),
        "sex": board.chart.sex,
        "new_key": uuid4(),
        "regions": REGION_CHOICES,
        "sides": SIDE_CHOICES,
        "depths": PainMark.Depth.choices,
        "qualities": [(choice.value, choice.label) for choice in VOCABULARY["hist.symptom_quality"].choices],
    }


def pain(board: Board) -> dict[str, Any]:
    """Where it hurts, how much, and how easily it flares."""
    by_rule = board.chart.irritability_by_rule
    return {
        **picture(board),
        "scales": [entry(board.chart, f"pain.{key}", typed=board.typed) for key in SCALES],
        "irritability": [entry(board.chart, path, typed=board.typed) for path in IRRITABILITY],
        "by_rule": by_rule,
        "by_hand": board.chart.get("hist.irritability"),
    }


def function(board: Board) -> dict[str, Any]:
    """The patient-specific scale with its activities, and the other scales."""
    rows = {row.position: row for row in board.assessment.activities.all()}
    activities = []
    for position in range(1, MAX_ACTIVITIES + 1):
        row, name = rows.get(position), f"a:{position}"
        made = {"position": position, "name": name, "activity": "", "score": "", "error": ""}
        if row is not None:
            made |= {"activity": row.activity, "score": "" if row.score is None else str(row.score)}
            made["carried"] = row.measured_on
        if board.typed.again(name) and board.typed.data is not None:
            made["error"] = board.typed.problems.get(name, board.typed.theirs.get(name, ""))
            made["activity"] = board.typed.data.get(f"{name}:activity", "")
            made["score"] = board.typed.data.get(f"{name}:score", "")
        activities.append(made)
    others = [field.path for field in fields_of("func") if field.path not in HELD_ELSEWHERE]
    entries = [entry(board.chart, path, typed=board.typed) for path in others]
    recorded = any(made.recorded for made in entries)
    groups = [{"key": "scales", "label": "Other scales", "entries": entries, "open": recorded}]
    return {"activities": activities, "mean": board.chart.psfs, "groups": groups}

"""The last look: what is found, what is missing, what needs a confirmation before signing."""

from __future__ import annotations

from typing import Any

from assessments.crosschecks import cross_problems, questions
from assessments.readout import summarise
from clinic.models import Practitioner
from staff.assessments.board import Board

NAMED = 5  # missing things that are named one by one; the rest is counted


def review(board: Board) -> dict[str, Any]:
    """The summary in full, the open blocks of the minimum assessment, and the checks."""
    summary = summarise(board.chart, board.sheet)
    return {
        "summary": summary,
        "blocks": [
            {
                "block": block,
                "named": block.missing[:NAMED],
                "more": max(0, len(block.missing) - NAMED),
                "consequence": block.consequence.partition(" (")[0].capitalize(),
            }
            for block in summary.minimum.blocks
        ],
        "refusals": [problem for problem in cross_problems(board.chart) if problem.level == "reject"],
        "questions": questions(board.chart),
    }


def may_sign(user: Any, board: Board) -> bool:
    """Whether this user's registration covers today; the action decides, this only shows the button."""
    practitioner: Practitioner | None = getattr(user, "practitioner", None)
    return practitioner is not None and practitioner.licence_is_valid(board.today)

"""Questions with yes, no and not asked: red flags, conditions; and the consents on file."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from assessments.answering import told
from assessments.models import FlagClearance, RedFlagAnswer
from assessments.vocabulary import ACTION_LABELS, DISPOSITIONS, RED_FLAG_GROUPS, RedFlagItem, red_flags_by_group
from clinic.anatomy import REGION_CHOICES, SIDE_CHOICES
from clinic.models import Answer, Consent
from staff.assessments.board import Board
from staff.assessments.entries import element_id

ANSWERS = ((Answer.YES, "Yes", "is-yes"), (Answer.NO, "No", "is-no"), (Answer.NOT_ASKED, "Not asked", "is-notasked"))
KIND_LABELS = {
    "implant": "Implants and devices",
    "life_stage": "Life stage",
    "state": "State today",
    "medication": "Medicines",
    "condition": "Conditions",
    "psych": "Mood and safety",
}


@dataclass(slots=True)
class FlagLine:
    """A red-flag question with its answer and what a yes does."""

    item: RedFlagItem
    answer: str = Answer.NOT_ASKED
    region: str = ""
    side: str = ""
    note: str = ""
    clearance: FlagClearance | None = None
    error: str = ""

    @property
    def name(self) -> str:
        return f"g:{self.item.key}"

    @property
    def id(self) -> str:
        return element_id(self.name)

    @property
    def consequence(self) -> str:
        return f"{DISPOSITIONS[self.item.disposition].label}. {ACTION_LABELS[self.item.action]}."

    @property
    def raised(self) -> bool:
        return self.answer == Answer.YES and self.clearance is None


def _flag_line(board: Board, item: RedFlagItem, row: RedFlagAnswer | None, cleared: FlagClearance | None) -> FlagLine:
    line = FlagLine(item, clearance=cleared)
    if row is not None:
        line.answer, line.region, line.side, line.note = row.answer, row.region, row.side, row.note
    if board.typed.again(line.name) and board.typed.data is not None:
        data = board.typed.data
        line.error = board.typed.problems.get(line.name, board.typed.theirs.get(line.name, ""))
        line.answer = data.get(line.name, line.answer)
        line.region, line.side = data.get(f"{line.name}:region", ""), data.get(f"{line.name}:side", "")
        line.note = data.get(f"{line.name}:note", "")
    return line


def flags(board: Board) -> dict[str, Any]:
    """The whole screen by group, open questions counted."""
    rows = {row.flag: row for row in board.assessment.flag_answers.all()}
    cleared = {row.flag: row for row in board.assessment.clearances.all()}
    groups: list[dict[str, Any]] = []
    for key, items in red_flags_by_group().items():
        asked = [_flag_line(board, item, rows.get(item.key), cleared.get(item.key)) for item in items]
        groups.append({"label": RED_FLAG_GROUPS[key], "lines": asked})
    lines: list[FlagLine] = [line for group in groups for line in group["lines"]]
    return {
        "groups": groups,
        "open": sum(line.answer == Answer.NOT_ASKED for line in lines),
        "raised": [line for line in lines if line.raised],
        "answers": ANSWERS,
        "regions": REGION_CHOICES,
        "sides": SIDE_CHOICES,
    }


def conditions(board: Board) -> dict[str, Any]:
    """The shared condition list of the patient, and the consents on file."""
    groups = []
    for kind, lines in groupby(board.conditions, key=lambda line: line.condition.kind):
        made = [_condition_line(board, line) for line in lines]
        recorded = sum(line["answer"] != Answer.NOT_ASKED for line in made)
        groups.append(
            {"label": KIND_LABELS.get(kind, kind.replace("_", " ").capitalize()), "lines": made, "n": recorded}
        )
    asked = [line for group in groups for line in group["lines"]]
    return {
        "groups": groups,
        "open": sum(line["answer"] == Answer.NOT_ASKED for line in asked),
        "total": len(asked),
        "answers": ANSWERS,
        "regions": REGION_CHOICES,
        "sides": SIDE_CHOICES,
        "consents": [
            (kind, label, board.consents.get(kind)) for kind, label in Consent.Kind.choices if kind != "messages"
        ],
    }


def _condition_line(board: Board, line: Any) -> dict[str, Any]:
    name = f"c:{line.condition.key}"
    made = {
        "condition": line.condition,
        "name": name,
        "id": element_id(name),
        "answer": line.answer,
        "seen": told(line.answer, line.sites, line.since, line.note),
        "sites": [*line.sites, ("", "")],
        "note": line.note,
        "since": line.since,
        "error": board.typed.problems.get(name, board.typed.theirs.get(name, "")),
        "needs_site": line.answer == Answer.YES and line.condition.needs_site and not line.sites,
    }
    if board.typed.again(name) and board.typed.data is not None:
        made["answer"] = board.typed.data.get(name, line.answer)
        made["note"] = board.typed.data.get(f"{name}:note", "")
    return made

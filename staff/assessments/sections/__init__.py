"""The sections of the assessment page, in the order of an examination."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from staff.assessments.board import Board
from staff.assessments.sections import answers, examination, history, pain, review


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: its template, and the function that fills it. ``counts`` gives (done, of how many)."""

    key: str
    label: str
    template: str
    build: Callable[[Board], dict[str, Any]]
    namespaces: tuple[str, ...] = field(default=())
    can_show_all: bool = False


GRID = "staff/assessments/sections/_grids.html"
FIELDS = "staff/assessments/sections/_fields.html"

SECTIONS: tuple[Section, ...] = (
    Section("history", "History", "staff/assessments/sections/_history.html", history.history),
    Section("pain", "Pain and body picture", "staff/assessments/sections/_pain.html", pain.pain),
    Section("flags", "Red flags", "staff/assessments/sections/_flags.html", answers.flags),
    Section("conditions", "Conditions and consent", "staff/assessments/sections/_conditions.html", answers.conditions),
    Section("posture", "Posture", GRID, examination.posture, ("posture",), can_show_all=True),
    Section("movement", "Movement", GRID, examination.movement, ("move",)),
    Section("strength", "Strength", GRID, examination.strength, ("mmt",), can_show_all=True),
    Section("flexibility", "Flexibility", GRID, examination.flexibility, ("rom", "len", "joint"), can_show_all=True),
    Section("endurance", "Endurance", GRID, examination.endurance, ("endur",), can_show_all=True),
    Section("special", "Special tests, vital signs", GRID, examination.special, ("spec",), can_show_all=True),
    Section(
        "palpation",
        "Palpation, trigger points",
        GRID,
        examination.palpation,
        ("palp", "palp_tender", "palp_spasm", "trp", "trp_twitch", "trp_referral"),
        can_show_all=True,
    ),
    Section("neuro", "Neurological screen", GRID, examination.neuro, ("neuro",)),
    Section("function", "Function", "staff/assessments/sections/_function.html", pain.function),
    Section("goals", "Goals and home", FIELDS, history.goals),
    Section("review", "Review and sign", "staff/assessments/sections/_review.html", review.review),
)
BY_KEY: dict[str, Section] = {section.key: section for section in SECTIONS}

"""The grids of the physical examination. A region shows its own rows first, the rest is one tap away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from assessments.relevance import is_relevant
from assessments.vocabulary import SECTION_LABELS, VocabularyField, fields_of
from assessments.vocabulary.load import read
from clinic.anatomy import MUSCLES
from staff.assessments.board import Board
from staff.assessments.entries import Entry, Row, cell, entry, row, sides_of

LEFT_RIGHT = ("Left", "Right")
RANGES = ("Active left", "Active right", "Passive left", "Passive right")
PALPATION = ("Tone left", "Tone right", "Tender left", "Tender right", "Trigger left", "Trigger right")


@dataclass(slots=True)
class Grid:
    """A table of rows. ``keys``: moved through with number and arrow keys; ``css`` sets the columns."""

    key: str
    title: str
    head: str
    columns: tuple[str, ...]
    rows: list[Row]
    css: str = "grid-2"
    keys: bool = False
    note: str = ""
    hidden: int = 0
    all_normal: bool = False

    @property
    def id(self) -> str:
        return f"grid-{self.key}"


def _shown(board: Board, fields: Iterable[VocabularyField]) -> tuple[list[VocabularyField], int]:
    """The fields to show now, and how many stay behind "show all". What is recorded is always shown."""
    every = list(fields)
    wanted = [f for f in every if board.show_all or board.chart.has(f.path) or is_relevant(f, board.regions)]
    return wanted, len(every) - len(wanted)


def _rows(board: Board, fields: Iterable[VocabularyField]) -> list[Row]:
    return [row(board.chart, field.path, _hint(field), typed=board.typed) for field in fields]


def _hint(field: VocabularyField) -> str:
    """What stands small under the name: how to test, what the grades mean, the warning."""
    if field.warning:
        return field.warning
    if field.namespace == "posture":
        if all(grade.endswith("by eye") for grade in field.grades):
            return "by eye"
        return " · ".join(f"{n}: {meaning}" for n, meaning in enumerate(field.grades, 1)).replace(" deg", "°")
    if field.namespace == "mmt":
        return MUSCLES[field.key].action
    if field.namespace in ("rom", "joint") or field.path == "neuro.umn_any":
        return ""
    return field.norm_text or field.test or field.help


def _grid(board: Board, key: str, title: str, fields: Iterable[VocabularyField], **options: Any) -> Grid:
    wanted, hidden = _shown(board, fields)
    return Grid(key, title, rows=_rows(board, wanted), hidden=hidden, **options)


def _by_section(board: Board, namespace: str, **options: Any) -> list[Grid]:
    grids = []
    for key, label in SECTION_LABELS[namespace].items():
        fields = [field for field in fields_of(namespace) if field.section == key]
        grids.append(_grid(board, f"{namespace}-{key}", label, fields, columns=LEFT_RIGHT, **options))
    return grids


def _context(*grids: Grid, **extra: Any) -> dict[str, Any]:
    for grid in grids:
        grid.all_normal = grid.all_normal and any(made and made.fill for line in grid.rows for made in line.cells)
    return {
        "grids": [grid for grid in grids if grid.rows],
        "all_normal": any(grid.all_normal for grid in grids),
        "hidden": sum(grid.hidden for grid in grids),
        **extra,
    }


def posture(board: Board) -> dict[str, Any]:
    """Deviations 0 to 3; support for a cause, never the cause."""
    grids = _by_section(board, "posture", head="Deviation", css="grid-2 grid-grades", all_normal=True)
    return _context(*grids, intro="0 none, 1 mild, 2 moderate, 3 marked. Posture supports a cause and never makes one.")


def movement(board: Board) -> dict[str, Any]:
    fields = fields_of("move")
    return _context(_grid(board, "move", "Seen in movement", fields, head="Fault", columns=LEFT_RIGHT, all_normal=True))


def strength(board: Board) -> dict[str, Any]:
    """Manual muscle test, with pain on testing."""
    grid = _grid(
        board,
        "mmt",
        "Manual muscle test",
        fields_of("mmt"),
        head="Muscle",
        columns=LEFT_RIGHT,
        keys=True,
        css="grid-2 grid-strength",
        all_normal=True,
        note="0 to 5 with + and -. Mark pain on testing: a painful grade counts half.",
    )
    return _context(grid)


def flexibility(board: Board) -> dict[str, Any]:
    """Joint range active and passive, muscle length, joint mobility."""
    ranges = _grid(
        board,
        "rom",
        "Range of motion",
        fields_of("rom"),
        head="Movement",
        columns=RANGES,
        css="grid-4",
        keys=True,
        all_normal=True,
        note="Normal in grey. Per cent of the norm and the side difference appear as you type.",
    )
    lengths = _grid(
        board,
        "len",
        "Muscle length",
        fields_of("len"),
        head="Test",
        columns=LEFT_RIGHT,
        css="grid-2",
        keys=True,
        all_normal=True,
    )
    joints = _grid(
        board,
        "joint",
        "Joint mobility",
        fields_of("joint"),
        head="Segment",
        columns=LEFT_RIGHT,
        css="grid-2 grid-words",
        all_normal=True,
    )
    return _context(ranges, lengths, joints)


def endurance(board: Board) -> dict[str, Any]:
    """Holds and repetitions; with high irritability they are not done."""
    grid = _grid(
        board, "endur", "Endurance and function", fields_of("endur"), head="Test", columns=LEFT_RIGHT, keys=True
    )
    warning = ""
    if board.chart.irritability == "high" or board.chart.stage == "acute":
        warning = read("endur")["caution"]
    return _context(grid, warning=warning)


def special(board: Board) -> dict[str, Any]:
    return _context(*_by_section(board, "spec", head="Test", css="grid-2", all_normal=True))


def palpation(board: Board) -> dict[str, Any]:
    """Tone, tenderness and trigger points in one line per muscle; referral and twitch for the trigger points found."""
    wanted, hidden = _shown(board, fields_of("palp"))
    grid = Grid(
        "palp",
        "Muscles",
        "Muscle",
        PALPATION,
        [_palpation_row(board, field) for field in wanted],
        css="grid-6",
        keys=True,
        hidden=hidden,
        all_normal=True,
        note="Tone and tenderness 0 to 3. Latent: taut band and tender spot. Active: the patient knows this pain.",
    )
    found = [field.key for field in fields_of("trp") if _has_point(board, field.path)]
    referral = [field for field in fields_of("trp_referral") if field.key in found]
    twitch = [field for field in fields_of("trp_twitch") if field.key in found]
    spasm = [field for field in fields_of("palp_spasm") if _has_tone(board, field.key)]
    more = [
        Grid("trp_referral", "Where the trigger points refer to", "Muscle", LEFT_RIGHT, _rows(board, referral)),
        Grid("trp_twitch", "Twitch response", "Muscle", LEFT_RIGHT, _rows(board, twitch)),
        Grid("palp_spasm", "Visible spasm", "Muscle", LEFT_RIGHT, _rows(board, spasm)),
    ]
    return _context(grid, *more, warning=read("palp")["note"])


def _has_point(board: Board, path: str) -> bool:
    return any(board.chart.values[place] in ("latent", "active") for place in board.chart.places(path))


def _has_tone(board: Board, muscle: str) -> bool:
    places = board.chart.places(f"palp.{muscle}")
    return any((board.chart.number(*place) or 0) >= 1 for place in places)


def _palpation_row(board: Board, field: VocabularyField) -> Row:
    cells: list[Entry | None] = []
    for namespace, caption in (("palp", "Tone"), ("palp_tender", "Tender"), ("trp", "Trigger")):
        path = f"{namespace}.{field.key}"
        if namespace == "trp" and not MUSCLES[field.key].trp:
            continue
        for side in sides_of(field):
            made = cell(board.chart, path, side, caption=caption, typed=board.typed)
            if namespace == "trp":
                made.kind, made.choices = "select", tuple(choice for choice in made.choices if choice[0])
            cells.append(made)
    return Row(field.path, field.label, "", cells)


def neuro(board: Board) -> dict[str, Any]:
    """Levels and reflexes as lists, signs as yes and no, and the screen as a whole."""
    fields = fields_of("neuro")
    lists = [field for field in fields if field.type == "multi"]
    whole = [field for field in fields if field.key in ("umn_any", "single_root_pattern")]
    signs = [field for field in fields if field not in lists and field not in whole]
    entries = [entry(board.chart, field.path, side, typed=board.typed) for field in lists for side in sides_of(field)]
    for made in entries:
        made.help = ""
    return _context(
        Grid(
            "neuro-whole",
            "The screen as a whole",
            "Question",
            LEFT_RIGHT,
            _rows(board, whole),
            note="“Any upper-motor-neurone sign: no” records the whole screen as clear.",
            all_normal=True,
        ),
        Grid("neuro-signs", "Signs", "Sign", LEFT_RIGHT, _rows(board, signs), all_normal=True),
        groups=[{"key": "levels", "label": "Levels and reflexes", "entries": entries, "open": True}],
        umn=board.chart.umn_any,
    )

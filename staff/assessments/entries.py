"""Fields as the page draws them: one entry per place of the vocabulary, filled from the chart or as typed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.http import QueryDict

from assessments.changes import NOT_MEASURED
from assessments.chart import Chart, Value
from assessments.readout import Reading, RowReading, norm_text, normal_length, reading, row_reading
from assessments.vocabulary import VOCABULARY, VocabularyField
from assessments.vocabulary.check import show

Choice = tuple[str, str, str]  # value, label, css class
YES_NO: tuple[Choice, ...] = (
    ("yes", "Yes", "is-yes"),
    ("no", "No", "is-no"),
    ("", "–", "is-notasked"),
)
SEGMENTS = 6  # more choices than this become a list to open
NORMAL: Mapping[str, str] = {
    "posture": "0",
    "mmt": "5",
    "palp": "0",
    "palp_tender": "0",
    "palp_spasm": "no",
    "trp": "none",
    "joint": "normal",
    "move": "no",
}
# A "no" that says nothing about being normal, or that claims a test which one tap must not claim.
NEVER_BY_ONE_TAP = frozenset({"spec.stretch_relief", "spec.cervical_distraction_relief", "spec.hop_pain"})
SIDE_WORDS = {"left": "left", "right": "right"}


def element_id(name: str) -> str:
    """A name as an id that CSS and links can use."""
    return "id-" + re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


@dataclass(slots=True)
class Entry:
    """One field with its control. ``value`` is text as typed; ``values`` the ticked ones of a list."""

    name: str
    label: str
    kind: str  # number, date, text, lines, choice, select, multi, yesno
    value: str = ""
    values: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    unit: str = ""
    help: str = ""
    normal: str = ""  # shown in grey behind an empty field
    fill: str = ""  # what "all normal" writes
    jump: int = 0
    top: str = ""  # the highest possible figure: a grid moves on when one more digit would exceed it
    sign: bool = False  # takes + or - after the digit
    note: str = ""  # what is kept with the figure: whether "all normal" wrote it
    asks_note: bool = False
    max_length: int = 4000
    reading: Reading = field(default_factory=Reading)
    error: str = ""
    theirs: str = ""
    pain: bool | None = None  # painful on testing; None where that is not asked
    caption: str = ""  # of its column, for narrow screens
    carried: date | None = None  # carried forward and not touched: the day it was measured
    wide: bool = False  # in the midline: over the columns of both sides

    @property
    def id(self) -> str:
        return element_id(self.name)

    @property
    def recorded(self) -> bool:
        return bool(self.value or self.values)


@dataclass(slots=True)
class Row:
    """A line of a grid: its cells from left to right. None keeps a column empty."""

    path: str
    label: str
    hint: str
    cells: Sequence[Entry | None]
    reading: RowReading = field(default_factory=RowReading)

    @property
    def id(self) -> str:
        return element_id(f"row:{self.path}")


@dataclass(slots=True)
class Typed:
    """What was typed and could not be kept, with the reasons: shown again at the fields."""

    data: QueryDict | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    theirs: Mapping[str, str] = field(default_factory=dict)

    def again(self, name: str) -> bool:
        return self.data is not None and (name in self.problems or name in self.theirs)


def _kind(field_: VocabularyField) -> str:
    if field_.type == "bool":
        return "yesno"
    if field_.type == "multi":
        return "multi"
    if field_.type == "enum":
        return "choice" if len(field_.choices) <= SEGMENTS else "select"
    if field_.type == "grade":
        return {"posture": "choice", "neuro": "select"}.get(field_.namespace, "number")
    return {"date": "date", "text": "text", "list": "lines"}.get(field_.type, "number")


def _choices(field_: VocabularyField, kind: str) -> tuple[Choice, ...]:
    if kind == "yesno":
        return YES_NO
    if field_.namespace == "posture":
        grades = ((str(n), str(n), "") for n in range(1 + len(field_.grades)))
        return (*grades, ("", "–", "is-notasked"))
    named = tuple((_text(choice.value), choice.label, "") for choice in field_.choices)
    return (*named, ("", "–", "is-notasked")) if kind == "choice" else named


def _text(value: Value | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return show(value)
    return value if isinstance(value, str) else ""


def _shown(field_: VocabularyField, value: Value | None) -> str:
    """The text in the field: strength grades as they are written (4-), lists one per line."""
    if field_.namespace == "mmt" and value is not None:
        return field_.choice_label(value).split(" - ")[0]
    if isinstance(value, tuple):
        return "\n".join(value) if field_.type == "list" else ""
    return _text(value)


def _fill(field_: VocabularyField, chart: Chart) -> str:
    """What "all normal" writes. Empty where normal has no meaning without a measurement: endurance, vital signs,
    scores."""
    if field_.path in NEVER_BY_ONE_TAP:
        return ""
    if field_.namespace == "rom":
        return norm_text(field_, chart)
    if field_.namespace == "len":
        return normal_length(field_)
    if field_.namespace in ("spec", "neuro"):
        return _clear(field_)
    return NORMAL.get(field_.namespace, "")


def _clear(field_: VocabularyField) -> str:
    """A test that finds nothing."""
    if field_.type == "bool":
        return "no"
    values = [str(choice.value) for choice in field_.choices]
    if field_.type == "multi":
        return "none" if "none" in values else ""
    if "no_effect" in values:
        return "no_effect"
    return "0" if field_.path in ("neuro.clonus_beats", "neuro.tone_mas", "spec.aslr_score") else ""


def _jump(field_: VocabularyField) -> int:
    graded = field_.namespace in ("palp", "palp_tender", "mmt") or (field_.namespace == "len" and bool(field_.codes))
    return 1 if graded else 0


def entry(chart: Chart, path: str, side: str = "", mode: str = "", *, typed: Typed) -> Entry:
    """The field of one place, filled."""
    field_ = VOCABULARY[path]
    name = f"f:{path}:{side}:{mode}"
    kind = _kind(field_)
    value = chart.get(path, side, mode)
    made = Entry(
        name=name,
        label=", ".join(word for word in (field_.label, mode, SIDE_WORDS.get(side, "")) if word),
        kind=kind,
        value=_shown(field_, value),
        values=value if isinstance(value, tuple) and kind == "multi" else (),
        choices=_choices(field_, kind),
        unit=_unit(field_),
        help=field_.help,
        normal=norm_text(field_, chart) if kind == "number" else "",
        fill=_fill(field_, chart),
        jump=_jump(field_),
        top=show(field_.valid[1]) if field_.valid else "",
        sign=field_.namespace == "mmt",
        note=NOT_MEASURED if (path, side, mode) in chart.not_measured else "",
        asks_note=field_.namespace in ("rom", "len") and not field_.codes,
        max_length=field_.max_length,
        reading=reading(chart, path, side, mode),
        error=typed.problems.get(name, ""),
        theirs=typed.theirs.get(name, ""),
        carried=chart.carried.get((path, side, mode)),
        pain=(path, side, mode) in chart.pain_limited if field_.namespace == "mmt" else None,
    )
    if typed.again(name) and typed.data is not None:
        made.value, made.values = typed.data.get(name, ""), tuple(typed.data.getlist(name))
    return made


def _unit(field_: VocabularyField) -> str:
    if field_.namespace in ("mmt", "palp", "palp_tender"):
        return ""
    return {"deg": "°"}.get(field_.unit, field_.unit)


def sides_of(field_: VocabularyField) -> tuple[str, ...]:
    return ("left", "right") if field_.sided else ("",)


def row(chart: Chart, path: str, hint: str = "", *, typed: Typed) -> Row:
    """A line with one cell per side (and mode, for ranges: active left and right, passive left and right)."""
    field_ = VOCABULARY[path]
    cells = [cell(chart, path, side, mode, typed=typed) for mode in field_.modes or ("",) for side in sides_of(field_)]
    return Row(path, field_.label, hint, cells, row_reading(chart, path))


def cell(chart: Chart, path: str, side: str, mode: str = "", *, caption: str = "", typed: Typed) -> Entry:
    """The field of one place as a cell of a grid: no help of its own, a caption instead."""
    made = entry(chart, path, side, mode, typed=typed)
    made.help, made.wide = "", not side
    made.caption = " ".join(word for word in (caption, mode, side) if word).capitalize()
    return made

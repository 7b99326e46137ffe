"""The signed record as it is read and printed: every recorded line under its heading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from assessments.current import finding_json, finding_name
from assessments.readout import reading
from assessments.vocabulary import NAMESPACE_LABELS, RED_FLAGS, VOCABULARY, value_label
from clinic.anatomy import region_label
from staff.assessments.amended import NOT_ASSESSED, label_of, said, struck
from staff.assessments.board import Board

ORDER: tuple[str, ...] = (
    *("hist", "pain", "posture", "move", "mmt", "rom", "len", "joint", "endur", "spec"),
    *("palp", "palp_tender", "palp_spasm", "trp", "trp_twitch", "trp_referral", "neuro", "func"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A field with its value by side; ``low`` marks short, weak or lost."""

    label: str
    text: str
    low: bool = False
    carried: bool = False  # holds a value of an earlier day that was not measured again
    struck: str = ""  # what was signed and is amended
    amended: str = ""  # by whom and when


@dataclass(frozen=True, slots=True)
class Part:
    """A heading with its lines."""

    title: str
    lines: tuple[Line, ...]


def record_of(board: Board) -> list[Part]:
    """Every recorded finding by namespace, in the order of the examination."""
    parts = [Part(NAMESPACE_LABELS[name], tuple(_lines(board, name))) for name in ORDER]
    extra = [
        ("Where", _where(board)),
        ("Operations", _operations(board)),
        ("Red flags", _flags(board)),
        ("Conditions", _conditions(board)),
        ("Function, activities", _activities(board)),
    ]
    parts[1:1] = [Part(title, tuple(lines)) for title, lines in extra]
    return [part for part in parts if part.lines]


def _lines(board: Board, namespace: str) -> list[Line]:
    by_path: dict[str, list[tuple[str, bool]]] = {}
    carried: set[str] = set()
    for (path, side, mode), value in board.chart.values.items():
        if path.partition(".")[0] != namespace:
            continue
        found = reading(board.chart, path, side, mode)
        shown = _shown(namespace, value_label(path, value))
        percent = f" ({found.percent} %)" if found.percent is not None and namespace in ("rom", "endur") else ""
        pain = ", painful" if (path, side, mode) in board.chart.pain_limited else ""
        where = " ".join(word for word in (side, mode) if word)
        day = board.chart.carried.get((path, side, mode))
        if day is not None:
            carried.add(path)
        text = f"{shown}{percent}{pain}{_of_day(day)}"
        by_path.setdefault(path, []).append((f"{where}: {text}" if where else text, found.state == "low"))
    was = _amended(board, namespace)
    ordered = sorted({*by_path, *was}, key=list(VOCABULARY).index)
    return [
        Line(
            VOCABULARY[path].label,
            "; ".join(text for text, _ in by_path.get(path, ())) or NOT_ASSESSED,
            any(low for _, low in by_path.get(path, ())),
            path in carried,
            *was.get(path, ("", "")),
        )
        for path in ordered
    ]


def _amended(board: Board, namespace: str) -> dict[str, tuple[str, str]]:
    """By path: the signed values that an amendment replaced, and who amended the last of them when."""
    signed = {finding_name(row): row for row in board.assessment.findings.all()} if board.now.amended else {}
    found: dict[str, tuple[str, str]] = {}
    for name in board.now.amended:
        path, side, mode = (*name.split(":")[1:], "", "")[:3]
        if name[0] != "f" or path.partition(".")[0] != namespace:
            continue
        where = " ".join(word for word in (side, mode) if word)
        old = said(name, finding_json(signed.get(name)))
        text = f"{where}: {old}" if where else old
        before = f"{found[path][0]}; " if path in found else ""
        found[path] = (before + text, struck(board.now.amended, name)[1])
    return found


def _of_day(day: date | None) -> str:
    """Behind a value that was carried forward: the day it was measured."""
    return f" (not re-measured, {day:%d %b %Y})" if day is not None else ""


def _where(board: Board) -> list[Line]:
    """Symptom regions, and the marks of the body picture in words."""
    lines = [
        Line(_place(row.region, row.side), f"symptom region{_of_day(row.measured_on)}", carried=row.is_carried)
        for row in board.now.regions
    ]
    for mark in board.assessment.pain_marks.all():
        words = [f"{mark.nprs} of 10" if mark.nprs is not None else "", mark.quality, mark.depth, mark.view]
        text = ", ".join(word for word in words if word) + _of_day(mark.measured_on)
        lines.append(Line(_place(mark.region, mark.side), text, carried=mark.is_carried))
    return lines


def _place(region: str, side: str) -> str:
    return f"{region_label(region)}, {side}" if side else region_label(region)


def _operations(board: Board) -> list[Line]:
    return [
        Line(
            row.procedure,
            f"{_place(row.region, row.side)}{f', {row.performed_on:%d %b %Y}' if row.performed_on else ''}"
            f"{_of_day(row.measured_on)}",
            carried=row.is_carried,
        )
        for row in board.assessment.surgeries.all()
    ]


def _shown(namespace: str, label: str) -> str:
    """Strength as it is written (4-), angles with their sign, words after a side in lower case."""
    if namespace == "mmt":
        return label.split(" - ")[0]
    return f"{label[:-4]}°" if label.endswith(" deg") else label


def _flags(board: Board) -> list[Line]:
    lines = []
    cleared = {row.flag: row for row in board.assessment.clearances.all()}
    for row in board.now.flags:
        item = RED_FLAGS.get(row.flag)
        if item is None or row.answer != "yes":
            continue
        where = f" ({region_label(row.region)} {row.side})".replace(" )", ")") if row.region else ""
        end = f"; cleared by {cleared[row.flag].cleared_by}: {cleared[row.flag].reason}" if row.flag in cleared else ""
        was = struck(board.now.amended, f"g:{row.flag}")
        lines.append(Line(item.label, f"Yes{where}{end}", row.flag not in cleared, False, *was))
    for name in board.now.amended:  # a yes that was amended away is not gone from the record
        kept = board.now.amended[name]
        if name[0] == "g" and (kept.after or {}).get("answer") != "yes":
            lines.append(Line(label_of(name), said(name, kept.after), False, False, *struck(board.now.amended, name)))
    denied = sum(row.answer == "no" for row in board.now.flags)
    unasked = len(board.sheet.flags_open)
    lines.append(Line("Asked and denied", str(denied)))
    return [*lines, Line("Not asked", str(unasked), True)] if unasked else lines


def _conditions(board: Board) -> list[Line]:
    lines = []
    for line in board.conditions:
        if line.answer == "yes":
            sites = ", ".join(f"{region_label(region)} {side}".strip() for region, side in line.sites)
            lines.append(Line(line.condition.label, f"Yes{f', {sites}' if sites else ''}"))
    unasked = len(board.sheet.conditions_open)
    return [*lines, Line("Not asked", str(unasked), True)] if unasked else lines


def _activities(board: Board) -> list[Line]:
    lines = [
        Line(
            row.activity,
            f"{'not scored' if row.score is None else f'{row.score} of 10'}{_of_day(row.measured_on)}",
            False,
            row.is_carried,
            *struck(board.now.amended, f"a:{row.position}"),
        )
        for row in board.now.activities
    ]
    return [*lines, Line("Mean", f"{board.chart.psfs:g} of 10")] if board.chart.psfs is not None else lines

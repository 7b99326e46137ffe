"""What a recorded value means, beside the field: per cent of norm, side difference, short or weak. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assessments.changes import NOT_MEASURED
from assessments.chart import Chart
from assessments.crosschecks import findings_of
from assessments.scoring import (
    deficit,
    is_flagged,
    is_short,
    is_side_finding,
    is_weak,
    percent_of_norm,
    rompct_band,
    side_difference,
)
from assessments.scoring.completeness import Answers, Completeness, completeness
from assessments.vocabulary import RED_FLAGS, VOCABULARY, VocabularyField, confirm_message
from assessments.vocabulary.check import show
from assessments.vocabulary.load import read
from clinic.anatomy import LIMB_REGIONS, region_label

BAND_LABELS: Mapping[str, str] = {band["key"]: band["label"] for band in read("rom")["bands"]}
STRONGEST = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands under one figure. ``state``: ok, low (short, weak, lost) or "" for neither; ``ask`` is a question
    about an unusual value."""

    percent: int | None = None
    text: str = ""
    state: str = ""
    ask: str = ""


@dataclass(frozen=True, slots=True)
class RowReading:
    """What a row says with both sides: the difference between them and the verdict of its rule."""

    difference: str = ""
    verdict: str = ""
    state: str = ""


def norm_text(field_: VocabularyField, chart: Chart) -> str:
    """The normal value shown in grey behind the field; empty when the reference gives none."""
    if field_.namespace == "mmt":
        return "5"
    if field_.norm is not None:
        found = percent_of_norm(field_.path, 1, sex=chart.sex, age=chart.age)
        return show(found.norm if found else field_.norm)
    if field_.pass_rule is not None and not isinstance(field_.pass_rule.value, tuple):
        sign = {"<=": "≤", ">=": "≥"}.get(field_.pass_rule.op, field_.pass_rule.op)
        return f"{sign} {show(field_.pass_rule.value)}"
    found = percent_of_norm(field_.path, 1, sex=chart.sex, age=chart.age)
    return show(round(found.norm)) if found else ""


def normal_length(field_: VocabularyField) -> str:
    """The figure that stands for a normal muscle length when it was not measured: the limit that still passes, 0 for a
    graded test. Empty when the reference gives no single limit."""
    if field_.codes:
        return "0"
    rule = field_.pass_rule
    return (
        show(rule.value) if rule is not None and not isinstance(rule.value, tuple) and rule.op in ("<=", ">=") else ""
    )


def reading(chart: Chart, path: str, side: str = "", mode: str = "") -> Reading:
    """The readout of one figure; an empty one when nothing is recorded or nothing can be said."""
    field_ = VOCABULARY.get(path)
    value = chart.number(path, side, mode)
    if field_ is None or value is None:
        return Reading()
    found = _BY_NAMESPACE.get(field_.namespace, _plain)(chart, field_, value, side)
    if (path, side, mode) in chart.not_measured:
        return Reading(None, NOT_MEASURED, found.state)
    ask = confirm_message(path, value, age=chart.age) or ""
    return Reading(found.percent, found.text, found.state, ask)


def _range(chart: Chart, field_: VocabularyField, value: float, side: str) -> Reading:
    missing = deficit(field_.key, value)
    if missing is not None:
        return Reading(None, f"lacks {show(missing)}°" if missing else "full", "low" if missing else "ok")
    compared = percent_of_norm(field_.path, value, sex=chart.sex, age=chart.age, side=side)
    if compared is None:
        return Reading()
    band = rompct_band(compared.percent)
    return Reading(round(compared.percent), f"{round(compared.percent)} %", "ok" if band == "normal" else "low")


def _strength(chart: Chart, field_: VocabularyField, value: float, side: str) -> Reading:
    other = chart.number(field_.path, {"left": "right", "right": "left"}.get(side, "-"))
    weak = is_weak(value, other)
    return Reading(round(100 * value / STRONGEST), "weak" if weak else "", "low" if weak else "ok")


def _endurance(chart: Chart, field_: VocabularyField, value: float, side: str) -> Reading:
    compared = percent_of_norm(field_.path, value, sex=chart.sex, age=chart.age, side=side)
    flagged = is_flagged(field_.path, {side: value}, sex=chart.sex, age=chart.age)
    state = "low" if flagged else "ok" if flagged is False else ""
    if compared is None:
        return Reading(None, "below the limit" if flagged else "", state)
    return Reading(round(compared.percent), f"{round(compared.percent)} %", state)


def _length(chart: Chart, field_: VocabularyField, value: float, side: str) -> Reading:
    short = is_short(field_.path, {side: value})
    return Reading(None, "short" if short else "", "low" if short else "ok" if short is False else "")


def _plain(chart: Chart, field_: VocabularyField, value: float, side: str) -> Reading:
    if field_.positive is None:
        return Reading()
    positive = field_.positive.holds(value)
    return Reading(None, "positive" if positive else "", "low" if positive else "ok")


_BY_NAMESPACE: Mapping[str, Callable[[Chart, VocabularyField, float, str], Reading]] = {
    "rom": _range,
    "mmt": _strength,
    "endur": _endurance,
    "len": _length,
}


def row_reading(chart: Chart, path: str) -> RowReading:
    """The readout of both sides of a row."""
    field_ = VOCABULARY.get(path)
    if field_ is None or not field_.sided or field_.namespace not in ("rom", "mmt", "endur", "len"):
        return RowReading()
    for mode in field_.modes or ("",):
        left, right = chart.number(path, "left", mode), chart.number(path, "right", mode)
        if left is not None and right is not None:
            return _sides(chart, field_, left, right)
    return RowReading()


def _sides(chart: Chart, field_: VocabularyField, left: float, right: float) -> RowReading:
    difference = side_difference(field_.path, left, right)
    if not difference.weaker:
        return RowReading("sides equal", "", "ok")
    found = _side_finding(chart, field_, left, right)
    if field_.namespace == "mmt":
        text = f"{difference.weaker} weaker"
    else:
        share = f" ({round(difference.percent)} %)" if difference.percent is not None and field_.unit != "cm" else ""
        unit = {"deg": "°"}.get(field_.unit, f" {field_.unit}".rstrip())
        text = f"{difference.weaker} worse by {show(difference.absolute)}{unit}{share}"
    return RowReading(text, "side difference" if found else "", "low" if found else "")


def _side_finding(chart: Chart, field_: VocabularyField, left: float, right: float) -> bool:
    if field_.namespace == "rom":
        return is_side_finding(field_.key, left, right)
    if field_.namespace == "mmt":
        return abs(left - right) >= 1
    if field_.namespace == "len":
        limit = field_.short_side_difference
        return limit is not None and abs(left - right) > limit
    limit = field_.flag_side_difference_pct
    percent = side_difference(field_.path, left, right).percent
    return limit is not None and percent is not None and percent > limit


# --- Summary --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AnswerSheet:
    """Red flags and conditions as answered: keys or labels by state."""

    flags_yes: tuple[str, ...] = ()
    flags_open: tuple[str, ...] = ()
    flags_cleared: tuple[str, ...] = ()
    conditions_yes: tuple[str, ...] = ()
    conditions_open: tuple[str, ...] = ()
    conditions_without_region: tuple[str, ...] = ()
    consent_to_assess: bool | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The column that grows: what is found so far, per kind, worst first, and what is still missing."""

    found: tuple[tuple[str, tuple[str, ...]], ...]
    minimum: Completeness
    sheet: AnswerSheet = field(default_factory=AnswerSheet)


def summarise(chart: Chart, sheet: AnswerSheet) -> Summary:
    """Short, weak, lost and flagged findings by kind, and the minimum assessment."""
    kinds = (("Weak", "mmt"), ("Short", "len"), ("Range lost", "rom"), ("Endurance", "endur"))
    found = [(label, _lines(chart, namespace)) for label, namespace in kinds]
    return Summary(tuple((label, lines) for label, lines in found if lines), _minimum(chart, sheet), sheet)


def _lines(chart: Chart, namespace: str) -> tuple[str, ...]:
    sides: dict[str, list[str]] = {}
    for path, side, mode in chart.values:
        if path.startswith(f"{namespace}.") and reading(chart, path, side, mode).state == "low":
            sides.setdefault(path, []).append(_figure(chart, path, side, mode))
    return tuple(f"{VOCABULARY[path].label}: {', '.join(dict.fromkeys(figures))}" for path, figures in sides.items())


def _figure(chart: Chart, path: str, side: str, mode: str) -> str:
    value, found = chart.number(path, side, mode) or 0.0, reading(chart, path, side, mode)
    if path.startswith("mmt."):
        shown = VOCABULARY[path].choice_label(value).split(" - ")[0]
    elif found.percent is not None:
        shown = f"{found.percent} %"
    else:
        unit = VOCABULARY[path].unit
        shown = f"{show(value)}{'°' if unit == 'deg' else f' {unit}' if unit else ''}"
    old = "" if (path, side, mode) not in chart.carried else f" ({chart.carried[path, side, mode]:%d %b})"
    return f"{side} {shown}{old}".strip()


def _minimum(chart: Chart, sheet: AnswerSheet) -> Completeness:
    answers = Answers(
        open_flags=tuple(RED_FLAGS[key].label for key in sheet.flags_open if key in RED_FLAGS),
        open_conditions=sheet.conditions_open,
        conditions_without_region=sheet.conditions_without_region,
        symptom_regions=tuple(region for region, _ in chart.sites),
        limbs_without_side=tuple(region_label(r) for r, side in chart.sites if not side and r in LIMB_REGIONS),
        psfs_activities=len(chart.activities),
        consent_to_assess=sheet.consent_to_assess,
    )
    return completeness(findings_of(chart), answers)

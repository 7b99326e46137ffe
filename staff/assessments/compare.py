"""Two assessments of a patient side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from assessments.chart import Chart, Value, chart_of
from assessments.comparison import Difference, compare, compare_activities, judge
from assessments.current import Current, current
from assessments.models import Assessment
from assessments.vocabulary import NAMESPACE_LABELS, RED_FLAGS, VOCABULARY, value_label
from assessments.vocabulary.change import MeasurementError, change_rules
from assessments.vocabulary.check import show
from assessments.vocabulary.fields import VocabularyField
from clinic.access import patient_for
from clinic.anatomy import region_label
from clinic.models import Patient
from staff.assessments.record import ORDER
from staff.headers import header_for

# state of a chip, word, icon
WORDS: dict[str, tuple[str, str, str]] = {
    "better": ("ok", "Better", "trending-up"),
    "worse": ("caution", "Worse", "trending-down"),
    "changed": ("info", "Changed", "arrows-left-right"),
    "within": ("none", "Within measurement error", "minus"),
    "same": ("none", "Same", "minus"),
    "before": ("notasked", "Not assessed after", "help-circle"),
    "after": ("notasked", "Not assessed before", "help-circle"),
    "carried": ("none", "Not re-measured", "history"),
}
COUNTED = ("better", "worse", "changed", "within", "same", "carried", "before", "after")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the comparison, in words."""

    label: str
    where: str
    before: str
    after: str
    difference: str
    verdict: str
    chip: tuple[str, str, str]
    error: str = ""
    is_change: bool = True


@dataclass(slots=True)
class Part:
    """A heading with its lines."""

    title: str
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One of the two assessments with everything the page reads of it."""

    assessment: Assessment
    chart: Chart
    now: Current

    @property
    def marks(self) -> list[Any]:
        return list(self.assessment.pain_marks.all())


@require_safe
def patient_compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Any two assessments of the patient; without a choice the latest against the first of its episode."""
    patient = patient_for(request.user, pk, to="clinical")
    rows = _assessments(patient)
    before, after = _chosen(request, rows)
    only_changed = request.GET.get("changed") == "1"
    context: dict[str, Any] = {
        "patient": patient,
        "header": header_for(request, patient),
        "assessments": rows,
        "only_changed": only_changed,
        "crumbs": [
            {"label": patient.display_name, "url": reverse("staff:patient-detail", args=[patient.pk])},
            {"label": "Comparison", "url": ""},
        ],
    }
    if before is not None and after is not None:
        context |= _comparison(before, after, only_changed)
    return render(request, "staff/assessments/compare.html", context)


def _assessments(patient: Patient) -> list[Assessment]:
    """All of the patient, latest first."""
    rows = Assessment.objects.filter(episode__patient=patient).select_related("episode", "author")
    return list(rows.order_by("-assessed_on", "-id"))


def _chosen(request: HttpRequest, rows: Sequence[Assessment]) -> tuple[Assessment | None, Assessment | None]:
    """The two that were asked for, of this patient; else the latest and the first of the same episode."""
    by_key = {str(row.pk): row for row in rows}
    after = by_key.get(request.GET.get("after", "")) or (rows[0] if rows else None)
    same = [row for row in rows if after is not None and row.episode_id == after.episode_id and row.pk != after.pk]
    others = same or [row for row in rows if after is not None and row.pk != after.pk]
    before = by_key.get(request.GET.get("before", "")) or (others[-1] if others else None)
    return before, after


def _sheets(before: Assessment, after: Assessment, today: date) -> tuple[Sheet, Sheet]:
    """Both with all their rows, fetched together."""
    full = {row.pk: row for row in Assessment.objects.for_chart().filter(pk__in=(before.pk, after.pk))}
    sheets = {pk: Sheet(row, chart_of(row, today=today), current(row)) for pk, row in full.items()}
    return sheets[before.pk], sheets[after.pk]


def _comparison(before: Assessment, after: Assessment, only_changed: bool) -> dict[str, Any]:
    today = timezone.localdate()
    old, new = _sheets(before, after, today)
    parts = _parts(old, new)
    counts: dict[str, int] = {}
    for part in parts:
        for row in part.rows:
            counts[row.verdict] = counts.get(row.verdict, 0) + 1
        part.rows = [row for row in part.rows if row.is_change or not only_changed]
    return {
        "before": old,
        "after": new,
        "sheets": [{"title": "Before", "sheet": old}, {"title": "After", "sheet": new}],
        "parts": [part for part in parts if part.rows],
        "counts": [(WORDS[name], counts[name]) for name in COUNTED if name in counts],
        "same_assessment": before.pk == after.pk,
    }


def _parts(old: Sheet, new: Sheet) -> list[Part]:
    by_namespace: dict[str, Part] = {name: Part(NAMESPACE_LABELS[name]) for name in ORDER}
    for found in compare(old.chart, new.chart):
        namespace = found.path.partition(".")[0]
        if namespace in by_namespace:
            by_namespace[namespace].rows.append(_row(found))
    return [_flags(old, new), _regions(old, new), _activities(old, new), *by_namespace.values()]


def _row(found: Difference) -> Row:
    field_ = VOCABULARY[found.path]
    where = " ".join(word for word in (found.side, found.mode) if word)
    unit = _unit(field_)
    return Row(
        field_.label,
        where,
        _said(found.path, found.before, found.before_carried),
        _said(found.path, found.after, found.after_carried),
        _delta(found.delta, unit),
        found.verdict,
        WORDS[found.verdict],
        _error(found.error, unit) if found.delta is not None else "",
        found.is_change,
    )


def _unit(field_: VocabularyField) -> str:
    """Behind a difference; a scale such as 0-10 or "of 5" has no unit."""
    if field_.unit == "deg":
        return "°"
    is_scale = field_.type == "grade" or field_.unit[:1].isdigit() or field_.unit.startswith(("of ", "-"))
    return f" {field_.unit}" if field_.unit and not is_scale else ""


def _said(path: str, value: Value | None, carried: date | None) -> str:
    if value is None:
        return ""
    text = value_label(path, value)
    text = text.split(" - ")[0] if path.startswith("mmt.") else f"{text[:-4]}°" if text.endswith(" deg") else text
    return f"{text} ({carried:%d %b %Y})" if carried else text


def _delta(delta: float | None, unit: str) -> str:
    if not delta:
        return ""
    return f"{'+' if delta > 0 else '−'}{show(abs(delta))}{unit}"


def _error(error: MeasurementError | None, unit: str) -> str:
    """What a change must reach to count, with its source; verify marks a figure of convention."""
    if error is None:
        return "measurement error not known"
    size = f"{show(error.error)} %" if error.percent else f"{show(error.error)}{unit}"
    return f"counts from {size}; {error.source}{', verify' if error.verify else ''}"


def _activities(old: Sheet, new: Sheet) -> Part:
    copied = frozenset(row.activity.strip() for row in (*old.now.activities, *new.now.activities) if row.is_carried)
    part = Part("Function, activities")
    for name, found in compare_activities(old.chart.activities, new.chart.activities, carried=copied):
        part.rows.append(_score(name, found))
    if old.chart.psfs is not None and new.chart.psfs is not None and not copied:
        verdict, delta = judge("func.psfs_avg", old.chart.psfs, new.chart.psfs)
        error = change_rules().error_of("func.psfs_avg")
        mean = Difference("func.psfs_avg", "", "", old.chart.psfs, new.chart.psfs, verdict, delta, error)
        part.rows.append(_score("Mean", mean))
    return part


def _score(name: str, found: Difference) -> Row:
    texts = [f"{show(value)} of 10" if isinstance(value, (int, float)) else "" for value in (found.before, found.after)]
    said = _error(found.error, "") if found.error and found.delta is not None else ""
    chip = WORDS[found.verdict]
    return Row(name, "", texts[0], texts[1], _delta(found.delta, ""), found.verdict, chip, said, found.is_change)


def _regions(old: Sheet, new: Sheet) -> Part:
    part = Part("Where it hurts")
    for region, side in dict.fromkeys((*old.chart.sites, *new.chart.sites)):
        was, is_ = (region, side) in old.chart.sites, (region, side) in new.chart.sites
        carried = any((row.region, row.side) == (region, side) and row.is_carried for row in new.now.regions)
        verdict = "carried" if was and is_ and carried else "same" if was and is_ else "worse" if is_ else "better"
        chip = {"worse": ("caution", "New", "plus"), "better": ("ok", "Gone", "check")}.get(verdict, WORDS[verdict])
        texts = ["hurts" if there else "does not hurt" for there in (was, is_)]
        moved = verdict in ("worse", "better")
        part.rows.append(Row(region_label(region), side, texts[0], texts[1], "", verdict, chip, is_change=moved))
    return part


def _flags(old: Sheet, new: Sheet) -> Part:
    """Red flags that are a yes in either, or asked in one only with a yes."""
    part = Part("Red flags")
    answers = [{row.flag: row.answer for row in sheet.now.flags} for sheet in (old, new)]
    words = {"yes": "Yes", "no": "No"}
    for key, item in RED_FLAGS.items():
        was, is_ = (found.get(key, "not_asked") for found in answers)
        if "yes" not in (was, is_):
            continue
        verdict = "same" if was == is_ else "before" if is_ == "not_asked" else "after" if was == "not_asked" else ""
        verdict = verdict or ("worse" if is_ == "yes" else "better")
        row = Row(item.label, "", words.get(was, ""), words.get(is_, ""), "", verdict, WORDS[verdict])
        part.rows.append(row)
    return part

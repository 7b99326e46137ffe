"""The page of outcome measures: each instrument's words, chart and table. What a change means is decided below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format

from assessments.models import OutcomeResponse
from assessments.outcomes.meaning import Change, band_of, change_of, words_for
from assessments.outcomes.readers import Series
from clinic.charts import Band, Dot, Drawing, Line, Span, Target, draw
from clinic.models import Episode
from clinic.templatetags.kineplan import phase_css, phase_name
from plans.models import PhaseProgress

ONCE = "asked once; a change shows with the next answers"
FIRST = {"nprs": 0, "psfs": 1, "spasm_diary": 2, "groc": 3}  # the order on the page, others after them
SOURCES = {"patient": "Patient", "clinician": "Physiotherapist"}


@dataclass(frozen=True, slots=True)
class TableRow:
    """One value beneath the chart. ``change`` against the first value, in words; ``response`` may be corrected."""

    day: date
    value: str
    change: str
    who: str
    response: OutcomeResponse | None
    is_assessment: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One instrument. ``state`` is better, worse or "" when the change does not matter or cannot be told."""

    key: str
    title: str
    about: str
    unit: str
    validated: bool
    latest: str
    words: str
    state: str
    drawing: Drawing | None
    rows: tuple[TableRow, ...]
    difference: str
    source: str
    licence: str


def cards_of(episode: Episode, series: Sequence[Series], today: date) -> list[Card]:
    """A card for each instrument that has a value."""
    spans = phase_spans(episode)
    responses = {
        row.pk: row for row in OutcomeResponse.objects.standing().filter(episode=episode).select_related("recorded_by")
    }
    shown = sorted((one for one in series if one.points), key=lambda one: FIRST.get(one.row.key, len(FIRST)))
    return [_card(one, spans, responses, today) for one in shown]


def phase_spans(episode: Episode) -> list[Span]:
    """The phases of the episode as stretches of days; the running one is open."""
    rows = PhaseProgress.objects.filter(plan__episode=episode).order_by("entered_on", "id")
    return [Span(row.entered_on, row.left_on, phase_name(row.number), phase_css(row.number)) for row in rows]


def _card(one: Series, spans: list[Span], responses: Mapping[int, OutcomeResponse], today: date) -> Card:
    instrument, first, last = one.instrument, one.points[0], one.points[-1]
    difference = instrument.difference(one.chosen)
    known = len(one.points) > 1 or instrument.zero_is_no_change
    change = change_of(instrument, first.value, last.value, chosen=one.chosen) if known else None
    return Card(
        key=instrument.key,
        title=one.row.title,
        about=instrument.about,
        unit=instrument.score.unit,
        validated=instrument.validated,
        latest=f"{last.value:g}",
        words=words_for(change, difference)
        if change is not None
        else "asked once; a change shows with the next answers",
        state=_state(change),
        drawing=_drawing(one, spans, today),
        rows=tuple(_rows(one, responses)),
        difference=f"{difference.label} ({difference.source})" if difference is not None else "",
        source=instrument.source,
        licence=f"{instrument.licence.name}: {instrument.licence.statement}",
    )


def _state(change: Change | None) -> str:
    return change.direction if change is not None and change.matters else ""


def _rows(one: Series, responses: Mapping[int, OutcomeResponse]) -> list[TableRow]:
    rows = []
    first = one.points[0]
    for number, point in enumerate(one.points):
        change = change_of(one.instrument, first.value, point.value, chosen=one.chosen)
        compared = number > 0 or one.instrument.zero_is_no_change
        rows.append(
            TableRow(
                day=point.day,
                value=f"{point.value:g}",
                change=_short(change) if compared else "first value",
                who=SOURCES.get(point.filled_by, ""),
                response=responses.get(point.response) if point.response is not None else None,
                is_assessment=point.assessment is not None,
            )
        )
    return rows[::-1]


def _short(change: Change) -> str:
    if change.direction == "same":
        return "no change"
    return f"{change.direction} by {change.points:g}{', matters' if change.matters else ''}"


def _drawing(one: Series, spans: list[Span], today: date) -> Drawing | None:
    instrument, first = one.instrument, one.points[0]
    low, high = (float(end) for end in instrument.score.range)
    band = band_of(instrument, first.value, chosen=one.chosen)
    start = 0.0 if instrument.zero_is_no_change else first.value
    label = "No change" if instrument.zero_is_no_change else "First value"
    dots = tuple(Dot(p.day, p.value, f"{date_format(p.day, 'j M Y')}: {p.value:g}") for p in one.points)
    return draw(
        f"chart-{instrument.key}",
        [Line(one.row.title, dots)],
        low=low,
        high=high,
        start=min([dots[0].day, *(span.start for span in spans)]),
        end=max(today, dots[-1].day) if not _all_over(spans) else None,
        title=one.row.title,
        description="; ".join(dot.label for dot in dots) + ". The same figures are in the table.",
        bands=[Band(band[0], band[1], "Less than the difference that matters")] if band is not None else [],
        spans=spans,
        targets=[Target(start, label, "baseline")],
    )


def _all_over(spans: list[Span]) -> bool:
    return bool(spans) and all(span.end is not None for span in spans)

"""The geometry of a chart: exact places, edges, empty and flat data."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.template import Context, Template

from clinic.charts import Band, Dot, Drawing, Line, Span, Target, draw

START = date(2026, 11, 1)


def day(number: int) -> date:
    return START + timedelta(days=number)


def line(*values: tuple[int, float], **more: Any) -> Line:
    return Line("Pain", tuple(Dot(day(n), value) for n, value in values), **more)


def drawn(*lines: Line, **more: Any) -> Drawing:
    found = draw("chart-x", lines, **{"low": 0, "high": 10, "title": "Pain", "description": "8 to 4", **more})
    assert found is not None
    return found


def test_values_stand_at_their_place() -> None:
    picture = drawn(line((0, 10), (10, 0)))

    assert [(spot.x, spot.y) for spot in picture.spots] == [("9.00%", "9.00%"), ("98.00%", "87.00%")]
    assert [(s.x1, s.y1, s.x2, s.y2) for s in picture.strokes] == [("9.00%", "9.00%", "98.00%", "87.00%")]


@pytest.mark.parametrize("lines", [[], [Line("Pain", ())]])
def test_without_a_value_there_is_no_picture(lines: list[Line]) -> None:
    assert draw("x", lines, low=0, high=10, title="", description="") is None
    assert draw("x", [line((0, 1))], low=10, high=10, title="", description="") is None


def test_a_single_value_is_a_point_without_a_line() -> None:
    picture = drawn(line((3, 5)))

    assert len(picture.spots) == 1
    assert picture.strokes == ()
    assert [tick.day for tick in picture.days] == [day(3), day(4)]


def test_what_lies_outside_stands_at_the_edge() -> None:
    picture = drawn(line((0, 99), (5, -99)), end=day(2))

    assert [(spot.x, spot.y) for spot in picture.spots] == [("9.00%", "9.00%"), ("98.00%", "87.00%")]


def test_long_silence_is_a_gap_where_the_caller_wants_it() -> None:
    assert len(drawn(line((0, 5), (2, 5), (30, 5))).strokes) == 2
    assert len(drawn(line((0, 5), (2, 5), (30, 5), gap_days=14)).strokes) == 1


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 10, ["0", "2", "4", "6", "8", "10"]),
        (-7, 7, ["-5", "0", "5"]),
        (0, 100, ["0", "20", "40", "60", "80", "100"]),
        (0, 5, ["0", "1", "2", "3", "4", "5"]),
    ],
)
def test_round_figures_on_the_value_axis(low: float, high: float, labels: list[str]) -> None:
    assert [tick.label for tick in drawn(line((0, 1)), low=low, high=high).values] == labels


@pytest.mark.parametrize(("length", "most"), [(1, 2), (4, 5), (30, 5), (365, 5), (730, 5)])
def test_few_days_on_the_time_axis(length: int, most: int) -> None:
    ticks = drawn(line((0, 1), (length, 1))).days

    assert 2 <= len(ticks) <= most
    assert ticks[0].anchor == "start"


def test_spans_bands_and_targets() -> None:
    picture = drawn(
        line((0, 8), (10, 4)),
        spans=[
            Span(day(0), day(5), "Relief", "relief"),
            Span(day(5), None, "Correction", "correction"),
            Span(day(90), None, "Later"),
        ],
        bands=[Band(6, 10, "No change that matters")],
        targets=[Target(2, "Target")],
    )

    assert [(area.x, area.width, area.label) for area in picture.spans] == [
        ("9.00%", "44.50%", "Relief"),
        ("53.50%", "44.50%", "Correction"),
    ]
    assert (picture.bands[0].y, picture.bands[0].height) == ("9.00%", "31.20%")
    assert picture.targets[0].y1 == "71.40%"
    assert picture.legend == (("band-quiet", "No change that matters"), ("line-target", "Target"))


def test_two_lines_are_named() -> None:
    picture = drawn(line((0, 1)), Line("Function", (Dot(day(0), 3),), css="b"))

    assert picture.legend == (("line-a", "Pain"), ("line-b", "Function"))


def render(drawing: Drawing | None) -> str:
    return Template("{% load chart %}{% chart drawing %}").render(Context({"drawing": drawing}))


def test_the_picture_speaks_and_holds_no_inline_style() -> None:
    html = render(drawn(line((0, 8), (10, 4)), title="Pain <b>", description="8, then 4"))

    assert 'role="img" aria-labelledby="chart-x-title chart-x-desc"' in html
    assert '<title id="chart-x-title">Pain &lt;b&gt;</title>' in html
    assert "<title>Pain: 4</title>" in html
    assert "style=" not in html
    assert render(None).strip() == ""

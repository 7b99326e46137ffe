"""What the presentational tags say, exactly."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from clinic.templatetags import kineplan


def render(source: str, **context: object) -> str:
    return Template("{% load kineplan body_map %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("value", "name", "text"),
    [
        (0, "", "0"),
        (None, "deg", "–"),
        ("", "s", "–"),
        (120, "deg", "120°"),
        (7.50, "cm", "7.5\u00a0cm"),
        (20, "s", "20\u00a0s"),
        (100, "percent", "100\u202f%"),
        ("1200", "", "1200"),
        ("word", "", "word"),
    ],
)
def test_a_number_keeps_its_unit_and_nothing_is_not_zero(value: object, name: str, text: str) -> None:
    assert kineplan.unit(value, name) == text


def test_dates_are_short_and_in_the_readers_zone() -> None:
    this_year = timezone.localdate().year
    assert kineplan.day(date(this_year - 1, 11, 24)) == f"{date(this_year - 1, 11, 24):%a} 24 Nov {this_year - 1}"
    assert kineplan.day(None) == ""
    moment = datetime(this_year, 7, 1, 23, 30, tzinfo=UTC)
    with timezone.override(ZoneInfo("Europe/London")):
        assert kineplan.day_time(moment) == f"{date(this_year, 7, 2):%a} 2 Jul, 00:30"


@pytest.mark.parametrize(
    ("value", "limit", "share"), [(7, 10, 70), (30, 15, 100), (None, 10, 0), (1, 0, 0), (-3, 10, 0)]
)
def test_a_share_stays_between_nothing_and_all(value: object, limit: object, share: int) -> None:
    assert kineplan.pct_of(value, limit) == share


@pytest.mark.parametrize(
    ("value", "css", "words"),
    [
        (1, "relief", "1 Relief"),
        ("phase2", "correction", "2 Correction"),
        ("maintenance", "maintenance", "3 Maintenance"),
        (None, "none", "No phase yet"),
        (9, "none", "No phase yet"),
    ],
)
def test_a_phase_has_one_colour_and_one_name(value: object, css: str, words: str) -> None:
    badge = kineplan.phase_badge(value)
    assert f'class="phase phase-{css}"' in badge
    assert f"<span>{words}</span>" in badge


def test_a_chip_escapes_its_words() -> None:
    assert "&lt;b&gt;" in kineplan.chip("stop", "<b>")


def test_a_theme_is_only_ever_one_of_ours() -> None:
    request = RequestFactory().get("/")
    request.COOKIES["kp_theme"] = "dark"
    assert render("{% theme_attr %}", request=request) == ' data-theme="dark" data-bs-theme="dark"'
    request.COOKIES["kp_theme"] = '"><script>'
    assert render("{% theme_attr %}", request=request) == ""


def test_paging_keeps_the_search() -> None:
    request = RequestFactory().get("/", {"q": "li & wei", "page": "2"})
    assert render("{% query page=3 %}", request=request) == "?q=li+%26+wei&amp;page=3"


def test_an_entry_of_a_page_that_does_not_exist_is_left_out() -> None:
    assert render('{% nav_item "staff:no-such-page" "sun" "Nowhere" %}') == ""

"""The couch-side page in a real browser: pointing, typing, a lost connection, a contradiction, a second editor."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from assessments.actions import save_changes
from assessments.changes import FindingChange
from assessments.models import Assessment
from tests.factories.assessments import AssessmentFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
STATE = "[data-save-state]"


@pytest.fixture
def draft() -> Assessment:
    found: Assessment = AssessmentFactory()
    return found


@pytest.fixture
def tablet(new_context: Callable[..., BrowserContext], live_server: LiveServer, draft: Assessment) -> BrowserContext:
    """A tablet on which the physiotherapist is logged in."""
    client = Client()
    client.force_login(draft.author)
    context = new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    return context


def opened(context: BrowserContext, draft: Assessment, section: str) -> Page:
    page = context.new_page()
    page.goto(f"{reverse('staff:assessment-edit', args=[draft.pk])}?section={section}")
    page.wait_for_selector(f"[data-section='{section}'] h2")
    page.wait_for_load_state("networkidle")
    return page


def saved(page: Page, state: str = "saved") -> None:
    page.wait_for_selector(f"{STATE}[data-state='{state}']", state="attached")


def field(path: str, side: str = "", mode: str = "") -> str:
    return f'[name="f:{path}:{side}:{mode}"]'


def test_pointing_at_the_picture_makes_a_mark(tablet: BrowserContext, draft: Assessment) -> None:
    page = opened(tablet, draft, "pain")
    shape = page.locator('.body-view:nth-of-type(2) [data-region="calf"][data-side="left"]').first
    box = shape.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector("[data-marks] .line-mark")
    page.keyboard.type("7")  # the focus is in the mark's 0-10 field
    saved(page)
    page.wait_for_timeout(900)
    mark = draft.pain_marks.get()
    assert (mark.view, mark.region, mark.side, mark.nprs) == ("back", "calf", "left", 7)
    assert [(row.region, row.side) for row in draft.symptom_regions.all()] == [("calf", "left")]


def test_the_keyboard_fills_a_grid(tablet: BrowserContext, draft: Assessment) -> None:
    page = opened(tablet, draft, "strength")
    page.focus(field("mmt.gluteus_maximus", "right"))
    page.keyboard.type("4-")
    page.keyboard.press("Enter")
    page.keyboard.type("3+")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.querySelector('[data-group=\"f:mmt.gluteus_medius:right:\"] [data-reading]').textContent"
        ".includes('weak')"
    )
    saved(page)  # "3" may be answered before "3+" is sent
    assert {row.path: row.number for row in draft.findings.all()} == {
        "mmt.gluteus_maximus": Decimal("3.7"),
        "mmt.gluteus_medius": Decimal("3.3"),
    }


def test_what_is_typed_without_a_connection_is_not_lost(tablet: BrowserContext, draft: Assessment) -> None:
    page = opened(tablet, draft, "strength")
    tablet.set_offline(True)
    page.fill(field("mmt.iliopsoas", "left"), "4+")
    saved(page, "offline")
    assert draft.findings.count() == 0
    page.close()  # the lid is shut before the connection is back
    tablet.set_offline(False)
    page = opened(tablet, draft, "strength")
    saved(page)
    assert page.input_value(field("mmt.iliopsoas", "left")) == "4+"
    assert draft.findings.get().number == Decimal("4.3")


def test_a_late_value_does_not_overwrite_what_somebody_wrote_meanwhile(
    tablet: BrowserContext, draft: Assessment
) -> None:
    page = opened(tablet, draft, "pain")
    tablet.set_offline(True)
    page.fill(field("pain.nprs_current"), "2")
    saved(page, "offline")
    page.close()
    change = FindingChange("pain.nprs_current", value="6")
    save_changes(draft, [change], by=draft.author, revision=0, today=draft.assessed_on)
    tablet.set_offline(False)
    page = opened(tablet, draft, "pain")
    page.wait_for_selector("[data-conflicts]:not([hidden])")
    assert page.input_value(field("pain.nprs_current")) == "2"
    assert draft.findings.get().number == 6


def test_a_contradiction_waits_and_passes_when_it_is_put_right(tablet: BrowserContext, draft: Assessment) -> None:
    page = opened(tablet, draft, "pain")
    page.fill(field("pain.nprs_best_24h"), "5")
    saved(page)
    page.fill(field("pain.nprs_worst_24h"), "3")
    saved(page, "error")
    assert page.locator("[data-live-problems]").inner_text().count("Least pain cannot be above worst pain.") == 1
    assert page.input_value(field("pain.nprs_worst_24h")) == "3"
    page.fill(field("pain.nprs_best_24h"), "2")
    saved(page)
    assert {row.path: row.number for row in draft.findings.all()} == {
        "pain.nprs_best_24h": 2,
        "pain.nprs_worst_24h": 3,
    }


def test_two_people_are_told_of_each_other(tablet: BrowserContext, draft: Assessment) -> None:
    mine, theirs = opened(tablet, draft, "pain"), opened(tablet, draft, "pain")
    theirs.fill(field("pain.nprs_current"), "6")
    saved(theirs)
    mine.fill(field("pain.nprs_current"), "2")
    mine.wait_for_selector("[data-conflicts]:not([hidden])")
    assert "Changed elsewhere to “6”" in mine.locator("[data-conflicts]").inner_text()
    assert mine.input_value(field("pain.nprs_current")) == "2"
    assert draft.findings.get().number == 6


def test_a_new_region_changes_which_rows_come_first(tablet: BrowserContext, draft: Assessment) -> None:
    page = opened(tablet, draft, "strength")
    assert page.locator(field("mmt.deltoid", "left")).count() == 1
    page.click(".sections a:has-text('Pain and body')")
    page.select_option("[data-mark-list] [data-region]", "calf")
    page.click("[data-add-mark]")
    page.wait_for_selector("[data-marks] .line-mark")
    page.click(".sections a:has-text('Strength')")
    page.wait_for_selector(f".panel:not([hidden]) {field('mmt.soleus', 'left')}")
    assert page.locator(f".panel:not([hidden]) {field('mmt.deltoid', 'left')}").count() == 0


def test_one_tap_denies_every_open_question(tablet: BrowserContext, draft: Assessment) -> None:
    page = opened(tablet, draft, "flags")
    page.check('[name="g:dvt"][value="yes"]')
    saved(page)
    page.click('[data-deny-all="g:"]')
    page.wait_for_selector(".panel[data-section='flags'] .chip-ok")
    answers = list(draft.flag_answers.values_list("answer", flat=True))
    assert (answers.count("yes"), answers.count("no"), len(answers)) == (1, 61, 62)


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_no_section_scrolls_sideways(tablet: BrowserContext, draft: Assessment, width: int) -> None:
    page = opened(tablet, draft, "history")
    page.set_viewport_size({"width": width, "height": 900})
    for link in page.locator(".sections a").all():
        link.click()
        page.wait_for_timeout(120)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, link.inner_text()

"""Charting by exception, and what happens to unsaved changes: lost answers, offline marks, log-out, another user."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client

from assessments.actions import save_changes
from assessments.changes import NOT_MEASURED, FindingChange
from assessments.models import Assessment
from clinic.models import User
from tests.assessments.test_browser import draft, field, opened, saved, tablet
from tests.factories.clinic import PhysioFactory

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route

__all__ = ["draft", "tablet"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
KEPT = "() => Object.keys(localStorage).filter(name => name.startsWith('kineplan-draft-'))"


def settled(page: Page) -> None:
    page.wait_for_function("() => !document.querySelector('.is-waiting')")
    saved(page)


def test_all_others_normal_is_one_tap_and_can_be_taken_back(tablet: BrowserContext, draft: Assessment) -> None:
    page = opened(tablet, draft, "flexibility")
    page.fill(field("rom.hip_flexion", "left", "active"), "95")
    settled(page)
    page.click(".panel:not([hidden]) [data-all-normal='section']")
    settled(page)
    rows = {(row.path, row.side, row.mode): row for row in draft.findings.all()}
    assert rows["rom.hip_flexion", "left", "active"].number == 95
    norm = rows["rom.hip_flexion", "right", "passive"]
    assert (norm.number, norm.note) == (Decimal(120), NOT_MEASURED)
    assert rows["len.thomas_hip", "left", ""].number == 0
    assert rows["joint.hip_joint", "left", ""].text == "normal"
    page.fill(field("rom.hip_flexion", "right", "passive"), "100")
    settled(page)
    measured = draft.findings.get(path="rom.hip_flexion", side="right", mode="passive")
    assert (measured.number, measured.note) == (Decimal(100), "")
    page.click(".panel:not([hidden]) [data-all-normal='section']")
    settled(page)
    left = {(row.side, row.mode, row.number) for row in draft.findings.all()}
    assert left == {("left", "active", Decimal(95)), ("right", "passive", Decimal(100))}


def test_number_keys_fill_and_move_on(tablet: BrowserContext, draft: Assessment) -> None:
    page = opened(tablet, draft, "strength")
    page.focus(field("mmt.gluteus_maximus", "left"))
    page.keyboard.type("54-")
    page.keyboard.press("ArrowDown")
    page.keyboard.type("3+")
    settled(page)
    found = {(row.path, row.side): row.number for row in draft.findings.all()}
    assert found["mmt.gluteus_maximus", "left"] == Decimal(5)
    assert found["mmt.gluteus_maximus", "right"] == Decimal("3.7")
    assert Decimal("3.3") in found.values()


def test_several_marks_are_made_without_a_connection(tablet: BrowserContext, draft: Assessment) -> None:
    page = opened(tablet, draft, "pain")
    tablet.set_offline(True)
    for region, side in (("knee", "left"), ("calf", "right")):
        page.select_option("[data-mark-list] [data-region]", region)
        page.select_option("[data-mark-list] [data-side]", side)
        page.click("[data-add-mark]")
        page.keyboard.type("4")
    saved(page, "offline")
    page.close()  # the lid is shut
    tablet.set_offline(False)
    page = opened(tablet, draft, "pain")
    settled(page)
    marks = {(mark.region, mark.side, mark.nprs) for mark in draft.pain_marks.all()}
    assert marks == {("knee", "left", 4), ("calf", "right", 4)}
    assert draft.symptom_regions.count() == 2


def test_a_lost_answer_is_no_conflict_with_oneself(tablet: BrowserContext, draft: Assessment) -> None:
    page = opened(tablet, draft, "pain")
    lost: list[str] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.request.url)
        route.fetch()  # the server has it, the page never hears of it
        route.abort()

    page.route("**/save/", lose)
    page.fill(field("pain.nprs_current"), "4")
    saved(page, "offline")
    page.fill(field("pain.nprs_current"), "5")
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    settled(page)
    assert draft.findings.get().number == 5
    assert page.locator("[data-conflicts]").is_hidden()


@pytest.mark.parametrize(("choice", "kept"), [("data-mine", 2), ("data-theirs", 6)])
def test_a_person_decides_a_conflict(tablet: BrowserContext, draft: Assessment, choice: str, kept: int) -> None:
    page = opened(tablet, draft, "pain")
    change = FindingChange("pain.nprs_current", value="6")
    save_changes(draft, [change], by=draft.author, revision=0, today=draft.assessed_on)
    page.fill(field("pain.nprs_current"), "2")
    page.click(f"[data-conflicts] [{choice}]")
    page.wait_for_function(f"() => document.querySelector('{field('pain.nprs_current')}').value === '{kept}'")
    settled(page)
    assert page.locator("[data-conflicts]").is_hidden()
    assert draft.findings.get().number == kept


def log_in(context: BrowserContext, user: User) -> None:
    """Somebody else logs in on the same device."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    cookie = next(cookie for cookie in context.cookies() if cookie["name"] == name)
    context.add_cookies(
        [{"name": name, "value": client.cookies[name].value, "domain": cookie["domain"], "path": cookie["path"]}]
    )


def test_what_is_kept_is_unreadable_and_another_user_never_gets_it(tablet: BrowserContext, draft: Assessment) -> None:
    page = opened(tablet, draft, "pain")
    tablet.set_offline(True)
    page.fill(field("pain.nprs_current"), "7")
    saved(page, "offline")
    page.wait_for_function(f"() => ({KEPT})().length === 1")
    assert "nprs" not in page.evaluate("() => JSON.stringify(localStorage)")
    page.close()
    tablet.set_offline(False)
    other = PhysioFactory()
    draft.episode.patient.care_team.add(other)
    log_in(tablet, other)
    page = opened(tablet, draft, "pain")
    assert page.input_value(field("pain.nprs_current")) == ""
    assert len(page.evaluate(KEPT)) == 1
    assert draft.findings.count() == 0


def test_logging_out_takes_the_unsaved_away(tablet: BrowserContext, draft: Assessment) -> None:
    page = opened(tablet, draft, "pain")
    page.route("**/save/", lambda route: route.abort())
    page.fill(field("pain.nprs_current"), "7")
    saved(page, "offline")
    page.wait_for_function(f"() => ({KEPT})().length === 1")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("form[data-logout] button").first.evaluate("button => button.click()")
    page.wait_for_url(lambda url: "assessments" not in url)
    assert page.evaluate(KEPT) == []

"""The draft in a real browser, on a tablet and on a laptop: one tap, one reason, bulk dose, pack, budgets, undo."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from plans.actions import change_dose, revise, sign
from plans.actions.editing import dose_of
from plans.models import PlanEdit, PlanVersion
from tests.factories.plans import TODAY, case_draft, case_signed, page_version
from tests.plans.test_editing import exercise

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

TABLET = {"width": 820, "height": 1180}
LAPTOP = {"width": 1280, "height": 800}


def logged_in(
    new_context: Callable[..., BrowserContext], live_server: LiveServer, version: PlanVersion, size: dict[str, int]
) -> Page:
    client = Client()
    client.force_login(version.created_by)
    context = new_context(viewport=size, has_touch=size is TABLET)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    return context.new_page()


@pytest.mark.parametrize("size", [TABLET, LAPTOP], ids=["tablet", "laptop"])
def test_a_draft_is_worked_on_without_leaving_the_page(
    new_context: Callable[..., BrowserContext], live_server: LiveServer, size: dict[str, int]
) -> None:
    version = case_draft("case_01")
    page = logged_in(new_context, live_server, version, size)
    page.goto(reverse("staff:plan-version", args=[version.pk]))
    column = page.locator("#phase-2")

    # One reason for the series, then one tap.
    page.fill("#series-reason", "Stronger than thought")
    page.click("#reason button")
    page.wait_for_selector("#reason .icon")
    before = exercise(version, 2, "bridge_double")
    page.click(f"#exercise-{before.pk} button[value=harder]")
    page.wait_for_selector(".toast >> text=instead of")
    assert column.locator(".item-name").get_by_text(before.exercise.progression.name, exact=True).count() == 1  # type: ignore[union-attr]
    assert PlanEdit.objects.get().reason == "Stronger than thought"

    # Undo brings it back, in the page.
    page.click("#sign-bar button:has-text('Undo')")
    page.wait_for_selector(f"#phase-2 .item-name >> text='{before.exercise.name}'")

    # One dose for the phase: out of range is named and kept, then it fits and the minutes follow.
    minutes = column.locator("[data-budget]").get_attribute("data-home")
    column.get_by_text("Dose for all").click()
    column.locator("[name='bulk-sets']").fill("9")
    column.get_by_text("Set the doses").click()
    page.wait_for_selector("#phase-2 >> text=9 is out of range. Allowed: 1 to 5. >> nth=0")
    column.locator("[name='bulk-sets']").fill("1")
    column.get_by_text("Set the doses").click()
    page.wait_for_selector(".toast >> text=Dose changed")
    assert column.locator("[data-budget]").get_attribute("data-home") != minutes

    # The phase becomes a pack.
    column.get_by_text("Packs", exact=True).click()
    column.locator("[name='pack-name']").fill("Hips and back, second weeks")
    column.get_by_text("Keep as pack").click()
    page.wait_for_selector(".toast >> text=is kept with")
    page.locator("#phase-1").get_by_text("Packs", exact=True).click()
    page.locator("#phase-1 .plan-packs button[value=apply]").click()
    page.wait_for_selector(".toast >> text=exercises added")

    # Minutes are shown while a dose is typed.
    item = version.phases.get(number=1).planexercises.first()
    assert item is not None
    page.click(f"#exercise-{item.pk} a:has-text('Change')")
    page.fill(f"#edit-exercise-{item.pk} [name='dose-per_day']", "9")
    page.wait_for_selector("#phase-1 [data-estimate] >> text=With this dose")
    assert re.search(r"of \d+(\.\d+)? min a day", page.locator("#phase-1 [data-estimate]").inner_text())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")


def test_what_changed_between_versions_and_in_the_portal(
    new_context: Callable[..., BrowserContext], live_server: LiveServer
) -> None:
    first = case_signed("case_01")
    draft = revise(first.plan, first.created_by, today=TODAY)
    item = exercise(draft, 1, "glute_set")
    change_dose(item, draft.created_by, values={**dose_of(item), "sets": 3}, reason="Stronger", today=TODAY)
    second = sign(page_version(draft), draft.created_by, today=TODAY)
    page = logged_in(new_context, live_server, second, TABLET)
    page.goto(reverse("staff:plan-version", args=[second.pk]))
    page.click("text=What changed")
    page.wait_for_selector("text=3 sets of 5 instead of 1 set of 5")

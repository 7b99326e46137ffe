"""The browser modules on their own: pointing, number grids, autosave, theme, keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.template import Context, Template

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser

SITE = "http://kineplan.test"
HTML = '<!doctype html><html><body>{body}<div id="toasts"></div>{scripts}</body></html>'
Show = Callable[..., list[str]]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without the product behind it, and so without a database."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def show(page: Page) -> Show:
    """Return a function that serves a page with some modules and returns the list of posted bodies."""

    def serve(body: str, *modules: str, answer: Callable[[], dict[str, Any]] | None = None) -> list[str]:
        posted: list[str] = []
        scripts = "".join(f'<script type="module" src="/js/{name}.js"></script>' for name in modules)
        html = HTML.format(body=Template("{% load body_map %}" + body).render(Context()), scripts=scripts)

        def handle(route: Route) -> None:
            path = route.request.url.removeprefix(SITE)
            if path.startswith("/js/"):
                route.fulfill(path=settings.BASE_DIR / "static" / path.lstrip("/"), content_type="text/javascript")
            elif route.request.method == "POST":
                posted.append(route.request.post_data or "")
                route.fulfill(**(answer() if answer else {"json": {}}))
            else:
                route.fulfill(body=html, content_type="text/html")

        page.route(f"{SITE}/**", handle)
        page.goto(f"{SITE}/")
        return posted

    return serve


KNEES = (
    '<form>{% body_map input="pain" %}'
    '<input type="checkbox" name="pain" value="knee:left"><input type="checkbox" name="pain" value="knee:right">'
    "</form>"
)


@pytest.mark.skipif(
    not (settings.VAR_DIR / "static_build" / "body" / "body.json").is_file(), reason="static assets were not built"
)
def test_pointing_at_the_picture_and_ticking_the_list_are_the_same(page: Page, show: Show) -> None:
    show(KNEES, "bodymap")
    knee = page.locator('.body-part[data-region="knee"][data-side="left"]').first
    box = page.locator('input[value="knee:left"]')
    knee.dispatch_event("click")
    assert box.is_checked()
    assert "is-marked" in (knee.get_attribute("class") or "")
    box.uncheck()
    assert "is-marked" not in (knee.get_attribute("class") or "")
    assert not page.locator('input[value="knee:right"]').is_checked()


CELL = '<input name="{name}" {more} data-normal="5">'
GRID = (
    '<div data-grid id="g"><div>'
    + CELL.format(name="a", more='data-jump="1"')
    + CELL.format(name="b", more='data-jump="1"')
    + "</div><div>"
    + CELL.format(name="c", more='value="3"')
    + CELL.format(name="d", more="")
    + '</div></div><button type="button" data-all-normal="#g">All normal</button>'
)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.name"))


def test_number_keys_fill_and_move_on(page: Page, show: Show) -> None:
    show(GRID, "grid")
    page.locator("[name=a]").focus()
    page.keyboard.type("4")
    assert focused(page) == "b"
    page.keyboard.press("Enter")  # below the cell that was filled, not below the one it moved on to
    assert focused(page) == "c"
    page.keyboard.press("ArrowUp")
    assert focused(page) == "a"


def test_all_normal_fills_only_what_is_empty(page: Page, show: Show) -> None:
    show(GRID, "grid")
    page.locator("button").click()
    assert [page.locator(f"[name={name}]").input_value() for name in "abcd"] == ["5", "5", "3", "5"]


FORM = (
    '<form data-autosave="/save/"><label class="field">Flexion <input name="flexion"></label>'
    '{% include "components/_save_state.html" %}</form>'
)


def state(page: Page) -> str | None:
    return page.locator("[data-save-state]").get_attribute("data-state")


def test_what_is_typed_is_saved(page: Page, show: Show) -> None:
    posted = show(FORM, "autosave")
    page.locator("[name=flexion]").fill("120")
    page.wait_for_selector('[data-save-state][data-state="saved"]')
    assert posted == ["flexion=120"]


def test_a_refused_value_is_marked_at_its_field(page: Page, show: Show) -> None:
    show(FORM, "autosave", answer=lambda: {"status": 422, "json": {"errors": {"flexion": ["At most 180."]}}})
    page.locator("[name=flexion]").fill("400")
    page.wait_for_selector('[data-save-state][data-state="error"]')
    assert page.locator(".errorlist li").inner_text() == "At most 180."
    assert page.locator("[name=flexion]").get_attribute("aria-invalid") == "true"


def test_what_could_not_be_sent_survives_a_reload(page: Page, show: Show) -> None:
    posted = show(FORM, "autosave")
    page.context.set_offline(True)
    page.unroute(f"{SITE}/**")
    page.locator("[name=flexion]").fill("95")
    page.wait_for_selector('[data-save-state][data-state="offline"]')
    page.context.set_offline(False)
    posted = show(FORM, "autosave")
    page.wait_for_selector('[data-save-state][data-state="saved"]')
    assert page.locator("[name=flexion]").input_value() == "95"
    assert posted == ["flexion=95"]


def test_slash_goes_to_the_search_and_the_theme_is_remembered(page: Page, show: Show) -> None:
    show('<input name="q" data-slash-focus><button data-theme-toggle hidden>Theme</button>', "app")
    page.keyboard.press("/")
    assert focused(page) == "q"
    page.locator("button").click()
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies(SITE)}
    assert cookies["kp_theme"] == page.evaluate("document.documentElement.dataset.theme") == "dark"

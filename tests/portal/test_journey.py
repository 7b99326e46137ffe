"""A patient's ten seconds, in a real browser: code by mail, one tap, pain 0, a skip with reason, a correction."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from django.core import mail
from django.utils import timezone

from exercises.models import SessionLog
from tests.factories.clinic import ClinicFactory, EpisodeFactory
from tests.factories.exercises import PrescriptionFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NARROWEST = 320


@pytest.fixture
def anna(transactional_db: None) -> SimpleNamespace:
    ClinicFactory()
    episode = EpisodeFactory(patient__given_name="Anna")
    rows = [
        PrescriptionFactory(episode=episode, starts_on="2026-01-01", exercise__name=name, position=position)
        for position, name in enumerate(("Pelvic tilt", "Knee to chest"))
    ]
    return SimpleNamespace(user=episode.patient.user, rows=rows)


def log_in(page: Page, anna: SimpleNamespace) -> None:
    page.goto("/portal/")
    page.get_by_role("link", name="send me a code").click()
    page.get_by_label("Your e-mail address").fill(anna.user.email)
    page.get_by_role("button", name="Send me a code").click()
    page.wait_for_selector("input[name=code]")
    code = re.search(r"\b([A-Z0-9]{4}-[A-Z0-9]{4})\b", str(mail.outbox[-1].body))
    assert code
    page.get_by_label("Code from the e-mail").fill(code.group(1))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_selector("#day")


def walk(page: Page, anna: SimpleNamespace) -> None:
    first, second = (page.locator(f"#exercise-{row.pk}") for row in anna.rows)
    first.get_by_role("button", name="Done").click()
    first.get_by_role("button", name="Pain 0 out of 10").click()
    first.get_by_text("pain 0 of 10").wait_for()
    second.get_by_role("link", name="Not today").click()
    page.get_by_label("Anything your physiotherapist").fill("Bus was late")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("Anything your physiotherapist").input_value() == "Bus was late"
    page.locator("input[name=reason][value=time]").check(force=True)
    page.get_by_role("button", name="Save").click()
    page.get_by_text("finished for today").wait_for()
    first.get_by_role("link", name=re.compile("Change")).click()
    page.locator("input[name=state][value=part]").check(force=True)
    page.get_by_role("button", name="Save").click()
    first.get_by_text("Part of it, pain 0 of 10").wait_for()


def stored() -> list[tuple[str, str, int | None, str]]:
    rows = SessionLog.objects.order_by("prescription__position")
    return list(rows.values_list("state", "reason", "pain", "comment"))


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_day_on_a_small_phone(
    new_context: Callable[..., BrowserContext], anna: SimpleNamespace, scripts: bool
) -> None:
    page = new_context(viewport={"width": NARROWEST, "height": 640}, java_script_enabled=scripts).new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("console", lambda text: failures.append(text.text) if "Content Security Policy" in text.text else None)
    log_in(page, anna)
    walk(page, anna)
    assert stored() == [("part", "", 0, ""), ("skipped", "time", None, "Bus was late")]
    assert SessionLog.objects.filter(acted_at__lte=timezone.now()).count() == 2
    assert failures == []


def test_no_page_scrolls_sideways_and_every_target_is_large(
    new_context: Callable[..., BrowserContext], anna: SimpleNamespace
) -> None:
    page = new_context(viewport={"width": NARROWEST, "height": 640}).new_page()
    log_in(page, anna)
    exercise = f"/portal/exercise/{anna.rows[0].pk}/"
    for address in ("/portal/", "/portal/plan/", "/portal/progress/", "/portal/visits/", "/portal/settings/",
                    "/portal/changed/", exercise, f"{exercise}log/"):  # fmt: skip
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == NARROWEST, address
        small = page.evaluate(
            """() => [...document.querySelectorAll('main a, main button, main summary, nav a, header a')]
                .filter(e => !e.closest('.visually-hidden, .skip-link'))
                .map(e => [e.textContent.trim(), e.getBoundingClientRect()])
                .filter(([, r]) => r.width && r.height && (r.height < 43.5 || r.width < 43.5))
                .map(([text, r]) => `${text}: ${Math.round(r.width)}x${Math.round(r.height)}`)"""
        )
        assert small == [], address

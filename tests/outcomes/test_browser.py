"""The questions on a phone: everything in reach of a thumb, nothing wider than the screen, by keyboard as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from assessments.models import OutcomeResponse
from clinic.models import User
from tests.factories.clinic import ClinicFactory, EpisodeFactory
from tests.factories.outcomes import outcome_request

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TARGET = 44


def log_in(page: Page, base: str, user: User) -> None:
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": base}])


def test_pain_is_answered_on_a_phone(phone: Page, live_server: object) -> None:
    ClinicFactory()
    episode = EpisodeFactory()
    asked = outcome_request(episode)
    log_in(phone, str(live_server.url), episode.patient.user)  # type: ignore[attr-defined]

    phone.goto(reverse("portal:questions", args=[asked.pk]))
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = phone.locator(".outcome-scale label").evaluate_all("els => els.map(e => e.getBoundingClientRect().height)")
    assert min(sizes) >= TARGET
    phone.get_by_role("group", name="How strong is the pain right now?").get_by_label("7", exact=True).check()
    phone.get_by_role("group", name="And at its worst").get_by_label("5", exact=True).check()
    phone.get_by_role("button", name="Send").click()

    phone.get_by_role("alert").get_by_text("This cannot be more than 5").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert phone.locator("input[name=now][value='7']").is_checked()
    phone.locator("input[name=worst][value='5']").focus()
    for _ in range(3):
        phone.keyboard.press("ArrowRight")
    phone.get_by_role("group", name="And at its lowest").get_by_label("2", exact=True).check()
    phone.get_by_role("button", name="Send").click()

    phone.get_by_text("Thank you.").wait_for()
    assert OutcomeResponse.objects.get().answers == {"now": 7.0, "worst": 8.0, "best": 2.0}

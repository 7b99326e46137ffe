"""Copy-forward and comparison in a real browser, on the tablet and on the desk."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from assessments.actions import sign
from assessments.models import Assessment
from tests.factories.assessments import AssessmentFactory, FindingFactory, SymptomRegionFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
THEN = date(2026, 10, 12)


@pytest.mark.parametrize("width", [820, 1280])
def test_from_the_last_findings_to_the_comparison(
    new_context: Callable[..., BrowserContext], live_server: LiveServer, width: int
) -> None:
    first: Assessment = AssessmentFactory(assessed_on=THEN)
    SymptomRegionFactory(assessment=first)
    for muscle, grade in (("gluteus_maximus", "3"), ("gluteus_medius", "3.7"), ("iliopsoas", "4")):
        FindingFactory(assessment=first, path=f"mmt.{muscle}", side="right", number=Decimal(grade))
    sign(first, by=first.author, today=THEN)
    client = Client()
    client.force_login(first.author)
    context = new_context(viewport={"width": width, "height": 1000}, has_touch=width < 1000)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    page = context.new_page()

    page.goto(reverse("staff:episode-detail", args=[first.episode_id]))
    page.click("button[value=copy]")
    draft = first.episode.assessments.get(state="draft")
    page.goto(f"{reverse('staff:assessment-edit', args=[draft.pk])}?section=strength")
    section = "[data-section=strength]"
    page.wait_for_selector(f"{section} [data-carried]")
    assert page.inner_text(f"{section} [data-carried-count]") == "3"

    def wait(left: int) -> None:
        script = "n => document.querySelectorAll('[data-section=strength] [data-carried]').length === n"
        page.wait_for_function(script, arg=left)

    page.fill('[name="f:mmt.gluteus_maximus:right:"]', "4")  # measured, better
    wait(2)
    page.fill('[name="f:mmt.gluteus_medius:right:"]', "4-")  # measured, the same
    wait(1)
    page.wait_for_selector("[data-save-state][data-state='saved']", state="attached")
    page.wait_for_function("() => !document.querySelector('[data-section=strength] .is-waiting')")
    assert {row.path for row in draft.findings.carried()} == {"mmt.iliopsoas"}

    page.goto(f"{reverse('staff:patient-compare', args=[first.episode.patient_id])}?changed=1")
    assert "Gluteus maximus" in page.inner_text(".compare")
    assert "Iliopsoas" not in page.inner_text(".compare")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0

    page.goto(f"{reverse('staff:assessment-edit', args=[draft.pk])}?section=strength")
    page.wait_for_selector(f"{section} [data-carried]")
    page.click(f"{section} [data-same-all]")
    wait(0)
    assert draft.findings.carried().count() == 0

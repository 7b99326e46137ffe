"""A usual follow-up on a tablet: all as planned, two figures changed, signed. Every tap and entry is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from plans.actions.notes import note_questions, save_note, sign_note, start_note
from plans.models import TreatmentNote
from tests.factories.plans import case_signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Locator, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.slow]
INTERACTIONS = 15


class Hand:
    """Counts what a person does: a tap, or one entry into a field."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def tap(self, target: Locator) -> None:
        self.count += 1
        target.click()

    def enter(self, target: Locator, text: str) -> None:
        self.count += 1
        target.fill(text)


@pytest.fixture
def earlier() -> TreatmentNote:
    """The visit before, signed."""
    version = case_signed()
    author, today = version.created_by, timezone.localdate()
    note = TreatmentNote.objects.for_page().get(pk=start_note(version.plan, author, today=today).pk)
    said = {f"f:{q.key}": ["no"] for q in note_questions(note)}
    said |= {"m:pain.nprs_worst_24h": ["6"], "consent": ["yes"], "all_done": ["1"], "next_visit": ["Hip hinge"]}
    save_note(note, author, revision=0, fields=said, today=today)
    return sign_note(note, author, today=today)


@pytest.fixture
def tablet(new_context: Callable[..., BrowserContext], live_server: LiveServer, earlier: TreatmentNote) -> Page:
    """A tablet on which the physiotherapist is logged in."""
    client = Client()
    client.force_login(earlier.author)
    context = new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    return context.new_page()


def saved(page: Page) -> None:
    page.wait_for_selector("[data-save-state][data-state='saved']")


def test_a_follow_up_takes_fifteen_taps_at_most(tablet: Page, earlier: TreatmentNote) -> None:
    tablet.goto(reverse("staff:episode-detail", args=[earlier.plan.episode_id]))
    hand = Hand(tablet)
    hand.tap(tablet.get_by_role("button", name="Write a note"))
    tablet.wait_for_url("**/edit/")
    note = TreatmentNote.objects.get(state="draft")
    soft = note.notetechniques.get(technique__key="mt_soft_tissue_release")
    exercise = note.noteexercises.all()[0]
    hand.tap(tablet.locator('[name="m:pain.nprs_current"][value="3"]'))
    hand.tap(tablet.locator('[name="m:pain.nprs_worst_24h"][value="4"]'))
    hand.tap(tablet.get_by_role("button", name="All asked and denied"))
    hand.tap(tablet.locator('[name="consent"][value="yes"]'))
    hand.enter(tablet.locator(f'[name="t:{soft.pk}:p.session_min"]'), "12")
    hand.enter(tablet.locator(f'[name="e:{exercise.pk}:d.reps"]'), "12")
    saved(tablet)
    assert tablet.locator(f'[data-carries="t:{soft.pk}:p.session_min"].is-carried').count() == 0
    assert tablet.locator(f'[data-carries="t:{soft.pk}:p.depth"].is-carried').count() == 1
    hand.tap(tablet.get_by_role("button", name="All done as carried"))
    hand.tap(tablet.locator(f'[name="t:{soft.pk}:response"][value="better"]'))
    hand.tap(tablet.locator(f'[name="e:{exercise.pk}:shown"][value="yes"]'))
    hand.enter(tablet.get_by_label("Plan for the next visit"), "Add the bridge")
    hand.tap(tablet.get_by_role("button", name="Sign and lock"))
    tablet.wait_for_selector("text=Signed by")
    note.refresh_from_db()
    soft.refresh_from_db()
    assert (note.state, soft.parameters["session_min"], soft.response) == ("signed", 12, "better")
    assert hand.count <= INTERACTIONS


def test_a_refused_value_is_marked_at_its_field_and_the_rest_is_saved(tablet: Page, earlier: TreatmentNote) -> None:
    note = start_note(earlier.plan, earlier.author, today=timezone.localdate())
    heat = note.notetechniques.get(technique__key="th_heat_superficial")
    tablet.goto(reverse("staff:note-edit", args=[note.pk]))
    tablet.get_by_label("What the patient says").fill("Slept better")
    tablet.locator(f'[name="t:{heat.pk}:p.temp_c"]').fill("400")
    tablet.wait_for_selector("text=Allowed: 38 to 43")
    note.refresh_from_db()
    heat.refresh_from_db()
    assert (note.subjective, heat.parameters["temp_c"]) == ("Slept better", 40)


def test_another_device_is_noticed_and_one_may_choose(tablet: Page, earlier: TreatmentNote) -> None:
    note = start_note(earlier.plan, earlier.author, today=timezone.localdate())
    tablet.goto(reverse("staff:note-edit", args=[note.pk]))
    save_note(note, note.author, revision=0, fields={"subjective": ["From the laptop"]}, today=timezone.localdate())
    tablet.get_by_label("What the patient says").fill("From the tablet")
    tablet.wait_for_selector("[data-overtaken]:not([hidden])")
    tablet.get_by_role("button", name="Keep what is on this page").click()
    saved(tablet)
    note.refresh_from_db()
    assert note.subjective == "From the tablet"

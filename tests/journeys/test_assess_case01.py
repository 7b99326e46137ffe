"""CASE-01 from a blank assessment to a signed plan, counted; and the whole assessment by keyboard alone.

One interaction is a click, a tap, or the entry of one field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.chart import plain
from assessments.models import Assessment
from assessments.vocabulary import RED_FLAGS, VOCABULARY, check_value
from clinic.models import Condition, Episode, PatientCondition
from plans.actions import preview_causes
from plans.models import Plan
from staff.assessments.sections import SECTIONS
from tests.assessments.case01 import ACTIVITIES, TYPED, field_name
from tests.factories.clinic import ClinicFactory, CredentialFactory, EpisodeFactory, PatientFactory, PractitionerFactory
from tests.factories.plans import case_data, sign_off_knowledge

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
MOST = 120
HERE = ".panel:not([hidden]) "
GOALS = ("needle_preference", "can_floor_transfer", "home_equipment", "exercise_time_min_day")
INSIDE = """shape => {
  const box = shape.getBoundingClientRect();
  for (let row = 1; row < 20; row += 1) for (let column = 1; column < 20; column += 1) {
    const [x, y] = [box.x + (box.width * column) / 20, box.y + (box.height * row) / 20];
    if (document.elementFromPoint(x, y) === shape) return [x, y];
  }
}"""
SAVED = '[data-save-state][data-state="saved"]'


@pytest.fixture
def episode(transactional_db: None) -> Episode:
    """A warehouse supervisor of 38 on his first visit; nothing is recorded yet."""
    call_command("load_knowledge", verbosity=0)
    sign_off_knowledge()
    ClinicFactory(time_zone="UTC")
    practitioner = PractitionerFactory()
    CredentialFactory(practitioner=practitioner)
    today = timezone.localdate()
    born = date(today.year - 38, 1, 1)
    patient = PatientFactory(given_name="Marcus", sex_at_birth="male", date_of_birth=born)
    made: Episode = EpisodeFactory(patient=patient, practitioner=practitioner)
    return made


def page_of(
    new_context: Callable[..., BrowserContext], live_server: LiveServer, episode: Episode, **screen: object
) -> Page:
    assert episode.practitioner is not None
    client = Client()
    client.force_login(episode.practitioner.user)
    context = new_context(**screen)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(reverse("staff:episode-detail", args=[episode.pk]))
    return page


def section_of(place: str) -> str:
    namespace, _, key = place.split(" ")[0].partition(".")
    if namespace == "hist":
        return "goals" if key in GOALS else "pain" if key == "irritability" else "history"
    found = [section.key for section in SECTIONS if namespace in section.namespaces]
    return found[0] if found else namespace


def entries(section: str) -> Iterator[tuple[str, str | list[str]]]:
    for place, typed in TYPED.items():
        if section_of(place) == section:
            yield field_name(place), typed


def settled(page: Page) -> None:
    page.wait_for_function("() => !document.querySelector('.panel:not([hidden]) .is-waiting')")
    page.wait_for_selector(SAVED, state="attached")


@dataclass
class Hands:
    """Fills the page by pointing and typing, and counts."""

    page: Page
    count: int = 0

    @property
    def panel(self) -> Locator:
        return self.page.locator(".panel:not([hidden])")

    def tap(self, target: Locator) -> None:
        target.click()
        self.count += 1

    def write(self, target: Locator, text: str) -> None:
        target.fill(text)
        target.blur()
        self.count += 1

    def reach(self, name: str) -> None:
        """Open what hides a field: a folded group, or the rows of other regions."""
        target = self.panel.locator(f'[name="{name}"]')
        if target.count() == 0:
            self.tap(self.panel.locator("a[data-all='1']"))
            target.first.wait_for(state="attached")
        fold = self.panel.locator("details:not([open])").filter(has=self.page.locator(f'[name="{name}"]'))
        if fold.count():
            self.tap(fold.locator("summary").first)

    def enter(self, name: str, typed: str | list[str]) -> None:
        target = self.panel.locator(f'[name="{name}"]')
        self.reach(name)
        kind = target.first.evaluate("node => node.tagName === 'INPUT' ? node.type : node.tagName")
        if kind in ("radio", "checkbox"):
            for value in typed if isinstance(typed, list) else [typed]:
                self.tap(self.panel.locator(f'label:has([name="{name}"][value="{value}"])'))
        elif kind == "SELECT":
            target.select_option(str(typed))
            self.count += 1
        else:
            self.write(target, str(typed))

    def go_on(self, section: str) -> None:
        self.tap(self.panel.locator(f"[data-section-link='{section}']"))
        self.page.wait_for_selector(f".panel[data-section='{section}']:not([hidden])[data-loaded]")

    def point(self, region: str, side: str) -> None:
        """Point at a part on the back of the picture, where nothing lies over it."""
        part = self.page.locator(f'.body-view:nth-of-type(2) [data-region="{region}"][data-side="{side}"]').first
        part.scroll_into_view_if_needed()
        x, y = part.evaluate(INSIDE)
        before = self.page.locator("[data-marks] .line-mark").count()
        self.page.mouse.click(x, y)
        self.count += 1
        self.page.locator("[data-marks] .line-mark").nth(before).wait_for()


def fill(hands: Hands, section: str) -> None:
    if section == "pain":
        hands.point("lumbar", "right")
        mark = hands.page.locator("[data-marks] .line-mark").first
        hands.write(mark.locator('[name$=":nprs"]'), "6")
        mark.locator('[name$=":quality"]').select_option("cramping")
        mark.locator('[name$=":depth"]').select_option("deep")
        hands.count += 2
        hands.point("buttock", "right")
    if section == "flags":
        hands.tap(hands.panel.locator("[data-deny-all]"))
        hands.panel.locator(".chip-ok").first.wait_for()
    if section == "conditions":
        for kind in ("treatment", "needling"):
            hands.tap(hands.panel.locator(f"[data-post-section][value='{kind}']"))
            hands.panel.locator(f"[data-post-section][value='{kind}']").wait_for(state="detached")
        hands.enter("c:no_thrust_consent", "yes")
        hands.tap(hands.panel.locator("[data-deny-all]"))
        hands.panel.locator(".chip-ok", has_text="Every question").first.wait_for()
    if section == "function":
        for position, (activity, score) in enumerate(ACTIVITIES, 1):
            hands.enter(f"a:{position}:activity", activity)
            hands.enter(f"a:{position}:score", score)
    for name, typed in entries(section):
        hands.enter(name, typed)


def sign_and_plan(hands: Hands) -> None:
    page = hands.page
    button = page.get_by_role("button", name="Sign this assessment")
    button.wait_for()
    for box in page.locator("form[data-sign] input[name=confirmed]").all():
        hands.tap(box)
    hands.tap(button)
    page.get_by_text("Assessment signed.").wait_for()
    hands.tap(page.get_by_role("button", name="Draft the plan"))
    page.wait_for_url("**/plan-versions/*/")
    hands.tap(page.get_by_role("button", name="Sign and begin phase 1"))
    page.get_by_text("Change the plan").wait_for()


def expect_recorded(assessment: Assessment) -> None:
    """Every value of the case, the regions, the answers and the consents are rows now."""
    found = {(row.path, row.side, row.mode): plain(row) for row in assessment.findings.all()}
    for place, typed in TYPED.items():
        path, side, mode = (*place.split(" "), "", "")[:3]
        expected = check_value(path, typed)
        got = found.get((path, side, mode))
        assert (set(got) if isinstance(got, tuple) else got) == (
            set(expected) if isinstance(expected, tuple) else expected
        ), place
    assert set(assessment.symptom_regions.values_list("region", "side")) == {("lumbar", "right"), ("buttock", "right")}
    assert tuple(assessment.activities.values_list("activity", "score")) == tuple((a, int(s)) for a, s in ACTIVITIES)
    assert assessment.flag_answers.filter(answer="no").count() == len(RED_FLAGS)
    patient = assessment.episode.patient
    told = PatientCondition.objects.filter(patient=patient)
    assert list(told.filter(answer="yes").values_list("condition__key", flat=True)) == ["no_thrust_consent"]
    assert told.filter(answer="no").count() == Condition.objects.filter(is_active=True).count() - 1
    assert set(patient.consents.values_list("kind", flat=True)) >= {"treatment", "needling"}


def expect_causes(assessment: Assessment) -> None:
    """The labels of the case are the least that must be reached."""
    labels = {cause.key: cause.label for cause in preview_causes(assessment, today=timezone.localdate()).causes}
    expected: dict[str, str] = case_data("case_01")["expect"]["causes"]
    order = ("possible", "probable", "strong")
    for key, least in expected.items():
        assert order.index(labels[key]) >= order.index(least), (key, labels[key])


@pytest.mark.parametrize("width", [820, 1280])
def test_from_blank_to_signed_plan(
    episode: Episode,
    new_context: Callable[..., BrowserContext],
    live_server: LiveServer,
    width: int,
    record_property: Callable[[str, object], None],
) -> None:
    page = page_of(new_context, live_server, episode, viewport={"width": width, "height": 1000}, has_touch=width < 1000)
    hands = Hands(page)
    hands.tap(page.locator(f"form[action='{reverse('staff:assessment-new', args=[episode.pk])}'] button").first)
    page.wait_for_selector(".panel[data-section='history'] h2")
    for section in SECTIONS[:-1]:
        if section.key != "history":
            hands.go_on(section.key)
        fill(hands, section.key)
        settled(page)
    hands.go_on("review")
    sign_and_plan(hands)

    assessment = Assessment.objects.get()
    expect_recorded(assessment)
    expect_causes(assessment)
    plan = Plan.objects.get()
    assert (plan.state, plan.current_phase) == ("active", 1)
    record_property("interactions", hands.count)
    assert hands.count <= MOST, hands.count


# --- By keyboard alone ------------------------------------------------------------------------------------------------


@dataclass
class Keys:
    """Fills the page with the keyboard; the pointer is never used."""

    page: Page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def at(self, selector: str) -> bool:
        found: bool = self.page.evaluate("selector => document.activeElement.matches(selector)", selector)
        return found

    def to(self, selector: str, most: int = 400) -> None:
        """Tab forward to a field, opening what hides it on the way."""
        for _ in range(most):
            if self.at(selector):
                return
            closed = f"details:not([open]):has({selector.removeprefix(HERE)}) > summary"
            if self.at(closed):
                self.press("Enter")
            self.press("Tab")
        raise AssertionError(f"{selector} is not reached by Tab")

    def choose(self, selector: str, value: str) -> None:
        """Arrow through a group of radio buttons, or the options of a list, to a value."""
        for _ in range(40):
            if self.page.evaluate("() => document.activeElement.value") == value and (
                not self.at("[type=radio]") or self.at(":checked")
            ):
                return
            self.press("ArrowDown")
        raise AssertionError(f"{value} is not reached by arrow in {selector}")

    def enter(self, name: str, typed: str | list[str]) -> None:
        selector = f'{HERE}[name="{name}"]'
        if isinstance(typed, list):
            for value in typed:
                self.to(f'{selector}[value="{value}"]')
                self.press("Space")
            return
        self.to(selector)
        if self.at("[type=radio]") or self.at("select"):
            self.choose(selector, typed)
        else:
            self.page.keyboard.type(typed)


def in_page_order(page: Page, section: str) -> list[tuple[str, str | list[str]]]:
    """The entries of a section as Tab meets them: fields, and the ticks inside a field."""
    order: list[str] = page.evaluate(
        "() => [...document.querySelectorAll('.panel:not([hidden]) [name]')].map(node => node.name + '=' + node.value)"
    )
    names = [entry.partition("=")[0] for entry in order]
    found = sorted(entries(section), key=lambda entry: names.index(entry[0]))
    return [
        (name, sorted(typed, key=lambda value: order.index(f"{name}={value}")) if isinstance(typed, list) else typed)
        for name, typed in found
    ]


def fill_by_keyboard(keys: Keys, section: str) -> None:
    if section == "pain":
        for label in ("Low back", "Buttock"):
            keys.page.evaluate("() => document.querySelector('.panel:not([hidden]) h2').focus()")
            keys.to("[data-mark-list] [data-region]")
            keys.page.keyboard.type(label)
            keys.to("[data-mark-list] [data-side]")
            keys.choose("side", "right")
            keys.to("[data-add-mark]")
            keys.press("Enter")
            keys.page.wait_for_function("() => document.activeElement.name?.endsWith(':nprs')")
            keys.page.keyboard.type("6")
    if section == "conditions":
        keys.enter("c:no_thrust_consent", "yes")
    if section in ("flags", "conditions"):
        keys.to("[data-deny-all]")
        keys.press("Enter")
        keys.page.wait_for_selector(f".panel[data-section='{section}'] .chip-ok:has-text('Every question')")
    if section == "function":
        for position, (activity, score) in enumerate(ACTIVITIES, 1):
            keys.enter(f"a:{position}:activity", activity)
            keys.enter(f"a:{position}:score", score)
    for name, typed in in_page_order(keys.page, section):
        keys.enter(name, typed)


def test_the_whole_assessment_by_keyboard(
    episode: Episode, new_context: Callable[..., BrowserContext], live_server: LiveServer
) -> None:
    page = page_of(new_context, live_server, episode, viewport={"width": 1280, "height": 900})
    page.goto(reverse("staff:episode-detail", args=[episode.pk]))
    keys = Keys(page)
    keys.to(f"form[action='{reverse('staff:assessment-new', args=[episode.pk])}'] button")
    keys.press("Enter")
    page.wait_for_selector(".panel[data-section='history'] h2")
    page.wait_for_load_state("networkidle")
    for section in SECTIONS[:-1]:
        if section.key != "history":
            keys.press("Control+Enter")
            page.wait_for_selector(f".panel[data-section='{section.key}']:not([hidden])[data-loaded]")
        fill_by_keyboard(keys, section.key)
        settled(page)
    keys.press("Control+Enter")
    page.get_by_role("button", name="Sign this assessment").wait_for()
    while page.locator("input[name=confirmed]:not(:checked)").count():
        keys.to("input[name=confirmed]:not(:checked)")
        keys.press("Space")
    keys.to("form[data-sign] button.btn-primary")
    keys.press("Enter")
    page.get_by_text("Assessment signed.").wait_for()

    assessment = Assessment.objects.get()
    found = {(row.path, row.side, row.mode): plain(row) for row in assessment.findings.all()}
    for place, typed in TYPED.items():
        path, side, mode = (*place.split(" "), "", "")[:3]
        got, expected = found.get((path, side, mode)), check_value(path, typed)
        assert got == expected or set(got) == set(expected), (place, VOCABULARY[path].label)  # type: ignore[arg-type]
    assert set(assessment.symptom_regions.values_list("region", "side")) == {("lumbar", "right"), ("buttock", "right")}
    assert assessment.flag_answers.filter(answer="no").count() == len(RED_FLAGS)
    assert assessment.state == "signed"

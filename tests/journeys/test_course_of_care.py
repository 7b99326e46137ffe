"""A whole course of care in the browser: draft, override, sign, visit note, review, advance, discharge, letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.models import PatientCondition
from exercises.models import Prescription
from plans.models import Discharge, Letter, Plan, PlanTechnique, PlanVersion, ReviewDecision, TreatmentNote
from tests.factories.plans import case_assessment

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page
    from pytest_django.live_server_helper import LiveServer

    from assessments.models import Assessment

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def assessment(transactional_db: None) -> Assessment:
    """CASE-01, signed, and the patient has a pacemaker: TENS then needs a written clearance."""
    made = case_assessment("case_01")
    PatientCondition.objects.filter(condition__key="pacemaker").update(answer="yes")
    return made


@pytest.fixture(params=[820, 1280])
def screen(
    request: pytest.FixtureRequest,
    new_context: Callable[..., BrowserContext],
    live_server: LiveServer,
    assessment: Assessment,
) -> Page:
    """A tablet, then a desktop, with the physiotherapist logged in."""
    client = Client()
    client.force_login(assessment.author)
    context = new_context(viewport={"width": request.param, "height": 1100}, has_touch=request.param < 1000)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    return context.new_page()


def draft(page: Page, assessment: Assessment) -> PlanVersion:
    page.goto(reverse("staff:assessment-detail", args=[assessment.pk]))
    page.get_by_role("button", name="Draft the plan").click()
    page.wait_for_url("**/plan-versions/*/")
    return PlanVersion.objects.get()


def override(page: Page, version: PlanVersion) -> None:
    """Put a blocked technique in place of heat, with the approval that its rule asks for."""
    phase = version.phases.get(number=1)
    heat = PlanTechnique.objects.get(phase=phase, technique__key="th_heat_superficial")
    page.goto(reverse("staff:plan-item", args=["technique", heat.pk]))
    page.get_by_text("Take it out").click()
    page.locator('[name="remove-reason"]').fill("TENS instead of heat")
    page.get_by_role("button", name="Take out").click()
    page.wait_for_url("**/plan-versions/**")
    page.goto(reverse("staff:plan-add", args=[phase.pk, "technique"]))
    page.get_by_label("Why", exact=True).fill("Pain at night")
    page.get_by_role("button", name="Add TENS, conventional").click()
    page.get_by_label("Kind of reason").select_option("approval_on_file")
    page.get_by_label("Approval on file").fill("Cardiology, 2 Nov")
    page.get_by_label("Reason for the override").fill("Cleared for the low back")
    page.get_by_role("button", name="Add with this override").click()
    page.get_by_text("Cleared for the low back").first.wait_for()
    item = PlanTechnique.objects.get(phase=phase, technique__key="es_tens_conventional", is_alternative=False)
    assert (item.safety, item.override.approval) == ("blocked_overridable", "Cardiology, 2 Nov")


def sign(page: Page) -> Plan:
    page.get_by_role("button", name="Sign and begin phase 1").click()
    page.get_by_text("Change the plan").wait_for()
    plan = Plan.objects.get()
    assert (plan.state, plan.current_phase) == ("active", 1)
    return plan


def write_note(page: Page, plan: Plan) -> None:
    page.goto(reverse("staff:episode-detail", args=[plan.episode_id]))
    page.get_by_role("button", name="Write a note").click()
    page.wait_for_url("**/edit/")
    page.locator('[name="m:pain.nprs_current"][value="2"]').click()
    page.locator('[name="m:pain.nprs_worst_24h"][value="3"]').click()
    page.get_by_role("button", name="All asked and denied").click()
    page.locator('[name="consent"][value="yes"]').click()
    page.get_by_role("button", name="All done as carried").click()
    tens = TreatmentNote.objects.get().notetechniques.get(technique__key="es_tens_conventional")
    page.locator(f'[name="t:{tens.pk}:p.intensity_ma"]').fill("20")
    page.wait_for_selector("[data-save-state][data-state='saved']")
    page.get_by_role("button", name="Sign and lock").click()
    for box in page.locator("input[name=confirmed]").all():
        box.check()
    page.wait_for_selector("text=Signed by")
    assert TreatmentNote.objects.get().state == "signed"


def advance_is_refused(page: Page, plan: Plan) -> None:
    """Nobody decides over the safety gates, whatever the reason."""
    page.goto(reverse("staff:plan-review", args=[plan.pk]))
    page.get_by_role("button", name="Judge").first.click()
    page.get_by_role("heading", name="Gates: each must be met").wait_for()
    page.get_by_label("Why").first.fill("Feels fine")
    page.get_by_role("button", name="Advance to phase 2").click()
    page.get_by_text("No phase begins while this is open").wait_for()
    plan.refresh_from_db()
    assert plan.current_phase == 1


def observe(page: Page, plan: Plan) -> None:
    """The neurological screen was repeated at the visit; the red flags were asked in the note."""
    page.goto(reverse("staff:plan-review", args=[plan.pk]))
    page.locator('#observe [name="check.neuro_unchanged"][value="yes"]').check()
    page.get_by_role("button", name="Record and judge again").click()
    page.locator("#criterion-p1_neuro.is-met").wait_for()
    assert page.locator("#criterion-p1_flags.is-met").count() == 1


def advance(page: Page, plan: Plan, *, to: int) -> None:
    """The criteria are not all met: the person decides otherwise, with a reason that is kept."""
    page.goto(reverse("staff:plan-review", args=[plan.pk]))
    page.get_by_role("button", name="Judge").first.click()
    page.get_by_role("heading", name="Gates: each must be met").wait_for()
    page.get_by_role("button", name=f"Advance to phase {to}").click()
    page.get_by_role("alert").wait_for()  # without a reason it is refused
    plan.refresh_from_db()
    assert plan.current_phase == to - 1
    page.get_by_label("Why").first.fill("Pain settled, moves freely; the rest is checked next week")
    with page.expect_navigation():
        page.get_by_role("button", name=f"Advance to phase {to}").click()
    plan.refresh_from_db()
    decision = ReviewDecision.objects.latest("at")
    assert (plan.current_phase, decision.choice, decision.against) == (to, "advance", True)
    assert set(Prescription.objects.current(timezone.localdate()).values_list("phase", flat=True)) == {to}


def discharge(page: Page, plan: Plan) -> Discharge:
    """The last review leads to the discharge; nothing ends before its signature."""
    page.goto(reverse("staff:plan-review", args=[plan.pk]))
    page.get_by_role("button", name="Judge").first.click()
    page.get_by_label("Why").first.fill("Lifts 20 kg without pain and wants to go on alone")
    page.get_by_role("button", name="Ready for discharge").click()
    page.wait_for_url("**/discharge/")
    page.get_by_label("Goes on alone, goals met in part").check()
    page.get_by_label("Goes on with the programme in the portal").check()
    page.locator('[name="letter_consent"][value="yes"]').check()
    assert page.get_by_label("If it comes back").input_value()
    page.get_by_role("button", name="Sign the discharge").click()
    page.get_by_text("It does not change any more").wait_for()
    plan.refresh_from_db()
    assert plan.state == "completed"
    return Discharge.objects.get()


def report(page: Page) -> None:
    page.get_by_role("link", name="Letter to GP or referrer").click()
    page.get_by_label("To", exact=True).fill("Dr A. Example")
    page.get_by_role("button", name="Write the letter").click()
    page.get_by_text("Letter to Dr A. Example written").wait_for()
    assert Letter.objects.get().content["recipient"]["name"] == "Dr A. Example"


def test_from_draft_to_discharge(screen: Page, assessment: Assessment) -> None:
    version = draft(screen, assessment)
    override(screen, version)
    plan = sign(screen)
    write_note(screen, plan)
    advance_is_refused(screen, plan)
    observe(screen, plan)
    advance(screen, plan, to=2)
    advance(screen, plan, to=3)
    row = discharge(screen, plan)
    assert row.home == "keep"
    report(screen)
    for address in ("staff:episode-progress", "staff:episode-detail"):
        screen.goto(reverse(address, args=[plan.episode_id]))
        width = screen.evaluate("document.documentElement.scrollWidth")
        assert width <= screen.viewport_size["width"], f"{address} scrolls sideways"  # type: ignore[index]

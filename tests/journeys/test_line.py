"""The whole line in a real browser, with a real worker and broker: assessment, plan, signature, portal, reminder."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from assessments.actions import start_assessment
from assessments.models import Assessment
from clinic.models import Episode, Patient
from config.demo.chart import answer_history, read_case, record_assessment, sign_consents
from config.embedded.processes import wait_until
from exercises.models import Prescription, SessionLog
from plans.models import Plan, PlanEdit, PlanVersion
from reminders import tasks
from reminders.models import OutboxMessage, State
from tests.factories.clinic import (
    PASSWORD,
    ClinicFactory,
    CredentialFactory,
    EpisodeFactory,
    PatientFactory,
    PractitionerFactory,
)
from tests.factories.plans import sign_off_knowledge

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from tests.conftest import Worker

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def episode(transactional_db: None) -> Episode:
    """CASE-01 on the record, assessed in full and not yet signed."""
    call_command("load_knowledge", verbosity=0)
    sign_off_knowledge()
    ClinicFactory(time_zone="UTC")
    practitioner = PractitionerFactory(user__email="physio@example.test", user__name="Hannah Example")
    CredentialFactory(practitioner=practitioner)
    patient = PatientFactory(given_name="Marcus", family_name="Synthetic", user__email="marcus@example.test")
    episode = EpisodeFactory(patient=patient, practitioner=practitioner)
    case, user, today = read_case("CASE-01"), practitioner.user, timezone.localdate()
    sign_consents(case, patient, by=user, on=today)
    answer_history(case, patient, by=user)
    record_assessment(case, start_assessment(episode, user, today=today), by=user, today=today)
    return episode


def log_in_as_staff(page: Page) -> None:
    page.goto("/")
    page.get_by_label("E-mail address").fill("physio@example.test")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/staff/")


def log_in_as_patient(phone: Page, address: str) -> None:
    phone.goto("/accounts/login/code/")
    phone.get_by_label("Your e-mail address").fill(address)
    phone.get_by_role("button", name="Send me a code").click()
    phone.wait_for_url("**/code/confirm/**")
    (message,) = mail.outbox
    code = re.search(r"^\s*([A-Z0-9]{3,4}-[A-Z0-9]{3,4})\s*$", str(message.body), re.MULTILINE)
    assert code is not None, message.body
    phone.locator("input[name=code]").fill(code.group(1))
    phone.locator("form button[type=submit]").first.click()
    phone.wait_for_url("**/portal/")


def assess_and_sign(page: Page, assessment: Assessment) -> None:
    page.get_by_role("link", name="Marcus Synthetic").first.click()
    page.locator('[name="f:hist.stress_0_10::"]').fill("5")
    page.locator('[name="f:hist.stress_0_10::"]').press("Tab")
    page.locator('.save-state[data-state="saved"]').first.wait_for()
    assert assessment.findings.get(path="hist.stress_0_10").number == 5

    page.get_by_role("link", name="Review and sign").first.click()
    button = page.get_by_role("button", name="Sign this assessment")
    button.wait_for()
    for box in page.locator("form[data-sign] input[name=confirmed]").all():
        box.check()
    button.click()
    page.get_by_text("Assessment signed.").wait_for()


def draft_edit_and_sign(page: Page) -> None:
    page.get_by_role("button", name="Draft the plan").click()
    page.wait_for_url("**/plan-versions/*/")
    assert page.get_by_text("Weak gluteals with lumbar overload").count() > 0
    version = PlanVersion.objects.get()
    item = version.phases.get(number=1).planexercises.first()
    assert item is not None

    page.goto(f"/staff/plan-items/exercise/{item.pk}/")
    page.locator('[name="dose-reps"]').fill("6")
    form = page.locator("form", has=page.locator('[name="dose-reps"]'))
    form.locator('[name="dose-reason"]').fill("Tires after six")
    form.get_by_role("button", name="Change the dose").click()
    page.wait_for_url("**/plan-versions/*/**")
    assert PlanEdit.objects.get().reason == "Tires after six"

    page.get_by_role("button", name="Sign and begin phase 1").click()
    page.get_by_text("Change the plan").wait_for()


def log_today(phone: Page) -> None:
    phone.get_by_role("button", name=re.compile("^Done")).first.click()
    phone.get_by_role("button", name="Pain 2 out of 10").first.click()
    assert wait_until(lambda: SessionLog.objects.filter(pain=2).exists(), 5)


def choose_reminder_time(phone: Page, patient: Patient) -> None:
    """Every day in two minutes, and no quiet hours, so that the journey passes at any time of day."""
    soon = timezone.now().astimezone(ZoneInfo(patient.time_zone)) + timedelta(minutes=2)
    phone.goto("/portal/settings/")
    for day in range(7):
        phone.locator(f'[name="time_{day}"]').fill(f"{soon:%H:%M}")
    for name in ("quiet_from", "quiet_until"):
        phone.locator(f'[name="{name}"]').fill("03:00")
    phone.locator("section", has=phone.locator("#reminders")).get_by_role("button", name="Save").click()
    phone.get_by_role("status").first.wait_for()


def reminder_of(worker: Worker, patient: Patient) -> Message:
    """Let the worker plan, bring the digest's time forward, let the worker send; the message that came out."""
    tasks.tick_plan.delay()
    mine = OutboxMessage.objects.filter(patient=patient, kind="exercises")
    assert wait_until(mine.exists, 20), worker.log.read_text()
    mine.update(due_at=timezone.now())
    tasks.tick_dispatch.delay()
    assert wait_until(lambda: bool(worker.messages()), 20), worker.log.read_text()
    assert wait_until(mine.filter(state=State.SENT).exists, 10)
    return message_from_bytes(worker.messages()[0].read_bytes())


def test_from_assessment_to_reminder(
    episode: Episode, new_context: Callable[..., BrowserContext], worker: Worker
) -> None:
    patient = episode.patient
    page = new_context(viewport={"width": 1024, "height": 768}).new_page()
    log_in_as_staff(page)
    assess_and_sign(page, episode.assessments.get())
    draft_edit_and_sign(page)

    plan = Plan.objects.get()
    assert (plan.state, plan.current_phase) == ("active", 1)
    prescriptions = Prescription.objects.filter(patient=patient, state="active")
    assert prescriptions.count() == 4
    assert prescriptions.filter(reps=6).exists()

    phone = new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    log_in_as_patient(phone, "marcus@example.test")
    log_today(phone)
    phone.goto("/portal/plan/")
    assert phone.get_by_text("You are here").count() > 0

    choose_reminder_time(phone, patient)
    message = reminder_of(worker, patient)
    assert message["To"] == "marcus@example.test"
    text = message.as_string()
    for clinical in ("lumbar", "gluteal", "squeeze", "spasm", "back"):
        assert clinical not in text.lower().replace("feedback", ""), text

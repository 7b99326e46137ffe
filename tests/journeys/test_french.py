"""A French-speaking patient on a phone: code by mail, today, an exercise, the log, the reminder; nothing overflows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from clinic.models import Clinic
from config.embedded.processes import wait_until
from exercises.models import SessionLog
from plans.models import PlanVersion
from reminders.channels.letters import compose
from reminders.models import Kind
from tests.factories.clinic import ClinicFactory
from tests.factories.plans import case_signed
from tests.factories.reminders import MessageFactory

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PAGES = ("plan/", "progress/", "visits/", "settings/", "changed/", "if-it-comes-back/", "questions/")


@pytest.fixture
def version(transactional_db: None) -> PlanVersion:
    cache.clear()
    ClinicFactory(time_zone="UTC")
    return case_signed("case_01", language="fr", given_name="Camille", time_zone="UTC", user__email="c@example.test")


def log_in(phone: Page) -> None:
    """By the code of the mail, which speaks French although the browser does not."""
    phone.goto("/accounts/login/code/")
    phone.get_by_role("button", name="Français").click()
    phone.get_by_label("Votre adresse courriel").fill("c@example.test")
    phone.get_by_role("button", name="Envoyez-moi un code").click()
    phone.wait_for_url("**/code/confirm/**")
    (message,) = mail.outbox
    assert message.subject == "Votre code de connexion"
    code = re.search(r"^\s*([A-Z0-9]{3,4}-[A-Z0-9]{3,4})\s*$", str(message.body), re.MULTILINE)
    assert code is not None, message.body
    phone.locator("input[name=code]").fill(code.group(1))
    phone.get_by_role("button", name="Continuer").click()
    phone.wait_for_url("**/portal/")


def overflow(phone: Page) -> int:
    """How many pixels of the page stand out on the right."""
    wide: int = phone.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return wide


def test_a_day_in_french(version: PlanVersion, phone: Page) -> None:
    log_in(phone)
    heading = phone.get_by_role("heading", level=1).inner_text()
    assert re.match(r"(Bonjour|Bonsoir) Camille", heading), heading
    assert phone.locator("html").get_attribute("lang") == "fr"
    phone.set_viewport_size({"width": 320, "height": 640})
    assert overflow(phone) <= 0

    phone.get_by_role("link", name="Comment faire").first.click()
    assert phone.get_by_role("heading", name="Comment faire").is_visible()
    assert overflow(phone) <= 0
    phone.get_by_role("link", name="En partie").first.click()
    phone.get_by_label("Pas le temps").check()
    phone.locator("input[name=pain][value='2']").check()
    phone.get_by_role("button", name="Enregistrer").click()
    phone.wait_for_url(re.compile(r"/portal/(\?[^#]*)?(#.*)?$"))
    assert wait_until(SessionLog.objects.exists, seconds=10)
    log = SessionLog.objects.get()
    assert (log.state, log.reason, log.pain) == ("part", "time", 2)
    for address in PAGES:
        phone.goto(f"/portal/{address}")
        assert overflow(phone) <= 0, address

    patient = version.plan.episode.patient
    letter = compose(
        MessageFactory(patient=patient, kind=Kind.EXERCISES, due_at=timezone.now()),
        patient,
        Clinic.objects.get(),
        None,
        to="c@example.test",
    )
    assert letter.subject.startswith("Un rappel de ")
    assert "Bonjour Camille," in letter.text

"""A telephone without a connection, in a real browser with the network cut: nothing is lost, nothing is doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from clinic.locality import patient_date
from config.embedded.processes import wait_until
from exercises.models import Prescription, SessionLog
from tests.factories.clinic import ClinicFactory, EpisodeFactory
from tests.factories.exercises import PrescriptionFactory
from tests.factories.people import proxy_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page

    from clinic.models import Patient

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

COPIES = "async () => (await caches.keys()).filter((name) => name.startsWith('kineplan-pages-')).length"
KEPT = """async (addresses) => {
  const found = await Promise.all(addresses.map((each) => caches.match(each)));
  return found.every(Boolean);
}"""


@pytest.fixture
def patient(transactional_db: None) -> Patient:
    ClinicFactory()
    episode = EpisodeFactory(patient__given_name="Anna")
    names = ("Pelvic tilt", "Bird dog", "Chin tuck")
    for position, name in enumerate(names):
        PrescriptionFactory(episode=episode, starts_on="2026-01-01", exercise__name=name, position=position)
    person: Patient = episode.patient
    return person


@pytest.fixture
def phone_of(new_context: Callable[..., BrowserContext]) -> Callable[[Patient], Page]:
    """A telephone on which this patient is logged in, with the service worker ready and the pages kept."""

    def make(person: Patient) -> Page:
        context = new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
        log_in(context, person)
        page = context.new_page()
        page.goto("/portal/")
        assert wait_until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"), 10)
        pages = [f"/portal/exercise/{pk}/" for pk in person.prescriptions.values_list("pk", flat=True)]
        assert wait_until(lambda: page.evaluate(KEPT, ["/portal/", *pages]), 10)
        return page

    return make


def log_in(context: BrowserContext, person: Patient) -> None:
    client = Client()
    assert person.user is not None
    client.force_login(person.user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    origin = str(context._impl_obj._options["baseURL"])
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": origin}])


def card(page: Page, name: str) -> Any:
    return page.locator("article.exercise", has_text=name)


def done(page: Page, name: str) -> None:
    card(page, name).get_by_role("button", name="Done").click()


def bar(page: Page, text: str) -> None:
    page.locator("[data-offline]").get_by_text(text).wait_for()


def stored(person: Patient) -> dict[str, tuple[str, int | None]]:
    rows = SessionLog.objects.filter(patient=person).select_related("prescription__exercise")
    return {row.prescription.exercise.name: (row.state, row.pain) for row in rows}


def test_a_morning_without_a_connection(phone_of: Callable[[Patient], Page], patient: Patient) -> None:
    page = phone_of(patient)
    page.context.set_offline(True)
    page.reload()
    bar(page, "No connection. You see what was here at")

    before = timezone.now()
    done(page, "Pelvic tilt")
    bar(page, "1 entry is waiting to be sent.")
    card(page, "Pelvic tilt").locator("[data-pain='3']").click()
    card(page, "Pelvic tilt").get_by_text("Done, pain 3 of 10").wait_for()

    card(page, "Bird dog").get_by_role("link", name="Not today").click()
    page.wait_for_url("**/log/**")
    page.get_by_label("No time").check()
    page.get_by_label("Anything your physiotherapist should know?").fill("long day")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/portal/#exercise-*")
    card(page, "Bird dog").get_by_text("Not today, No time, long day").wait_for()

    done(page, "Chin tuck")
    card(page, "Chin tuck").get_by_role("button", name="Take back").click()
    card(page, "Chin tuck").get_by_text("Taken back").wait_for()
    after = timezone.now()

    card(page, "Bird dog").get_by_role("link", name="Bird dog").click()
    page.wait_for_url("**/exercise/*/")
    bar(page, "entries are waiting to be sent.")
    assert not SessionLog.objects.exists()

    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    bar(page, "Everything is saved.")
    assert stored(patient) == {"Pelvic tilt": ("done", 3), "Bird dog": ("skipped", None)}
    assert all(before <= log.acted_at <= after for log in SessionLog.objects.all())
    assert SessionLog.objects.get(state="skipped").comment == "long day"

    page.goto("/portal/")
    assert page.locator("[data-bar=kept]").is_hidden()
    card(page, "Pelvic tilt").get_by_text("pain 3 of 10").wait_for()


def test_a_server_in_trouble_loses_nothing(phone_of: Callable[[Patient], Page], patient: Patient) -> None:
    page = phone_of(patient)
    page.context.route("**/portal/exercise/*/log/", lambda route: route.fulfill(status=500, body="trouble"))
    page.context.route("**/portal/sync/", lambda route: route.fulfill(status=503, body="trouble"))
    done(page, "Pelvic tilt")
    bar(page, "1 entry is waiting to be sent.")
    page.context.unroute("**/portal/sync/")
    page.get_by_role("button", name="Send now").click()
    bar(page, "Everything is saved.")
    assert stored(patient) == {"Pelvic tilt": ("done", None)}


def test_two_telephones_of_one_person(phone_of: Callable[[Patient], Page], patient: Patient) -> None:
    Prescription.objects.filter(exercise__name="Bird dog").update(per_day=2)
    one, two = phone_of(patient), phone_of(patient)
    for page in (one, two):
        page.context.set_offline(True)
    done(one, "Pelvic tilt")
    card(one, "Pelvic tilt").locator("[data-pain='4']").click()
    done(two, "Pelvic tilt")
    done(one, "Bird dog")
    done(two, "Bird dog")
    done(two, "Chin tuck")
    bar(one, "3 entries are waiting to be sent.")
    bar(two, "3 entries are waiting to be sent.")
    for page in (two, one):
        page.context.set_offline(False)
        page.evaluate("dispatchEvent(new Event('online'))")
        bar(page, "Everything is saved.")
    assert stored(patient) == {"Pelvic tilt": ("done", 4), "Bird dog": ("done", None), "Chin tuck": ("done", None)}
    assert SessionLog.objects.filter(prescription__exercise__name="Bird dog").count() == 2


def test_a_session_that_ended_meanwhile(phone_of: Callable[[Patient], Page], patient: Patient) -> None:
    page = phone_of(patient)
    page.context.set_offline(True)
    done(page, "Pelvic tilt")
    bar(page, "1 entry is waiting to be sent.")
    page.context.clear_cookies()
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    bar(page, "Log in to send 1 entry.")
    assert not SessionLog.objects.exists()
    log_in(page.context, patient)
    page.goto("/portal/")
    assert wait_until(lambda: SessionLog.objects.exists(), 10)


def test_logging_out_removes_the_pages_and_another_person_sees_nothing(
    phone_of: Callable[[Patient], Page], patient: Patient
) -> None:
    other = PrescriptionFactory(starts_on="2026-01-01", exercise__name="Heel raise").patient
    page = phone_of(patient)
    page.context.set_offline(True)
    done(page, "Pelvic tilt")
    bar(page, "1 entry is waiting to be sent.")
    page.context.route("**/portal/sync/", lambda route: route.abort())
    page.context.set_offline(False)
    page.goto("/portal/settings/")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/accounts/login/**")
    assert page.evaluate(COPIES) == 0
    page.context.unroute("**/portal/sync/")

    page.context.clear_cookies()
    log_in(page.context, other)
    page.goto("/portal/")
    card(page, "Heel raise").wait_for()
    assert page.evaluate("() => kineplanQueue.waiting()") == []
    assert page.locator("[data-bar=waiting]").is_hidden()
    page.evaluate("() => kineplanQueue.sync()")
    assert not SessionLog.objects.exists()

    page.context.clear_cookies()
    log_in(page.context, patient)
    page.goto("/portal/")
    assert wait_until(lambda: SessionLog.objects.exists(), 10)
    assert stored(patient) == {"Pelvic tilt": ("done", None)}
    assert patient_date(patient, timezone.now()) == SessionLog.objects.get().on


def test_what_a_carer_taps_is_never_taken_for_their_own(phone_of: Callable[[Patient], Page], patient: Patient) -> None:
    carer = PrescriptionFactory(starts_on="2026-01-01", exercise__name="Heel raise").patient
    assert carer.user is not None
    proxy_of(patient, email=carer.user.email)
    page = phone_of(carer)
    page.goto(f"/for/{patient.pk}/portal/")
    assert page.evaluate("kineplanQueue.usable") is False
    done(page, "Pelvic tilt")
    card(page, "Pelvic tilt").get_by_role("button", name="Pain 2 out of 10").click()
    card(page, "Pelvic tilt").get_by_text("pain 2 of 10").wait_for()
    page.context.set_offline(True)
    done(page, "Bird dog")
    page.get_by_text("No connection. Nothing was changed").wait_for()
    page.context.set_offline(False)
    page.goto("/portal/")
    card(page, "Heel raise").wait_for()
    assert page.locator("[data-bar=waiting]").is_hidden()
    assert stored(patient) == {"Pelvic tilt": ("done", 2)}


def test_the_page_without_a_connection_speaks_the_language_of_the_patient(
    phone_of: Callable[[Patient], Page], patient: Patient
) -> None:
    page = phone_of(patient)
    type(patient).objects.filter(pk=patient.pk).update(language="fr")
    page.goto("/portal/")
    said = "async () => (await (await caches.match('/portal/offline/')).text()).includes('lang=\"fr\"')"
    assert wait_until(lambda: page.evaluate(said), 10)
    page.context.set_offline(True)
    page.goto("/portal/settings/")
    assert page.locator("html").get_attribute("lang") == "fr"


def test_a_refused_entry_is_shown_and_can_be_thrown_away(phone_of: Callable[[Patient], Page], patient: Patient) -> None:
    page = phone_of(patient)
    page.context.set_offline(True)
    done(page, "Pelvic tilt")
    bar(page, "1 entry is waiting to be sent.")
    Prescription.objects.filter(exercise__name="Pelvic tilt").update(state="paused")
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    bar(page, "This exercise is on hold.")
    entry = page.locator("[data-refused] li")
    entry.get_by_text("Pelvic tilt · Done").wait_for()
    assert entry.get_by_role("link", name="Change").get_attribute("href")
    entry.get_by_role("button", name="Throw away").click()
    entry.wait_for(state="detached")
    assert not SessionLog.objects.exists()

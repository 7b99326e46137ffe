"""The guided session: what the page offers, and a whole session in the browser on a clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from clinic.body_picture import Place, places_of
from clinic.models import Episode, Patient
from exercises.models import Prescription, SessionLog
from portal.guide import sides_in_turn
from tests.factories.clinic import ClinicFactory, EpisodeFactory
from tests.factories.exercises import PrescriptionFactory, SessionLogFactory

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page
    from pytest_django.live_server_helper import LiveServer

SESSION = "/portal/session/"


# --- The page --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("side", "turns"), [("left", ("left",)), ("both", ("left", "right")), ("", ("",)), ("midline", ("",))]
)
def test_sides_are_done_in_turn(side: str, turns: tuple[str, ...]) -> None:
    assert sides_in_turn(side) == turns


def test_places_of_muscles() -> None:
    assert places_of(["hamstrings", "triceps", "rectus_abdominis", "no_such"], "left") == (
        Place("hamstrings", "thigh_posterior", "left"),
        Place("triceps", "upper_arm", "left", "back"),
        Place("rectus_abdominis", "abdomen", "both"),
    )


@pytest.mark.django_db
def test_only_what_is_open_today(home: SimpleNamespace) -> None:
    done = PrescriptionFactory(episode=home.episode, starts_on="2026-01-01", exercise__name="Bridge")
    SessionLogFactory(prescription=done, on=home.today)
    page = home.client.get(SESSION).content.decode()
    assert page.count("data-step=") == 1
    assert f'data-step="{home.prescription.pk}"' in page
    alone = home.client.get(f"/portal/session/{done.pk}/").content.decode()
    assert "data-step=" not in alone
    assert "That is done for today." in alone


@pytest.mark.django_db
def test_each_exercise_is_a_page_without_the_module(home: SimpleNamespace) -> None:
    second = PrescriptionFactory(episode=home.episode, starts_on="2026-01-01", exercise__name="Bridge")
    page = home.client.get(f"{SESSION}?at={second.pk}").content.decode()
    heads = {part.split('"')[0]: part.split(">")[0] for part in page.split('data-step="')[1:]}
    assert {key: "hidden" in head for key, head in heads.items()} == {
        str(home.prescription.pk): True,
        str(second.pk): False,
    }
    answer = home.client.post(
        reverse("portal:log", args=[second.pk]),
        {
            "on": home.today,
            "bout": 1,
            "client_id": "6f1d2a10-8f4e-4d8e-9a56-1f0a7f6f2a10",
            "state": "done",
            "then": "session",
        },
    )
    assert answer.headers["Location"] == SESSION
    assert SessionLog.objects.get().prescription == second


@pytest.mark.django_db
def test_somebody_elses_exercise_is_not_there(home: SimpleNamespace) -> None:
    assert home.client.get(f"/portal/session/{home.foreign.pk}/").status_code == 404


@pytest.mark.django_db
def test_nothing_open_says_so(db: None) -> None:
    ClinicFactory()
    client = Client()
    client.force_login(EpisodeFactory().patient.user)
    assert "Nothing to do right now" in client.get(SESSION).content.decode()


# --- In the browser --------------------------------------------------------------------------------------------------
@pytest.fixture
def episode(transactional_db: None) -> Episode:
    ClinicFactory()
    found: Episode = EpisodeFactory(patient__given_name="Anna", patient__time_zone="UTC")
    return found


@pytest.fixture
def programme(episode: Episode) -> tuple[Prescription, Prescription]:
    """A stretch of both calves, twice 20 seconds each, twice a day; then two sets of three bridges."""
    common = {"episode": episode, "starts_on": "2026-01-01"}
    stretch = PrescriptionFactory(
        **common, position=1, side="both", sets=1, reps=2, hold_s=20, rest_s=0, per_day=2,
        exercise__name="Calf stretch", exercise__technique="ex_static_stretch", exercise__region="calf",
        exercise__target_muscles=["gastrocnemius"],
    )  # fmt: skip
    bridge = PrescriptionFactory(
        **common, position=2, side="right", sets=2, reps=3, hold_s=None, rest_s=30, per_day=1,
        exercise__name="Bridge", exercise__target_muscles=["gluteus_maximus"],
    )  # fmt: skip
    return stretch, bridge


@pytest.fixture
def phone(
    new_context: Callable[..., BrowserContext], live_server: LiveServer, programme: object, episode: Episode
) -> Page:
    """A telephone on which the patient is logged in, with a clock that the test moves."""
    return opened(new_context, live_server, episode.patient)


def opened(new_context: Callable[..., BrowserContext], live_server: LiveServer, patient: Patient, **more: Any) -> Page:
    client = Client()
    assert patient.user is not None
    client.force_login(patient.user)
    context = new_context(viewport={"width": 390, "height": 844}, has_touch=True, **more)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    page = context.new_page()
    page.clock.install()
    page.goto(SESSION)
    return page


def tap(page: Page, name: str, *, exact: bool = True) -> None:
    page.get_by_role("button", name=name, exact=exact).click()


def spoken(page: Page) -> str:
    return page.locator("[data-live]").inner_text()


def dial(page: Page) -> str:
    return page.locator("[data-dial]:visible .dial-number").inner_text()


def rows() -> list[tuple[Any, ...]]:
    return list(
        SessionLog.objects.order_by("prescription__position", "bout").values_list(
            "prescription__exercise__name", "bout", "state", "reason", "pain"
        )
    )


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_whole_session_with_timers(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    tap(phone, "Begin")
    assert spoken(phone) == "Get ready, Left side, 5 seconds"
    phone.clock.run_for(5_500)
    assert spoken(phone) == "Hold, Left side, 1 of 2, 20 seconds"
    tap(phone, "Pause")
    left = dial(phone)
    phone.clock.run_for(60_000)
    assert (dial(phone), spoken(phone)) == (left, "Paused")
    tap(phone, "Go on")
    phone.clock.run_for(43_000)  # the other hold and the change of sides
    assert spoken(phone) == "Change sides, Right side, 8 seconds"
    phone.clock.run_for(52_000)
    assert phone.get_by_role("heading", name="How did it go?").is_visible()
    phone.locator("label:visible", has_text="2").first.click()
    tap(phone, "Done")

    phone.get_by_role("heading", name="Bridge").wait_for()
    tap(phone, "Begin")
    phone.clock.run_for(5_500)
    tap(phone, "One more done")
    assert dial(phone) == "1"
    phone.clock.run_for(8_500)  # the phone counts on: two more, and the first set is done
    assert spoken(phone) == "Rest, 30 seconds"
    phone.clock.run_for(30_000)
    assert spoken(phone) == "Keep going, Set 2 of 2"
    phone.clock.run_for(12_500)
    tap(phone, "Part of it")

    phone.get_by_role("heading", name="You are through.").wait_for()
    assert "Calf stretch" in phone.locator("[data-later]").inner_text()  # the second time of the day
    phone.locator("[data-sending='0']").wait_for()
    assert rows() == [("Calf stretch", 1, "done", "", 2), ("Bridge", 1, "part", "", None)]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_stopping_because_it_hurts_and_leaving_one_out(phone: Page) -> None:
    tap(phone, "Begin")
    phone.clock.run_for(7_000)
    tap(phone, "Stop: it hurts")
    assert phone.get_by_text("Get help at once").first.is_visible()
    phone.locator("label:visible", has_text="7").click()
    tap(phone, "Leave this one out now")
    tap(phone, "Leave it out")
    tap(phone, "No time")
    phone.get_by_role("heading", name="You are through.").wait_for()
    phone.locator("[data-sending='0']").wait_for()
    assert rows() == [("Calf stretch", 1, "part", "pain", 7), ("Bridge", 1, "skipped", "time", None)]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_an_answer_without_a_connection_is_sent_later_and_once(phone: Page) -> None:
    phone.context.set_offline(True)
    tap(phone, "Already done")
    tap(phone, "Done")
    phone.locator("[data-sending='1']").wait_for()
    assert rows() == []
    phone.context.set_offline(False)
    phone.locator("[data-sending='0']").wait_for()
    assert rows() == [("Calf stretch", 1, "done", "", None)]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_sound_is_switched_off_and_stays_off(phone: Page) -> None:
    sound = phone.get_by_role("button", name="Sound")
    assert sound.get_attribute("aria-pressed") == "true"
    sound.click()
    phone.reload()
    assert phone.get_by_role("button", name="Sound").get_attribute("aria-pressed") == "false"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_without_the_module_each_exercise_is_a_page(
    new_context: Callable[..., BrowserContext], live_server: LiveServer, programme: object, episode: Episode
) -> None:
    page = opened(new_context, live_server, episode.patient, java_script_enabled=False)
    assert page.locator("h1:visible").all_inner_texts() == ["Calf stretch"]
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Part of it").click()
    assert rows() == [("Calf stretch", 1, "done", "", None), ("Calf stretch", 2, "part", "", None)]
    assert page.locator("h1:visible").all_inner_texts() == ["Bridge"]


# --- The clock -------------------------------------------------------------------------------------------------------
RUN = """async ([address, dose, beats]) => {
  const engine = await import(address);
  let { state, events } = engine.start(engine.fresh(dose), 0);
  const heard = [...events];
  for (const at of beats) {
    const change = engine.tick(state, at * 1000);
    state = change.state;
    heard.push(...change.events);
  }
  const text = (e) => e.type === "phase" ? [e.segment.kind, e.segment.seconds, e.segment.side].join(" ") : e.type;
  return heard.filter((e) => e.type !== "last").map(text);
}"""
STRETCH = {"sets": 1, "reps": 2, "hold": 30, "minutes": 0, "rest": 10, "sides": ["left", "right"]}
CLOCK = {
    "a stretch on both sides": (
        STRETCH,
        ["ready 5 left", "hold 30 left", "letgo 10 left", "hold 30 left", "switch 8 right", "hold 30 right",
         "letgo 10 right", "hold 30 right", "done"],
    ),
    "short holds in two sets": (
        {"sets": 2, "reps": 2, "hold": 5, "minutes": 0, "rest": 30, "sides": [""]},
        ["ready 5 ", "hold 5 ", "letgo 3 ", "hold 5 ", "rest 30 ", "hold 5 ", "letgo 3 ", "hold 5 ", "done"],
    ),
    "repetitions": (
        {"sets": 2, "reps": 2, "hold": 1, "minutes": 0, "rest": 60, "sides": ["right"]},
        ["ready 5 right", "reps  right", "rep", "rep", "rest 60 ", "reps  right", "rep", "rep", "done"],
    ),
    "minutes": (
        {"sets": 1, "reps": 1, "hold": 0, "minutes": 2.5, "rest": 0, "sides": [""]},
        ["ready 5 ", "work 150 ", "done"],
    ),
    "sets without a rest": (
        {"sets": 2, "reps": 1, "hold": 20, "minutes": 0, "rest": 0, "sides": [""]},
        ["ready 5 ", "hold 20 ", "letgo 3 ", "hold 20 ", "done"],
    ),
}  # fmt: skip


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_clock_goes_through_every_dose(phone: Page) -> None:
    address = f"{settings.STATIC_URL}js/session-engine.js"
    for name, (dose, heard) in CLOCK.items():
        beats = [second / 5 for second in range(3000)]
        assert phone.evaluate(RUN, [address, dose, beats]) == heard, name
        assert phone.evaluate(RUN, [address, dose, [0, 600]]) == heard, f"{name}: a phone that slept"

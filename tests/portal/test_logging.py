"""Logging from the phone: one tap, with reason, pain, correction, taking back; and what is refused."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from exercises.models import SessionLog
from tests.factories.exercises import PrescriptionFactory, SessionLogFactory


def post(home: SimpleNamespace, pk: int | None = None, htmx: bool = False, **data: Any) -> Any:
    body = {"on": home.today.isoformat(), "bout": 1, "client_id": str(uuid4()), "state": "done", **data}
    headers = {"HX-Request": "true"} if htmx else {}
    return home.client.post(reverse("portal:log", args=[pk or home.prescription.pk]), body, headers=headers)


def test_one_tap_logs_and_comes_back_to_the_card(home: SimpleNamespace) -> None:
    response = post(home)
    assert response.status_code == 302
    assert response["Location"] == f"/portal/#exercise-{home.prescription.pk}"
    log = SessionLog.objects.get()
    assert (log.prescription, log.on, log.bout, log.state, log.pain) == (home.prescription, home.today, 1, "done", None)
    page = home.client.get("/portal/").content.decode()
    assert 'class="pain-question"' in page
    assert "You are finished for today" in page


def test_tapped_twice_is_logged_once(home: SimpleNamespace) -> None:
    client_id = str(uuid4())
    post(home, client_id=client_id)
    post(home, client_id=client_id)
    assert SessionLog.objects.count() == 1


def test_with_htmx_the_day_is_swapped(home: SimpleNamespace) -> None:
    response = post(home, htmx=True)
    assert response.status_code == 200
    content = response.content.decode()
    assert content.lstrip().startswith('<div id="day"')
    assert "<html" not in content
    assert "1 of 1 done" in content


def test_pain_zero_is_an_answer(home: SimpleNamespace) -> None:
    log = SessionLogFactory(prescription=home.prescription, on=home.today)
    assert home.client.post(reverse("portal:log-pain", args=[log.pk]), {"pain": "0"}).status_code == 302
    assert SessionLog.objects.get().pain == 0
    page = home.client.get("/portal/").content.decode()
    assert "pain 0 of 10" in page
    assert 'class="pain-question"' not in page


@pytest.mark.parametrize("pain", ["11", "-1", "x", "", "1.5"])
def test_impossible_pain_is_refused_at_the_field(home: SimpleNamespace, pain: str) -> None:
    log = SessionLogFactory(prescription=home.prescription, on=home.today)
    response = home.client.post(reverse("portal:log-pain", args=[log.pk]), {"pain": pain})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["pain"]
    assert SessionLog.objects.get().pain is None


def test_without_a_reason_nothing_is_written_and_the_comment_stays(home: SimpleNamespace) -> None:
    response = post(home, state="skipped", comment="My knee was swollen", pain="7")
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["reason"]
    page = response.content.decode()
    assert "My knee was swollen" in page
    assert 'value="7" checked' in " ".join(page.split()) or 'value="7"' in page
    assert not SessionLog.objects.exists()


def test_the_form_opens_with_what_is_stored_and_corrects_it(home: SimpleNamespace) -> None:
    log = SessionLogFactory(prescription=home.prescription, on=home.today, state="part", reason="time", pain=5)
    address = reverse("portal:log", args=[home.prescription.pk])
    form = home.client.get(f"{address}?day={home.today}&bout=1").context["form"]
    assert (form.initial["state"], form.initial["reason"], form.initial["pain"]) == ("part", "time", 5)
    post(home, state="done", pain="0")
    log.refresh_from_db()
    assert (log.state, log.reason, log.pain) == ("done", "", 0)
    assert SessionLog.objects.count() == 1


def test_taken_back_it_is_open_again(home: SimpleNamespace) -> None:
    log = SessionLogFactory(prescription=home.prescription, on=home.today)
    assert home.client.get(reverse("portal:log-undo", args=[log.pk])).status_code == 405
    assert home.client.post(reverse("portal:log-undo", args=[log.pk])).status_code == 302
    assert not SessionLog.objects.exists()


def test_a_forgotten_day_can_be_filled_in(home: SimpleNamespace) -> None:
    yesterday = home.today - timedelta(days=1)
    assert f'value="{yesterday}"' in home.client.get(f"/portal/?day={yesterday}").content.decode()
    response = post(home, on=yesterday.isoformat())
    assert response["Location"] == f"/portal/?day={yesterday}#exercise-{home.prescription.pk}"
    assert SessionLog.objects.get().on == yesterday


@pytest.mark.parametrize(
    "data",
    [
        {"on": "2999-01-01"},
        {"on": "2020-01-01"},
        {"on": "not a day"},
        {"bout": 2},
        {"bout": 10**20},
        {"client_id": "nothing"},
        {"state": "finished"},
        {"pain": "11"},
        {"comment": "x" * 501},
        {"comment": "a\x00b"},
        {"on": ""},
    ],
)
def test_absurd_input_is_refused_with_a_page_and_writes_nothing(home: SimpleNamespace, data: dict[str, Any]) -> None:
    response = post(home, **data)
    assert response.status_code == 422
    assert response.context["form"].errors
    assert "error-summary" in response.content.decode()
    assert not SessionLog.objects.exists()


@pytest.mark.parametrize("query", ["day=2999-01-01", "day=x", "bout=0", "bout=99", "bout=²", "state=odd", "day="])
def test_absurd_addresses_open_the_form_of_today(home: SimpleNamespace, query: str) -> None:
    response = home.client.get(f"{reverse('portal:log', args=[home.prescription.pk])}?{query}")
    assert response.status_code == 200
    initial = response.context["form"].initial
    assert (initial["on"], initial["bout"]) == (home.today, 1)


def test_somebody_elses_exercise_and_log_do_not_exist(home: SimpleNamespace) -> None:
    log = SessionLogFactory(prescription=home.foreign, on=home.today, state="part")
    for address in (
        reverse("portal:exercise", args=[home.foreign.pk]),
        reverse("portal:log", args=[home.foreign.pk]),
        reverse("portal:exercise", args=[10**15]),
    ):
        assert home.client.get(address).status_code == 404
    assert post(home, pk=home.foreign.pk).status_code == 404
    assert home.client.post(reverse("portal:log-pain", args=[log.pk]), {"pain": "3"}).status_code == 404
    assert home.client.post(reverse("portal:log-undo", args=[log.pk])).status_code == 404
    log.refresh_from_db()
    assert (log.state, log.pain) == ("part", None)
    assert SessionLog.objects.count() == 1


@pytest.mark.hazard("H-14")
def test_a_foreign_id_in_the_body_changes_nothing(home: SimpleNamespace) -> None:
    post(home, prescription=home.foreign.pk, patient=home.foreign.patient_id)
    assert SessionLog.objects.get().prescription == home.prescription


def test_a_client_id_of_another_patient_is_refused_without_a_hint(home: SimpleNamespace) -> None:
    log = SessionLogFactory(prescription=home.foreign, on=home.today)
    response = post(home, client_id=str(log.client_id))
    assert response.status_code == 409
    assert home.foreign.patient.display_name not in response.content.decode()
    assert SessionLog.objects.count() == 1


@pytest.mark.hazard("H-19")
@pytest.mark.parametrize(("state", "ends_on"), [("paused", None), ("stopped", "2026-01-02")])
def test_what_is_on_hold_or_over_is_hidden_and_not_logged(home: SimpleNamespace, state: str, ends_on: str) -> None:
    type(home.prescription).objects.filter(pk=home.prescription.pk).update(state=state, ends_on=ends_on)
    assert "Pelvic tilt" not in home.client.get("/portal/").content.decode()
    page = home.client.get(reverse("portal:exercise", args=[home.prescription.pk])).content.decode()
    assert "not in your plan now" in page
    assert "Knees bent" not in page
    assert post(home).status_code == 409
    assert not SessionLog.objects.exists()


def test_several_sessions_a_day_are_logged_one_by_one(home: SimpleNamespace) -> None:
    often = PrescriptionFactory(episode=home.episode, per_day=3, starts_on="2026-01-01")
    for bout in (1, 2):
        post(home, pk=often.pk, bout=bout)
    page = home.client.get("/portal/").content.decode()
    assert "Done, 3 of 3" in page
    assert "2 of 4 done" in page
    assert "finished for today" not in page


def test_all_skipped_is_thanked_for_and_not_cheered(home: SimpleNamespace) -> None:
    post(home, state="skipped", reason="unwell")
    page = home.client.get("/portal/").content.decode()
    assert "Thank you for telling us" in page
    assert "Well done" not in page

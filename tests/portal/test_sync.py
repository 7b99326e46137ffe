"""Entries that a telephone sends later: once each, the time of the act decides, two devices lose nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from clinic.models import ReceivedAct
from exercises.models import Prescription, SessionLog
from portal import acts
from tests.factories.exercises import PrescriptionFactory

URL = "/portal/sync/"


def act(home: SimpleNamespace, ago: float = 5, kind: str = "log", uuid: str = "", **payload: Any) -> dict[str, Any]:
    """An act so many minutes ago."""
    at = timezone.now() - timedelta(minutes=ago)
    base: dict[str, Any] = {"prescription": home.prescription.pk, "on": home.today.isoformat(), "bout": 1}
    if kind == "log":
        base |= {"state": "done", "reason": "", "pain": None, "comment": ""}
    return {"uuid": uuid or str(uuid4()), "kind": kind, "acted_at": at.isoformat(), "payload": base | payload}


def send(home: SimpleNamespace, *sent: Any) -> list[dict[str, str]]:
    response = home.client.post(URL, {"acts": list(sent)}, content_type="application/json")
    assert response.status_code == 200, response.content
    answers: list[dict[str, str]] = response.json()["answers"]
    return answers


def status(home: SimpleNamespace, *sent: Any) -> list[str]:
    return [answer["status"] for answer in send(home, *sent)]


def twice_a_day(home: SimpleNamespace) -> None:
    Prescription.objects.filter(pk=home.prescription.pk).update(per_day=2)


def test_an_act_is_stored_with_its_own_time(home: SimpleNamespace) -> None:
    sent = act(home, ago=90, state="part", reason="time", pain=4, comment="on the train")
    assert send(home, sent) == [{"uuid": sent["uuid"], "status": "stored"}]
    log = SessionLog.objects.get()
    assert (log.state, log.reason, log.pain, log.comment, log.bout) == ("part", "time", 4, "on the train", 1)
    assert log.acted_at == datetime.fromisoformat(sent["acted_at"])
    assert str(log.client_id) == sent["uuid"]


def test_sent_again_is_known_whatever_came_between(home: SimpleNamespace) -> None:
    first, second = act(home, ago=9), act(home, ago=5, state="part", pain=2)
    second["payload"]["corrects"] = first["uuid"]
    assert status(home, first, second, first, second) == ["stored", "stored", "known", "known"]
    assert status(home, first) == ["known"]
    assert SessionLog.objects.get().state == "part"


def test_the_time_of_the_act_decides_not_the_arrival(home: SimpleNamespace) -> None:
    early, late = act(home, ago=60, state="skipped", reason="time"), act(home, ago=10, pain=0)
    assert status(home, late, early) == ["stored", "superseded"]
    log = SessionLog.objects.get()
    assert (log.state, log.pain) == ("done", 0)


def test_one_bad_act_does_not_stop_the_others(home: SimpleNamespace) -> None:
    good = act(home)
    answers = send(home, "nonsense", act(home, pain=11), {"uuid": "x"}, good, act(home, kind="dance"))
    assert [answer["status"] for answer in answers] == ["refused", "refused", "refused", "stored", "refused"]
    assert (answers[1]["words"], answers[1]["field"]) == ("Pain is a number from 0 to 10.", "pain")
    assert SessionLog.objects.count() == 1
    assert ReceivedAct.objects.count() == 1


@pytest.mark.parametrize(
    "payload",
    [
        {"state": "skipped"},
        {"state": "flown"},
        {"reason": "aliens", "state": "part"},
        {"pain": "much"},
        {"pain": True},
        {"bout": 2},
        {"bout": 0},
        {"on": "2026-02-30"},
        {"on": "2020-01-01"},
        {"comment": "x" * 501},
        {"comment": "a\x00b"},
        {"prescription": "1; DROP"},
        {"prescription": 10**30},
        {"prescription": None},
    ],
)
def test_what_cannot_be_is_refused_with_words(home: SimpleNamespace, payload: dict[str, Any]) -> None:
    (answer,) = send(home, act(home, **payload))
    assert answer["status"] == "refused"
    assert answer["words"]
    assert not SessionLog.objects.exists()
    assert not ReceivedAct.objects.exists()


def test_the_prescription_of_somebody_else_is_as_unknown_as_none(home: SimpleNamespace) -> None:
    foreign, none = send(home, act(home, prescription=home.foreign.pk), act(home, prescription=99999999))
    assert foreign["words"] == none["words"]
    assert foreign["status"] == none["status"] == "refused"
    assert not SessionLog.objects.exists()


@pytest.mark.parametrize(("ahead", "expected"), [(4, "stored"), (6, "refused"), (60 * 24 * 400, "refused")])
def test_a_clock_may_be_a_little_ahead(home: SimpleNamespace, ahead: int, expected: str) -> None:
    (answer,) = send(home, act(home, ago=-ahead))
    assert answer["status"] == expected
    if expected == "stored":
        assert SessionLog.objects.get().acted_at <= timezone.now()
    else:
        assert "clock" in answer["words"]
        assert not SessionLog.objects.exists()


@pytest.mark.parametrize("at", ["", None, 5, "yesterday", "2026-11-24T10:00:00", "0001-01-01T00:00:00+00:00"])
def test_a_time_that_is_none_is_refused(home: SimpleNamespace, at: Any) -> None:
    assert status(home, {**act(home), "acted_at": at}) == ["refused"]


def test_two_devices_that_did_the_same_session_keep_both_answers(home: SimpleNamespace) -> None:
    one = act(home, ago=60, fresh=True, pain=3, comment="stiff")
    two = act(home, ago=30, fresh=True, comment="better")
    assert status(home, one, two) == ["stored", "stored"]
    log = SessionLog.objects.get()
    assert (log.pain, log.comment, str(log.client_id)) == (3, "stiff\nbetter", two["uuid"])


def test_the_other_order_of_arrival_ends_the_same(home: SimpleNamespace) -> None:
    one = act(home, ago=60, fresh=True, pain=3, comment="stiff")
    two = act(home, ago=30, fresh=True, comment="better")
    assert status(home, two, one) == ["stored", "superseded"]
    log = SessionLog.objects.get()
    assert (log.pain, log.comment, str(log.client_id)) == (3, "stiff\nbetter", two["uuid"])


@pytest.mark.parametrize("turned", [False, True])
def test_two_sessions_on_two_devices_stay_two(home: SimpleNamespace, turned: bool) -> None:
    twice_a_day(home)
    sent = [act(home, ago=60, fresh=True, pain=3), act(home, ago=30, fresh=True, pain=5)]
    assert status(home, *(sent[::-1] if turned else sent)) == ["stored", "stored"]
    assert set(SessionLog.objects.values_list("pain", flat=True)) == {3, 5}
    assert status(home, *sent) == ["known", "known"]
    assert SessionLog.objects.count() == 2


@pytest.mark.parametrize("turned", [False, True])
def test_the_answer_about_pain_outlives_the_tap_of_another_device(home: SimpleNamespace, turned: bool) -> None:
    tap = act(home, ago=60, fresh=True)
    mine, other = [tap, act(home, ago=55, pain=4, corrects=tap["uuid"])], [act(home, ago=30, fresh=True, comment="x")]
    for sent in (other, mine) if turned else (mine, other):
        send(home, *sent)
    log = SessionLog.objects.get()
    assert (log.pain, log.comment) == (4, "x")


def test_a_correction_that_did_not_see_the_other_device_keeps_its_comment(home: SimpleNamespace) -> None:
    tap = act(home, ago=60, fresh=True)
    send(home, act(home, ago=40, fresh=True, comment="x"))
    send(home, tap, act(home, ago=20, pain=4, corrects=tap["uuid"]))
    log = SessionLog.objects.get()
    assert (log.pain, log.comment) == (4, "x")


def test_a_correction_finds_the_session_that_was_moved(home: SimpleNamespace) -> None:
    twice_a_day(home)
    other, mine = act(home, ago=60, fresh=True), act(home, ago=30, fresh=True)
    send(home, other, mine)
    assert status(home, act(home, ago=20, pain=7, corrects=mine["uuid"])) == ["stored"]
    assert list(SessionLog.objects.order_by("bout").values_list("bout", "pain")) == [(1, None), (2, 7)]


def test_an_answer_that_got_lost_is_not_counted_again_after_a_correction(home: SimpleNamespace) -> None:
    twice_a_day(home)
    sent = act(home, ago=30, fresh=True)
    form = {"on": home.today.isoformat(), "bout": 1, "state": "done"}
    home.client.post(f"/portal/exercise/{home.prescription.pk}/log/", {**form, "client_id": sent["uuid"]})
    home.client.post(f"/portal/log/{SessionLog.objects.get().pk}/pain/", {"pain": "2"})
    assert status(home, sent) == ["known"]
    log = SessionLog.objects.get()
    assert (log.bout, log.pain) == (1, 2)


def test_taking_back_counts_by_its_time(home: SimpleNamespace) -> None:
    first = act(home, ago=60)
    send(home, first)
    assert status(home, act(home, ago=70, kind="undo")) == ["superseded"]
    assert SessionLog.objects.exists()
    assert status(home, act(home, ago=50, kind="undo", corrects=first["uuid"])) == ["stored"]
    assert not SessionLog.objects.exists()
    assert status(home, act(home, ago=55, fresh=True)) == ["superseded"], "tapped before it was taken back"
    assert not SessionLog.objects.exists()
    assert status(home, act(home, ago=40)) == ["stored"], "done again afterwards"


def test_taking_back_before_the_log_arrives(home: SimpleNamespace) -> None:
    assert status(home, act(home, ago=10, kind="undo"), act(home, ago=20)) == ["known", "superseded"]
    assert not SessionLog.objects.exists()


def test_taking_back_with_a_connection_holds_for_late_entries_too(home: SimpleNamespace) -> None:
    send(home, act(home, ago=60))
    home.client.post(f"/portal/log/{SessionLog.objects.get().pk}/undo/")
    assert status(home, act(home, ago=30, fresh=True)) == ["superseded"]
    assert not SessionLog.objects.exists()


def test_an_exercise_on_hold_is_refused_in_words(home: SimpleNamespace) -> None:
    Prescription.objects.filter(pk=home.prescription.pk).update(state="paused")
    (answer,) = send(home, act(home))
    assert answer["words"] == "This exercise is on hold. Please wait for your physiotherapist."


def test_a_fault_of_ours_is_no_refusal(home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_act: acts.Act) -> Any:
        SessionLog.objects.create(state="nonsense")

    monkeypatch.setitem(acts.HANDLERS, "broken", broken)
    assert status(home, act(home, kind="broken"), act(home)) == ["failed", "stored"]


def test_the_uuid_of_another_person_is_refused(home: SimpleNamespace) -> None:
    other = Client()
    other.force_login(home.foreign.patient.user)
    sent = act(home)
    send(home, sent)
    twin = act(SimpleNamespace(prescription=home.foreign, today=home.today), uuid=sent["uuid"])
    answer = send(SimpleNamespace(client=other), twin)[0]
    assert answer["status"] == "refused"
    assert SessionLog.objects.count() == 1


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"acts": 5}', "\x00"])
def test_a_body_that_is_none(home: SimpleNamespace, body: str) -> None:
    assert home.client.post(URL, body, content_type="application/json").status_code == 400


def test_at_most_so_many_at_once(home: SimpleNamespace) -> None:
    response = home.client.post(URL, {"acts": [{}] * (acts.MOST_ACTS + 1)}, content_type="application/json")
    assert (response.status_code, response.json()["most"]) == (413, acts.MOST_ACTS)


def test_entries_of_one_person_are_never_stored_for_another(home: SimpleNamespace) -> None:
    stranger = Client()
    stranger.force_login(home.foreign.patient.user)
    person = stranger.get(URL).json()["person"]
    body = {"person": person, "acts": [act(home)]}
    assert home.client.post(URL, body, content_type="application/json").status_code == 409
    assert not SessionLog.objects.exists()


def test_an_old_token_is_replaced_by_asking(home: SimpleNamespace) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(home.patient.user)
    body = {"acts": [act(home)]}
    assert strict.post(URL, body, content_type="application/json").status_code == 403
    token = strict.get(URL).json()["csrf"]
    headers = {"X-CSRFToken": token}
    assert strict.post(URL, body, content_type="application/json", headers=headers).status_code == 200


def test_person_and_key_differ_between_people_and_last(home: SimpleNamespace) -> None:
    stranger = Client()
    stranger.force_login(PrescriptionFactory().patient.user)
    mine, again, theirs = (client.get(URL).json() for client in (home.client, home.client, stranger))
    assert (mine["person"], mine["key"]) == (again["person"], again["key"])
    assert mine["person"] != theirs["person"]
    assert mine["key"] != theirs["key"]

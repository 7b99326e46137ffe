"""What the API answers: one shape of errors, logs that may be sent twice, bookings, the description."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from io import StringIO
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from clinic.models import Patient
from exercises.models import SessionLog
from scheduling.models import Appointment, WorkingHours

pytestmark = pytest.mark.django_db


def log_body(cast: SimpleNamespace, **changes: Any) -> dict[str, Any]:
    now = timezone.now()
    return {
        "client_id": "22222222-2222-4222-8222-222222222222",
        "prescription": cast.prescription.pk,
        "on": (now - timedelta(days=1)).date().isoformat(),
        "state": "done",
        "acted_at": (now - timedelta(hours=2)).isoformat(),
        **changes,
    }


def test_a_log_is_stored_once_however_often_it_is_sent(cast: SimpleNamespace, api: Any) -> None:
    client, body = api(cast.patient.user), log_body(cast, pain=0)
    first, again = client.post("/api/session-logs/", body), client.post("/api/session-logs/", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["pain"] == 0
    assert SessionLog.objects.count() == 1


def test_a_correction_may_be_sent_twice_and_the_latest_act_wins(cast: SimpleNamespace, api: Any) -> None:
    client = api(cast.patient.user)
    pk = client.post("/api/session-logs/", log_body(cast)).json()["id"]
    change = {
        "client_id": str(uuid4()),
        "state": "part",
        "pain": 3,
        "comment": "Only half",
        "acted_at": (timezone.now() - timedelta(hours=1)).isoformat(),
    }
    first, again = (client.patch(f"/api/session-logs/{pk}/", change) for _ in range(2))
    assert (first.status_code, first.json()["state"], first.json()["pain"]) == (200, "part", 3)
    assert again.json() == first.json()
    late = {"client_id": str(uuid4()), "state": "done", "acted_at": (timezone.now() - timedelta(hours=3)).isoformat()}
    assert client.patch(f"/api/session-logs/{pk}/", late).json()["state"] == "part"
    assert client.delete(f"/api/session-logs/{pk}/").status_code == 204
    assert SessionLog.objects.count() == 0


def test_another_patients_exercise_does_not_exist(cast: SimpleNamespace, api: Any) -> None:
    client = api(cast.patient.user)
    foreign = client.post("/api/session-logs/", log_body(cast, prescription=cast.other_prescription.pk))
    missing = client.post("/api/session-logs/", log_body(cast, prescription=10**12))
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() == missing.json()
    assert not SessionLog.objects.exists()


@pytest.mark.parametrize(
    ("changes", "code", "fields"),
    [
        ({"pain": 11}, "pain", ["pain"]),
        ({"pain": -1}, "pain", ["pain"]),
        ({"pain": "1,5"}, "invalid", ["pain"]),
        ({"pain": float("inf")}, "parse_error", []),
        ({"state": "skipped"}, "reason_missing", ["reason"]),
        ({"state": "finished"}, "invalid", ["state"]),
        ({"on": "2999-01-01"}, "future_day", ["on"]),
        ({"on": "yesterday"}, "invalid", ["on"]),
        ({"bout": 2}, "bout", ["bout"]),
        ({"bout": 10**30}, "bout", ["bout"]),
        ({"comment": "x" * 501}, "invalid", ["comment"]),
        ({"comment": "a\x00b"}, "invalid", ["comment"]),
        ({"client_id": "no"}, "invalid", ["client_id"]),
        ({"prescription": 0}, "invalid", ["prescription"]),
        ({"pain": 11, "on": "2999-01-01"}, "invalid", ["on", "pain"]),
    ],
)
def test_refusals_have_one_shape_and_write_nothing(
    cast: SimpleNamespace, api: Any, changes: dict[str, Any], code: str, fields: list[str]
) -> None:
    body = log_body(cast, **changes)
    client = api(cast.patient.user)
    if changes.get("pain") == float("inf"):
        response = client.generic("POST", "/api/session-logs/", '{"pain": Infinity}', content_type="application/json")
    else:
        response = client.post("/api/session-logs/", body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert [row["field"] for row in error["fields"]] == fields
    assert not SessionLog.objects.exists()


@pytest.mark.parametrize(
    ("query", "field"),
    [("colour=red", "colour"), ("state=odd", "state"), ("patient=x", "patient"), ("patient=0", "patient"),
     ("on=2026-13-01", "on"), ("patient=99999999999999999999", "patient")],
)  # fmt: skip
def test_filters_come_from_a_list(cast: SimpleNamespace, api: Any, query: str, field: str) -> None:
    response = api(cast.physio).get(f"/api/prescriptions/?{query}")
    assert response.status_code == 400
    assert response.json()["error"]["fields"][0]["field"] == field


def test_filters_and_pages(cast: SimpleNamespace, api: Any) -> None:
    client = api(cast.manager)
    found = client.get(f"/api/prescriptions/?patient={cast.patient.pk}&on=2026-11-20&limit=1").json()
    assert (found["count"], found["results"][0]["patient"]) == (1, cast.patient.pk)
    assert client.get("/api/prescriptions/?on=2025-01-01").json()["count"] == 0
    for absurd in ("limit=100000", "limit=-1", "limit=x", f"offset={10**40}", "offset=-5"):
        assert client.get(f"/api/patients/?{absurd}").status_code == 200
    assert client.get("/api/patients/?q='%22%26|!:*&limit=5").status_code == 200
    assert client.get("/api/patients/?q=%00").status_code == 400


def test_a_list_takes_the_same_queries_for_one_row_and_for_five(
    cast: SimpleNamespace, api: Any, django_assert_num_queries: Any
) -> None:
    from tests.factories.exercises import PrescriptionFactory

    client = api(cast.manager)
    client.get("/api/prescriptions/")
    for extra in (0, 5):
        PrescriptionFactory.create_batch(extra, episode=cast.episode)
        with django_assert_num_queries(5):  # session, user, count, rows, access log
            client.get(f"/api/prescriptions/?patient={cast.patient.pk}")


def test_register_and_change_a_patient(cast: SimpleNamespace, api: Any) -> None:
    client = api(cast.desk)
    body = {"given_name": "Ines", "family_name": "Marlow", "date_of_birth": "1990-05-06", "email": "ines@example.test"}
    created = client.post("/api/patients/", body)
    assert created.status_code == 201, created.json()
    again = client.post("/api/patients/", body)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "similar")
    changed = client.patch(f"/api/patients/{created.json()['id']}/", {"phone": "+44 20 7946 0001"})
    assert (changed.status_code, changed.json()["phone"]) == (200, "+44 20 7946 0001")
    bad = client.patch(f"/api/patients/{created.json()['id']}/", {"date_of_birth": "2999-01-01"})
    assert (bad.status_code, bad.json()["error"]["fields"][0]["field"]) == (400, "date_of_birth")
    assert Patient.objects.filter(family_name="Marlow").count() == 1


def test_unknown_log_in_and_broken_body_have_the_same_shape(cast: SimpleNamespace, api: Any) -> None:
    anonymous = api(None).get("/api/patients/")
    assert anonymous.json() == {
        "error": {
            "code": "not_authenticated",
            "message": "Authentication credentials were not provided.",
            "fields": [],
        }
    }
    broken = api(cast.desk).generic("POST", "/api/patients/", "{", content_type="application/json")
    assert (broken.status_code, broken.json()["error"]["code"]) == (400, "parse_error")
    listed = api(cast.desk).generic("POST", "/api/patients/", "[1]", content_type="application/json")
    assert (listed.status_code, listed.json()["error"]["code"]) == (400, "invalid")
    xml = api(cast.desk).generic("POST", "/api/patients/", "<a/>", content_type="application/xml")
    assert (xml.status_code, xml.json()["error"]["code"]) == (415, "unsupported_media_type")
    method = api(cast.desk).put("/api/patients/", {})
    assert (method.status_code, method.json()["error"]["code"]) == (403, "permission_denied")


@pytest.mark.parametrize("body", ['{"state": "\\ud800"}', '{"\\udfff": 1}', '[{"a": ["\\ud800x"]}]'])
def test_half_a_character_is_refused_and_not_repeated(cast: SimpleNamespace, api: Any, body: str) -> None:
    client = api(cast.patient.user)
    answer = client.generic("POST", "/api/session-logs/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "parse_error")
    whole = client.generic("POST", "/api/session-logs/", '{"state": "\\ud83d\\ude00"}', content_type="application/json")
    assert whole.json()["error"]["code"] == "invalid"


def workday() -> datetime:
    """Ten o'clock on a day next week, UTC."""
    day = timezone.now().date() + timedelta(days=7)
    return datetime.combine(day, time(10), tzinfo=UTC)


def test_book_move_cancel(cast: SimpleNamespace, api: Any) -> None:
    client, start = api(cast.desk), workday()
    for weekday in range(7):
        WorkingHours.objects.create(
            practitioner=cast.physio.practitioner, weekday=weekday, starts=time(6), ends=time(20)
        )
    body = {
        "patient": cast.patient.pk,
        "practitioner": cast.physio.practitioner.pk,
        "start": start.isoformat(),
        "minutes": 30,
        "key": "desk-1",
    }
    booked = client.post("/api/appointments/", body)
    assert booked.status_code == 201, booked.json()
    assert client.post("/api/appointments/", body).json()["id"] == booked.json()["id"]
    taken = client.post("/api/appointments/", {**body, "patient": cast.other.pk, "key": "desk-2"})
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "slot_taken")
    assert taken.json()["error"]["alternatives"]
    address = f"/api/appointments/{booked.json()['id']}/"
    later = (start + timedelta(hours=1)).isoformat()
    moved = client.patch(address, {"start": later, "sequence": 0})
    assert (moved.status_code, moved.json()["sequence"]) == (200, 1)
    stale = client.patch(address, {"start": start.isoformat(), "sequence": 0})
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "changed")
    own = api(cast.patient.user).get(address)
    assert "desk_note" not in own.json()
    assert api(cast.other.user).get(address).status_code == 404
    cancelled = client.post(f"{address}cancel/", {"reason": "patient"})
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"practitioner": 10**9}, "practitioner"), ({"room": 10**9}, "room"), ({"minutes": 0}, "minutes"),
     ({"start": "soon"}, "start"), ({"kind": "odd"}, "kind")],
)  # fmt: skip
def test_bookings_that_cannot_be(cast: SimpleNamespace, api: Any, changes: dict[str, Any], field: str) -> None:
    body = {
        "patient": cast.patient.pk,
        "practitioner": cast.physio.practitioner.pk,
        "start": workday().isoformat(),
        "minutes": 30,
    }
    response = api(cast.desk).post("/api/appointments/", {**body, **changes})
    assert response.status_code == 400
    assert [row["field"] for row in response.json()["error"]["fields"]] == [field]
    assert not Appointment.objects.exists()


def test_nobody_books_for_a_patient_out_of_sight(cast: SimpleNamespace, api: Any) -> None:
    body = {
        "patient": cast.other.pk,
        "practitioner": cast.physio.practitioner.pk,
        "start": workday().isoformat(),
        "minutes": 30,
    }
    assert api(cast.physio).post("/api/appointments/", body).status_code == 404


def test_the_description_is_complete_and_without_warnings() -> None:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    for path in ("/api/patients/", "/api/session-logs/{id}/", "/api/appointments/{id}/cancel/"):
        assert path in out.getvalue()

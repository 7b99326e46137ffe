"""Who gets which answer: every address x role, own and foreign rows, the access log."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import get_resolver
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from clinic.models import AccessEvent
from scheduling.models import Appointment
from tests.factories.exercises import SessionLogFactory

pytestmark = pytest.mark.django_db

ROLES = ("nobody", "patient", "physio", "stranger_physio", "desk", "manager")
# Lists: everybody who may ask gets 200 with the rows they may see, the others 403.
LISTS = {
    "/api/patients/": (401, 200, 200, 200, 200, 200),
    "/api/appointments/": (401, 200, 200, 200, 200, 200),
    "/api/prescriptions/": (401, 200, 200, 200, 403, 200),
    "/api/session-logs/": (401, 200, 200, 200, 403, 200),
    "/api/assessments/": (401, 403, 200, 200, 403, 200),
    "/api/plans/": (401, 403, 200, 200, 403, 200),
    "/api/plan-versions/": (401, 403, 200, 200, 403, 200),
    "/api/schema/": (401, 200, 200, 200, 200, 200),
    "/api/nowhere/": (401, 404, 404, 404, 404, 404),
}
# One row that belongs to the patient of "physio".
ROWS = {
    "/api/patients/{patient}/": (401, 200, 200, 404, 200, 200),
    "/api/prescriptions/{prescription}/": (401, 200, 200, 404, 403, 200),
    "/api/session-logs/{log}/": (401, 200, 200, 404, 403, 200),
}
WRITES = {
    ("post", "/api/patients/"): (401, 403, 400, 400, 400, 400),
    ("patch", "/api/patients/{patient}/"): (401, 403, 200, 404, 200, 200),
    ("post", "/api/session-logs/"): (401, 400, 403, 403, 403, 403),
    ("patch", "/api/session-logs/{log}/"): (401, 200, 403, 403, 403, 403),
    ("delete", "/api/session-logs/{log}/"): (401, 204, 403, 403, 403, 403),
    ("post", "/api/appointments/"): (401, 403, 400, 400, 400, 400),
    ("patch", "/api/appointments/999/"): (401, 403, 404, 404, 404, 404),
    ("post", "/api/appointments/999/cancel/"): (401, 403, 404, 404, 404, 404),
    ("post", "/api/assessments/"): (401, 403, 400, 400, 403, 403),
    ("patch", "/api/assessments/999/"): (401, 403, 404, 404, 403, 403),
    ("post", "/api/prescriptions/"): (401, 403, 403, 403, 403, 403),
    ("delete", "/api/patients/{patient}/"): (401, 403, 403, 403, 403, 403),
    ("put", "/api/patients/{patient}/"): (401, 403, 403, 403, 403, 403),
}


def user_of(cast: SimpleNamespace, role: str) -> Any:
    return None if role == "nobody" else cast.patient.user if role == "patient" else getattr(cast, role)


def filled(cast: SimpleNamespace, path: str) -> str:
    log = SessionLogFactory(prescription=cast.prescription)
    return path.format(patient=cast.patient.pk, prescription=cast.prescription.pk, log=log.pk)


@pytest.mark.parametrize("path", [*LISTS, *ROWS])
def test_reading(cast: SimpleNamespace, api: Any, path: str) -> None:
    address = filled(cast, path)
    answers = tuple(api(user_of(cast, role)).get(address).status_code for role in ROLES)
    assert answers == {**LISTS, **ROWS}[path]


@pytest.mark.parametrize(("method", "path"), list(WRITES))
def test_writing(cast: SimpleNamespace, api: Any, method: str, path: str) -> None:
    for role, expected in zip(ROLES, WRITES[(method, path)], strict=True):
        response = getattr(api(user_of(cast, role)), method)(filled_once(cast, path), {}, format="json")
        assert (role, response.status_code) == (role, expected)


def filled_once(cast: SimpleNamespace, path: str) -> str:
    log = cast.prescription.logs.first() or SessionLogFactory(prescription=cast.prescription)
    return path.format(patient=cast.patient.pk, prescription=cast.prescription.pk, log=log.pk)


def test_every_address_is_in_the_tables() -> None:
    listed = {path.split("?")[0].strip("/").split("/")[1] for path in [*LISTS, *ROWS]}
    routes = {str(p.pattern) for r in get_resolver("api.urls").url_patterns for p in getattr(r, "url_patterns", [r])}
    resources = {route.lstrip("^").split("/")[0] for route in routes} - {".*$"}
    assert resources == listed - {"nowhere"}


def test_lists_hold_only_what_one_may_see(cast: SimpleNamespace, api: Any) -> None:
    def ids(user: Any, path: str) -> set[int]:
        return {row["id"] for row in api(user).get(path).json()["results"]}

    both = {cast.patient.pk, cast.other.pk}
    assert ids(cast.physio, "/api/patients/") == {cast.patient.pk}
    assert ids(cast.desk, "/api/patients/") == both
    assert ids(cast.manager, "/api/patients/") == both
    assert ids(cast.patient.user, "/api/patients/") == {cast.patient.pk}
    assert ids(cast.patient.user, "/api/prescriptions/") == {cast.prescription.pk}
    assert ids(cast.stranger_physio, "/api/prescriptions/") == {cast.other_prescription.pk}


def test_a_patient_does_not_see_what_is_on_hold(cast: SimpleNamespace, api: Any) -> None:
    cast.prescription.state = "paused"
    cast.prescription.save()
    client = api(cast.patient.user)
    assert client.get("/api/prescriptions/").json()["results"] == []
    assert client.get(f"/api/prescriptions/{cast.prescription.pk}/").status_code == 404
    assert api(cast.physio).get(f"/api/prescriptions/{cast.prescription.pk}/").status_code == 200


def test_every_answer_with_patient_data_is_in_the_access_log(cast: SimpleNamespace, api: Any) -> None:
    api(cast.physio).get("/api/prescriptions/")
    api(cast.physio).get(f"/api/patients/{cast.patient.pk}/")
    api(cast.stranger_physio).get(f"/api/patients/{cast.patient.pk}/")
    seen = list(AccessEvent.objects.order_by("id").values_list("user", "patient", "view"))
    assert seen == [
        (cast.physio.pk, cast.patient.pk, "api:prescription-list"),
        (cast.physio.pk, cast.patient.pk, "api:patient-detail"),
    ]


def test_a_token_opens_what_its_role_opens_and_dies_with_the_log_in(cast: SimpleNamespace) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=cast.physio).key}")
    assert client.get("/api/patients/").status_code == 200
    assert client.get("/api/patients/").headers["Cache-Control"] == "no-store, private"
    cast.physio.is_active = False
    cast.physio.save()
    assert client.get("/api/patients/").status_code == 401


def test_a_session_needs_the_csrf_token(cast: SimpleNamespace) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(cast.desk)
    response = client.post("/api/patients/", {}, format="json")
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "permission_denied"
    assert not Appointment.objects.exists()

"""Every response carries the protecting headers, errors included."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import Client
from django.urls import path
from pytest_django import Settings

from config import urls as product_urls
from tests.factories.clinic import FrontDeskFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("patient Zebra has a secret")


urlpatterns = [*product_urls.urlpatterns, path("broken/", broken)]

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}


def assert_protected(response: HttpResponseBase) -> None:
    parts = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))
    assert POLICY.items() <= parts.items()
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/accounts/login/", 200),
        ("/healthz", 503),
        ("/", 302),
        ("/staff/", 302),
        ("/admin/", 302),
        ("/no-such-page/", 404),
    ],
)
def test_for_a_visitor(client: Client, address: str, status: int) -> None:
    response = client.get(address)

    assert response.status_code == status
    assert_protected(response)


def test_on_an_error_of_ours(client: Client) -> None:
    client.force_login(FrontDeskFactory())
    client.raise_request_exception = False

    response = client.get("/broken/")

    assert response.status_code == 500
    assert_protected(response)
    assert b"Zebra" not in response.content


def test_on_a_missing_token() -> None:
    careful = Client(enforce_csrf_checks=True)

    response = careful.post("/accounts/login/", {"login": "a@example.test", "password": "x"})

    assert response.status_code == 403
    assert_protected(response)


def test_on_a_foreign_host_name(client: Client) -> None:
    response = client.get("/accounts/login/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert_protected(response)


def test_on_a_page_of_somebody_logged_in(client: Client) -> None:
    client.force_login(FrontDeskFactory())

    response = client.get("/staff/", follow=True)

    assert response.status_code == 200
    assert_protected(response)


def test_production_pins_https(settings: Settings, client: Client) -> None:
    settings.SECURE_HSTS_SECONDS = 31536000

    response = client.get("/accounts/login/", secure=True)

    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")

"""Staff get in with a password, patients with a code; strangers learn nothing."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django.asserts import assertTemplateUsed

from clinic.models import User
from tests.factories.clinic import PASSWORD, FrontDeskFactory, PatientUserFactory

pytestmark = pytest.mark.django_db
CODE_PAGE = "/accounts/login/code/"
CONFIRM_PAGE = "/accounts/login/code/confirm/"


@pytest.fixture(autouse=True)
def fresh_rate_limits() -> None:
    cache.clear()


def is_logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def log_in(client: Client, login: str, password: str) -> int:
    return client.post("/accounts/login/", {"login": login, "password": password}).status_code


def test_staff_log_in_with_their_password(client: Client) -> None:
    user = FrontDeskFactory(email="desk@example.test")

    assert log_in(client, "desk@example.test", PASSWORD) == 302
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.parametrize("address", ["desk@example.test", "nobody@example.test"])
def test_wrong_password_and_unknown_address_say_the_same(client: Client, address: str) -> None:
    FrontDeskFactory(email="desk@example.test")

    answer = client.post("/accounts/login/", {"login": address, "password": "wrong"})

    assert answer.status_code == 200
    assert "The email address and/or password you specified are not correct." in answer.content.decode()
    assert not is_logged_in(client)


def test_failed_log_ins_are_limited(client: Client) -> None:
    FrontDeskFactory(email="desk@example.test")
    for _ in range(5):
        log_in(client, "desk@example.test", "wrong")

    log_in(client, "desk@example.test", PASSWORD)

    assert not is_logged_in(client)


def test_patients_log_in_with_a_code(client: Client) -> None:
    user = PatientUserFactory(email="pat@example.test")

    assert client.post(CODE_PAGE, {"email": "pat@example.test"}).status_code == 302
    assert [message.to for message in mail.outbox] == [["pat@example.test"]]
    code = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", str(mail.outbox[0].body), re.MULTILINE)
    assert code is not None, mail.outbox[0].body
    answer = client.post(CONFIRM_PAGE, {"code": code[1]})

    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_three_wrong_codes_end_the_try(client: Client) -> None:
    PatientUserFactory(email="pat@example.test")
    client.post(CODE_PAGE, {"email": "pat@example.test"})
    for _ in range(3):
        client.post(CONFIRM_PAGE, {"code": "WRONGC"})

    assert client.get(CONFIRM_PAGE).status_code == 302
    assert not is_logged_in(client)


@pytest.mark.parametrize("address", ["nobody@example.test", "desk@example.test", "pat@example.test"])
def test_the_code_page_looks_the_same_for_everybody(client: Client, address: str) -> None:
    FrontDeskFactory(email="desk@example.test")
    PatientUserFactory(email="pat@example.test")

    answer = client.post(CODE_PAGE, {"email": address}, follow=True)

    assert answer.redirect_chain == [(CONFIRM_PAGE, 302)]
    assert answer.status_code == 200


@pytest.mark.parametrize("address", ["nobody@example.test", "desk@example.test"])
def test_no_code_for_strangers_and_staff(client: Client, address: str) -> None:
    FrontDeskFactory(email="desk@example.test")

    client.post(CODE_PAGE, {"email": address})

    assert mail.outbox == []


def test_nobody_signs_up(client: Client) -> None:
    details = {"email": "new@example.test", "password1": PASSWORD, "password2": PASSWORD}

    answer = client.post("/accounts/signup/", details)

    assertTemplateUsed(answer, "account/signup_closed.html")
    assert not User.objects.exists()


def test_logging_out_takes_a_post(client: Client) -> None:
    client.force_login(FrontDeskFactory())

    client.get("/accounts/logout/")
    assert is_logged_in(client)

    client.post("/accounts/logout/")
    assert not is_logged_in(client)

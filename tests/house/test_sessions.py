"""Sessions end after silence and at a certain age, whatever the cookie says."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from clinic.models import User
from config.middleware import ACTIVE_KEY, PASSIVE_HEADER, STARTED_KEY
from tests.factories.clinic import FrontDeskFactory, PatientUserFactory

pytestmark = pytest.mark.django_db
MINUTE = 60


def logged_in(user: User, *, started: float = 0, silent: float = 0) -> Client:
    """A client whose session is `started` seconds old and was `silent` for as many."""
    client = Client()
    client.force_login(user)
    session = client.session
    session[STARTED_KEY] = time.time() - started
    session[ACTIVE_KEY] = time.time() - silent
    session.save()
    return client


def is_logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize(
    ("silent", "kept"), [(0, True), (14 * MINUTE, True), (15 * MINUTE + 5, False), (3 * 60 * MINUTE, False)]
)
def test_staff_are_logged_out_after_fifteen_silent_minutes(silent: float, kept: bool) -> None:
    client = logged_in(FrontDeskFactory(), started=silent, silent=silent)

    answer = client.get("/")

    assert is_logged_in(client) is kept
    assert ("/accounts/login/" in answer.headers["Location"]) is not kept


@pytest.mark.parametrize(("silent", "kept"), [(16 * MINUTE, True), (29 * MINUTE, True), (30 * MINUTE + 5, False)])
def test_patients_are_logged_out_after_thirty_silent_minutes(silent: float, kept: bool) -> None:
    client = logged_in(PatientUserFactory(), started=silent, silent=silent)

    client.get("/")

    assert is_logged_in(client) is kept


def test_no_session_lives_longer_than_twelve_hours() -> None:
    client = logged_in(FrontDeskFactory(), started=12 * 60 * MINUTE + 5, silent=10)

    client.get("/")

    assert not is_logged_in(client)


def test_activity_extends() -> None:
    client = logged_in(FrontDeskFactory(), silent=10 * MINUTE)

    client.get("/")

    assert time.time() - client.session[ACTIVE_KEY] < 5


def test_polling_does_not_extend() -> None:
    client = logged_in(FrontDeskFactory(), silent=10 * MINUTE)

    client.get("/", headers={PASSIVE_HEADER: "1"})

    assert is_logged_in(client)
    assert time.time() - client.session[ACTIVE_KEY] > 9 * MINUTE


def test_withdrawn_access_takes_effect_on_the_next_request() -> None:
    user = FrontDeskFactory()
    client = logged_in(user)
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert "/accounts/login/" in client.get("/").headers["Location"]

"""Personal log-in links: once, for a while, hashed, and the same words for everybody whose link does not work."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.errors import Refused
from clinic.links import ASKED_FOR, INVITATION, OPEN_AT_MOST, make_link
from clinic.models import LoginLink, User
from tests.factories.clinic import ClinicFactory, FrontDeskFactory, PatientFactory, PatientUserFactory, PhysioFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    ClinicFactory()
    user: User = PatientFactory(user=PatientUserFactory()).user
    return user


def who(client: Client) -> str:
    return str(client.session.get("_auth_user_id", ""))


def test_the_page_shows_a_button_and_only_the_button_logs_in(client: Client, person: User) -> None:
    address = reverse("link-enter", args=[make_link(person, now=timezone.now())])
    for _ in range(3):  # a mail scanner looks, twice
        shown = client.get(address)
        assert shown.status_code == 200
        assert person.name not in shown.content.decode()
        assert person.email not in shown.content.decode()
        assert who(client) == ""
    answer = client.post(address)
    assert (answer.status_code, answer["Location"]) == (302, "/portal/")
    assert who(client) == str(person.pk)
    assert client.get("/portal/").status_code == 200


def test_nothing_but_a_hash_is_kept(person: User) -> None:
    token = make_link(person, now=timezone.now())
    link = LoginLink.objects.get()
    assert token not in (link.token_hash, str(link))
    assert len(link.token_hash) == 64


@pytest.mark.parametrize("what", ["used", "old", "wrong", "closed", "long"])
def test_whatever_is_wrong_with_a_link_reads_the_same(client: Client, person: User, what: str) -> None:
    token = make_link(person, now=timezone.now())
    if what == "used":
        LoginLink.objects.update(used_at=timezone.now())
    elif what == "old":
        LoginLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif what == "closed":
        User.objects.filter(pk=person.pk).update(is_active=False)
    token = {"wrong": "x" * 43, "long": "x" * 500}.get(what, token)
    address = reverse("link-enter", args=[token])
    for answer in (client.get(address), client.post(address)):
        assert answer.status_code == 410
        assert "This link no longer works" in answer.content.decode()
        assert who(client) == ""


def test_it_works_once(person: User) -> None:
    address = reverse("link-enter", args=[make_link(person, now=timezone.now())])
    first, second = Client(), Client()
    assert first.post(address).status_code == 302
    assert second.post(address).status_code == 410
    assert who(second) == ""


def test_another_persons_session_does_not_go_on(client: Client, person: User) -> None:
    other = PatientFactory(user=PatientUserFactory()).user
    client.force_login(other)
    before = client.session.session_key
    client.post(reverse("link-enter", args=[make_link(person, now=timezone.now())]))
    assert who(client) == str(person.pk)
    assert client.session.session_key != before


@pytest.mark.parametrize(
    ("wanted", "lands"),
    [
        ("/portal/visits/", "/portal/visits/"),
        ("https://evil.test/portal/", "/portal/"),
        ("//evil.test/portal/", "/portal/"),
        ("/staff/", "/portal/"),
        ("javascript:alert(1)", "/portal/"),
    ],
)
def test_it_lands_only_on_pages_of_the_portal(client: Client, person: User, wanted: str, lands: str) -> None:
    address = reverse("link-enter", args=[make_link(person, now=timezone.now())])
    assert client.post(address, {"next": wanted})["Location"] == lands


def test_asking_for_one_says_the_same_for_every_address(client: Client, person: User) -> None:
    physio = PhysioFactory()
    pages = []
    for email in (person.email, "nobody@nowhere.test", physio.email):
        answer = client.post(reverse("link-send"), {"email": email})
        assert answer.status_code == 200
        shown = answer.content.decode().replace(email, "X")
        pages.append(re.sub(r'value="[^"]+"|nonce="[^"]+"|FToken": "\w+"', "", shown))
    assert pages[0] == pages[1] == pages[2]
    assert [sent.to for sent in mail.outbox] == [[person.email]]
    link = re.search(r"/in/\S+/", str(mail.outbox[0].body))
    assert link is not None
    assert Client().post(link.group()).status_code == 302
    assert LoginLink.objects.get().expires_at <= timezone.now() + ASKED_FOR


def test_asking_too_often_waits(client: Client, person: User) -> None:
    for _ in range(3):
        assert client.post(reverse("link-send"), {"email": person.email}).status_code == 200
    assert client.post(reverse("link-send"), {"email": person.email}).status_code == 429
    assert len(mail.outbox) == 3


def test_the_clinic_hands_one_out_that_lasts_a_week(client: Client, person: User) -> None:
    desk = FrontDeskFactory()
    client.force_login(desk)
    address = reverse("staff:patient-link", args=[person.patient.pk])
    assert client.get(address).status_code == 405
    shown = client.post(address).content.decode()
    link = LoginLink.objects.get()
    assert link.made_by == desk
    assert timezone.now() + INVITATION - timedelta(minutes=1) < link.expires_at <= timezone.now() + INVITATION
    assert "<svg" in shown
    found = re.search(r"/in/[\w-]+/", shown)
    assert found is not None
    assert Client().post(found.group()).status_code == 302


def test_staff_never_log_in_by_link() -> None:
    with pytest.raises(Refused):
        make_link(PhysioFactory(), now=timezone.now())
    assert not LoginLink.objects.exists()


def test_old_open_links_end_when_there_are_too_many(person: User) -> None:
    tokens = [make_link(person, now=timezone.now()) for _ in range(OPEN_AT_MOST + 2)]
    assert LoginLink.objects.filter(expires_at__gt=timezone.now()).count() == OPEN_AT_MOST
    assert Client().get(reverse("link-enter", args=[tokens[0]])).status_code == 410
    assert Client().get(reverse("link-enter", args=[tokens[-1]])).status_code == 200

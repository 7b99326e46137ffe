"""Carers and parents: every address below the prefix, before, inside and after the right."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.errors import Conflict, DomainError, Invalid, Refused
from clinic.locality import patient_today
from clinic.models import AccessEvent, Proxy, User
from clinic.proxies import end, last_day, live_proxies
from exercises.models import SessionLog
from portal.proxying import OPEN
from tests.access.table import TABLE
from tests.access.test_every_address import symbol
from tests.access.world import World, build_world
from tests.factories.clinic import ClinicFactory, EpisodeFactory, FrontDeskFactory, PatientFactory, PhysioFactory
from tests.factories.exercises import PrescriptionFactory
from tests.factories.people import proxy_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def care(db: None) -> SimpleNamespace:
    """Emma with a programme, a stranger's programme, and Robin who looks after Emma."""
    ClinicFactory()
    episode = EpisodeFactory(patient__given_name="Emma", patient__preferred_name="")
    proxy = proxy_of(episode.patient)
    client = Client()
    client.force_login(proxy.user)
    return SimpleNamespace(
        patient=episode.patient,
        proxy=proxy,
        client=client,
        base=f"/for/{episode.patient.pk}",
        prescription=PrescriptionFactory(episode=episode, starts_on="2026-01-01", exercise__name="Pelvic tilt"),
        foreign=PrescriptionFactory(starts_on="2026-01-01"),
    )


def _answers(client: Client, world: World, prefix: str) -> dict[tuple[str, str], str]:
    found = {}
    for name, row in TABLE.items():
        for method, wanted in (("GET", row.get), ("POST", row.post)):
            if name.startswith("portal:") and wanted[5] != "M":
                url = prefix + (reverse(name, kwargs=row.kwargs(world)) if row.kwargs else reverse(name))
                with transaction.atomic():
                    answer = client.generic(method, url, content_type="application/x-www-form-urlencoded")
                    transaction.set_rollback(True)
                found[name, method] = symbol(answer)
    return found


@pytest.mark.slow
@pytest.mark.hazard("H-33")
def test_every_address_for_a_proxy() -> None:
    world = build_world()
    proxy = Proxy.objects.get(pk=world.ids["proxy"])
    client = Client(raise_request_exception=False)
    client.force_login(proxy.user)
    prefix = f"/for/{proxy.patient_id}"
    full = _answers(client, world, prefix)
    assert {name for (name, _), got in full.items() if got not in "F"} == set(OPEN)
    Proxy.objects.filter(pk=proxy.pk).update(scopes=["visits"])
    visits = _answers(client, world, prefix)
    assert {name for (name, _), got in visits.items() if got != "F"} == {
        name for name, scope in OPEN.items() if scope in ("", "visits")
    }
    assert client.get(reverse("portal:plan"))["Location"] == reverse("portal:people"), "no record of their own"
    for ids in (proxy.patient_id + 999_999, world.users["other"].patient.pk):  # type: ignore[union-attr]
        assert set(_answers(client, world, f"/for/{ids}").values()) == {"N"}
    Proxy.objects.filter(pk=proxy.pk).update(expires_on=patient_today(proxy.patient))
    assert set(_answers(client, world, prefix).values()) == {"N"}


def test_whose_record_it_is_stands_on_every_page(care: SimpleNamespace) -> None:
    text = care.client.get(f"{care.base}/portal/").content.decode()
    assert f"You are looking after {care.patient.display_name}." in text
    assert "Pelvic tilt" in text
    links = [part.split('"')[0] for part in text.split('href="')[1:] if part.startswith(("/portal/", "/for/"))]
    assert [
        link
        for link in links
        if not link.startswith((f"{care.base}/portal/", f"{care.base}/accounts/", "/portal/people/"))
    ] == []
    own = Client()
    own.force_login(care.patient.user)
    mine = own.get("/portal/").content.decode()
    assert "/for/" not in mine
    assert "looking after" not in mine


def test_a_proxy_logs_and_the_log_names_them(care: SimpleNamespace) -> None:
    url = f"{care.base}{reverse('portal:log', args=[care.prescription.pk])}"
    today = patient_today(care.patient)
    data = {"on": today.isoformat(), "bout": 1, "state": "done", "client_id": "6f0a3d3c-6f0c-4a8e-9a55-0d5d6f1c2b3a"}
    answer = care.client.post(url, data)
    assert answer["Location"].startswith(f"{care.base}/portal/")
    assert SessionLog.objects.get().recorded_by == care.proxy.user
    event = AccessEvent.objects.latest("pk")
    assert (event.user, event.patient, event.view) == (care.proxy.user, care.patient, "portal:log")
    foreign = f"{care.base}{reverse('portal:log', args=[care.foreign.pk])}"
    assert care.client.post(foreign, data).status_code == 404
    assert SessionLog.objects.count() == 1


def test_ending_it_takes_effect_on_the_next_request(care: SimpleNamespace) -> None:
    assert care.client.get(f"{care.base}/portal/").status_code == 200
    end(care.proxy, care.patient.user, now=timezone.now())
    assert care.client.get(f"{care.base}/portal/").status_code == 404
    assert live_proxies(care.proxy.user) == []
    with pytest.raises(DatabaseError), transaction.atomic():
        Proxy.objects.update(revoked_at=None, revoked_by=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        Proxy.objects.all().delete()


def test_several_people_are_chosen_from_a_page(care: SimpleNamespace) -> None:
    second = proxy_of(PatientFactory(given_name="Noah", preferred_name=""), email=care.proxy.user.email)
    assert care.client.get("/portal/")["Location"] == "/portal/people/"
    text = care.client.get("/portal/people/").content.decode()
    assert f"/for/{care.patient.pk}/portal/" in text
    assert f"/for/{second.patient_id}/portal/" in text
    assert care.client.post(f"/portal/people/{second.pk}/end/").status_code == 302
    assert [row.pk for row in live_proxies(care.proxy.user)] == [care.proxy.pk]


def test_a_patient_of_age_grants_and_ends(care: SimpleNamespace) -> None:
    own = Client()
    own.force_login(care.patient.user)
    until = (patient_today(care.patient) + timedelta(days=9)).isoformat()
    data = {"name": "Kim", "email": "Kim@Example.test", "relation": "partner", "scopes": ["log"], "expires_on": until}
    assert own.post("/portal/people/", data).status_code == 302
    kim = Proxy.objects.get(user__email="kim@example.test")
    assert (kim.granted_by, kim.scopes, kim.consent_by) == (care.patient.user, ["log"], care.patient.display_name)
    assert own.post("/portal/people/", data).status_code == 422, "once is enough"
    assert own.post("/portal/people/", {**data, "email": "none"}).status_code == 422
    assert own.post(f"/portal/people/{kim.pk}/end/").status_code == 302
    kim.refresh_from_db()
    assert kim.revoked_by == care.patient.user


def test_a_parents_access_ends_when_the_child_comes_of_age() -> None:
    ClinicFactory()
    today = date(2026, 11, 24)
    child = PatientFactory(date_of_birth=date(2009, 3, 1))
    leap = PatientFactory(date_of_birth=date(2008, 12, 1))
    assert last_day(child, today) == date(2027, 3, 1)
    assert last_day(leap, today) == date(2026, 12, 1)
    assert last_day(PatientFactory(date_of_birth=date(1980, 1, 1)), today) == today + timedelta(days=731)
    proxy = proxy_of(child, expires_on=date(2027, 3, 1), today=today)
    assert proxy.is_live(date(2027, 2, 28))
    assert not proxy.is_live(date(2027, 3, 1))
    with pytest.raises(Refused):
        proxy_of(child, by=child.user, today=today, expires_on=date(2027, 1, 1))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"email": "none"}, Invalid),
        ({"email": "physio"}, Invalid),
        ({"email": "own"}, Invalid),
        ({"name": " "}, Invalid),
        ({"relation": "boss"}, Invalid),
        ({"scopes": []}, Invalid),
        ({"scopes": ["everything"]}, Invalid),
        ({"expires_on": date(2020, 1, 1)}, Invalid),
        ({"expires_on": date(2099, 1, 1)}, Invalid),
        ({"consent_by": ""}, Invalid),
        ({"email": "same"}, Conflict),
    ],
)
def test_what_cannot_be_granted(care: SimpleNamespace, change: dict[str, Any], error: type[DomainError]) -> None:
    physio = PhysioFactory()
    emails = {"physio": physio.email, "own": care.patient.user.email, "same": care.proxy.user.email}
    given = {**change, **({"email": emails.get(change["email"], change["email"])} if "email" in change else {})}
    before = (Proxy.objects.count(), User.objects.filter(role="patient").count())
    with pytest.raises(error):
        proxy_of(care.patient, **given)
    assert (Proxy.objects.count(), User.objects.filter(role="patient").count()) == before


def test_staff_grant_and_end_without_anything_clinical(care: SimpleNamespace) -> None:
    desk = Client()
    desk.force_login(FrontDeskFactory())
    url = reverse("staff:patient-proxies", args=[care.patient.pk])
    until = (patient_today(care.patient) + timedelta(days=9)).isoformat()
    data = {"name": "Kim", "email": "kim@example.test", "relation": "carer", "scopes": ["visits"], "expires_on": until}
    assert desk.post(url, data).status_code == 422
    assert desk.post(url, {**data, "consent_by": "Emma"}).status_code == 302
    text = desk.get(url).content.decode()
    assert "kim@example.test" in text
    assert "Pelvic tilt" not in text
    kim = Proxy.objects.get(user__email="kim@example.test")
    assert desk.post(reverse("staff:proxy-end", args=[kim.pk])).status_code == 302
    assert live_proxies(kim.user) == []


def test_logging_in_and_out_is_ones_own(care: SimpleNamespace) -> None:
    answer = care.client.get(f"{care.base}/accounts/logout/?next=/x")
    assert (answer.status_code, answer["Location"]) == (307, "/accounts/logout/?next=/x")
    asked = Client().get(f"{care.base}/portal/", follow=True)
    assert asked.redirect_chain[-1][0].startswith("/accounts/login/")

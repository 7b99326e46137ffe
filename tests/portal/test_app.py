"""The portal as an app: manifest, service worker, the page without a connection, and what pages tell the device."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from clinic.models import Clinic
from portal.views.offline import ICONS, SHELL, WORKER
from tests.factories.exercises import PrescriptionFactory

# Bytes of the first load of today: the page as it is sent, and every file of it compressed.
FIRST_LOAD = 150_000

pytestmark = pytest.mark.django_db


def test_the_manifest_names_the_clinic(home: SimpleNamespace) -> None:
    response = Client().get("/portal/app.webmanifest")
    assert response["Content-Type"] == "application/manifest+json"
    content = response.json()
    assert content["name"] == Clinic.objects.get().name
    assert (content["start_url"], content["scope"], content["display"]) == ("/portal/", "/portal/", "standalone")
    assert {icon["purpose"] for icon in content["icons"]} == {"any", "maskable"}
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in content["icons"]}


@pytest.mark.parametrize("name", [*SHELL, *WORKER, *(path for path, _, _ in ICONS), "app/icon-180.png"])
def test_every_file_of_the_shell_exists(name: str) -> None:
    assert finders.find(name), f"{name} is missing: the service worker would not install"


def test_the_worker_is_served_where_it_may_serve(client: Client) -> None:
    response = client.get("/portal/sw.js")
    assert response["Content-Type"] == "text/javascript"
    assert response["Cache-Control"] == "no-cache"
    text = response.content.decode()
    assert all(f"/static/{name.split('.')[0]}" in text for name in SHELL)
    assert "js/sw-push" in text


def test_the_policy_names_workers_and_manifests() -> None:
    assert settings.CONTENT_SECURITY_POLICY["worker-src"] == "'self'"
    assert settings.CONTENT_SECURITY_POLICY["manifest-src"] == "'self'"


def test_the_page_without_a_connection_knows_nobody(client: Client, home: SimpleNamespace) -> None:
    assert client.get("/portal/offline/").content == home.client.get("/portal/offline/").content


def test_pages_say_whose_they_are_but_no_page_of_others_does(home: SimpleNamespace) -> None:
    response = home.client.get("/portal/")
    person = response["X-Kineplan-Person"]
    assert f'data-person="{person}"' in response.content.decode()
    assert str(home.patient.user.pk) != person
    assert "X-Kineplan-Person" not in Client().get("/accounts/login/").headers
    assert response["Cache-Control"] == "no-store, private"


def test_the_blank_sheet_shows_nothing_as_done(home: SimpleNamespace) -> None:
    form = {"on": home.today.isoformat(), "bout": 1, "state": "done", "client_id": "0" * 32}
    home.client.post(f"/portal/exercise/{home.prescription.pk}/log/", form)
    assert "You are finished for today" in home.client.get("/portal/").content.decode()
    blank = home.client.get("/portal/?sheet=blank").content.decode()
    assert "You are finished for today" not in blank
    assert 'name="state" value="done"' in blank


def test_a_script_is_told_where_to_go_and_does_not_use_up_the_message(home: SimpleNamespace) -> None:
    form = {"on": home.today.isoformat(), "bout": 1, "state": "done", "client_id": "0" * 32}
    path = f"/portal/exercise/{home.prescription.pk}/log/"
    response = home.client.post(path, form, headers={"X-Kineplan-Act": "1"})
    assert (response.status_code, response["Location"]) == (204, f"/portal/#exercise-{home.prescription.pk}")
    assert "Saved." in home.client.get("/portal/").content.decode()


def test_the_first_load_of_today_is_light(home: SimpleNamespace) -> None:
    for position in range(3):
        PrescriptionFactory(episode=home.episode, starts_on="2026-01-01", position=position)
    content = home.client.get("/portal/").content
    named = set(re.findall(r"/static/([\w./-]+)", content.decode()))
    files = {name for name in named | set(SHELL) | set(WORKER) if not name.startswith("app/")}
    sizes = {name: len(gzip.compress(Path(str(finders.find(name))).read_bytes())) for name in files}
    assert {"css/core.css", "js/app.js", "icons.svg"} <= named
    assert len(content) + sum(sizes.values()) <= FIRST_LOAD, sorted(sizes.items(), key=lambda item: -item[1])

"""Installing by upload: all or nothing, with every problem named; by those who keep the knowledge only."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from assessments.models import InstrumentVersion
from tests.factories.clinic import FrontDeskFactory, ManagerFactory, PhysioFactory
from tests.factories.outcomes import instrument_row
from tests.outcomes.test_instruments import text

pytestmark = pytest.mark.django_db
ADD = "admin:assessments_instrumentversion_add"


@pytest.fixture
def manager(client: Client) -> Client:
    client.force_login(ManagerFactory())
    return client


def upload(client: Client, content: bytes) -> str:
    answer = client.post(reverse(ADD), {"file": SimpleUploadedFile("hop.yaml", content)}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_manager_installs_a_file(manager: Client) -> None:
    assert "was added successfully" in upload(manager, text().encode())

    row = InstrumentVersion.objects.get()
    assert (row.key, row.number, row.in_force, row.is_shipped) == ("hop", 1, True, False)
    assert row.installed_by is not None
    page = manager.get(reverse("admin:assessments_instrumentversion_change", args=[row.pk])).content.decode()
    assert "Own words." in page


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (text(version=0, smallest=3).encode(), ["version: Input should be", "smallest: Input should be"]),
        (b"\xff\xfe", ["The file is no text."]),
        (b"[", ["hop.yaml: not readable"]),
        (b"# " + b"x" * 200_000, ["larger than"]),
    ],
)
def test_a_wrong_file_installs_nothing(manager: Client, content: bytes, problems: list[str]) -> None:
    page = upload(manager, content)

    assert all(problem in page for problem in problems)
    assert not InstrumentVersion.objects.exists()


def test_the_clinic_chooses_among_the_published_differences(manager: Client) -> None:
    row = instrument_row()
    url = reverse("admin:assessments_instrumentversion_change", args=[row.pk])

    assert manager.post(url, {"difference": "neck_1_3"}).status_code == 302
    row.refresh_from_db()
    assert row.difference == "neck_1_3"
    assert manager.post(url, {"difference": "my_own"}).status_code == 200
    row.refresh_from_db()
    assert row.difference == "neck_1_3"


@pytest.mark.parametrize("who", [FrontDeskFactory, PhysioFactory])
def test_nobody_else_installs(client: Client, who: type) -> None:
    user = who()
    user.is_staff = True
    user.save()
    client.force_login(user)

    assert client.post(reverse(ADD), {"file": SimpleUploadedFile("a.yaml", text().encode())}).status_code == 403
    assert not InstrumentVersion.objects.exists()

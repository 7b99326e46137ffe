"""Plans in the admin: managers review, nobody changes anything there."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import AccessEvent
from tests.factories.clinic import ManagerFactory, PhysioFactory
from tests.factories.plans import case_signed

pytestmark = pytest.mark.django_db


def test_a_manager_reads_versions_and_the_look_is_logged(client: Client) -> None:
    version = case_signed("case_01")
    client.force_login(ManagerFactory())

    assert client.get(reverse("admin:plans_planversion_changelist")).status_code == 200
    assert client.get(reverse("admin:plans_override_changelist")).status_code == 200
    page = client.get(reverse("admin:plans_planversion_change", args=[version.pk]))

    assert version.content_hash in page.content.decode()
    assert AccessEvent.objects.filter(patient=version.plan.episode.patient).exists()
    assert client.post(reverse("admin:plans_planversion_change", args=[version.pk]), {}).status_code == 403


def test_others_do_not(client: Client) -> None:
    client.force_login(PhysioFactory(is_staff=True))
    assert client.get(reverse("admin:plans_planversion_changelist")).status_code == 403

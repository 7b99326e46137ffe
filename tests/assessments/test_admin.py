"""Assessments in the admin are read, never written."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.assessments import FindingFactory
from tests.factories.clinic import ManagerFactory

pytestmark = pytest.mark.django_db


def test_a_manager_reads_an_assessment_and_cannot_change_it(client: Client) -> None:
    finding = FindingFactory()
    client.force_login(ManagerFactory())
    page = client.get(reverse("admin:assessments_assessment_change", args=[finding.assessment_id]))
    assert page.status_code == 200
    assert b"pain.nprs_current" in page.content
    assert client.get(reverse("admin:assessments_assessment_changelist")).status_code == 200
    assert client.get(reverse("admin:assessments_assessment_add")).status_code == 403
    answer = client.post(reverse("admin:assessments_assessment_change", args=[finding.assessment_id]), {"story": "x"})
    assert answer.status_code == 403
    assert client.post(reverse("admin:assessments_assessment_delete", args=[finding.assessment_id])).status_code == 403
    finding.assessment.refresh_from_db()
    assert finding.assessment.story == ""

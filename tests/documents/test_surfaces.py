"""One version on the staff page, over the API, in the portal and on paper: the same items, warnings and number."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.test import Client

from plans.documents import handout
from plans.models import PlanEducation, PlanExercise, PlanVersion
from tests.factories.plans import case_signed, page_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed() -> PlanVersion:
    return case_signed("case_01")


@pytest.mark.hazard("H-19")
def test_every_surface_shows_the_same(client: Client, signed: PlanVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: dict[str, Any] = {}

    def sheet(_name: str, data: dict[str, Any], **_: Any) -> bytes:
        printed.update(data)
        return b""

    monkeypatch.setattr(handout, "typeset", sheet)
    handout.handout_pdf(page_version(signed))
    phase = signed.plan.current_phase
    assert phase is not None
    rows = list(PlanExercise.objects.filter(phase__version=signed, phase__number=phase).select_related("exercise"))
    names, keys = {row.exercise.name for row in rows}, {row.exercise.key for row in rows}
    warnings = PlanEducation.objects.get(phase__version=signed, phase__number=phase, topic__key="ed_warning_signs")

    client.force_login(signed.created_by)
    staff = unescape(client.get(f"/staff/plan-versions/{signed.pk}/").content.decode())
    api = client.get(f"/api/plan-versions/{signed.pk}/").json()
    assert signed.plan.episode.patient.user is not None
    client.force_login(signed.plan.episode.patient.user)
    portal = unescape(client.get("/portal/plan/").content.decode())

    assert {row["name"] for row in printed["exercises"]} == names
    assert f"Version {signed.number} " in printed["foot"]
    assert printed["warnings"] == warnings.topic.messages
    assert all(name in staff and name in portal for name in names)
    shown = next(p for p in api["phases"] if p["number"] == phase)
    assert {row["exercise"] for row in shown["exercises"]} == keys
    assert api["number"] == signed.number

"""Something breaks while a plan is signed: it stays a draft, and nothing of it is prescribed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError

from clinic.models import Signature
from exercises.models import Prescription
from plans.actions import sign, signing
from plans.models import PhaseProgress, PlanVersion
from tests.factories.plans import TODAY, case_draft

pytestmark = pytest.mark.django_db


@pytest.mark.hazard("H-09")
@pytest.mark.parametrize(
    "place", ["usable_knowledge", "checker_for", "verdict_on", "facts_now", "append", "enter_phase"]
)
@pytest.mark.parametrize(
    "error", [RuntimeError("broken"), TimeoutError("too long"), OperationalError("canceling statement due to timeout")]
)
def test_whatever_fails_the_plan_stays_a_draft(monkeypatch: pytest.MonkeyPatch, place: str, error: Exception) -> None:
    version = case_draft("case_01")
    before = Signature.objects.count()

    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(signing, place, fail)
    with pytest.raises(type(error)):
        sign(version, version.created_by, today=TODAY)

    assert PlanVersion.objects.get(pk=version.pk).state == "draft"
    assert (Prescription.objects.count(), PhaseProgress.objects.count()) == (0, 0)
    assert Signature.objects.count() == before

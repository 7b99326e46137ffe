"""What people see of a hold: the plan page, the header, the portal, the manager's page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import FactChange, PatientCondition
from exercises.models import Prescription
from plans.actions import holds as holds_module
from plans.models import ItemHold, OverrideRefusal, PlanVersion
from reminders.facts import _held
from tests.factories.clinic import ManagerFactory, UserFactory
from tests.factories.plans import TODAY, case_signed
from tests.plans.test_holds import HYPERTENSION, a_hold, patient_of, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def held() -> PlanVersion:
    version = case_signed("case_01")
    tell(version)
    return version


def shown(client: Client, version: PlanVersion) -> str:
    client.force_login(version.created_by)
    answer = client.get(reverse("staff:plan-version", args=[version.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_plan_names_what_is_held_and_why(client: Client, held: PlanVersion) -> None:
    page = shown(client, held)
    assert "Held since new facts" in page
    assert "Held: do not use" in page
    assert page.count("Release it") == ItemHold.objects.filter(released_at__isnull=True).count()
    assert "items held" in page  # the patient header


def test_a_refused_release_keeps_what_was_typed_and_is_recorded(client: Client, held: PlanVersion) -> None:
    hold = a_hold(held)
    client.force_login(held.created_by)
    name = f"hold{hold.pk}"
    typed = {f"{name}-reason": "Spoke with the physician", f"{name}-reason_code": "approval_on_file"}
    answer = client.post(reverse("staff:hold-release", args=[hold.pk]), typed)
    assert answer.status_code == 422
    assert "Spoke with the physician" in answer.content.decode()
    hold.refresh_from_db()
    assert hold.released_at is None
    refusal = OverrideRefusal.objects.get()
    assert (refusal.rule, refusal.code, refusal.by) == (HYPERTENSION, "reason_missing", held.created_by)

    answer = client.post(reverse("staff:hold-release", args=[hold.pk]), typed | {f"{name}-approval": "Letter, 3 Nov"})
    assert answer.status_code == 302
    hold.refresh_from_db()
    assert hold.release == "override"
    assert "Spoke with the physician" in shown(client, held)


def test_a_failing_screening_is_said_on_the_plan_and_in_the_header(
    client: Client, held: PlanVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds_module, "settle", _broken)
    PatientCondition.objects.filter(patient=patient_of(held), condition__key="pacemaker").update(answer="yes")
    page = shown(client, held)
    assert "Everything of this plan is held" in page
    assert "a new fact is being checked" in page


def _broken(*args: object, **kwargs: object) -> None:
    raise RuntimeError("no rules")


def test_opening_the_plan_settles_what_was_written_past_the_pages(client: Client, held: PlanVersion) -> None:
    PatientCondition.objects.filter(patient=patient_of(held), condition__key="pacemaker").update(answer="yes")
    assert "Everything of this plan is held" not in shown(client, held)
    assert not FactChange.objects.filter(settled_at__isnull=True).exists()


def as_patient(client: Client, version: PlanVersion) -> Client:
    patient = patient_of(version)
    if patient.user is None:
        patient.user = UserFactory(role="patient")
        patient.save()
    client.force_login(patient.user)
    return client


def test_the_portal_hides_what_is_held(client: Client, held: PlanVersion) -> None:
    as_patient(client, held)
    resting = Prescription.objects.filter(pauses__for_safety=True, state="paused")
    assert resting
    today = client.get(reverse("portal:today")).content.decode()
    plan = client.get(reverse("portal:plan")).content.decode()
    assert "resting for now" in today
    for row in resting:
        assert row.exercise.name not in today
        assert row.exercise.name not in plan
        over = client.get(reverse("portal:exercise", args=[row.pk])).content.decode()
        assert "It rests for now" in over


@pytest.mark.hazard("H-28")
def test_the_portal_pauses_everything_while_a_fact_is_checked(client: Client, held: PlanVersion) -> None:
    PatientCondition.objects.filter(patient=patient_of(held), condition__key="pacemaker").update(answer="yes")
    as_patient(client, held)
    today = client.get(reverse("portal:today")).content.decode()
    plan = client.get(reverse("portal:plan")).content.decode()
    for page in (today, plan):
        assert "checking something new in your record" in page
        assert "pacemaker" not in page.lower()
    for row in Prescription.objects.current(TODAY):
        assert row.exercise.name not in today
        assert row.exercise.name not in plan
    assert _held([patient_of(held).pk]) == {patient_of(held).pk}


def test_the_manager_counts_overrides_per_rule(client: Client, held: PlanVersion) -> None:
    client.force_login(ManagerFactory())
    empty = client.get(reverse("staff:safety-review")).content.decode()
    assert "No override in this time" in empty
    hold = a_hold(held)
    client.force_login(held.created_by)
    name = f"hold{hold.pk}"
    url = reverse("staff:hold-release", args=[hold.pk])
    client.post(url, {f"{name}-reason": "Spoke", f"{name}-reason_code": "approval_on_file"})
    client.post(
        url, {f"{name}-reason": "Spoke", f"{name}-reason_code": "approval_on_file", f"{name}-approval": "Letter"}
    )
    client.force_login(ManagerFactory())
    page = client.get(reverse("staff:safety-review")).content.decode()
    assert HYPERTENSION in page
    assert held.created_by.name in page
    assert "Refused" in page
    assert "Letter" in page
    assert "not verified yet" in page

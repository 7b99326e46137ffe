"""The plan's pages: what they show, what they keep when they refuse, how many queries they cost."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import PatientCondition
from exercises.models import Prescription
from plans.models import PlanEdit, PlanExercise, PlanTechnique, PlanVersion
from tests.factories.clinic import ClinicFactory, FrontDeskFactory, ManagerFactory, PhysioFactory
from tests.factories.plans import case_assessment, case_draft, case_signed

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def url(version: PlanVersion) -> str:
    return reverse("staff:plan-version", args=[version.pk])


def as_lead(client: Client, version: PlanVersion) -> Client:
    client.force_login(version.created_by)
    return client


def glute(version: PlanVersion) -> PlanExercise:
    return PlanExercise.objects.get(phase__version=version, phase__number=1, exercise__key="glute_set")


def item_url(item: PlanExercise | PlanTechnique) -> str:
    kind = "exercise" if isinstance(item, PlanExercise) else "technique"
    return reverse("staff:plan-item", args=[kind, item.pk])


def dose_form(**changes: str) -> dict[str, str]:
    values = {
        "sets": "1",
        "reps": "5",
        "hold_s": "8",
        "per_day": "2",
        "days_per_week": "7",
        "rpe_low": "2",
        "rpe_high": "4",
        "rest_s": "20",
        "reason": "Stronger than thought",
    }
    return {"action": "dose", **{f"dose-{name}": value for name, value in {**values, **changes}.items()}}


# --- From the assessment to the signature ---------------------------------------------------------------------------


def test_drafting_editing_and_signing_through_the_pages(client: Client) -> None:
    assessment = case_assessment("case_01")
    client.force_login(assessment.author)

    answer = client.post(reverse("staff:plan-draft-new", args=[assessment.pk]))
    version = PlanVersion.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, url(version))

    page = client.get(url(version)).content.decode()
    for text in ("Weak gluteals with lumbar overload", "Gluteal squeeze", "Left out, and why", "Home minutes a day"):
        assert text in page
    assert "1 set of 5, hold 8 s, twice a day, every day, effort 2–4 of 10" in page
    assert "Nothing stands in the way" in page

    answer = client.post(item_url(glute(version)), dose_form(sets="2"))
    assert answer["Location"] == f"{url(version)}#exercise-{glute(version).pk}"
    assert glute(version).sets == 2

    answer = client.post(reverse("staff:plan-sign", args=[version.pk]))
    assert answer["Location"] == url(version)
    assert Prescription.objects.filter(exercise__key="glute_set", sets=2).count() == 1
    page = client.get(url(version)).content.decode()
    assert "The patient is here" in page
    assert PlanVersion.objects.get().content_hash in page
    assert "Sign and begin" not in page


def test_an_emergency_shows_what_to_do_and_no_treatment(client: Client) -> None:
    ClinicFactory(emergency_number="112")
    version = case_draft("case_07")
    page = as_lead(client, version).get(url(version)).content.decode()

    for text in (
        "Emergency now",
        "Go to an emergency department now",
        "112",
        "No technique, exercise or dose is shown or released",
        "Suspected",
        "New bladder change",
        "Text for the referral or the telephone",
    ):
        assert text.lower() in page.lower()
    assert "At home" not in page
    assert "Sign and begin" not in page


def test_unanswered_questions_are_listed_with_where_to_answer_them(client: Client) -> None:
    assessment = case_assessment("case_01", signed=False)
    PatientCondition.objects.filter(condition__key="pacemaker").update(answer="not_asked")
    client.force_login(assessment.author)
    client.post(reverse("staff:plan-draft-new", args=[assessment.pk]))

    page = client.get(url(PlanVersion.objects.get())).content.decode()

    assert "Condition: Cardiac pacemaker" in page
    assert reverse("staff:patient-conditions", args=[assessment.episode.patient_id]) in page


# --- Refusals keep what was typed -----------------------------------------------------------------------------------


@pytest.mark.parametrize("htmx", [False, True])
def test_a_dose_out_of_range_keeps_the_form(client: Client, htmx: bool) -> None:
    version = case_draft("case_01")
    answer = as_lead(client, version).post(item_url(glute(version)), dose_form(sets="9"), headers=HTMX if htmx else {})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "9 is out of range. Allowed: 1 to 5." in page
    assert 'value="9"' in page
    assert 'value="Stronger than thought"' in page
    assert ("<html" in page) is not htmx
    assert glute(version).sets == 1
    assert PlanEdit.objects.count() == 0


def test_htmx_edits_bring_the_phase_anew(client: Client) -> None:
    version = case_draft("case_01")
    on_plan = {**HTMX, "HX-Current-URL": f"http://testserver{url(version)}"}
    answer = as_lead(client, version).post(item_url(glute(version)), dose_form(sets="2"), headers=on_plan)
    assert (answer.status_code, answer["HX-Retarget"]) == (200, "#phase-1")
    page = answer.content.decode()
    assert "2 sets of 5, hold 8 s" in page
    assert 'id="sign-bar" hx-swap-oob="true"' in page
    assert "Phase 2" not in page
    answer = client.post(item_url(glute(version)), dose_form(sets="3"), headers=HTMX)
    assert answer["HX-Redirect"] == f"{url(version)}#exercise-{glute(version).pk}"


def test_a_cause_decision_without_reason_keeps_the_choice(client: Client) -> None:
    version = case_draft("case_01")
    cause = version.causes.get(key="lifting_technique_load")
    answer = as_lead(client, version).post(
        reverse("staff:plan-cause", args=[cause.pk]), {"decision": "rejected", "reason": ""}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="rejected" required checked' in page
    assert "This field is required." in page
    assert version.causes.get(key="lifting_technique_load").decision == "proposed"


def test_adding_a_blocked_technique_asks_for_the_override_and_keeps_the_rest(client: Client) -> None:
    version = case_draft("case_01")
    client = as_lead(client, version)
    PatientCondition.objects.filter(condition__key="pacemaker").update(answer="yes")
    client.post(reverse("staff:plan-recheck", args=[version.pk]), {"reason": "Pacemaker after all"})
    PlanTechnique.objects.filter(phase__version=version, technique__key="th_heat_superficial").delete()
    add = reverse("staff:plan-add", args=[version.phases.get(number=1).pk, "technique"])
    form = {"key": "es_tens_conventional", "region": "lumbar", "side": "right", "reason": "Pain at night"}

    answer = client.post(add, form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "written cardiology clearance" in page
    assert 'name="override_reason"' in page
    assert 'value="Pain at night"' in page

    override = {"reason_code": "approval_on_file", "approval": "Cardiology, 2 Nov", "override_reason": "Cleared"}
    assert client.post(add, {**form, **override}).status_code == 302
    item = PlanTechnique.objects.get(phase__version=version, technique__key="es_tens_conventional", phase__number=1)
    assert (item.safety, item.override.approval) == ("blocked_overridable", "Cardiology, 2 Nov")


def test_what_stops_the_signature_is_on_the_page(client: Client) -> None:
    version = case_draft("case_01")
    PatientCondition.objects.filter(condition__key="pacemaker").update(answer="yes")
    client = as_lead(client, version)

    answer = client.post(reverse("staff:plan-sign", args=[version.pk]))

    assert answer.status_code == 409
    page = answer.content.decode()
    assert "The plan was not signed" in page
    assert "Keep my changes and check every item again" in page
    assert PlanVersion.objects.get().state == "draft"
    assert Prescription.objects.count() == 0


def test_a_signed_version_has_no_forms(client: Client) -> None:
    version = case_signed("case_01")
    client = as_lead(client, version)
    assert (
        reverse("staff:plan-item", args=["exercise", glute(version).pk])
        not in client.get(url(version)).content.decode()
    )
    answer = client.post(item_url(glute(version)), dose_form(sets="2"))
    assert answer.status_code == 302
    assert glute(version).sets == 1
    assert client.post(reverse("staff:plan-revise", args=[version.plan_id])).status_code == 302
    assert PlanVersion.objects.filter(state="draft", number=2).count() == 1


# --- Who may see ----------------------------------------------------------------------------------------------------


def test_who_sees_a_plan(client: Client) -> None:
    version = case_draft("case_01")
    patient = version.plan.episode.patient
    expected: list[tuple[Any, int]] = [
        (version.created_by, 200),
        (ManagerFactory(), 200),
        (FrontDeskFactory(), 403),
        (PhysioFactory(), 404),
        (patient.user, 403),
    ]
    for user, status in expected:
        client.force_login(user)
        assert client.get(url(version)).status_code == status


def test_a_manager_reads_and_changes_nothing(client: Client) -> None:
    version = case_draft("case_01")
    client.force_login(ManagerFactory())
    page = client.get(url(version)).content.decode()
    assert "Sign and begin" not in page
    assert "Add an exercise" not in page
    assert client.post(reverse("staff:plan-sign", args=[version.pk])).status_code == 403
    assert client.post(item_url(glute(version)), dose_form(sets="2")).status_code == 403
    assert glute(version).sets == 1


# --- Cost -----------------------------------------------------------------------------------------------------------

DRAFT_QUERIES = 33
SIGNED_QUERIES = 22


def cost(client: Client, version: PlanVersion) -> int:
    client.get(url(version))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url(version)).status_code == 200
    return len(queries)


def test_a_draft_costs_the_same_with_few_and_many_items(client: Client) -> None:
    version = case_draft("case_01")
    client = as_lead(client, version)
    many = cost(client, version)
    kept = glute(version)
    PlanExercise.objects.filter(phase__version=version).exclude(pk=kept.pk).delete()
    PlanTechnique.objects.filter(phase__version=version).delete()
    assert cost(client, version) == many
    assert many <= DRAFT_QUERIES


def test_a_signed_plan_costs_few_queries(client: Client) -> None:
    version = case_signed("case_01")
    assert cost(as_lead(client, version), version) <= SIGNED_QUERIES

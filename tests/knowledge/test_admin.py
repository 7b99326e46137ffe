"""The admin of the knowledge: who may edit, what is refused, what history shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pghistory
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.models import Condition, Practitioner, User
from exercises.models import Exercise
from plans.governance.proposals import approve
from plans.knowledge.rows.revision import knowledge_in_force, latest_revision
from plans.models import KnowledgeChange, KnowledgeRevision, PhaseRule, RedFlagRule, RootCause, Technique
from tests.factories.clinic import FrontDeskFactory, ManagerFactory, PhysioFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def manager() -> User:
    user: User = ManagerFactory.create(name="Mara Manager")
    return user


@pytest.fixture
def client(manager: User) -> Client:
    return client_of(manager)


def url(row: Any, page: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk])


def form_data(client: Client, row: Any) -> dict[str, Any]:
    """What the browser would send back when nothing is changed."""
    context = client.get(url(row)).context
    data: dict[str, Any] = {}
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                data[bound.html_name] = value
    return data | {"change_reason": "Agreed at the meeting."}


ROWS: list[Callable[[], Any]] = [
    lambda: Technique.objects.get(key="dn_deep_trigger_point"),
    lambda: Exercise.objects.get(key="bridge_double"),
    lambda: Condition.objects.get(key="pregnancy_t2_t3"),
    lambda: RedFlagRule.objects.get(key="ces_saddle"),
    lambda: RootCause.objects.get(key="nocturnal_cramp_pattern"),
    lambda: PhaseRule.objects.get(number=2),
]


@pytest.mark.parametrize("find", ROWS)
def test_saving_without_a_change_changes_nothing(client: Client, find: Callable[[], Any]) -> None:
    row = find()
    response = client.post(url(row), form_data(client, row))
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert not KnowledgeChange.objects.exists()
    assert KnowledgeRevision.objects.count() == 1


def test_an_edit_changes_nothing_until_somebody_else_approves(client: Client, manager: User) -> None:
    row = Technique.objects.get(key="mt_mwm")
    data = form_data(client, row) | {"aim": "move without pain"}
    response = client.post(url(row), data)
    change = KnowledgeChange.objects.get()
    assert response.headers["Location"] == reverse("staff:knowledge-change", args=[change.pk])
    row.refresh_from_db()
    assert (row.aim, change.proposed_by, change.state) == (
        "pain-free active range with sustained glide",
        manager,
        "pending",
    )
    assert KnowledgeRevision.objects.count() == 1
    (only,) = change.rows.all()
    assert (only.document, only.list_name, only.key) == ("techniques", "techniques", "mt_mwm")
    assert only.after["entry"]["aim"] == "move without pain"

    approver = ManagerFactory.create(name="Adam Approver")
    with pghistory.context(user=approver.pk):
        approve(change, approver, today=timezone.localdate())
    revision = latest_revision()
    assert revision is not None
    assert (revision.number, revision.source, revision.created_by) == (2, "edit", approver)
    assert knowledge_in_force().techniques["mt_mwm"].aim == "move without pain"
    page = client.get(url(row, "history")).content.decode()
    assert "Adam Approver" in page
    assert "<ins>move without pain</ins>" in page


def test_a_row_that_breaks_the_knowledge_is_refused_with_the_reason(client: Client) -> None:
    row = RootCause.objects.get(key="foot_mechanics")
    data = form_data(client, row) | {"exercises_phase2": "calf_stretch_soleus\nfly_to_the_moon", "label": "Feet"}
    response = client.post(url(row), data)
    assert response.status_code == 200
    errors = response.context["adminform"].form.non_field_errors()
    assert any("exercises.phase2[1]: unknown exercise 'fly_to_the_moon'" in error for error in errors)
    assert response.context["adminform"].form["label"].value() == "Feet"  # nothing typed is lost
    row.refresh_from_db()
    assert row.label != "Feet"
    assert KnowledgeRevision.objects.count() == 1


def test_an_inline_that_breaks_the_knowledge_is_refused(client: Client) -> None:
    row = Condition.objects.get(key="pacemaker")
    data = form_data(client, row) | {"effects-1-scope": "anywhere"}
    response = client.post(url(row), data)
    assert response.status_code == 200
    errors = response.context["adminform"].form.non_field_errors()
    assert errors == [
        "conditions.yaml: conditions[0].technique_effects[1]: "
        "scope 'regions' needs regions, and no other scope has them"
    ]
    assert row.effects.filter(scope="regions").count() == 2


def test_a_dose_outside_its_bounds_is_refused(client: Client) -> None:
    row = Technique.objects.get(key="mt_mwm")
    response = client.post(url(row), form_data(client, row) | {"dose_parameters-0-default": "9"})
    assert response.status_code == 200
    assert "default 9 is above max 3" in response.context["adminform"].form.non_field_errors()[0]
    assert row.dose_parameters.get(parameter="sets").default == "3"


def test_the_wording_of_a_red_flag_cannot_be_changed(client: Client) -> None:
    row = RedFlagRule.objects.get(key="ces_saddle")
    response = client.post(url(row), form_data(client, row) | {"question": "Feeling fine?", "action": "flag"})
    assert response.status_code == 302
    assert not KnowledgeChange.objects.exists()
    row.refresh_from_db()
    assert (row.question[:21], row.action) == ("New or worse numbness", "block_plan")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("plans_technique", "mt_mwm"),
        ("exercises_exercise", "bridge_double"),
        ("clinic_condition", "pacemaker"),
        ("plans_rootcause", "foot_mechanics"),
        ("plans_redflagrule", "dvt"),
        ("plans_regionrestriction", "thrust_cervical"),
        ("plans_educationtopic", "ed_posture"),
        ("plans_phaserule", "Acute relief"),
        ("plans_knowledgerevision", "Loaded from files"),
    ],
)
def test_lists_open_and_search(client: Client, path: str, found: str) -> None:
    address = reverse(f"admin:{path}_changelist")
    search = "" if path in ("plans_phaserule", "plans_knowledgerevision") else f"?q={found}"
    page = client.get(address + search)
    assert page.status_code == 200
    assert found in page.content.decode()


def lead() -> User:
    user: User = PhysioFactory.create(is_staff=True)
    Practitioner.objects.filter(user=user).update(is_clinical_lead=True)
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize(
    ("make", "may_read", "may_edit"),
    [
        (lambda: ManagerFactory.create(), True, True),
        (lead, True, True),
        (lambda: PhysioFactory.create(is_staff=True), True, False),
        (lambda: FrontDeskFactory.create(is_staff=True), False, False),
    ],
    ids=["manager", "clinical lead", "physiotherapist", "front desk"],
)
def test_who_may(make: Callable[[], User], may_read: bool, may_edit: bool) -> None:
    row = Technique.objects.get(key="mt_mwm")
    browser = client_of(make())
    assert (browser.get(url(row)).status_code == 200) is may_read
    assert (browser.get(url(row, "history")).status_code == 200) is may_read
    sent = browser.post(url(row), {"name": "Changed"})
    assert (sent.status_code == 403) is not may_edit
    row.refresh_from_db()
    assert row.name == "Mobilisation with movement (Mulligan)"


def test_nothing_is_deleted(client: Client) -> None:
    row = Exercise.objects.get(key="bridge_double")
    assert client.post(url(row, "delete"), {"post": "yes"}).status_code == 403
    assert Exercise.objects.filter(key="bridge_double").exists()

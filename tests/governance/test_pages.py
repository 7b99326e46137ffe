"""The review page and the page of one change: who may, what they say, what they refuse."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.models import User
from plans.governance.proposals import RowDraft, propose
from plans.governance.signoff import is_signed_off, sign_off
from plans.knowledge.rows.states import codec_for, row_of, state_of
from plans.models import KnowledgeChange, KnowledgeSignOff, Technique
from tests.factories.clinic import ManagerFactory, PhysioFactory
from tests.factories.plans import case_signed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]
REVIEW = reverse("staff:knowledge-review")
SAID = {"statement": "Reviewed row by row.", "verify_note": "All marked figures accepted as they stand."}


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def changed(by: User, key: str = "mt_mwm", **entry: Any) -> KnowledgeChange:
    codec = codec_for("techniques", "techniques")
    before = state_of(codec, row_of(codec, key))
    after = deepcopy(before)
    after["entry"].update(entry or {"aim": "our words"})
    row = RowDraft("techniques", "techniques", key, before, after)
    return propose(by, [row], reason="Agreed at the meeting.", today=timezone.localdate())


def page_of(change: KnowledgeChange) -> str:
    return reverse("staff:knowledge-change", args=[change.pk])


def decide(client: Client, change: KnowledgeChange, decision: str, **data: str) -> Any:
    url = reverse("staff:knowledge-change-decide", args=[change.pk])
    return client.post(url, {"decision": decision, **data})


def test_the_first_review_is_signed_off_by_the_lead(lead: User) -> None:
    client = client_of(lead)
    page = client.get(REVIEW).content.decode()
    assert "This revision awaits review: plans can be drafted, not signed." in page
    assert "Never signed off before" in page
    assert "Dry needling, deep trigger point" in page  # a marked row
    assert client.post(reverse("staff:knowledge-sign-off"), {"revision": 1, **SAID}).status_code == 302
    assert is_signed_off("1")
    page = client.get(REVIEW).content.decode()
    assert "Signed off by Lena Lead" in page
    assert 'action="/staff/knowledge/sign-off/"' not in page


def test_what_was_typed_stays_when_the_sign_off_is_refused(lead: User) -> None:
    response = client_of(lead).post(reverse("staff:knowledge-sign-off"), {"revision": 1, **SAID, "verify_note": "no"})
    assert response.status_code == 422
    assert "Reviewed row by row." in response.content.decode()
    assert "Say what was decided about the marked figures." in response.content.decode()
    stale = client_of(lead).post(reverse("staff:knowledge-sign-off"), {"revision": 7, **SAID})
    assert "Review it again" in stale.content.decode()
    assert not KnowledgeSignOff.objects.exists()


def test_a_manager_reads_and_does_not_sign(manager: User) -> None:
    client = client_of(manager)
    page = client.get(REVIEW)
    assert page.status_code == 200
    assert 'action="/staff/knowledge/sign-off/"' not in page.content.decode()
    refused = client.post(reverse("staff:knowledge-sign-off"), {"revision": 1, **SAID})
    assert refused.status_code == 422
    assert "Only a clinical lead signs off" in refused.content.decode()


def test_other_clinicians_are_told_and_stay_out(lead: User) -> None:
    client = client_of(PhysioFactory())
    assert client.get(REVIEW).status_code == 403
    banner = "The clinical knowledge awaits review by your clinical lead; plans can be drafted, not signed."
    today = client.get(reverse("staff:today")).content.decode()
    assert banner in today
    assert REVIEW not in today
    sign_off(lead, revision=1, today=timezone.localdate(), **SAID)
    assert banner not in client.get(reverse("staff:today")).content.decode()


def test_one_look_approves_and_signs_off(manager: User, lead: User) -> None:
    sign_off(lead, revision=1, today=timezone.localdate(), **SAID)
    change = changed(manager)
    client = client_of(lead)
    page = client.get(page_of(change)).content.decode()
    assert "pain-free active range with sustained glide" in page
    assert "our words" in page
    assert decide(client, change, "approve", and_sign_off="on").status_code == 302
    assert is_signed_off("2")
    assert f"Reviewed together with change {change.pk}" in KnowledgeSignOff.objects.get(revision="2").statement


def test_approval_alone_leaves_the_sign_off_open_and_the_next_review_shows_it(manager: User, lead: User) -> None:
    sign_off(lead, revision=1, today=timezone.localdate(), **SAID)
    decide(client_of(ManagerFactory()), changed(manager), "approve")
    assert not is_signed_off("2")
    page = client_of(lead).get(REVIEW).content.decode()
    assert "Changed since revision 1" in page
    assert '<ins><span class="visually-hidden">After: </span>our words</ins>' in page
    assert "Your edits, beside the shipped text" in page


def test_the_proposer_withdraws_and_does_not_approve(manager: User) -> None:
    client, change = client_of(manager), changed(manager)
    assert "Nobody approves a change of their own" in client.get(page_of(change)).content.decode()
    refused = decide(client, change, "approve")
    assert refused.status_code == 422
    assert "Somebody else has to decide" in refused.content.decode()
    assert decide(client, change, "withdraw").status_code == 302
    change.refresh_from_db()
    assert change.state == "withdrawn"


@pytest.mark.parametrize(("decision", "reason"), [("reject", ""), ("dance", "")])
def test_a_decision_needs_its_reason(manager: User, lead: User, decision: str, reason: str) -> None:
    change = changed(manager)
    assert decide(client_of(lead), change, decision, reason=reason).status_code == 422
    change.refresh_from_db()
    assert change.state == "pending"


def test_the_plans_that_use_it_are_named_to_those_who_may_see_them(manager: User) -> None:
    version = case_signed("case_01")
    technique = version.phases.all()[0].plantechniques.filter(is_alternative=False)[0].technique
    change = changed(manager, technique.key)
    name = version.plan.episode.patient.display_name
    assert name in client_of(manager).get(page_of(change)).content.decode()
    stranger = PhysioFactory()
    stranger.practitioner.is_clinical_lead = True
    stranger.practitioner.save()
    page = client_of(stranger).get(page_of(change)).content.decode()
    assert name not in page
    assert "1 more plan of patients in other people" in page


def test_taking_the_shipped_text_becomes_a_proposal(manager: User, lead: User) -> None:
    decide(client_of(lead), changed(manager), "approve")
    client, url = client_of(manager), reverse("staff:knowledge-take-shipped")
    assert client.post(url, {"reason": "Better words."}).status_code == 422
    response = client.post(url, {"reason": "Better words.", "rows": ["techniques.techniques:mt_mwm"]})
    change = KnowledgeChange.objects.get(state="pending")
    assert response.headers["Location"] == page_of(change)
    assert Technique.objects.get(key="mt_mwm").aim == "our words"
    decide(client_of(lead), change, "approve")
    assert Technique.objects.get(key="mt_mwm").aim == "pain-free active range with sustained glide"


def test_the_pages_take_a_fixed_number_of_queries(
    manager: User, lead: User, django_assert_max_num_queries: Any
) -> None:
    sign_off(lead, revision=1, today=timezone.localdate(), **SAID)
    change = changed(manager)
    changed(manager, "mt_soft_tissue_release")
    client = client_of(lead)
    with django_assert_max_num_queries(60):
        client.get(REVIEW)
    with django_assert_max_num_queries(25):
        client.get(page_of(change))

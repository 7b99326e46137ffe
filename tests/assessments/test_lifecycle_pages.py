"""The pages of an assessment after the first one: amend, sign as a student, co-sign, send back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.actions import sign
from assessments.models import Amendment, Assessment
from clinic.models import Practitioner, User
from tests.factories.assessments import AssessmentFactory, FindingFactory, RedFlagAnswerFactory
from tests.factories.clinic import PractitionerFactory

pytestmark = pytest.mark.django_db
STRENGTH = "f:mmt.gluteus_medius:right:"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def signed() -> Assessment:
    made: Assessment = AssessmentFactory()
    FindingFactory(assessment=made, path="mmt.gluteus_medius", side="right", number=Decimal("3.7"))
    RedFlagAnswerFactory(assessment=made)
    return sign(made, by=made.author, today=timezone.localdate())


def test_amending_on_the_page_shows_both_values(signed: Assessment) -> None:
    client, url = client_of(signed.author), reverse("staff:assessment-amend", args=[signed.pk])
    assert STRENGTH in client.get(url).content.decode()
    form = {
        "group": [STRENGTH, "g:ces_bladder"],
        STRENGTH: "3+",
        "g:ces_bladder": "yes",
        "new0:path": "mmt.gluteus_maximus",
        "new0:side": "left",
        "new0:value": "4",
        "reason": "Sides were mixed up",
    }
    assert client.post(url, form).status_code == 302
    assert Amendment.objects.get().size == 3
    page = client.get(reverse("staff:assessment-detail", args=[signed.pk])).content.decode()
    assert "<del>right: 4-</del> right: 3+" in page
    assert f"amended {timezone.localdate():%d %b %Y} by {signed.author.name}" in page
    assert "Sides were mixed up" in page
    record = client.get(f"/api/assessments/{signed.pk}/").json()
    shown = {(row["path"], row["side"]): row["value"] for row in record["findings"]}
    assert shown == {("mmt.gluteus_medius", "right"): 3.3, ("mmt.gluteus_maximus", "left"): 4.0}
    assert [row["answer"] for row in record["flag_answers"]] == ["yes"]


def test_a_refused_amendment_keeps_everything_typed(signed: Assessment) -> None:
    client, url = client_of(signed.author), reverse("staff:assessment-amend", args=[signed.pk])
    form = {"group": [STRENGTH, "g:ces_bladder"], STRENGTH: "9", "g:ces_bladder": "yes", "reason": "Mistyped"}
    answer = client.post(url, form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="9"' in page
    assert 'value="Mistyped"' in page
    assert 'name="g:ces_bladder" value="yes" checked' in page
    assert Amendment.objects.count() == 0


def test_a_draft_is_not_amended(signed: Assessment) -> None:
    draft: Assessment = AssessmentFactory()
    answer = client_of(draft.author).get(reverse("staff:assessment-amend", args=[draft.pk]))
    assert answer.status_code == 302


@pytest.fixture
def student() -> Practitioner:
    made: Practitioner = PractitionerFactory(is_student=True, supervisor=PractitionerFactory())
    return made


@pytest.fixture
def recorded(student: Practitioner) -> Assessment:
    made: Assessment = AssessmentFactory(author=student.user)
    made.episode.patient.care_team.add(student.user)
    FindingFactory(assessment=made, path="mmt.gluteus_medius", side="right", number=Decimal("3.7"))
    return made


def test_from_the_students_signature_to_the_supervisors(recorded: Assessment, student: Practitioner) -> None:
    mine = client_of(student.user)
    review = mine.get(reverse("staff:assessment-edit", args=[recorded.pk]) + "?section=review").content.decode()
    assert "Sign as a student, for co-signature" in review
    mine.post(reverse("staff:assessment-sign", args=[recorded.pk]))
    detail = reverse("staff:assessment-detail", args=[recorded.pk])
    assert "Waits for a co-signature." in mine.get(detail).content.decode()
    assert "co-sign/" not in mine.get(detail).content.decode()
    assert mine.get(reverse("staff:assessment-edit", args=[recorded.pk])).status_code == 302

    assert student.supervisor is not None
    theirs = client_of(student.supervisor.user)
    assert "To co-sign" in theirs.get(reverse("staff:today")).content.decode()
    theirs.post(reverse("staff:assessment-return", args=[recorded.pk]), {"note": "Test the left side as well."})
    page = mine.get(reverse("staff:assessment-edit", args=[recorded.pk])).content.decode()
    assert "Test the left side as well." in page
    mine.post(reverse("staff:assessment-sign", args=[recorded.pk]))
    theirs.post(reverse("staff:assessment-cosign", args=[recorded.pk]))
    recorded.refresh_from_db()
    assert (recorded.state, recorded.signed_by, recorded.submitted_by) == (
        "signed",
        student.supervisor.user,
        student.user,
    )
    assert "To co-sign" not in theirs.get(reverse("staff:today")).content.decode()


def test_a_student_cannot_co_sign_their_own_work(recorded: Assessment, student: Practitioner) -> None:
    mine = client_of(student.user)
    mine.post(reverse("staff:assessment-sign", args=[recorded.pk]))
    mine.post(reverse("staff:assessment-cosign", args=[recorded.pk]))
    recorded.refresh_from_db()
    assert recorded.state == "cosign"

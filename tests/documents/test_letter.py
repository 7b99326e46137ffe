"""Referral letters say what is suspected and why, and are kept as they were written."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from clinic.errors import Invalid, Refused
from clinic.models import Practitioner
from plans.actions.discharge import DischargeWish, discharge
from plans.documents.letter import letter_pdf, write_letter, write_report
from plans.knowledge.rows.revision import knowledge_in_force
from plans.models import Discharge, Letter, PlanVersion
from tests.factories.plans import TODAY, case_draft, case_letter, case_signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def emergency() -> PlanVersion:
    """CASE-07: cauda equina signs, no plan may be released."""
    return case_draft("case_07")


def _write(version: PlanVersion, **texts: str) -> Letter:
    by = version.plan.episode.practitioner.user
    given = {"recipient": "Emergency department", **texts}
    return write_letter(version, by, **given, knowledge=knowledge_in_force(), today=TODAY)


def test_an_emergency_says_so_first(emergency: PlanVersion) -> None:
    letter = _write(emergency, address="Example Hospital\n\n1 High Street", remarks="Called ahead at 10:20.")
    content = letter.content
    patient = emergency.plan.episode.patient
    assert letter.disposition == "emergency_now"
    assert content["urgency"].lower().startswith("emergency")
    assert patient.number in content["about"][0]
    assert content["recipient"] == {"name": "Emergency department", "lines": ["Example Hospital", "1 High Street"]}
    sections = {section["title"]: section for section in content["sections"]}
    assert sections["Why I am writing"]["points"], "what is suspected"
    assert any("cauda equina" in point.lower() for point in sections["Why I am writing"]["points"])
    assert sections["What was done"]["paragraphs"] == [
        "No physiotherapy treatment was given. The patient was told what was found and what to watch for."
    ]
    assert sections["Remarks"]["paragraphs"] == ["Called ahead at 10:20."]
    assert "Registration" in content["signature"][2]
    assert letter_pdf(letter, paper="us-letter").startswith(b"%PDF-")


def test_every_case_can_be_written_about() -> None:
    version = case_draft("case_01")
    letter = case_letter(version)
    titles = [section["title"] for section in letter.content["sections"]]
    assert "Findings" in titles
    assert letter.content["urgency"] == ""
    assert letter_pdf(letter).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"recipient": "  "}, "recipient"),
        ({"recipient": "x" * 201}, "recipient"),
        ({"address": "x" * 401}, "address"),
        ({"request": " "}, "request"),
        ({"remarks": "x" * 2001}, "remarks"),
        ({"remarks": "a\x00b"}, "remarks"),
    ],
)
def test_bad_texts_name_their_field(emergency: PlanVersion, texts: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        _write(emergency, **texts)
    assert caught.value.field == field
    assert not Letter.objects.exists()


def test_only_a_valid_licence_writes(emergency: PlanVersion) -> None:
    Practitioner.objects.update(licence_valid_until=TODAY - timedelta(days=1))
    with pytest.raises(Refused):
        _write(emergency)
    assert not Letter.objects.exists()


@pytest.mark.parametrize("statement", ["UPDATE plans_letter SET recipient = 'x'", "DELETE FROM plans_letter"])
def test_a_letter_never_changes(emergency: PlanVersion, statement: str) -> None:
    letter = _write(emergency)
    with (
        pytest.raises(DatabaseError, match="Cannot update or delete"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    letter.refresh_from_db()
    assert letter.recipient == "Emergency department"


def test_drafting_anew_keeps_the_letter(emergency: PlanVersion, client: Client) -> None:
    letter = _write(emergency)
    client.force_login(emergency.created_by)
    client.post(f"/staff/plan-versions/{emergency.pk}/redraft/")
    assert Letter.objects.filter(pk=letter.pk).exists()


# --- Pages ----------------------------------------------------------------------------------------------------------


def test_from_the_refusal_to_the_letter(client: Client, emergency: PlanVersion) -> None:
    client.force_login(emergency.created_by)
    page = client.get(f"/staff/plan-versions/{emergency.pk}/").content.decode()
    assert f"/staff/plan-versions/{emergency.pk}/letter/" in page
    data = {"recipient": "Emergency department", "request": "Please see at once."}
    answer = client.post(f"/staff/plan-versions/{emergency.pk}/letter/", data, follow=True)
    letter = Letter.objects.get()
    assert f"/staff/letters/{letter.pk}/letter.pdf" in answer.content.decode()
    pdf = client.get(f"/staff/letters/{letter.pk}/letter.pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert letter.episode.patient.family_name.lower() not in pdf["Content-Disposition"].lower()


def test_what_was_typed_is_kept(client: Client, emergency: PlanVersion) -> None:
    client.force_login(emergency.created_by)
    data = {"recipient": "", "request": "Please see at once.", "remarks": "Told at 10:20."}
    answer = client.post(f"/staff/plan-versions/{emergency.pk}/letter/", data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Told at 10:20." in page
    assert "Please see at once." in page
    assert not Letter.objects.exists()


# --- Reports of a discharge -----------------------------------------------------------------------------------------


def _discharged(*, consent: bool) -> Discharge:
    version = case_signed("case_01")
    wish = DischargeWish(
        kind="self_manage",
        home="keep",
        flare_plan="Two gentle days, then one step easier.",
        letter_consent=consent,
        follow_up_on=TODAY + timedelta(days=90),
        summary="Lifts 20 kg again.",
    )
    return discharge(version.plan, version.created_by, wish=wish, today=TODAY)


def test_a_discharge_is_reported_as_it_was_signed() -> None:
    row = _discharged(consent=True)
    by = row.signed_by.user
    letter = write_report(row, by, recipient="Dr A. Example", today=TODAY)
    sections = {section["title"]: section for section in letter.content["sections"]}
    assert letter.kind == "report"
    assert sections["Summary"]["paragraphs"] == ["Lifts 20 kg again."]
    assert sections["If it comes back"]["paragraphs"] == ["Two gentle days, then one step easier."]
    assert len(sections["What has changed"]["rows"]) == len(row.record["outcomes"])
    assert len(sections["Causes"]["points"]) == len(row.record["causes"]) > 0
    assert letter_pdf(letter).startswith(b"%PDF-")


def test_without_consent_nothing_is_written(client: Client) -> None:
    row = _discharged(consent=False)
    with pytest.raises(Refused, match="did not agree"):
        write_report(row, row.signed_by.user, recipient="Dr A. Example", today=TODAY)
    client.force_login(row.signed_by.user)
    assert f"/staff/discharges/{row.pk}/letter/" not in client.get(f"/staff/discharges/{row.pk}/").content.decode()
    assert client.post(f"/staff/discharges/{row.pk}/letter/", {"recipient": "Dr A."}).status_code == 422
    assert not Letter.objects.exists()


def test_from_the_discharge_to_the_letter(client: Client) -> None:
    row = _discharged(consent=True)
    client.force_login(row.signed_by.user)
    assert f"/staff/discharges/{row.pk}/letter/" in client.get(f"/staff/discharges/{row.pk}/").content.decode()
    answer = client.post(f"/staff/discharges/{row.pk}/letter/", {"recipient": "Dr A. Example"}, follow=True)
    assert "Dr A. Example" in answer.content.decode()

"""The home programme on paper says what the portal says, for the signed version in force only."""

from __future__ import annotations

import re
import zlib
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clinic.errors import Refused
from exercises.models import Prescription
from plans.documents import handout
from plans.documents.typeset import qr_svg, typeset
from plans.models import PlanVersion
from tests.factories.plans import case_draft, case_signed, page_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed() -> PlanVersion:
    return case_signed("case_01")


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What reaches the sheet."""
    seen: dict[str, Any] = {}

    def spy(sheet: str, data: dict[str, Any], *, paper: str = "a4") -> bytes:
        seen.update(data, sheet=sheet, paper=paper)
        return typeset(sheet, data, paper=paper)

    monkeypatch.setattr(handout, "typeset", spy)
    return seen


def test_it_is_a_tagged_pdf_in_the_patients_language(signed: PlanVersion) -> None:
    pdf = handout.handout_pdf(signed)
    plain = pdf + b"".join(_streams(pdf))
    assert pdf.startswith(b"%PDF-")
    assert b"/MarkInfo" in plain
    assert b"/StructTreeRoot" in plain
    assert b"pdfuaid" in plain
    assert b"/Lang" in plain


def _streams(pdf: bytes) -> list[bytes]:
    """The compressed parts of a PDF, opened."""
    found = []
    for match in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompressobj().decompress(match[1]))
        except zlib.error:
            found.append(match[1])
    return found


def test_it_prints_what_is_prescribed(signed: PlanVersion, printed: dict[str, Any]) -> None:
    handout.handout_pdf(signed)
    prescribed = Prescription.objects.filter(planned__item__phase__version=signed).order_by("position", "id")
    assert [row["name"] for row in printed["exercises"]] == [row.exercise.name for row in prescribed]
    assert [row["boxes"] for row in printed["exercises"]] == [row.per_day for row in prescribed]
    first, row = printed["exercises"][0], prescribed[0]
    assert first["cues"] == row.exercise.cues
    assert first["why"] == row.why
    assert len(printed["days"]) == 14
    assert printed["warnings"], "the warning signs stand on every handout"
    assert printed["link"].endswith("/portal/")
    assert printed["held"] == ""


def test_every_exercise_has_a_picture_with_words(signed: PlanVersion, printed: dict[str, Any]) -> None:
    handout.handout_pdf(signed)
    for exercise in printed["exercises"]:
        assert exercise["picture"].startswith("<svg xmlns=")
        assert exercise["alt"].startswith("Works on: ")


def test_what_is_on_hold_is_not_printed_and_said_so(signed: PlanVersion, printed: dict[str, Any]) -> None:
    held = Prescription.objects.filter(planned__item__phase__version=signed).first()
    assert held is not None
    Prescription.objects.filter(pk=held.pk).update(state=Prescription.State.PAUSED)
    handout.handout_pdf(signed)
    assert held.exercise.name not in [row["name"] for row in printed["exercises"]]
    assert "on hold" in printed["held"]


def test_what_begins_later_is_not_printed(signed: PlanVersion, printed: dict[str, Any]) -> None:
    later = timezone.localdate() + timedelta(days=3)
    Prescription.objects.filter(planned__item__phase__version=signed).update(starts_on=later)
    handout.handout_pdf(signed)
    assert printed["exercises"] == []


def test_a_draft_is_never_handed_out() -> None:
    with pytest.raises(Refused, match="signed version in force"):
        handout.handout_pdf(case_draft("case_01"))


def test_unknown_paper() -> None:
    with pytest.raises(ValueError, match="foolscap"):
        typeset("handout", {}, paper="foolscap")


def test_the_code_stands_by_itself() -> None:
    svg = qr_svg("https://clinic.example/portal/")
    assert svg.startswith("<svg xmlns=")
    assert "#000" in svg


# --- Pages ----------------------------------------------------------------------------------------------------------


def test_staff_print_it(client: Client, signed: PlanVersion) -> None:
    client.force_login(signed.created_by)
    answer = client.get(f"/staff/plan-versions/{signed.pk}/handout.pdf", {"paper": "us-letter"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    number = signed.plan.episode.patient.number.lower()
    assert answer["Content-Disposition"] == f'inline; filename="exercises-{number}.pdf"'
    assert answer.content.startswith(b"%PDF-")
    assert "no-store" in answer["Cache-Control"]


def test_a_draft_sends_back_with_the_reason(client: Client) -> None:
    version = case_draft("case_01")
    client.force_login(version.created_by)
    answer = client.get(f"/staff/plan-versions/{version.pk}/handout.pdf", follow=True)
    assert "Only the signed version in force" in answer.content.decode()


def test_patients_print_their_own(client: Client, signed: PlanVersion) -> None:
    user = signed.plan.episode.patient.user
    assert user is not None
    client.force_login(user)
    assert "/portal/plan/exercises.pdf" in client.get("/portal/plan/").content.decode()
    answer = client.get("/portal/plan/exercises.pdf")
    assert answer.content.startswith(b"%PDF-")


def test_screen_and_paper_show_the_same(client: Client, signed: PlanVersion, printed: dict[str, Any]) -> None:
    """One version, the same exercises on the staff page, in the portal and on paper."""
    handout.handout_pdf(page_version(signed))
    names = {row["name"] for row in printed["exercises"]}
    client.force_login(signed.created_by)
    staff = client.get(f"/staff/plan-versions/{signed.pk}/").content.decode()
    user = signed.plan.episode.patient.user
    assert user is not None
    client.force_login(user)
    portal = client.get("/portal/plan/").content.decode()
    assert names
    assert all(name in staff and name in portal for name in names)

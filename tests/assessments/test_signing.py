"""Signing checks, locks, and the lock holds against raw SQL; clearing a red flag keeps it on the record."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from assessments.actions import clear_flag, save_changes, sign
from assessments.changes import FindingChange
from assessments.models import Assessment, FlagClearance
from clinic.errors import Conflict, DomainError, Invalid, ManyProblems, Refused
from tests.factories.assessments import (
    AssessmentFactory,
    FindingFactory,
    PainMarkFactory,
    PsfsActivityFactory,
    RedFlagAnswerFactory,
    SurgeryFactory,
    SymptomRegionFactory,
)
from tests.factories.clinic import ManagerFactory, PractitionerFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 20)


@pytest.fixture
def recorded() -> Assessment:
    """A draft with one row of each kind."""
    assessment = AssessmentFactory()
    FindingFactory(assessment=assessment)
    for factory in (SymptomRegionFactory, PainMarkFactory, PsfsActivityFactory, SurgeryFactory, RedFlagAnswerFactory):
        factory(assessment=assessment)
    return assessment


def signed(assessment: Assessment) -> Assessment:
    return sign(assessment, by=assessment.author, today=TODAY)


def test_a_signature_names_who_and_when(recorded: Assessment) -> None:
    row = signed(recorded)
    assert (row.state, row.signed_by) == ("signed", recorded.author)
    assert row.signed_at is not None


def test_signing_twice_is_a_conflict(recorded: Assessment) -> None:
    signed(recorded)
    with pytest.raises(Conflict) as refusal:
        signed(recorded)
    assert refusal.value.code == "signed"


def test_saving_after_signing_is_a_conflict(recorded: Assessment) -> None:
    signed(recorded)
    change = FindingChange("pain.nprs_current", value="1")
    with pytest.raises(Conflict):
        save_changes(recorded, [change], by=recorded.author, revision=0, today=TODAY)
    assert recorded.findings.get().number == Decimal(6)


def test_nothing_recorded_cannot_be_signed() -> None:
    with pytest.raises(Invalid) as refusal:
        signed(AssessmentFactory())
    assert refusal.value.code == "empty"


@pytest.mark.hazard("H-20")
@pytest.mark.parametrize("who", ["expired", "manager"])
def test_signing_needs_a_valid_registration(recorded: Assessment, who: str) -> None:
    by = ManagerFactory() if who == "manager" else PractitionerFactory(licence_valid_until=date(2026, 11, 19)).user
    with pytest.raises(Refused):
        sign(recorded, by=by, today=TODAY)
    recorded.refresh_from_db()
    assert recorded.state == "draft"


def test_a_registration_that_ends_today_still_signs(recorded: Assessment) -> None:
    by = PractitionerFactory(licence_valid_until=TODAY).user
    assert sign(recorded, by=by, today=TODAY).state == "signed"


REJECTED = [
    ("pain.nprs_worst_24h", 3, "now_above_worst"),
    ("pain.nprs_worst_24h", 5, "now_above_worst"),
]


@pytest.mark.parametrize(("path", "number", "code"), REJECTED)
def test_a_contradiction_stops_the_signature(recorded: Assessment, path: str, number: int, code: str) -> None:
    FindingFactory(assessment=recorded, path=path, number=Decimal(number))
    with pytest.raises(ManyProblems) as refusal:
        sign(recorded, by=recorded.author, today=TODAY, confirmed=["now_above_worst:pain.nprs_current"])
    assert refusal.value.problems[0].code.startswith(code)
    recorded.refresh_from_db()
    assert recorded.state == "draft"


def test_an_unusual_value_is_asked_about_and_then_accepted(recorded: Assessment) -> None:
    FindingFactory(assessment=recorded, path="hist.fluid_intake_l_day", number=Decimal(7))
    with pytest.raises(ManyProblems) as refusal:
        signed(recorded)
    assert [problem.field for problem in refusal.value.problems] == ["hist.fluid_intake_l_day"]
    key = refusal.value.problems[0].code.removeprefix("ask:")
    assert sign(recorded, by=recorded.author, today=TODAY, confirmed=[key]).state == "signed"


STATEMENTS = [
    "UPDATE assessments_assessment SET story = 'x' WHERE id = {pk}",
    "UPDATE assessments_assessment SET state = 'draft', signed_at = NULL, signed_by_id = NULL WHERE id = {pk}",
    "DELETE FROM assessments_assessment WHERE id = {pk}",
    "UPDATE assessments_finding SET number = 0 WHERE assessment_id = {pk}",
    "DELETE FROM assessments_finding WHERE assessment_id = {pk}",
    "INSERT INTO assessments_finding"
    " (assessment_id, path, side, mode, number, pain_limited, note, revision, recorded_at)"
    " VALUES ({pk}, 'pain.nprs_movement', '', '', 1, false, '', 0, now())",
    "UPDATE assessments_redflaganswer SET answer = 'yes' WHERE assessment_id = {pk}",
    "DELETE FROM assessments_redflaganswer WHERE assessment_id = {pk}",
    "DELETE FROM assessments_painmark WHERE assessment_id = {pk}",
    "DELETE FROM assessments_symptomregion WHERE assessment_id = {pk}",
    "UPDATE assessments_psfsactivity SET score = 10 WHERE assessment_id = {pk}",
    "DELETE FROM assessments_surgery WHERE assessment_id = {pk}",
]


@pytest.mark.hazard("H-08")
@pytest.mark.parametrize("statement", STATEMENTS)
def test_raw_sql_cannot_change_what_was_signed(recorded: Assessment, statement: str) -> None:
    signed(recorded)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(pk=recorded.pk))
    recorded.refresh_from_db()
    assert (recorded.state, recorded.story) == ("signed", "")
    assert (recorded.findings.get().number, recorded.flag_answers.get().answer) == (Decimal(6), "no")
    assert recorded.activities.get().score == 3
    assert (recorded.pain_marks.count(), recorded.symptom_regions.count(), recorded.surgeries.count()) == (1, 1, 1)


# --- Clearing a red flag ----------------------------------------------------------------------------------------------


def clear(assessment: Assessment, **changed: object) -> FlagClearance:
    values: dict[str, object] = {"by": assessment.author, "reason": "Scan negative", "source": "Ultrasound of 18 Nov"}
    return clear_flag(assessment, "dvt", today=TODAY, **(values | changed))  # type: ignore[arg-type]


def test_a_cleared_flag_keeps_its_answer(recorded: Assessment) -> None:
    RedFlagAnswerFactory(assessment=recorded, flag="dvt", answer="yes")
    row = clear(recorded)
    assert (row.cleared_by, row.reason, row.episode) == (recorded.author, "Scan negative", recorded.episode)
    assert recorded.flag_answers.get(flag="dvt").answer == "yes"


def test_a_flag_may_be_cleared_after_signing(recorded: Assessment) -> None:
    signed(recorded)
    assert clear(recorded).pk


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"reason": " "}, "reason"), ({"source": ""}, "source"), ({"reason": "x" * 501}, "reason")],
)
def test_clearing_needs_reason_and_source(recorded: Assessment, changed: dict[str, object], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        clear(recorded, **changed)
    assert refusal.value.field == code
    assert not FlagClearance.objects.exists()


def test_clearing_needs_a_valid_registration(recorded: Assessment) -> None:
    with pytest.raises(DomainError):
        clear(recorded, by=ManagerFactory())
    assert not FlagClearance.objects.exists()


def test_a_flag_is_cleared_once(recorded: Assessment) -> None:
    clear(recorded)
    with pytest.raises(Conflict):
        clear(recorded)


def test_an_unknown_flag_cannot_be_cleared(recorded: Assessment) -> None:
    with pytest.raises(Invalid):
        clear_flag(recorded, "no_such_flag", by=recorded.author, reason="a", source="b", today=TODAY)

"""A student's signature waits for the supervisor's. Kept by rules, and by the database against every other writer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from assessments.actions import clear_flag, save_changes, sign
from assessments.changes import FindingChange
from assessments.chart import chart_of
from assessments.crosschecks import questions
from assessments.models import Assessment
from clinic.errors import Conflict, Invalid, ManyProblems, Refused
from clinic.models import Patient, Practitioner
from plans.actions import draft_plan, sign_problems
from plans.actions import sign as sign_plan
from plans.actions.lifecycle import cosign_assessment, return_assessment, submit_for_cosignature
from plans.models import Alert, PlanVersion
from tests.factories.assessments import AssessmentFactory, FindingFactory, FlagClearanceFactory
from tests.factories.clinic import PractitionerFactory
from tests.factories.plans import case_assessment, page_version

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


@pytest.fixture
def supervisor() -> Practitioner:
    made: Practitioner = PractitionerFactory()
    return made


@pytest.fixture
def student(supervisor: Practitioner) -> Practitioner:
    made: Practitioner = PractitionerFactory(is_student=True, supervisor=supervisor)
    return made


@pytest.fixture
def draft(student: Practitioner) -> Assessment:
    """Recorded by the student, of a patient that the supervisor does not treat."""
    made: Assessment = AssessmentFactory(author=student.user)
    made.episode.patient.care_team.add(student.user)
    FindingFactory(assessment=made, path="mmt.gluteus_medius", side="right", number=Decimal("3.7"))
    return made


@pytest.fixture
def waiting(draft: Assessment, student: Practitioner) -> Assessment:
    return submit_for_cosignature(draft, by=student.user, today=TODAY)


def test_signing_as_a_student_locks_and_tells_the_supervisor(
    waiting: Assessment, student: Practitioner, supervisor: Practitioner
) -> None:
    assert (waiting.state, waiting.submitted_by, waiting.signed_by) == ("cosign", student.user, None)
    assert Patient.objects.visible_to(supervisor.user).get() == waiting.episode.patient
    alert = Alert.objects.get(rule="co-signature")
    assert (alert.patient, alert.key, alert.severity) == (waiting.episode.patient, str(waiting.pk), "high")
    change = FindingChange("mmt.gluteus_medius", "right", value="5")
    with pytest.raises(Conflict):
        save_changes(waiting, [change], by=student.user, revision=9, today=TODAY)
    with pytest.raises(Conflict):
        sign(waiting, by=supervisor.user, today=TODAY)


def test_the_supervisor_co_signs(waiting: Assessment, student: Practitioner, supervisor: Practitioner) -> None:
    signed = cosign_assessment(waiting, by=supervisor.user, today=TODAY)
    assert (signed.state, signed.signed_by, signed.submitted_by) == ("signed", supervisor.user, student.user)
    assert Alert.objects.get(rule="co-signature").state == "done"


def test_it_comes_back_with_a_note_and_can_be_signed_again(
    waiting: Assessment, student: Practitioner, supervisor: Practitioner
) -> None:
    with pytest.raises(Invalid):
        return_assessment(waiting, by=supervisor.user, note=" ", today=TODAY)
    back = return_assessment(waiting, by=supervisor.user, note="Test the other side too.", today=TODAY)
    assert (back.state, back.return_note, back.returned_by) == ("draft", "Test the other side too.", supervisor.user)
    assert Alert.objects.get(rule="returned-to-student").state == "open"
    again = submit_for_cosignature(back, by=student.user, today=TODAY)
    assert (again.state, again.return_note) == ("cosign", "")
    open_rules = Alert.objects.exclude(state="done").values_list("rule", flat=True)
    assert list(open_rules) == ["co-signature"]


def test_a_clinical_lead_stands_in_and_nobody_else(waiting: Assessment, student: Practitioner) -> None:
    for person in (PractitionerFactory(), student, PractitionerFactory(is_student=True, supervisor=student.supervisor)):
        with pytest.raises(Refused):
            cosign_assessment(waiting, by=person.user, today=TODAY)
    waiting.refresh_from_db()
    assert waiting.state == "cosign"
    lead = PractitionerFactory(is_clinical_lead=True)
    assert cosign_assessment(waiting, by=lead.user, today=TODAY).signed_by == lead.user


def test_what_a_student_may_not_do(draft: Assessment, student: Practitioner) -> None:
    with pytest.raises(Refused):
        sign(draft, by=student.user, today=TODAY)
    with pytest.raises(Refused):
        clear_flag(draft, "dvt", by=student.user, reason="Scan clear", source="Scan", today=TODAY)
    with pytest.raises(Refused):
        submit_for_cosignature(draft, by=PractitionerFactory().user, today=TODAY)
    draft.refresh_from_db()
    assert (draft.state, draft.clearances.count()) == ("draft", 0)


def test_no_plan_is_signed_before_the_co_signature(student: Practitioner, supervisor: Practitioner) -> None:
    assessment = case_assessment("case_01", signed=False)
    version: PlanVersion = page_version(draft_plan(assessment, assessment.author, today=TODAY))
    submit_for_cosignature(version.assessment, by=student.user, today=TODAY, confirmed=_everything(version.assessment))
    version = PlanVersion.objects.for_page().get(pk=version.pk)
    practitioner = version.plan.episode.practitioner
    codes = [problem.code for problem in sign_problems(version, practitioner.user, today=TODAY)]
    assert "assessment_unsigned" in codes
    assert "student" in [problem.code for problem in sign_problems(version, student.user, today=TODAY)]
    with pytest.raises(ManyProblems):
        sign_plan(version, practitioner.user, today=TODAY)
    force = (
        "UPDATE plans_planversion SET state='signed', signed_at=now(), signed_by_id=%s, content_hash='x' WHERE id=%s"
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute(force, [practitioner.pk, version.pk])
    version.refresh_from_db()
    assert version.state == "draft"


def _everything(assessment: Assessment) -> list[str]:
    return [question.key for question in questions(chart_of(assessment, today=TODAY))]


def test_the_database_refuses_what_the_rules_refuse(
    waiting: Assessment, student: Practitioner, supervisor: Practitioner
) -> None:
    stranger = PractitionerFactory()
    sign_as = "UPDATE assessments_assessment SET state='signed', signed_at=now(), signed_by_id=%s WHERE id=%s"
    statements: list[tuple[str, list[int]]] = [
        (sign_as, [student.user_id, waiting.pk]),
        (sign_as, [stranger.user_id, waiting.pk]),
        ("UPDATE assessments_assessment SET story='other' WHERE id=%s", [waiting.pk]),
        ("DELETE FROM assessments_finding WHERE assessment_id=%s", [waiting.pk]),
        ("UPDATE assessments_finding SET number=5 WHERE assessment_id=%s", [waiting.pk]),
        ("DELETE FROM assessments_assessment WHERE id=%s", [waiting.pk]),
        ("UPDATE clinic_practitioner SET supervisor_id=NULL WHERE id=%s", [student.pk]),
        ("UPDATE clinic_practitioner SET supervisor_id=id WHERE id=%s", [student.pk]),
        ("UPDATE clinic_practitioner SET is_student=true, supervisor_id=%s WHERE id=%s", [stranger.pk, supervisor.pk]),
    ]
    for statement, values in statements:
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute(statement, values)
    other: Assessment = AssessmentFactory()
    with pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute(sign_as, [student.user_id, other.pk])
    with pytest.raises(DatabaseError), transaction.atomic():
        FlagClearanceFactory(assessment=other, cleared_by=student.user)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.findings.get().number) == ("cosign", Decimal("3.70"))


def test_the_form_of_a_registration_says_it_at_the_field(student: Practitioner, supervisor: Practitioner) -> None:
    wrong = [
        Practitioner(user=student.user, licence_number="x", is_student=True),
        Practitioner(user=student.user, licence_number="x", is_student=True, supervisor=student),
    ]
    for row in wrong:
        with pytest.raises(ValidationError) as refused:
            row.clean()
        assert list(refused.value.message_dict) == ["supervisor"]
    supervisor.is_student, supervisor.supervisor = True, PractitionerFactory()
    with pytest.raises(ValidationError) as refused:
        supervisor.clean()
    assert list(refused.value.message_dict) == ["is_student"]

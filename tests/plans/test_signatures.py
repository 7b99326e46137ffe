"""Signed assessments and plan versions hang on the chain; the command names the first broken link."""

from __future__ import annotations

import logging
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from assessments.actions import sign as sign_assessment
from assessments.chart import chart_of
from assessments.crosschecks import questions
from clinic.models import Signature, SignatureCheck
from plans.actions import draft_plan, sign
from plans.models import PlanVersion
from plans.tasks import tick_verify
from tests.clinic.test_signatures import triggers_off
from tests.factories.notes import bare_note, discharge_of
from tests.factories.plans import TODAY, case_assessment

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed() -> PlanVersion:
    """An assessment and a plan, both signed as on the pages."""
    assessment = case_assessment("case_01", signed=False)
    by = assessment.author
    asked = {question.key for question in questions(chart_of(assessment, today=TODAY))}
    sign_assessment(assessment, by=by, today=TODAY, confirmed=asked)
    return sign(draft_plan(assessment, by, today=TODAY), by, today=TODAY)


def said() -> str:
    out = StringIO()
    call_command("verify_signatures", stdout=out)
    return out.getvalue()


def test_both_signatures_are_links_and_hold(signed: PlanVersion) -> None:
    rows = list(Signature.objects.values_list("kind", "object_id"))
    assert rows == [("assessment", signed.assessment_id), ("plan_version", signed.pk)]
    last = Signature.objects.get(number=2)
    assert (last.content_hash, last.signed_at, last.signer) == (
        signed.content_hash,
        signed.signed_at,
        signed.created_by,
    )
    assert f"2 signatures hold. Latest: {last.hash}" in said()


def test_a_superseded_version_still_holds(signed: PlanVersion) -> None:
    PlanVersion.objects.filter(pk=signed.pk).update(state="superseded")
    assert "2 signatures hold" in said()


@pytest.mark.hazard("H-23")
@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("UPDATE assessments_finding SET number = number + 1 WHERE path = 'pain.nprs_current'", "assessment"),
        ("UPDATE assessments_redflaganswer SET answer = 'yes' WHERE flag = 'ces_bladder'", "assessment"),
        ("UPDATE assessments_assessment SET story = 'Something else'", "assessment"),
        ("UPDATE plans_planexercise SET reps = reps + 1", "plan_version"),
        ("UPDATE plans_plantechnique SET side = 'both'", "plan_version"),
        ("DELETE FROM plans_plancriterion", "plan_version"),
        ("UPDATE plans_planversion SET facts_hash = repeat('0', 64)", "plan_version"),
    ],
)
def test_a_change_behind_the_triggers_is_named(signed: PlanVersion, statement: str, first: str) -> None:
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount > 0
    with pytest.raises(CommandError, match=rf"\({first} \d+\): what was signed was changed") as caught:
        said()
    assert caught.value.returncode == 1
    assert SignatureCheck.objects.latest("at").problem != ""


def test_a_row_signed_past_the_chain_is_named(signed: PlanVersion) -> None:
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM clinic_signature WHERE number = 2")
    with pytest.raises(CommandError, match=f"plan_version {signed.pk}.*no link in the chain"):
        said()


@pytest.mark.hazard("H-23")
def test_the_nightly_tick_verifies_once_and_complains_loudly(
    signed: PlanVersion, caplog: pytest.LogCaptureFixture
) -> None:
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute("UPDATE clinic_signature SET licence_number = 'X' WHERE number = 1")
    with caplog.at_level(logging.ERROR):
        tick_verify()
        tick_verify()
    assert SignatureCheck.objects.count() == 1
    assert "Signature 1 (assessment" in caplog.text


def test_a_discharge_written_past_the_chain_is_found(signed: PlanVersion) -> None:
    row = discharge_of(bare_note(signed))  # the note stays a draft
    with pytest.raises(CommandError, match=f"discharge {row.pk}"):
        call_command("verify_signatures")

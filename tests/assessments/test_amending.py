"""Amendments: beside the signed rows, signed and dated, read by everyone, refused by the database when forged."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from assessments.actions import sign
from assessments.amending import Correction, amend
from assessments.changes import ActivityChange, FindingChange, FlagChange, RegionChange
from assessments.chart import chart_of
from assessments.current import current
from assessments.models import AmendedValue, Amendment, Assessment
from clinic.errors import Conflict, DomainError, Invalid, ManyProblems, Refused
from clinic.models import Signature
from plans.actions.lifecycle import amend_assessment
from plans.actions.versions import facts_moved_on
from plans.facts import facts_for
from plans.models import Alert, PlanVersion
from plans.signatures import verify_signatures
from plans.snapshot import facts_hash
from tests.factories.assessments import (
    AssessmentFactory,
    FindingFactory,
    PsfsActivityFactory,
    RedFlagAnswerFactory,
    SymptomRegionFactory,
)
from tests.factories.clinic import ManagerFactory, PractitionerFactory
from tests.factories.plans import TODAY as PLAN_DAY
from tests.factories.plans import case_draft, case_signed

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)
STRENGTH = "mmt.gluteus_medius"


@pytest.fixture
def signed() -> Assessment:
    made: Assessment = AssessmentFactory()
    FindingFactory(assessment=made, path=STRENGTH, side="right", number=Decimal("3.7"))
    FindingFactory(assessment=made, path="pain.nprs_best_24h", number=2)
    FindingFactory(assessment=made, path="pain.nprs_worst_24h", number=6)
    SymptomRegionFactory(assessment=made)
    PsfsActivityFactory(assessment=made, position=1, score=3)
    RedFlagAnswerFactory(assessment=made)
    return sign(made, by=made.author, today=TODAY)


def correct(signed: Assessment, *corrections: Correction, reason: str = "Wrong side written down") -> Amendment:
    return amend(signed, corrections, by=signed.author, reason=reason, today=TODAY)


def test_the_corrected_value_counts_and_the_signed_row_stays(signed: Assessment) -> None:
    made = correct(signed, FindingChange(STRENGTH, "right", value=None), FindingChange(STRENGTH, "left", value="3+"))
    assert [(row.side, row.number) for row in signed.findings.filter(path=STRENGTH)] == [("right", Decimal("3.70"))]
    now = [(row.side, row.number) for row in current(signed).findings if row.path == STRENGTH]
    assert now == [("left", Decimal("3.3"))]
    kept = [(row.name, (row.before or {}).get("number"), (row.after or {}).get("number")) for row in made.values.all()]
    assert kept == [
        (f"f:{STRENGTH}:right:", "3.70", None),
        (f"f:{STRENGTH}:left:", None, "3.3"),
    ]
    assert (made.signed_by, made.reason, made.size) == (signed.author, "Wrong side written down", 2)


def test_chart_facts_and_their_hash_read_the_correction(signed: Assessment) -> None:
    practitioner = signed.episode.practitioner
    before = facts_for(signed, practitioner=practitioner, today=TODAY)
    correct(
        signed,
        FindingChange("pain.nprs_worst_24h", value="9"),
        FlagChange("ces_bladder", "yes"),
        ActivityChange(1, "Lifting a box", 8),
        RegionChange("lumbar", "right", present=False),
        RegionChange("lumbar", "left"),
    )
    after = facts_for(signed, practitioner=practitioner, today=TODAY)
    assert after.findings["pain.nprs_worst_24h"].readings[0].value == 9
    assert after.flags["ces_bladder"].state == "true"
    assert after.findings["func.psfs_avg"].readings[0].value == 8
    assert [(site.region, site.side) for site in after.sites] == [("lumbar", "left")]
    assert facts_hash(before) != facts_hash(after)
    chart = chart_of(signed, today=TODAY)
    assert (chart.number("pain.nprs_worst_24h"), chart.psfs, chart.sites) == (9, 8, (("lumbar", "left"),))


def test_the_last_amendment_of_a_value_counts(signed: Assessment) -> None:
    correct(signed, FindingChange(STRENGTH, "right", value="4"))
    second = correct(signed, FindingChange(STRENGTH, "right", value="4+"))
    assert [link.kind for link in Signature.objects.order_by("number")] == ["assessment", "amendment", "amendment"]
    assert verify_signatures().holds
    assert (second.values.get().before or {})["number"] == "4"
    assert chart_of(signed, today=TODAY).number(STRENGTH, "right") == 4.3


def test_a_late_entry_needs_no_value(signed: Assessment) -> None:
    made = amend(signed, by=signed.author, reason="Forgotten", addition="Wears insoles since spring.", today=TODAY)
    assert (made.size, made.addition) == (0, "Wears insoles since spring.")


@pytest.mark.parametrize(
    ("correction", "reason", "error"),
    [
        (FindingChange(STRENGTH, "right", value="3"), " ", Invalid),
        (FindingChange(STRENGTH, "right", value="4-"), "The same value", Invalid),
        (FindingChange(STRENGTH, "right", value="9"), "Out of range", ManyProblems),
        (FindingChange("no.such", value="9"), "Unknown", ManyProblems),
        (FindingChange("pain.nprs_best_24h", value="8"), "Above the worst", ManyProblems),
        (FlagChange("no_such_flag", "yes"), "Unknown", ManyProblems),
        (ActivityChange(9, "Running", 3), "Too many", ManyProblems),
        (RegionChange("tail"), "Unknown", ManyProblems),
    ],
)
def test_a_refused_amendment_writes_nothing(
    signed: Assessment, correction: Correction, reason: str, error: type[DomainError]
) -> None:
    with pytest.raises(error):
        correct(signed, correction, reason=reason)
    assert (Amendment.objects.count(), AmendedValue.objects.count()) == (0, 0)


def test_only_a_registered_physiotherapist_amends_and_only_what_is_signed(signed: Assessment) -> None:
    expired = PractitionerFactory(licence_valid_until=date(2020, 1, 1)).user
    for person in (ManagerFactory(), expired):
        with pytest.raises(Refused):
            amend(signed, [FindingChange(STRENGTH, "right", value="5")], by=person, reason="Mistyped", today=TODAY)
    draft: Assessment = AssessmentFactory()
    with pytest.raises(Conflict):
        amend(draft, [FindingChange(STRENGTH, "right", value="5")], by=draft.author, reason="Mistyped", today=TODAY)


INSERT = """INSERT INTO assessments_amendment (assessment_id, reason, addition, size, signed_by_id, signed_at)
            VALUES (%s, 'forged', 'x', 0, %s, now())"""


def test_the_database_keeps_amendments_against_raw_sql(signed: Assessment) -> None:
    made = correct(signed, FindingChange(STRENGTH, "right", value="5"))
    draft: Assessment = AssessmentFactory()
    student = PractitionerFactory(is_student=True, supervisor=PractitionerFactory()).user
    statements: list[tuple[str, list[int]]] = [
        ("UPDATE assessments_amendment SET reason = 'other' WHERE id = %s", [made.pk]),
        ("DELETE FROM assessments_amendment WHERE id = %s", [made.pk]),
        ("UPDATE assessments_amendedvalue SET after = 'null' WHERE amendment_id = %s", [made.pk]),
        ("DELETE FROM assessments_amendedvalue WHERE amendment_id = %s", [made.pk]),
        ("INSERT INTO assessments_amendedvalue (amendment_id, name) VALUES (%s, 'f:x::')", [made.pk]),
        (INSERT, [draft.pk, draft.author_id]),
        (INSERT, [signed.pk, student.pk]),
        (INSERT, [signed.pk, ManagerFactory().pk]),
    ]
    for statement, values in statements:
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute(statement, values)
    assert chart_of(signed, today=TODAY).number(STRENGTH, "right") == 5
    assert (Amendment.objects.count(), AmendedValue.objects.count()) == (1, 1)


def test_open_drafts_notice_and_plans_in_force_come_onto_the_worklist() -> None:
    version: PlanVersion = case_draft("case_01")
    assessment = version.assessment
    assert not facts_moved_on(version, today=PLAN_DAY)
    change = FindingChange("pain.nprs_current", value="3")
    amend_assessment(assessment, [change], by=assessment.author, reason="Mistyped", today=PLAN_DAY)
    assert facts_moved_on(version, today=PLAN_DAY)
    assert not Alert.objects.filter(rule="assessment-amended").exists()

    in_force = case_signed("case_02")
    amend_assessment(in_force.assessment, [change], by=in_force.assessment.author, reason="Mistyped", today=PLAN_DAY)
    alert = Alert.objects.get(rule="assessment-amended")
    assert (alert.patient, alert.plan, alert.severity) == (in_force.plan.episode.patient, in_force.plan, "high")

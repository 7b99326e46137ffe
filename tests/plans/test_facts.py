"""Facts from rows: the written cases, the three states, and the snapshot."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from assessments.models import Finding, FlagClearance, RedFlagAnswer
from clinic.models import Clinic, ConditionSite, Consent, Credential, PatientCondition
from plans.engine import generate
from plans.engine.casefile import read_case
from plans.engine.facts import Facts, Site
from plans.facts import facts_for
from plans.knowledge.rows.revision import knowledge_in_force
from plans.snapshot import facts_from_json, facts_hash, facts_to_json
from tests.factories.clinic import ClinicFactory
from tests.factories.plans import TODAY, case_assessment, case_data

pytestmark = pytest.mark.django_db


def read(assessment: object, today: date = TODAY) -> Facts:
    fresh = type(assessment).objects.for_chart().get(pk=assessment.pk)  # type: ignore[attr-defined]
    return facts_for(fresh, practitioner=fresh.episode.practitioner, today=today)


@pytest.mark.parametrize("name", ["case_01", "case_02", "case_05", "case_06", "case_08"])
def test_rows_give_the_facts_of_the_written_case(name: str) -> None:
    facts = read(case_assessment(name))
    written = read_case({k: v for k, v in case_data(name).items() if k != "expect"}, knowledge_in_force()).facts
    measured = {path: f for path, f in facts.findings.items() if not path.startswith("rom.")}
    assert {p: [r.value for r in f.readings] for p, f in measured.items()} == {
        p: [r.value for r in f.readings] for p, f in written.findings.items()
    }
    assert facts.sites == written.sites
    assert facts.consent == written.consent
    assert [c.key for c in facts.credentials] == [c.key for c in written.credentials]
    assert {k: c.state for k, c in facts.conditions.items()} == {k: c.state for k, c in written.conditions.items()}
    assert {k: {s.region for s in c.sites} for k, c in facts.conditions.items()} == {
        k: {s.region for s in c.sites} for k, c in written.conditions.items()
    }
    assert {k: f.state for k, f in facts.flags.items()} == {k: f.state for k, f in written.flags.items()}


@pytest.mark.parametrize("name", [f"case_0{n}" for n in range(1, 9)])
def test_the_engine_answers_rows_and_case_file_alike(name: str) -> None:
    knowledge = knowledge_in_force()
    written = read_case({k: v for k, v in case_data(name).items() if k != "expect"}, knowledge).facts
    from_rows = generate(read(case_assessment(name)), knowledge, today=TODAY)
    from_file = generate(written, knowledge, today=TODAY)
    assert type(from_rows) is type(from_file)
    assert (from_rows.disposition, from_rows.start_phase) == (from_file.disposition, from_file.start_phase)
    assert [c.key for c in from_rows.causes] == [c.key for c in from_file.causes]
    for number, phase in from_file.phases.items():
        assert [e.key for e in from_rows.phases[number].exercises] == [e.key for e in phase.exercises]
        assert [t.key for t in from_rows.phases[number].techniques] == [t.key for t in phase.techniques]


@pytest.mark.hazard("H-02")
def test_what_was_not_asked_is_left_out() -> None:
    assessment = case_assessment("case_01", signed=False)
    RedFlagAnswer.objects.filter(assessment=assessment, flag="dvt").delete()
    RedFlagAnswer.objects.filter(assessment=assessment, flag="ces_saddle").update(answer="not_asked")
    PatientCondition.objects.filter(patient=assessment.episode.patient, condition__key="pacemaker").delete()
    facts = read(assessment)
    assert "dvt" not in facts.flags
    assert facts.flags["ces_saddle"].state == "not_asked"
    assert "pacemaker" not in facts.conditions


def test_a_cleared_flag_is_cleared_whatever_the_answer() -> None:
    assessment = case_assessment("case_01", signed=False)
    RedFlagAnswer.objects.filter(assessment=assessment, flag="dvt").update(answer="yes", region="calf", side="left")
    assert read(assessment).flags["dvt"].state == "true"
    assert read(assessment).flags["dvt"].sites == (Site("calf", "left"),)
    FlagClearance.objects.create(
        assessment=assessment,
        episode=assessment.episode,
        flag="dvt",
        reason="Scan clear",
        source="Ultrasound report",
        cleared_by=assessment.author,
    )
    assert read(assessment).flags["dvt"].state == "cleared"


@pytest.mark.parametrize(
    ("active", "passive", "unstated", "expected"),
    [(30, 50, None, 50.0), (None, 45, None, 75.0), (None, 45, 12, 75.0), (None, None, 12, 20.0)],
)
def test_range_counts_active_before_passive(
    active: int | None, passive: int | None, unstated: int | None, expected: float
) -> None:
    assessment = case_assessment("case_01", signed=False)
    Finding.objects.filter(assessment=assessment, path="rom.lum_flexion").delete()
    for mode, degrees in (("active", active), ("passive", passive), ("", unstated)):
        if degrees is not None:
            Finding.objects.create(assessment=assessment, path="rom.lum_flexion", mode=mode, number=degrees)
    assert read(assessment).findings["rompct.lum_flexion"].readings[0].value == expected


def test_a_painful_grade_stays_marked_and_tenderness_scores_nowhere() -> None:
    assessment = case_assessment("case_01", signed=False)
    Finding.objects.filter(assessment=assessment, path="mmt.gluteus_maximus").update(pain_limited=True, side="right")
    Finding.objects.create(assessment=assessment, path="palp_tender.lumbar_erectors", number=3)
    facts = read(assessment)
    assert facts.findings["mmt.gluteus_maximus"].readings[0].pain_limited is True
    assert facts.findings["mmt.gluteus_maximus"].readings[0].side == "right"
    assert "palp_tender.lumbar_erectors" not in facts.findings


@pytest.mark.hazard("H-21")
def test_consent_ends_when_it_is_withdrawn_and_needs_a_guardian_under_16() -> None:
    assessment = case_assessment("case_01", signed=False)
    patient = assessment.episode.patient
    assert read(assessment).consent.needling_signed is True
    Consent.objects.filter(patient=patient, kind="needling").update(withdrawn_on=TODAY)
    assert read(assessment).consent.needling_signed is False
    type(patient).objects.filter(pk=patient.pk).update(date_of_birth=date(2012, 1, 1))
    assert read(assessment).consent.assess_and_treat is False
    assert read(assessment).guardian_contact is False
    Consent.objects.filter(patient=patient, kind="treatment").update(by_guardian=True)
    type(patient).objects.filter(pk=patient.pk).update(guardian_name="A Parent", guardian_phone="+44 20 7946 0001")
    assert read(assessment).consent.assess_and_treat is True
    assert read(assessment).guardian_contact is True


@pytest.mark.hazard("H-20")
def test_credentials_carry_their_expiry_and_the_clinic_its_equipment() -> None:
    assessment = case_assessment("case_01", signed=False)
    Credential.objects.filter(practitioner=assessment.episode.practitioner).update(valid_until=date(2026, 1, 31))
    facts = read(assessment)
    assert [(c.key, c.expires) for c in facts.credentials] == [
        ("registered_physio", date(2099, 12, 31)),
        ("dry_needling_certificate", date(2026, 1, 31)),
    ]
    assert facts.clinic_equipment is None
    ClinicFactory()
    Clinic.objects.update(equipment=["couch", "tens unit"])
    assert read(assessment).clinic_equipment == frozenset({"couch", "tens unit"})


@pytest.mark.hazard("H-07")
def test_the_snapshot_reads_back_and_its_hash_follows_the_facts() -> None:
    assessment = case_assessment("case_08", signed=False)
    facts = read(assessment)
    assert facts_from_json(facts_to_json(facts)) == facts
    assert facts_hash(facts_from_json(facts_to_json(facts))) == facts_hash(facts)
    assert facts_hash(replace(facts, clinic_equipment=frozenset({"couch"}))) != facts_hash(facts)
    before = facts_hash(facts)
    row = PatientCondition.objects.get(patient=assessment.episode.patient, condition__key="open_growth_plates")
    ConditionSite.objects.create(patient_condition=row, region="foot")
    assert facts_hash(read(assessment)) != before
    assert facts_hash(read(assessment, today=TODAY + timedelta(days=1))) == facts_hash(read(assessment))

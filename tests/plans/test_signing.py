"""The signature, the phases and the next version: what is written, what is refused, and what never changes again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from assessments.models import Assessment
from clinic.errors import DomainError, ManyProblems
from clinic.models import Consent, PatientCondition, Practitioner
from exercises.models import Prescription
from plans.actions import (
    OverrideRequest,
    content_is_unchanged,
    draft_plan,
    move_to_phase,
    override_item,
    recheck,
    remove_item,
    revise,
    sign,
    sign_problems,
)
from plans.actions import drafting as drafting_module
from plans.models import (
    Override,
    PhaseProgress,
    Plan,
    PlanExercise,
    PlannedPrescription,
    PlanPhase,
    PlanTechnique,
    PlanVersion,
)
from tests.factories.clinic import ManagerFactory, PhysioFactory
from tests.factories.plans import TODAY, case_assessment, case_draft, case_signed, page_version

pytestmark = pytest.mark.django_db

REQUEST = OverrideRequest("approval_on_file", "Letter of the physician, 3 Nov", "Agreed by telephone as well")
NOTHING = (0, 0, 0)


def written() -> tuple[int, int, int]:
    """Prescriptions, phase records and signed versions there are."""
    return (
        Prescription.objects.count(),
        PhaseProgress.objects.count(),
        PlanVersion.objects.exclude(state="draft").count(),
    )


def codes(version: PlanVersion, by: Any = None) -> list[str]:
    fresh = page_version(version)
    return [p.code for p in sign_problems(fresh, by or fresh.created_by, today=TODAY)]


def condition(version: PlanVersion, key: str, answer: str = "yes") -> None:
    rows = PatientCondition.objects.filter(patient=version.plan.episode.patient, condition__key=key)
    assert rows.update(answer=answer) == 1


# --- Signing --------------------------------------------------------------------------------------------------------


def test_signing_releases_the_start_phase() -> None:
    version = case_draft("case_01")
    expected = list(
        PlanExercise.objects.filter(phase__version=version, phase__number=1).values_list("exercise__key", flat=True)
    )

    signed = sign(version, version.created_by, today=TODAY)

    plan = Plan.objects.get()
    assert (plan.state, plan.current_phase) == ("active", 1)
    assert (signed.state, signed.signed_by.user) == ("signed", version.created_by)  # type: ignore[union-attr]
    assert len(signed.content_hash) == 64
    assert content_is_unchanged(page_version(signed))
    rows = list(Prescription.objects.order_by("position"))
    assert [row.exercise.key for row in rows] == expected
    assert {(row.phase, row.starts_on, row.ends_on, row.state) for row in rows} == {(1, TODAY, None, "active")}
    first = rows[0]
    assert (first.patient, first.prescribed_by) == (plan.episode.patient, version.created_by)
    assert (first.sets, first.reps, first.hold_s, first.per_day, first.rpe_high) == (1, 5, 8, 2, 4)
    assert first.why.startswith("The muscles of your buttocks tire early")
    assert PlannedPrescription.objects.count() == len(rows)
    progress = PhaseProgress.objects.get()
    assert (progress.number, progress.entered_on, progress.left_on) == (1, TODAY, None)


def _expired(version: PlanVersion) -> None:
    Practitioner.objects.update(licence_valid_until=TODAY - timedelta(days=1))


def _consent_gone(version: PlanVersion) -> None:
    Consent.objects.filter(kind="treatment").update(withdrawn_on=TODAY)


def _blocked(version: PlanVersion) -> None:
    PlanExercise.objects.filter(phase__version=version, exercise__key="glute_set").update(safety="blocked_overridable")


def _unknown(version: PlanVersion) -> None:
    PlanTechnique.objects.filter(phase__version=version, is_alternative=False).update(safety="unknown")


def _passive_only(version: PlanVersion) -> None:
    PlanExercise.objects.filter(phase__version=version, phase__number=1).delete()


def _minor(version: PlanVersion) -> None:
    patient = version.plan.episode.patient
    type(patient).objects.filter(pk=patient.pk).update(date_of_birth=date(2012, 1, 1))


def _facts(version: PlanVersion) -> None:
    condition(version, "pacemaker")


def _knowledge(version: PlanVersion) -> None:
    PlanVersion.objects.filter(pk=version.pk).update(knowledge_revision="of last year")


@pytest.mark.hazard("H-06")
@pytest.mark.parametrize(
    ("spoil", "code", "says"),
    [
        (_expired, "licence_expired", "23 Nov 2026"),
        (_consent_gone, "consent_missing", "Record it with the consents"),
        (_blocked, "item_blocked", "Remove it, or record the override"),
        (_unknown, "item_blocked", "Remove it, or record the override"),
        (_passive_only, "passive_only", "Add at least one exercise"),
        (_minor, "guardian_missing", "parent or guardian"),
        (_facts, "facts_changed", "Draft anew, or check"),
        (_knowledge, "knowledge_changed", "Draft anew, or check"),
    ],
)
def test_what_stands_in_the_way_is_said_and_nothing_is_written(spoil: Any, code: str, says: str) -> None:
    version = case_draft("case_01")
    spoil(version)

    with pytest.raises(ManyProblems) as refusal:
        sign(version, version.created_by, today=TODAY)

    found = {problem.code: problem.message for problem in refusal.value.problems}
    assert code in found
    assert says in found[code]
    assert written() == NOTHING
    assert Plan.objects.get().state == "draft"
    assert PlanVersion.objects.get().state == "draft"


@pytest.mark.hazard("H-01")
@pytest.mark.parametrize(("name", "code"), [("case_07", "no_plan"), ("case_08", "no_plan")])
def test_a_refusal_is_never_signed(name: str, code: str) -> None:
    version = case_draft(name)
    with pytest.raises(ManyProblems) as refusal:
        sign(version, version.created_by, today=TODAY)
    assert [problem.code for problem in refusal.value.problems] == [code]
    assert written() == NOTHING


def test_an_unsigned_assessment_stops_the_signature() -> None:
    assessment = case_assessment("case_01", signed=False)
    version = draft_plan(assessment, assessment.author, today=TODAY)
    assert codes(version) == ["assessment_unsigned"]
    with pytest.raises(ManyProblems):
        sign(version, assessment.author, today=TODAY)
    assert written() == NOTHING


@pytest.mark.hazard("H-02")
def test_an_unanswered_question_leaves_nothing_to_sign() -> None:
    assessment = case_assessment("case_01", signed=False)
    PatientCondition.objects.filter(condition__key="pacemaker").update(answer="not_asked")
    version = draft_plan(assessment, assessment.author, today=TODAY)
    assert (version.draft["code"], version.start_phase) == ("unanswered", None)
    assert codes(version) == ["no_plan"]


@pytest.mark.hazard("H-20")
def test_a_manager_does_not_sign() -> None:
    version = case_draft("case_01")
    assert codes(version, ManagerFactory()) == ["no_licence"]
    with pytest.raises(ManyProblems):
        sign(version, ManagerFactory(), today=TODAY)
    assert written() == NOTHING


@pytest.mark.hazard("H-09")
def test_no_knowledge_no_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    version = case_draft("case_01")
    monkeypatch.setattr(drafting_module, "knowledge_in_force", _no_knowledge)
    assert codes(version) == ["knowledge_empty"]
    with pytest.raises(ManyProblems):
        sign(version, version.created_by, today=TODAY)
    assert written() == NOTHING


def _no_knowledge() -> Any:
    class Empty:
        conditions: dict[str, object] = {}
        techniques = exercises = root_causes = conditions

    return Empty()


@pytest.mark.hazard("H-07")
def test_new_facts_block_items_until_an_override_is_recorded() -> None:
    version = case_draft("case_01")
    by = version.created_by
    condition(version, "hypertension_uncontrolled")
    assert codes(version) == ["facts_changed"]

    recheck(version, by, reason="Blood pressure came back", today=TODAY)

    blocked = PlanExercise.objects.filter(phase__version=version, safety="blocked_overridable")
    assert blocked.count() > 0
    assert set(codes(version)) == {"item_blocked"}
    for item in blocked.select_related("exercise", "phase"):
        override_item(item, by, request=REQUEST, today=TODAY)
    for row in PlanTechnique.objects.filter(phase__version=version, is_alternative=False).select_related("phase"):
        if row.safety.startswith("blocked"):
            remove_item(row, by, reason="Blocked now")
    assert codes(version) == []
    signed = sign(version, by, today=TODAY)
    assert signed.state == "signed"
    assert Override.objects.count() == blocked.count()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM plans_override")


@pytest.mark.hazard("H-07")
def test_a_recheck_that_would_refuse_changes_nothing() -> None:
    version = case_draft("case_01")
    condition(version, "pacemaker", "not_asked")
    with pytest.raises(DomainError) as refusal:
        recheck(version, version.created_by, reason="Look again", today=TODAY)
    assert refusal.value.code == "now_refused"
    assert page_version(version).facts_hash == version.facts_hash
    assert version.edits.count() == 0


# --- Frozen by the database -----------------------------------------------------------------------------------------


@pytest.mark.hazard("H-08")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE plans_planexercise SET reps = 29",
        "DELETE FROM plans_planexercise",
        "UPDATE plans_plantechnique SET dose = '{}'",
        "UPDATE plans_plancriterion SET text = 'anything'",
        "UPDATE plans_plangoal SET target = '0'",
        "UPDATE plans_plancause SET decision = 'rejected'",
        "UPDATE plans_planphase SET aim = 'else'",
        "DELETE FROM plans_planeducation",
        "UPDATE plans_planversion SET disposition = 'treat', facts = '{}'",
        "UPDATE plans_planversion SET state = 'draft', signed_at = NULL",
        "DELETE FROM plans_planversion",
    ],
)
def test_raw_sql_cannot_change_a_signed_version(statement: str) -> None:
    version = case_signed("case_01")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert content_is_unchanged(page_version(version))


@pytest.mark.hazard("H-06")
def test_the_database_refuses_a_blocked_item_and_an_emergency() -> None:
    version = case_draft("case_01")
    PlanTechnique.objects.filter(phase__version=version).update(safety="blocked_absolute")
    emergency = case_draft("case_07")
    seal = "signed_at = now(), signed_by_id = (SELECT min(id) FROM clinic_practitioner), content_hash = 'x'"
    for pk in (version.pk, emergency.pk):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE plans_planversion SET state = 'signed', {seal} WHERE id = %s", [pk])  # noqa: S608
    assert set(PlanVersion.objects.values_list("state", flat=True)) == {"draft"}


# --- Moving between phases ------------------------------------------------------------------------------------------


def prescribed(on: date) -> set[str]:
    return {row.exercise.key for row in Prescription.objects.current(on)}


def test_advancing_ends_yesterday_and_begins_today() -> None:
    version = case_signed("case_01")
    plan, later = version.plan, TODAY + timedelta(days=10)
    first = prescribed(TODAY)

    move_to_phase(plan, version.created_by, to=2, reason="Gates are met", today=later)

    second = {e.exercise.key for e in PlanExercise.objects.filter(phase__version=version, phase__number=2)}
    assert prescribed(later - timedelta(days=1)) == first
    assert prescribed(later) == second
    assert Plan.objects.get().current_phase == 2
    assert [(p.number, p.entered_on, p.left_on, p.reason) for p in PhaseProgress.objects.all()] == [
        (1, TODAY, later, "Version 1 signed"),
        (2, later, None, "Gates are met"),
    ]


def test_a_step_back_prescribes_the_phase_again() -> None:
    version = case_signed("case_01")
    plan, by = version.plan, version.created_by
    first = prescribed(TODAY)
    move_to_phase(plan, by, to=2, reason="Gates are met", today=TODAY + timedelta(days=10))
    move_to_phase(plan, by, to=1, reason="Clear flare", today=TODAY + timedelta(days=12))
    assert prescribed(TODAY + timedelta(days=12)) == first
    assert Plan.objects.get().current_phase == 1


def test_a_phase_that_began_today_leaves_no_trace_in_the_programme() -> None:
    version = case_signed("case_01")
    move_to_phase(version.plan, version.created_by, to=2, reason="Gates are met", today=TODAY)
    assert set(Prescription.objects.filter(phase=1).values_list("state", flat=True)) == {"stopped"}
    assert {row.phase for row in Prescription.objects.current(TODAY)} == {2}


@pytest.mark.parametrize(
    ("to", "reason", "code"),
    [(1, "Stay here", "same_phase"), (3, "Skip one", "phase_skipped"), (2, " ", "reason_missing")],
)
def test_refused_moves_change_nothing(to: int, reason: str, code: str) -> None:
    version = case_signed("case_01")
    before = (written(), prescribed(TODAY))
    with pytest.raises(DomainError) as refusal:
        move_to_phase(version.plan, version.created_by, to=to, reason=reason, today=TODAY)
    assert refusal.value.code == code
    assert (written(), prescribed(TODAY)) == before
    assert Plan.objects.get().current_phase == 1


@pytest.mark.hazard("H-19")
def test_a_locked_phase_does_not_begin() -> None:
    version = case_draft("case_01")
    PlanPhase.objects.filter(version=version, number=2).update(is_locked=True)
    sign(version, version.created_by, today=TODAY)
    with pytest.raises(DomainError) as refusal:
        move_to_phase(version.plan, version.created_by, to=2, reason="Gates are met", today=TODAY)
    assert refusal.value.code == "phase_locked"
    assert Plan.objects.get().current_phase == 1


def test_only_a_registered_person_moves_a_patient() -> None:
    version = case_signed("case_01")
    with pytest.raises(DomainError) as refusal:
        move_to_phase(version.plan, ManagerFactory(), to=2, reason="Gates are met", today=TODAY)
    assert refusal.value.code == "no_licence"


# --- The next version -----------------------------------------------------------------------------------------------


@pytest.mark.hazard("H-05")
def test_a_revision_copies_content_and_never_overrides() -> None:
    version = case_draft("case_01")
    by = version.created_by
    condition(version, "hypertension_uncontrolled")
    recheck(version, by, reason="Blood pressure came back", today=TODAY)
    for row in PlanTechnique.objects.filter(phase__version=version, is_alternative=False).select_related("phase"):
        if row.safety.startswith("blocked"):
            remove_item(row, by, reason="Blocked now")
    blocked = PlanExercise.objects.filter(phase__version=version, safety="blocked_overridable")
    for item in blocked.select_related("exercise", "phase"):
        override_item(item, by, request=REQUEST, today=TODAY)
    signed = sign(version, by, today=TODAY)
    move_to_phase(signed.plan, by, to=2, reason="Gates are met", today=TODAY)

    draft = revise(signed.plan, by, today=TODAY)

    assert (draft.number, draft.based_on, draft.start_phase, draft.state) == (2, signed, 2, "draft")
    for number in (1, 2, 3):
        assert _content(draft, number) == _content(signed, number)
    assert Override.objects.filter(exercise_item__phase__version=draft).count() == 0
    assert set(codes(draft)) == {"item_blocked"}
    with pytest.raises(DomainError) as refusal:
        revise(signed.plan, by, today=TODAY)
    assert refusal.value.code == "draft_exists"


def _content(version: PlanVersion, number: int) -> list[Any]:
    phase = version.phases.get(number=number)
    return [
        [(t.technique.key, t.dose, t.safety) for t in phase.plantechniques.filter(is_alternative=False)],
        [(e.exercise.key, e.reps, e.safety) for e in phase.planexercises.all()],
        [row.topic.key for row in phase.education.all()],
        [c.key for c in phase.criteria.all()],
    ]


def test_signing_the_next_version_supersedes_the_old_one() -> None:
    first = case_signed("case_01")
    by, later = first.created_by, TODAY + timedelta(days=5)
    draft = revise(first.plan, by, today=later)
    item = PlanExercise.objects.select_related("exercise", "phase").get(
        phase__version=draft, phase__number=1, exercise__key="tra_activation"
    )
    remove_item(item, by, reason="Does not like it")

    second = sign(draft, by, today=later)

    assert [v.state for v in PlanVersion.objects.order_by("number")] == ["superseded", "signed"]
    assert second.plan_id == first.plan_id
    assert "tra_activation" in prescribed(later - timedelta(days=1))
    assert "tra_activation" not in prescribed(later)
    assert PhaseProgress.objects.count() == 1
    assert content_is_unchanged(page_version(first))


def test_a_colleague_on_the_team_may_sign_with_an_own_licence() -> None:
    version = case_draft("case_01")
    colleague = PhysioFactory()
    signed = sign(version, colleague, today=TODAY)
    assert signed.signed_by is not None
    assert signed.signed_by.user == colleague
    assert Assessment.objects.get().author == version.created_by

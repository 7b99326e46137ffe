"""New facts hold items of running plans: whoever writes, in the same transaction, until released."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from assessments.changes import ConditionChange, FlagChange
from assessments.models import Assessment, FlagClearance, RedFlagAnswer
from clinic.actions import answer_condition, withdraw_consent
from clinic.errors import DomainError
from clinic.models import (
    Answer,
    Condition,
    ConditionSite,
    Consent,
    FactChange,
    Patient,
    PatientCondition,
    Practitioner,
)
from exercises.actions import hold_for_safety, lift_safety_hold, log_session, pause, resume
from exercises.adherence import expected_doses
from exercises.day import read_day
from exercises.models import Prescription, PrescriptionPause
from exercises.programme import read_programme
from plans.actions import OverrideRequest, move_to_phase, recheck, remove_item, revise, sign, sign_problems
from plans.actions import holds as holds_module
from plans.actions.discharge import DischargeWish, discharge
from plans.actions.facts import clear_flag, save_changes
from plans.actions.holds import facts_may_change, release_hold, screen_plan, settle
from plans.actions.nightly import screen_running, settle_open
from plans.models import Alert, ItemHold, Plan, PlanExercise, PlannedPrescription, PlanTechnique, PlanVersion
from tests.factories.assessments import AssessmentFactory
from tests.factories.clinic import UserFactory
from tests.factories.plans import TODAY, case_draft, case_signed, page_version
from tests.plans.test_gate import refused

pytestmark = pytest.mark.django_db

HYPERTENSION = "hypertension_uncontrolled"  # blocks strengthening until an approval is on file
REQUEST = OverrideRequest("approval_on_file", "Letter of the physician, 3 Nov", "Agreed by telephone")


@pytest.fixture
def signed() -> PlanVersion:
    return case_signed("case_01")


def patient_of(version: PlanVersion) -> Patient:
    return version.plan.episode.patient


def open_alarm(patient: Patient) -> int:
    return FactChange.objects.filter(patient=patient, settled_at__isnull=True).count()


def tell(version: PlanVersion, key: str = HYPERTENSION, answer: str = Answer.YES) -> None:
    """Record a condition as the pages do."""
    patient, by = patient_of(version), version.created_by
    with facts_may_change(patient, by=by, today=TODAY):
        answer_condition(patient, Condition.objects.get(key=key), answer=answer, by=by)


def held_keys() -> set[str]:
    return set(ItemHold.objects.filter(released_at__isnull=True).values_list("key", flat=True))


# --- The alarm: every way of writing a fact -------------------------------------------------------------------------


def run(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount > 0


def _row(version: PlanVersion, key: str = "pacemaker") -> PatientCondition:
    return PatientCondition.objects.get(patient=patient_of(version), condition__key=key)


def _bulk_conditions(version: PlanVersion) -> None:
    row = _row(version)
    row.answer = Answer.YES
    PatientCondition.objects.bulk_update([row], ["answer"])


def _new_condition(version: PlanVersion) -> None:
    row = _row(version)
    run("DELETE FROM clinic_patientcondition WHERE id = %s", row.pk)
    FactChange.objects.filter(settled_at__isnull=True).update(settled_at=timezone.now())
    PatientCondition.objects.bulk_create(
        [PatientCondition(patient=row.patient, condition=row.condition, answer="yes", recorded_by=version.created_by)]
    )


def _site(version: PlanVersion) -> None:
    ConditionSite.objects.bulk_create([ConditionSite(patient_condition=_row(version), region="knee", side="left")])


def _later_assessment(version: PlanVersion) -> Assessment:
    episode = version.plan.episode
    made: Assessment = AssessmentFactory(episode=episode, author=version.created_by, assessed_on=TODAY)
    return made


def _flag(version: PlanVersion) -> None:
    RedFlagAnswer.objects.bulk_create(
        [RedFlagAnswer(assessment=_later_assessment(version), flag="ces_bladder", answer="yes")]
    )


def _flag_raw(version: PlanVersion) -> None:
    later = _later_assessment(version)
    RedFlagAnswer.objects.create(assessment=later, flag="ces_bladder", answer="no")
    assert open_alarm(patient_of(version)) == 0
    run("UPDATE assessments_redflaganswer SET answer = 'yes' WHERE assessment_id = %s", later.pk)


def _signed_assessment(version: PlanVersion) -> None:
    later = _later_assessment(version)
    Assessment.objects.filter(pk=later.pk).update(state="signed", signed_by=later.author, signed_at=timezone.now())


WRITERS: dict[str, Callable[[PlanVersion], object]] = {
    "condition, raw SQL": lambda v: run("UPDATE clinic_patientcondition SET answer = 'yes' WHERE id = %s", _row(v).pk),
    "condition, bulk update": _bulk_conditions,
    "condition, bulk create": _new_condition,
    "condition, deleted": lambda v: _row(v).delete(),
    "condition no longer known": lambda v: PatientCondition.objects.filter(pk=_row(v).pk).update(answer="not_asked"),
    "condition, action": lambda v: answer_condition(
        patient_of(v), _row(v).condition, answer="yes", by=v.created_by, sites=[("knee", "left")]
    ),
    "place of a condition": _site,
    "consent, action": lambda v: withdraw_consent(
        Consent.objects.get(patient=patient_of(v), kind="treatment"), on=TODAY
    ),
    "consent, raw SQL": lambda v: run("DELETE FROM clinic_consent WHERE kind = 'treatment'"),
    "red flag, bulk create": _flag,
    "red flag, raw SQL": _flag_raw,
    "flag cleared": lambda v: FlagClearance.objects.create(
        episode=v.plan.episode, assessment=v.assessment, flag="dvt", reason="Scan", source="Report",
        cleared_by=v.created_by,
    ),
    "assessment signed": _signed_assessment,
    "date of birth": lambda v: Patient.objects.filter(pk=patient_of(v).pk).update(date_of_birth=date(1940, 1, 1)),
    "sex": lambda v: run("UPDATE clinic_patient SET sex_at_birth = 'intersex' WHERE id = %s", patient_of(v).pk),
}  # fmt: skip


@pytest.mark.hazard("H-28")
@pytest.mark.parametrize("writer", WRITERS)
def test_whoever_writes_a_fact_holds_everything_at_once(signed: PlanVersion, writer: str) -> None:
    patient = patient_of(signed)
    assert open_alarm(patient) == 0
    assert len(read_day(patient, TODAY, TODAY).day(TODAY)) > 0

    WRITERS[writer](signed)

    assert open_alarm(patient) == 1
    programme = read_day(patient, TODAY, TODAY)
    assert programme.day(TODAY) == ()
    assert programme.on_hold(TODAY) == Prescription.objects.current(TODAY).count()
    assert read_programme(patient, TODAY).day(TODAY) == ()
    with pytest.raises(DomainError) as refusal:
        log(Prescription.objects.current(TODAY)[0])
    assert refusal.value.code == "checking"


def log(row: Prescription) -> None:
    now = timezone.now()
    user = row.patient.user or UserFactory(role="patient")
    Patient.objects.filter(pk=row.patient_id).update(user=user)
    log_session(
        Prescription.objects.get(pk=row.pk), by=user, on=TODAY, bout=1, state="done", acted_at=now, client_id=uuid4(),
        now=now,
    )  # fmt: skip


@pytest.mark.parametrize(
    "write",
    [
        lambda v: PatientCondition.objects.filter(pk=_row(v).pk).update(note="as before"),
        lambda v: PatientCondition.objects.filter(pk=_row(v).pk).update(answer="no"),
        lambda v: Consent.objects.create(
            patient=patient_of(v), kind="messages", signed_on=TODAY, signed_by="A", recorded_by=v.created_by
        ),
        lambda v: RedFlagAnswer.objects.create(assessment=_later_assessment(v), flag="dvt", answer="no"),
        lambda v: Patient.objects.filter(pk=patient_of(v).pk).update(phone="1"),
    ],
)
def test_what_is_no_new_fact_raises_no_alarm(signed: PlanVersion, write: Callable[[PlanVersion], object]) -> None:
    write(signed)
    assert open_alarm(patient_of(signed)) == 0


def test_one_act_is_noted_once() -> None:
    version = case_signed("case_01")
    PatientCondition.objects.filter(patient=patient_of(version)).update(answer="yes")
    assert open_alarm(patient_of(version)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM clinic_factchange",
        "TRUNCATE clinic_factchange CASCADE",
        "UPDATE clinic_factchange SET what = 'x', settled_at = now()",
        "UPDATE clinic_factchange SET settled_at = NULL",
    ],
)
def test_the_log_of_facts_is_kept(signed: PlanVersion, statement: str) -> None:
    connection.check_constraints()
    with pytest.raises(DatabaseError), transaction.atomic():
        run(statement)
    assert FactChange.objects.exists()


# --- Precise holds --------------------------------------------------------------------------------------------------


@pytest.mark.hazard("H-28")
def test_a_new_condition_holds_only_what_it_makes_unsafe(signed: PlanVersion) -> None:
    patient = patient_of(signed)
    before = {row.exercise.key for row in Prescription.objects.current(TODAY)}

    tell(signed)

    assert open_alarm(patient) == 0
    held = held_keys()
    assert held
    hold = ItemHold.objects.filter(exercise_item__isnull=False, released_at__isnull=True).first()
    assert hold is not None
    assert (hold.rule, hold.verdict, hold.plan) == (HYPERTENSION, "blocked_overridable", signed.plan)
    assert (hold.change.what, hold.opened_by) == (HYPERTENSION, signed.created_by)  # type: ignore[union-attr]
    resting = {
        row.exercise.key
        for row in Prescription.objects.filter(state="paused", pauses__for_safety=True, pauses__ends_on__isnull=True)
    }
    assert {item.prescription.exercise.key for item in read_programme(patient, TODAY).day(TODAY)} == before - resting
    assert resting == before & held
    alert = Alert.objects.get(rule="new_fact_hold")
    assert (alert.state, alert.severity, alert.plan) == ("open", "high", signed.plan)
    assert HYPERTENSION in alert.text
    check = hold.exercise_item.checks.first()  # type: ignore[union-attr]
    assert check is not None
    assert (check.verdict, check.rule) == (hold.verdict, hold.rule)


def test_a_harmless_fact_holds_nothing(signed: PlanVersion) -> None:
    tell(signed, "penicillin_allergy" if Condition.objects.filter(key="penicillin_allergy").exists() else "pacemaker",
         answer=Answer.NO)  # fmt: skip
    assert ItemHold.objects.count() == 0
    assert Alert.objects.filter(rule="new_fact_hold").count() == 0


def test_a_question_that_is_open_again_holds_everything(signed: PlanVersion) -> None:
    tell(signed, "pacemaker", answer=Answer.NOT_ASKED)
    planned = PlanExercise.objects.count() + PlanTechnique.objects.count()
    assert ItemHold.objects.filter(verdict="unknown", rule="unanswered").count() == planned


@pytest.mark.hazard("H-28")
def test_what_a_signed_plan_offers_instead_is_held_as_well(signed: PlanVersion) -> None:
    offered = set(PlanTechnique.objects.filter(is_alternative=True).values_list("pk", flat=True))
    assert offered
    tell(signed, "pacemaker", answer=Answer.NOT_ASKED)
    assert offered <= set(ItemHold.objects.values_list("technique_item", flat=True))


@pytest.mark.hazard("H-28")
def test_a_red_flag_holds_the_whole_plan_and_is_urgent(signed: PlanVersion) -> None:
    later = _later_assessment(signed)
    save_changes(later, [FlagChange("ces_bladder", Answer.YES)], by=signed.created_by, revision=0, today=TODAY)
    assert open_alarm(patient_of(signed)) == 0
    planned = PlanExercise.objects.count() + PlanTechnique.objects.count()
    assert ItemHold.objects.filter(rule="ces_bladder", verdict="blocked_absolute").count() == planned
    assert not Prescription.objects.current(TODAY).exists()
    assert Alert.objects.get(rule="new_fact_hold").severity == "urgent"
    clear_flag(later, "ces_bladder", by=signed.created_by, reason="Scan normal", source="MRI", today=TODAY)
    assert held_keys() == set()
    assert Prescription.objects.current(TODAY).exists()
    assert Alert.objects.get(rule="new_fact_hold").state == "done"


def test_the_autosave_of_a_condition_holds(signed: PlanVersion) -> None:
    change = ConditionChange(HYPERTENSION, Answer.YES)
    save_changes(_later_assessment(signed), [change], by=signed.created_by, revision=0, today=TODAY)
    assert held_keys()


def test_the_fact_taken_back_releases_by_itself(signed: PlanVersion) -> None:
    running = Prescription.objects.current(TODAY).count()
    tell(signed)
    tell(signed, answer=Answer.NO)
    assert held_keys() == set()
    assert set(ItemHold.objects.values_list("release", flat=True)) == {"recheck"}
    assert Prescription.objects.current(TODAY).count() == running
    assert Alert.objects.get(rule="new_fact_hold").state == "done"


@pytest.mark.hazard("H-28")
def test_a_screening_that_fails_keeps_the_fact_and_the_alarm(
    signed: PlanVersion, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no rules")

    monkeypatch.setattr(holds_module, "Checker", broken)
    with caplog.at_level(logging.ERROR):
        tell(signed)
    assert _row(signed, HYPERTENSION).answer == "yes"
    assert open_alarm(patient_of(signed)) == 1
    assert "stay held" in caplog.text
    monkeypatch.undo()
    assert settle_open() == 1
    assert (open_alarm(patient_of(signed)), bool(held_keys())) == (0, True)


def test_days_on_hold_are_not_missed(signed: PlanVersion) -> None:
    tell(signed)
    later = TODAY + timedelta(days=8)
    held = Prescription.objects.filter(pauses__for_safety=True).values_list("pk", flat=True)
    programme = read_programme(patient_of(signed), later)
    orders = [programme.order(row) for row in programme.prescriptions if row.pk in set(held)]
    assert orders
    assert sum(expected_doses(order, TODAY + timedelta(days=n)) for order in orders for n in range(1, 8)) == 0


# --- Nobody gets round a hold ---------------------------------------------------------------------------------------


def test_a_held_prescription_is_not_made_active(signed: PlanVersion) -> None:
    tell(signed)
    row = Prescription.objects.filter(pauses__for_safety=True).first()
    assert row is not None
    with pytest.raises(IntegrityError, match="held by the safety gate"), transaction.atomic():
        Prescription.objects.filter(pk=row.pk).update(state="active")
    resume(row, on=TODAY)
    assert Prescription.objects.get(pk=row.pk).state == "paused"


def test_two_holds_end_one_by_one(signed: PlanVersion) -> None:
    row = Prescription.objects.current(TODAY)[0]
    pause(row, by=signed.created_by, on=TODAY, reason="Holiday")
    hold_for_safety([row], on=TODAY, reason="New fact")
    lift_safety_hold([row], on=TODAY)
    assert Prescription.objects.get(pk=row.pk).state == "paused"
    resume(row, on=TODAY)
    assert Prescription.objects.get(pk=row.pk).state == "active"
    assert PrescriptionPause.objects.filter(ends_on__isnull=True).count() == 0


def test_a_phase_that_begins_prescribes_its_held_items_as_held(signed: PlanVersion) -> None:
    tell(signed)
    move_to_phase(signed.plan, signed.created_by, to=2, reason="Gates are met", today=TODAY)
    held = set(ItemHold.objects.filter(released_at__isnull=True).values_list("exercise_item_id", flat=True))
    for planned in PlannedPrescription.objects.filter(item__phase__number=2).select_related("prescription"):
        assert planned.prescription.state == ("paused" if planned.item_id in held else "active")
    other = Prescription.objects.filter(state="active").earliest("pk")
    PlannedPrescription.objects.filter(prescription=other).delete()
    with pytest.raises(IntegrityError, match="held by the safety gate"), transaction.atomic():
        PlannedPrescription.objects.create(item_id=max(filter(None, held)), prescription=other)


def test_a_draft_is_void_until_it_is_checked_again() -> None:
    version = case_draft("case_01")
    tell(version)
    assert [p.code for p in sign_problems(page_version(version), version.created_by, today=TODAY)] == ["facts_changed"]
    refused(version, "no safety check")
    assert ItemHold.objects.count() == 0


def test_an_alarm_stops_the_signature_in_the_database() -> None:
    version = case_draft("case_01")
    settle(patient_of(version), None, today=TODAY)
    PatientCondition.objects.filter(pk=_row(version).pk).update(answer="yes")
    refused(version, "was not screened yet")


# --- Releasing ------------------------------------------------------------------------------------------------------


def a_hold(version: PlanVersion) -> ItemHold:
    found = ItemHold.objects.filter(exercise_item__phase__number=1, released_at__isnull=True).earliest("id")
    assert found.plan == version.plan
    return found


def test_a_release_needs_licence_reason_and_override(signed: PlanVersion) -> None:
    tell(signed)
    hold, by = a_hold(signed), signed.created_by
    attempts: list[tuple[Any, str, OverrideRequest | None, str]] = [
        (UserFactory(role="physiotherapist"), "Letter came", REQUEST, "no_licence"),
        (by, "", REQUEST, "reason_missing"),
        (by, "Letter came", None, "override_needed"),
        (by, "Letter came", OverrideRequest("", "Letter", "x"), "reason_code"),
        (by, "Letter came", OverrideRequest("approval_on_file", "", "x"), "reason_missing"),
    ]
    for who, reason, request, code in attempts:
        with pytest.raises(DomainError) as refusal:
            release_hold(hold, who, reason=reason, today=TODAY, override=request)
        assert refusal.value.code == code
        hold.refresh_from_db()
        assert hold.released_at is None

    release_hold(hold, by, reason="Letter came", today=TODAY, override=REQUEST)

    hold.refresh_from_db()
    assert (hold.release, hold.released_by, hold.reason_code) == ("override", by, "approval_on_file")
    planned = PlannedPrescription.objects.get(item=hold.exercise_item)
    assert planned.prescription.state == "active"
    tell(signed, "diabetes" if Condition.objects.filter(key="diabetes").exists() else "pacemaker", answer=Answer.NO)
    assert hold.key not in {
        row.key for row in ItemHold.objects.filter(exercise_item=hold.exercise_item, released_at__isnull=True)
    }
    with pytest.raises(DomainError) as refusal:
        release_hold(hold, by, reason="Again", today=TODAY, override=REQUEST)
    assert refusal.value.code == "released"


def test_an_absolute_block_is_never_released(signed: PlanVersion) -> None:
    later = _later_assessment(signed)
    save_changes(later, [FlagChange("ces_bladder", Answer.YES)], by=signed.created_by, revision=0, today=TODAY)
    with pytest.raises(DomainError) as refusal:
        release_hold(a_hold(signed), signed.created_by, reason="Feels fine", today=TODAY, override=REQUEST)
    assert refusal.value.code == "held"
    assert ItemHold.objects.filter(released_at__isnull=False).count() == 0


@pytest.mark.hazard("H-28")
@pytest.mark.parametrize(
    "columns",
    [
        "released_at = now(), release = 'person', release_reason = 'x', released_by_id = {by}",
        "released_at = now(), release = 'override', release_reason = 'x', released_by_id = {by}",
        "released_at = now(), release = 'override', release_reason = 'x', reason_code = 'approval_on_file',"
        " approval = 'x', released_by_id = {nobody}",
        "rule = 'other', released_at = now(), release = 'recheck'",
        "verdict = 'clear'",
    ],
)
def test_the_database_refuses_a_release(signed: PlanVersion, columns: str) -> None:
    tell(signed)
    values = {"by": signed.created_by_id, "nobody": UserFactory(role="physiotherapist").pk}
    with pytest.raises(DatabaseError), transaction.atomic():
        run(f"UPDATE plans_itemhold SET {columns.format(**values)}")  # noqa: S608
    with pytest.raises(DatabaseError), transaction.atomic():
        run("DELETE FROM plans_itemhold")
    assert held_keys()


def test_the_next_version_without_the_item_ends_the_hold(signed: PlanVersion) -> None:
    tell(signed)
    by = signed.created_by
    draft = revise(signed.plan, by, today=TODAY)
    for model, name in ((PlanExercise, "exercise"), (PlanTechnique, "technique")):
        for item in model.objects.filter(phase__version=draft, safety__startswith="blocked").select_related(
            name, "phase"
        ):
            remove_item(item, by, reason="Blocked now")
    sign(draft, by, today=TODAY)
    assert held_keys() == set()
    assert set(ItemHold.objects.values_list("release", flat=True)) == {"version"}
    assert Alert.objects.get(rule="new_fact_hold").state == "done"
    assert not Prescription.objects.filter(state="paused", ends_on__isnull=True).exists()


# --- By itself ------------------------------------------------------------------------------------------------------


def test_the_tick_settles_what_was_written_past_the_pages(signed: PlanVersion) -> None:
    PatientCondition.objects.filter(pk=_row(signed, HYPERTENSION).pk).update(answer="yes")
    assert settle_open() == 1
    assert open_alarm(patient_of(signed)) == 0
    assert held_keys()
    assert settle_open() == 0


def test_once_a_day_running_plans_are_screened_for_what_ran_out(signed: PlanVersion) -> None:
    assert screen_running() == 1
    assert screen_running() == 0
    assert ItemHold.objects.count() == 0
    Practitioner.objects.update(licence_valid_until=timezone.localdate() - timedelta(days=1))
    Plan.objects.update(screened_on=timezone.localdate() - timedelta(days=1))
    assert screen_running() == 1


def test_a_credential_that_ran_out_holds_what_needs_it() -> None:
    version = case_signed("case_01")
    item = PlanTechnique.objects.filter(phase__version=version, is_alternative=False).first()
    assert item is not None
    today = timezone.localdate()
    Practitioner.objects.update(licence_valid_until=today)
    assert screen_running() == 1
    assert held_keys() == set(), "in date through its last day"
    plan = Plan.objects.get()
    assert screen_plan(plan, None, today=today).held == 0
    assert screen_plan(plan, None, today=today + timedelta(days=1)).held > 0, "the facts read the same"
    assert item.technique.key in held_keys()


def test_a_programme_that_goes_on_after_the_discharge_is_screened(signed: PlanVersion) -> None:
    wish = DischargeWish("goals_met", "keep", "Rest for a day, then start again.", letter_consent=False)
    discharge(signed.plan, signed.created_by, wish=wish, today=TODAY)
    tell(signed)
    assert held_keys()
    assert Prescription.objects.filter(state="paused").exists()


def test_a_recheck_passes_after_new_facts() -> None:
    version = case_draft("case_01")
    tell(version, "diabetes" if Condition.objects.filter(key="diabetes").exists() else "osteoporosis")
    recheck(version, version.created_by, reason="Looked again", today=TODAY)
    codes = {p.code for p in sign_problems(page_version(version), version.created_by, today=TODAY)}
    assert codes <= {"item_blocked"}

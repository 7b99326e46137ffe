"""Judging a running phase from rows: exact verdicts, alerts, the nightly task, the four decisions, waivers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments.models import AmendedValue, Amendment, Assessment, Finding, RedFlagAnswer
from clinic.errors import Conflict, Invalid, ManyProblems, Refused
from clinic.models import Practitioner
from exercises.models import Prescription
from plans.actions import move_to_phase
from plans.actions.course import Seen, decide, observe, waive
from plans.actions.notes import note_questions, save_note, start_note
from plans.actions.review import due_for_review, review_after_note, review_nightly, review_phase
from plans.course.measures import logs_of, measures_of, scores_of
from plans.course.running import read_course, running_phase
from plans.models import Alert, CriterionWaiver, Observation, PhaseReview, Plan, ReviewDecision, TreatmentNote
from plans.tasks import tick_reviews
from tests.course.helpers import day, fresh, in_force, lead, log_days, running_plan, saw
from tests.factories.clinic import ManagerFactory
from tests.factories.notes import lock
from tests.factories.plans import TODAY, signed_assessment

pytestmark = pytest.mark.django_db


def judge(plan: Plan, n: int) -> PhaseReview:
    return review_phase(fresh(plan), trigger="on_demand", today=day(n), by=lead(plan))


SPASMS = {"hist__spasm_frequency_per_week": 2}


def ready_for_two(plan: Plan, n: int = 6) -> None:
    """What opens phase 2 for case 1 (worst pain 8 at the start)."""
    log_days(plan, 0, [7, 6, 5, 4, 4, 3][:n])
    saw(plan, n, worst=3, irritability="low", neuro="yes", flags="yes", shows="yes", basic="yes", **SPASMS)


# --- Verdicts -------------------------------------------------------------------------------------------------------


def test_all_gates_met_is_ready_and_says_so_on_the_worklist() -> None:
    plan = running_plan()
    ready_for_two(plan)
    review = judge(plan, 6)
    assert (review.verdict, review.to_phase, review.phase) == ("advance", 2, 1)
    assert {c["key"]: c["met"] for c in review.criteria if c["kind"] == "gate"} == {
        "p1_pain": True,
        "p1_irritability": True,
        "p1_neuro": True,
        "p1_flags": True,
    }
    alert = Alert.objects.get()
    assert (alert.rule, alert.severity, alert.state, alert.key) == ("phase_ready", "normal", "open", f"plan:{plan.pk}")
    assert "Ready for phase 2" in alert.text


@pytest.mark.hazard("H-29")
def test_not_re_measured_holds_and_raises_nothing() -> None:
    plan = running_plan()
    log_days(plan, 0, [7, 6, 5])
    review = judge(plan, 3)
    assert review.verdict == "hold"
    assert {c["key"]: c["met"] for c in review.criteria}["p1_neuro"] is None
    assert not Alert.objects.exists()


def test_each_criterion_carries_value_target_day_person_and_trend() -> None:
    plan = running_plan()
    log_days(plan, 0, [7, 0, 5])
    saw(plan, 3, worst=3)
    (line,) = next(c for c in judge(plan, 3).criteria if c["key"] == "p1_pain")["lines"]
    assert (line["value"], line["target"], line["day"]) == ("3 of 10", "at most 4 of 10", day(3).isoformat())
    assert line["by"] == lead(plan).name
    assert line["baseline"] == "8 of 10"
    assert [value for _, value in line["trend"]] == [7, 0, 5, 3]  # pain 0 is a value


@pytest.mark.hazard("H-29")
def test_a_new_red_flag_stops_and_is_urgent() -> None:
    plan = running_plan()
    ready_for_two(plan)
    saw(plan, 6, new_flag="yes")
    assert judge(plan, 6).verdict == "stop"
    assert [(a.rule, a.severity) for a in Alert.objects.all()] == [("stop", "urgent")]


def test_two_flares_in_two_weeks_ask_for_a_reassessment() -> None:
    plan = running_plan()
    log_days(plan, 0, [3, 3, 3, 6, 6, 3, 3, 3, 6, 6])
    assert judge(plan, 10).verdict == "reassess"
    assert [a.rule for a in Alert.objects.all()] == ["reassess"]


def test_a_lost_pain_gate_steps_back() -> None:
    plan = running_plan(phase=2)
    log_days(plan, 0, [6] * 9)
    review = judge(plan, 9)
    assert (review.verdict, review.to_phase) == ("regress", 1)
    assert [(a.rule, a.severity) for a in Alert.objects.all()] == [("phase_regress", "high")]


def test_what_no_longer_holds_leaves_the_worklist() -> None:
    plan = running_plan()
    ready_for_two(plan)
    judge(plan, 6)
    saw(plan, 7, neuro="no")
    assert judge(plan, 7).verdict == "hold"
    assert [(a.rule, a.state) for a in Alert.objects.all()] == [("phase_ready", "done")]


# --- What counts as measured ----------------------------------------------------------------------------------------


def reassessment(plan: Plan, n: int, flags: dict[str, str] | None = None, **findings: Any) -> Assessment:
    row = Assessment.objects.create(
        episode=plan.episode, author=lead(plan), assessed_on=day(n), kind=Assessment.Kind.REASSESSMENT
    )
    for path, value in findings.items():
        Finding.objects.create(assessment=row, path=path.replace("__", "."), number=value)
    for flag, answer in (flags or {}).items():
        RedFlagAnswer.objects.create(assessment=row, flag=flag, answer=answer)
    return signed_assessment(row)


def test_the_first_assessment_is_the_baseline_and_a_signed_reassessment_a_measurement() -> None:
    plan = running_plan()
    assert scores_of(plan) == ()
    reassessment(plan, 5, pain__nprs_worst_24h=2, rom__lum_flexion=54)
    found = {score.metric: score.value for score in scores_of(plan)}
    assert found == {"pain.nprs_worst_24h": 2, "rom.lum_flexion": 54, "rompct.lum_flexion": 90.0}
    assert running_phase(plan, today=day(5)).baseline["pain.nprs_worst_24h"] == 8  # type: ignore[union-attr]


def test_a_new_yes_in_a_reassessment_is_a_new_red_flag() -> None:
    plan = running_plan()
    reassessment(plan, 5, flags={"ces_bladder_bowel": "yes"})
    assert ("check.new_red_flag", True) in [(m.metric, m.value) for m in measures_of(plan)]
    assert judge(plan, 5).verdict == "stop"


def test_a_flag_is_known_as_the_first_assessment_was_corrected() -> None:
    plan = running_plan()
    amendment = Amendment.objects.create(
        assessment=plan.versions.get().assessment,
        reason="Was told",
        size=1,
        signed_by=plan.episode.practitioner.user,
        signed_at=timezone.now(),
    )
    AmendedValue.objects.create(
        amendment=amendment, name="g:ces_bladder_bowel", before={"answer": "no"}, after={"answer": "yes"}
    )
    reassessment(plan, 5, flags={"ces_bladder_bowel": "yes"})
    assert ("check.new_red_flag", False) in [(m.metric, m.value) for m in measures_of(plan)]


def test_of_two_values_of_a_day_the_later_counts() -> None:
    plan = running_plan()
    saw(plan, 3, worst=6)
    saw(plan, 3, worst=2)
    assert [score.value for score in scores_of(plan)] == [2]


def test_logs_by_day_parts_as_fractions_silence_missing() -> None:
    plan = running_plan()
    one = in_force(plan, day(0))[0]
    log_days(plan, 0, [0], only=one, bouts=1)
    log_days(plan, 2, [None], state="part", only=one, bouts=1)
    assert [(log.day, log.done, log.pain) for log in logs_of(plan)] == [(day(0), 1.0, 0), (day(2), 0.5, None)]


def test_sessions_a_day_come_from_the_prescriptions() -> None:
    plan = running_plan()
    asked = sum(row.per_day * row.days_per_week / 7 for row in Prescription.objects.filter(episode=plan.episode_id))
    assert running_phase(plan, today=day(14)).sessions_per_day == pytest.approx(asked)  # type: ignore[union-attr]


@pytest.mark.parametrize("days", [3, 60])
def test_reading_a_course_costs_the_same_however_long(days: int) -> None:
    plan = running_plan()
    log_days(plan, 0, [2] * days)
    with CaptureQueriesContext(connection) as seen:
        read_course(plan, today=day(days))
    assert len(seen) <= 21


# --- Every night ----------------------------------------------------------------------------------------------------


def at(n: int, hour: int) -> datetime:
    return datetime.combine(day(n), datetime.min.time(), tzinfo=UTC) + timedelta(hours=hour)


def test_every_plan_once_a_night_and_two_beats_do_no_harm() -> None:
    plan = running_plan()
    assert review_nightly(at(4, 5)) == 1
    assert review_nightly(at(4, 6)) == 0
    with pytest.raises(Conflict):
        review_phase(fresh(plan), trigger="nightly", today=day(4))
    assert [(row.trigger, row.day) for row in PhaseReview.objects.all()] == [("nightly", day(4))]
    assert review_nightly(at(5, 5)) == 1


def test_the_night_is_that_of_the_patient() -> None:
    plan = running_plan()
    patient = plan.episode.patient
    patient.time_zone = "Pacific/Auckland"  # 13 hours ahead in November
    patient.save()
    assert due_for_review(at(4, 13)) == [(plan.pk, day(4))]  # 02:00 there: the evening's logs may still come
    assert due_for_review(at(4, 15)) == [(plan.pk, day(5))]


def test_one_plan_that_fails_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, sound = running_plan(), running_plan("case_02")
    real = review_phase

    def flaky(plan: Plan, **more: Any) -> PhaseReview:
        if plan.pk == broken.pk:
            raise RuntimeError("broken")
        return real(plan, **more)

    monkeypatch.setattr("plans.actions.review.review_phase", flaky)
    assert review_nightly(at(4, 5)) == 1
    assert [row.plan_id for row in PhaseReview.objects.all()] == [sound.pk]


def test_the_task_takes_nothing_and_skips_plans_without_a_phase() -> None:
    plan = running_plan()
    Plan.objects.filter(pk=plan.pk).update(state=Plan.State.COMPLETED)
    tick_reviews()
    assert not PhaseReview.objects.exists()


def test_a_review_is_never_rewritten() -> None:
    review = judge(running_plan(), 3)
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        PhaseReview.objects.filter(pk=review.pk).update(verdict="advance")


# --- Decisions ------------------------------------------------------------------------------------------------------


def test_advancing_moves_the_patient_and_clears_the_worklist() -> None:
    plan = running_plan()
    ready_for_two(plan)
    decision = decide(judge(plan, 6), lead(plan), choice="advance", today=day(6))
    assert (decision.against, decision.to_phase) == (False, 2)
    assert fresh(plan).current_phase == 2
    assert [(a.rule, a.state) for a in Alert.objects.all()] == [("phase_ready", "done")]


def test_a_decision_against_the_recommendation_needs_a_reason_and_is_marked() -> None:
    plan = running_plan()
    ready_for_two(plan)
    review = judge(plan, 6)
    with pytest.raises(Invalid) as refused:
        decide(review, lead(plan), choice="hold", today=day(6))
    assert refused.value.field == "reason"
    assert not ReviewDecision.objects.exists()
    decision = decide(review, lead(plan), choice="hold", reason="Wants one more week", today=day(6))
    assert decision.against
    judge(plan, 8)
    assert not Alert.objects.exclude(state="done").exists()  # the same verdict is quiet for a week
    log_days(plan, 6, [3] * 8)
    judge(plan, 14)
    assert Alert.objects.exclude(state="done").get().rule == "phase_ready"


@pytest.mark.hazard("H-29")
@pytest.mark.parametrize("key", ["neuro", "flags"])
def test_nobody_advances_over_an_open_safety_gate(key: str) -> None:
    plan = running_plan()
    ready_for_two(plan)
    saw(plan, 6, **{key: "no"})
    with pytest.raises(Refused):
        decide(judge(plan, 6), lead(plan), choice="advance", reason="It will be fine", today=day(6))
    assert fresh(plan).current_phase == 1
    assert not ReviewDecision.objects.exists()


@pytest.mark.hazard("H-29")
def test_nobody_advances_after_a_stop() -> None:
    plan = running_plan()
    ready_for_two(plan)
    saw(plan, 6, new_flag="yes")
    with pytest.raises(Refused):
        decide(judge(plan, 6), lead(plan), choice="advance", reason="It will be fine", today=day(6))


def test_reassess_begins_a_reassessment_or_finds_the_one_in_progress() -> None:
    plan = running_plan()
    decide(judge(plan, 3), lead(plan), choice="reassess", reason="New pattern of pain", today=day(3))
    decide(judge(plan, 4), lead(plan), choice="reassess", reason="Still in progress", today=day(4))
    assert [a.kind for a in plan.episode.assessments.filter(state="draft")] == ["reassessment"]


def test_stepping_back_two_phases_is_a_choice() -> None:
    plan = running_plan(phase=3)
    with pytest.raises(Invalid):
        decide(judge(plan, 1), lead(plan), choice="regress", to=3, reason="Flare of pain", today=day(1))
    decide(judge(plan, 2), lead(plan), choice="regress", to=1, reason="Flare of pain", today=day(2))
    assert fresh(plan).current_phase == 1


def test_an_older_review_a_decided_one_and_a_stranger_are_refused() -> None:
    plan = running_plan()
    old = judge(plan, 3)
    new = judge(plan, 3)
    with pytest.raises(Conflict):
        decide(old, lead(plan), choice="hold", today=day(3))
    with pytest.raises(Refused):
        decide(new, ManagerFactory(), choice="hold", today=day(3))
    decide(new, lead(plan), choice="hold", today=day(3))
    with pytest.raises(Conflict):
        decide(new, lead(plan), choice="hold", today=day(3))


def test_an_expired_registration_decides_nothing() -> None:
    plan = running_plan()
    Practitioner.objects.filter(user=lead(plan)).update(licence_valid_until=date(2026, 11, 1))
    with pytest.raises(Refused):
        decide(judge(plan, 3), lead(plan), choice="hold", today=day(3))


# --- Waivers --------------------------------------------------------------------------------------------------------


def standing_plan() -> Plan:
    """Phase 2, worst pain 4 on two retests two weeks apart, day 30."""
    plan = running_plan(phase=2)
    saw(plan, 14, worst=4)
    saw(plan, 30, worst=4)
    return plan


def test_a_gate_that_stands_still_may_be_waived_with_a_reason() -> None:
    plan = standing_plan()
    review = judge(plan, 30)
    assert [c["key"] for c in review.criteria if c["standing"]] == ["p2_pain"]
    with pytest.raises(Invalid):
        waive(plan, lead(plan), key="p2_pain", reason="", today=day(30))
    waive(plan, lead(plan), key="p2_pain", reason="Long-standing, function is good", today=day(30))
    states = {c["key"]: (c["met"], c["waived"]) for c in judge(plan, 30).criteria}
    assert states["p2_pain"] == (True, "Long-standing, function is good")
    with pytest.raises(Conflict):
        waive(plan, lead(plan), key="p2_pain", reason="Once more", today=day(30))


@pytest.mark.parametrize(
    ("first", "second", "n"),
    [(5, 4, 30), (4, 4, 27), (None, 4, 30)],  # it moves; too early in the phase; one retest only
)
def test_a_gate_that_moves_may_not(first: int | None, second: int, n: int) -> None:
    plan = running_plan(phase=2)
    if first is not None:
        saw(plan, n - 16, worst=first)
    saw(plan, n, worst=second)
    with pytest.raises(Refused):
        waive(plan, lead(plan), key="p2_pain", reason="Long-standing", today=day(n))
    assert not CriterionWaiver.objects.exists()


@pytest.mark.hazard("H-29")
@pytest.mark.parametrize("key", ["p1_neuro", "p1_flags"])
def test_the_safety_gates_are_never_waived(key: str) -> None:
    plan = running_plan()
    stay = plan.progress.get()
    for n in (10, 16, 30):
        saw(plan, n, neuro="no", flags="no")
    with pytest.raises(Refused):
        waive(plan, lead(plan), key=key, reason="It is an old finding", today=day(30))
    with pytest.raises(IntegrityError), transaction.atomic():
        CriterionWaiver.objects.create(stay=stay, key=key, reason="Past the action", by=plan.episode.practitioner)


def test_a_waiver_ends_with_the_stay_in_the_phase() -> None:
    plan = standing_plan()
    waive(plan, lead(plan), key="p2_pain", reason="Long-standing, function is good", today=day(30))
    move_to_phase(plan, lead(plan), to=1, reason="Flare", today=day(31))
    move_to_phase(fresh(plan), lead(plan), to=2, reason="Settled", today=day(40))
    assert running_phase(fresh(plan), today=day(41)).waived == frozenset()  # type: ignore[union-attr]


# --- Observations ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "value", "words"),
    [
        ("pain.nprs_worst_24h", "11", "between 0 and 10"),
        ("func.psfs_avg", "many", "must be a number"),
        ("mmt.gluteus_maximus", "4.9", "must be one of"),
        ("check.neuro_unchanged", "perhaps", "yes or no"),
        ("spasm.episodes_2w", "-1", "between 0 and 99"),
        ("func.adherence_pct", "100", "not measured here"),
        ("hist.nonsense", "1", "not measured here"),
    ],
)
def test_impossible_values_name_their_field_and_record_nothing(metric: str, value: str, words: str) -> None:
    plan = running_plan()
    seen = [Seen("pain.nprs_worst_24h", "3"), Seen(metric, value, field="the_field")]
    with pytest.raises(ManyProblems) as refused:
        observe(plan, lead(plan), seen=seen, day=day(3), today=day(3))
    assert [(p.field, words in p.message) for p in refused.value.problems] == [("the_field", True)]
    assert not Observation.objects.exists()


@pytest.mark.parametrize(("n", "code"), [(4, "future_day"), (-1, "too_old")])
def test_only_days_of_the_phase_can_be_filled_in(n: int, code: str) -> None:
    plan = running_plan()
    with pytest.raises(Invalid) as refused:
        observe(plan, lead(plan), seen=[Seen("pain.nprs_worst_24h", "3")], day=day(n), today=day(3))
    assert refused.value.code == code


def test_a_comma_is_understood_and_today_is_the_start() -> None:
    plan = running_plan()
    (row,) = observe(plan, lead(plan), seen=[Seen("func.psfs_avg", "7,5")], day=TODAY, today=TODAY)
    assert row.value == 7.5


def test_a_signed_note_is_judged_at_once_and_a_plan_without_a_phase_is_left_alone() -> None:
    plan = running_plan()
    review_after_note(plan, lead(plan), today=day(3))
    assert [row.trigger for row in PhaseReview.objects.all()] == ["after_note"]
    Plan.objects.filter(pk=plan.pk).update(state=Plan.State.COMPLETED)
    review_after_note(fresh(plan), lead(plan), today=day(4))
    assert PhaseReview.objects.count() == 1


@pytest.mark.parametrize(
    ("answer", "clear"),
    [
        ("no", True),  # the whole list denied
        ("yes", False),  # new, and it blocks the plan
        ("not_asked", None),  # not all was asked
    ],
)
def test_the_short_list_of_a_visit_answers_the_flag_gate(answer: str, clear: bool | None) -> None:
    plan = running_plan()
    by = lead(plan)
    note = TreatmentNote.objects.for_page().get(pk=start_note(plan, by, today=day(3)).pk)
    said = {f"f:{q.key}": ["no"] for q in note_questions(note)}
    said[next(name for name in said if name.startswith("f:ces_"))] = [answer]
    save_note(note, by, revision=0, fields=said, today=day(3))
    lock(note)
    found = [m.value for m in measures_of(fresh(plan)) if m.metric == "check.flags_clear"]
    assert found == ([] if clear is None else [clear])

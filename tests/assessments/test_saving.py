"""Saving as one types: typed values, refusals that write nothing, conflicts that lose nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments.actions import deny_flags, save_changes, start_assessment
from assessments.answering import told
from assessments.changes import (
    NOT_MEASURED,
    ActivityChange,
    Change,
    ConditionChange,
    FindingChange,
    FlagChange,
    HeadChange,
    MarkChange,
    RegionChange,
    Saved,
    SurgeryChange,
)
from assessments.models import Assessment
from assessments.vocabulary import RED_FLAGS
from clinic.errors import Conflict
from clinic.models import PatientCondition
from tests.factories.assessments import AssessmentFactory, FindingFactory, RedFlagAnswerFactory
from tests.factories.clinic import ConditionFactory, EpisodeFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 20)
KEY = uuid4()


def save(assessment: Assessment, *changes: Change, revision: int | None = None) -> Saved:
    assessment.refresh_from_db()
    base = assessment.revision if revision is None else revision
    return save_changes(assessment, changes, by=assessment.author, revision=base, today=TODAY)


def rows(assessment: Assessment) -> list[str]:
    """Everything recorded, as text."""
    found: list[str] = []
    for name in ("findings", "symptom_regions", "pain_marks", "activities", "surgeries", "flag_answers"):
        found += [str(row) for row in getattr(assessment, name).all()]
    return found


GOOD = [
    (FindingChange("mmt.gluteus_medius", "right", value="4-"), "number", Decimal("3.7")),
    (FindingChange("mmt.gluteus_medius", "left", value="4+"), "number", Decimal("4.3")),
    (FindingChange("mmt.gluteus_medius", "left", value="3+"), "number", Decimal("3.3")),
    (FindingChange("mmt.gluteus_medius", "left", value="5"), "number", Decimal(5)),
    (FindingChange("hist.fluid_intake_l_day", value="1,8"), "number", Decimal("1.8")),
    (FindingChange("rom.hip_extension", "left", "active", value="-5"), "number", Decimal(-5)),
    (FindingChange("rom.hip_extension", "left", "active", value="−5"), "number", Decimal(-5)),
    (FindingChange("pain.nprs_current", value="0"), "number", Decimal(0)),
    (FindingChange("spec.slump", "left", value="no"), "truth", False),
    (FindingChange("hist.chief_complaint", value="spasm"), "text", "spasm"),
    (FindingChange("hist.mechanism", value=["lift", "twist"]), "choices", ["lift", "twist"]),
    (
        FindingChange("hist.patient_goals", value="Lift my son\nSit through a film"),
        "choices",
        ["Lift my son", "Sit through a film"],
    ),
    (FindingChange("hist.onset_date", value="2026-11-16"), "text", "2026-11-16"),
    (FindingChange("neuro.dermatome_deficit", "left", value=["none"]), "choices", ["none"]),
]


@pytest.mark.parametrize(("change", "column", "value"), GOOD)
def test_a_value_is_stored_typed(change: FindingChange, column: str, value: object) -> None:
    assessment = AssessmentFactory()
    saved = save(assessment, change)
    assert saved.written == (change.name,)
    assert getattr(assessment.findings.get(), column) == value
    assert saved.revision == 1


BAD: list[tuple[Change, str]] = [
    (FindingChange("rom.hip_flexion", "left", "active", value="400"), "between 0 and 150"),
    (FindingChange("rom.hip_flexion", "left", "", value="40"), "active or passive"),
    (FindingChange("rom.lum_flexion", "left", "active", value="40"), "side"),
    (FindingChange("mmt.gluteus_medius", "left", value="7"), "must be one of"),
    (FindingChange("mmt.gluteus_medius", "left", value="4.5"), "must be one of"),
    (FindingChange("mmt.gluteus_medius", "left", value="5+"), "must be"),
    (FindingChange("pain.nprs_current", value="11"), "between 0 and 10"),
    (FindingChange("pain.nprs_current", value="-1"), "between 0 and 10"),
    (FindingChange("pain.nprs_current", value="5.5"), "whole number"),
    (FindingChange("pain.nprs_current", value="NaN"), "must be a number"),
    (FindingChange("pain.nprs_current", value="inf"), "must be a number"),
    (FindingChange("pain.nprs_current", value=float("nan")), "must be a number"),
    (FindingChange("pain.nprs_current", value="1e3"), "must be a number"),
    (FindingChange("pain.nprs_current", value=True), "must be a number"),
    (FindingChange("pain.nprs_current", value="six"), "must be a number"),
    (FindingChange("endur.ccft_mmhg", value="23"), "steps of 2"),
    (FindingChange("hist.chief_complaint", value="headache"), "not one of the choices"),
    (FindingChange("hist.mechanism", value=["lift", "none_known"]), "cannot stand beside"),
    (FindingChange("spec.slump", "left", value="perhaps"), "yes or no"),
    (FindingChange("hist.onset_date", value="16/11/2026"), "must be a date"),
    (FindingChange("hist.onset_date", value="2026-12-24"), "date of birth and today"),
    (FindingChange("hist.onset_date", value="1980-01-01"), "date of birth and today"),
    (FindingChange("hist.patient_goals", value="\n".join("abcdef")), "at most 5"),
    (FindingChange("hist.imaging_findings", value="x" * 4001), "longer than 4000"),
    (FindingChange("hist.imaging_findings", value="a\x00b"), "cannot be stored"),
    (FindingChange("hist.age_years", value="40"), "date of birth"),
    (FindingChange("rompct.lum_flexion", value="55"), "degrees"),
    (FindingChange("func.psfs_avg", value="5"), "activities"),
    (FindingChange("mmt.left_eyebrow", value="5"), "not a finding"),
    (FindingChange("spec.temp_c", value="98,6"), "between 33 and 43"),
    (MarkChange(KEY, region="elsewhere"), "region from the list"),
    (MarkChange(KEY, region="lumbar", side="up"), "left, right, both"),
    (MarkChange(KEY, region="lumbar", nprs="11"), "between 0 and 10"),
    (MarkChange(KEY, region="lumbar", x="1001"), "between 0 and 1000"),
    (MarkChange(KEY, region="lumbar", quality="awful"), "quality"),
    (MarkChange(KEY, region="lumbar", depth="abyss"), "Depth"),
    (RegionChange("moon"), "region from the list"),
    (ActivityChange(6, "Run", 3), "At most 5"),
    (ActivityChange(1, "Run", "12"), "between 0 and 10"),
    (ActivityChange(1, "", "4"), "Name activity 1"),
    (ActivityChange(1, "x" * 121, "4"), "longer than 120"),
    (SurgeryChange(KEY, "Discectomy", "lumbar", performed_on="2027-01-01"), "date of birth and today"),
    (SurgeryChange(KEY, "Discectomy", "", performed_on="2020-01-01"), "region"),
    (FlagChange("ces_bladder", "maybe"), "yes, no or not asked"),
    (FlagChange("no_such_flag", "yes"), "not a red-flag question"),
    (FlagChange("stress_fracture", "yes", region="moon"), "region"),
    (ConditionChange("no_such_condition", "yes"), "not a condition question"),
    (HeadChange("assessed_on", ""), "needs a date"),
    (HeadChange("state", "signed"), "No such field"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_an_impossible_value_is_refused_by_name_and_nothing_is_written(change: Change, message: str) -> None:
    assessment = AssessmentFactory()
    saved = save(assessment, change)
    assert [problem.name for problem in saved.problems] == [change.name]
    assert message in saved.problems[0].message
    assert saved.written == ()
    assessment.refresh_from_db()
    assert (assessment.revision, rows(assessment), assessment.state) == (0, [], "draft")
    assert not PatientCondition.objects.exists()


def test_a_refused_value_loses_nothing_of_the_others() -> None:
    assessment = AssessmentFactory()
    saved = save(
        assessment,
        FindingChange("pain.nprs_current", value="6"),
        FindingChange("pain.nprs_worst_24h", value="11"),
        RegionChange("lumbar", "right"),
    )
    assert saved.written == ("f:pain.nprs_current::", "r:lumbar:right")
    assert [problem.name for problem in saved.problems] == ["f:pain.nprs_worst_24h::"]
    assert rows(assessment) == ["pain.nprs_current = 6.00", "lumbar right"]


CROSS = [
    ("pain.nprs_worst_24h", "4", "pain.nprs_best_24h", "5", "Least pain"),
    ("pain.nprs_worst_24h", "4", "pain.nprs_current", "5", "Pain now"),
    ("spec.bp_systolic", "120", "spec.bp_diastolic", "120", "Diastolic"),
    ("hist.pregnancy_weeks", "20", "hist.postpartum_weeks", "3", "both"),
    ("hist.desk_hours_per_day", "15", "hist.sleep_hours", "9,5", "24"),
    ("hist.start_back_total", "3", "hist.start_back_psych", "4", "above"),
]


@pytest.mark.parametrize(("first", "first_value", "second", "second_value", "message"), CROSS)
def test_fields_that_contradict_each_other_are_refused(
    first: str, first_value: str, second: str, second_value: str, message: str
) -> None:
    assessment = AssessmentFactory()
    save(assessment, FindingChange(first, value=first_value))
    saved = save(assessment, FindingChange(second, value=second_value))
    assert [(p.name, p.code) for p in saved.problems] == [(f"f:{second}::", "cross")]
    assert message in saved.problems[0].message
    assert [row.path for row in assessment.findings.all()] == [first]


def test_a_pair_may_be_raised_together_in_any_order() -> None:
    assessment = AssessmentFactory()
    save(assessment, FindingChange("pain.nprs_best_24h", value="1"), FindingChange("pain.nprs_worst_24h", value="2"))
    saved = save(
        assessment, FindingChange("pain.nprs_best_24h", value="5"), FindingChange("pain.nprs_worst_24h", value="8")
    )
    assert saved.problems == ()
    assert {row.path: row.number for row in assessment.findings.all()} == {
        "pain.nprs_best_24h": 5,
        "pain.nprs_worst_24h": 8,
    }


def test_an_emptied_value_is_not_assessed_again() -> None:
    assessment = AssessmentFactory()
    save(assessment, FindingChange("pain.nprs_current", value="6"))
    assert save(assessment, FindingChange("pain.nprs_current", value=" ")).written == ("f:pain.nprs_current::",)
    assert rows(assessment) == []


def test_the_same_value_again_changes_nothing() -> None:
    assessment = AssessmentFactory()
    save(assessment, FindingChange("mmt.quadriceps", "left", value="5", pain_limited=True))
    saved = save(assessment, FindingChange("mmt.quadriceps", "left", value="5", pain_limited=True))
    assert (saved.written, saved.revision) == ((), 1)


def test_a_field_changed_elsewhere_is_reported_and_kept() -> None:
    assessment = AssessmentFactory()
    save(assessment, FindingChange("pain.nprs_current", value="6"), revision=0)
    saved = save(
        assessment,
        FindingChange("pain.nprs_current", value="3"),
        FindingChange("pain.nprs_worst_24h", value="8"),
        revision=0,
    )
    assert [(c.name, c.theirs) for c in saved.conflicts] == [("f:pain.nprs_current::", "6")]
    assert saved.written == ("f:pain.nprs_worst_24h::",)
    assert assessment.findings.get(path="pain.nprs_current").number == 6


def test_changes_elsewhere_in_other_fields_are_named_but_do_not_stop() -> None:
    assessment = AssessmentFactory()
    save(assessment, FindingChange("pain.nprs_current", value="6"), FlagChange("dvt", "no"), revision=0)
    saved = save(assessment, FindingChange("pain.nprs_worst_24h", value="8"), revision=0)
    assert saved.written == ("f:pain.nprs_worst_24h::",)
    assert set(saved.elsewhere) == {"f:pain.nprs_current::", "g:dvt"}


def test_a_mark_resent_is_one_mark_and_makes_its_region_a_symptom_region() -> None:
    assessment = AssessmentFactory()
    mark = MarkChange(KEY, view="back", x="540", y="420", region="lumbar", side="right", quality="sharp", nprs="6")
    save(assessment, mark)
    save(assessment, mark)
    assert (assessment.pain_marks.count(), assessment.symptom_regions.count()) == (1, 1)
    save(assessment, MarkChange(KEY, remove=True))
    assert (assessment.pain_marks.count(), assessment.symptom_regions.count()) == (0, 1)


def test_denying_keeps_what_was_answered() -> None:
    assessment = AssessmentFactory()
    RedFlagAnswerFactory(assessment=assessment, flag="dvt", answer="yes")
    saved = deny_flags(assessment, ["dvt", "ces_bladder", "ces_bowel"], by=assessment.author, revision=0, today=TODAY)
    assert saved.written == ("g:ces_bladder", "g:ces_bowel")
    assert {row.flag: row.answer for row in assessment.flag_answers.all()} == {
        "dvt": "yes",
        "ces_bladder": "no",
        "ces_bowel": "no",
    }


def test_a_condition_is_answered_on_the_patients_record() -> None:
    assessment = AssessmentFactory()
    condition = ConditionFactory(key="metal_implant", needs_site=True)
    save(assessment, ConditionChange("metal_implant", "yes", sites=(("knee", "left"), ("hip_groin", "right"))))
    row = PatientCondition.objects.get(patient=assessment.episode.patient, condition=condition)
    assert row.answer == "yes"
    assert {(site.region, site.side) for site in row.sites.all()} == {("knee", "left"), ("hip_groin", "right")}


def test_an_episode_has_one_draft() -> None:
    first = AssessmentFactory()
    with pytest.raises(Conflict) as refusal:
        start_assessment(first.episode, first.author, today=TODAY)
    assert refusal.value.code == "draft_exists"
    assert Assessment.objects.count() == 1


def test_the_first_assessment_is_initial() -> None:
    episode = EpisodeFactory()
    assert start_assessment(episode, episode.practitioner.user, today=TODAY).kind == "initial"


def test_pain_on_testing_is_kept_with_the_grade() -> None:
    assessment = AssessmentFactory()
    FindingFactory(assessment=assessment, path="mmt.quadriceps", side="left", number=Decimal(4))
    save(assessment, FindingChange("mmt.quadriceps", "left", value="4", pain_limited=True))
    assert assessment.findings.get().pain_limited is True


def test_a_condition_answered_elsewhere_is_not_overwritten() -> None:
    assessment = AssessmentFactory()
    condition = ConditionFactory(key="pacemaker")
    save(assessment, ConditionChange("pacemaker", "yes", note="2019", seen=""))
    late = save(assessment, ConditionChange("pacemaker", "no", seen=""))
    mark = told("yes", (), None, "2019")
    assert [(c.name, c.theirs, c.mark) for c in late.conflicts] == [("c:pacemaker", "Yes", mark)]
    assert PatientCondition.objects.get(condition=condition).answer == "yes"
    again = save(assessment, ConditionChange("pacemaker", "no", seen=mark))
    assert (again.written, again.conflicts) == (("c:pacemaker",), ())
    assert PatientCondition.objects.get(condition=condition).answer == "no"


def test_the_same_answer_sent_twice_is_no_conflict() -> None:
    assessment = AssessmentFactory()
    ConditionFactory(key="pacemaker")
    change = ConditionChange("pacemaker", "yes", (("chest_anterior", "left"),), seen="")
    assert save(assessment, change).written == ("c:pacemaker",)
    assert save(assessment, change) == Saved(revision=1)


def test_denying_everything_takes_as_many_queries_as_denying_one() -> None:
    assessment = AssessmentFactory()
    for number in range(12):
        ConditionFactory(key=f"condition_{number}")
    changes: list[Change] = [ConditionChange(f"condition_{number}", "no", seen="") for number in range(12)]
    changes += [FlagChange(flag, "no") for flag in RED_FLAGS]
    with CaptureQueriesContext(connection) as queries:
        saved = save(assessment, *changes)
    assert len(saved.written) == 12 + len(RED_FLAGS)
    assert len(queries) <= 15
    assert assessment.flag_answers.filter(answer="no", revision=1).count() == len(RED_FLAGS)
    assert PatientCondition.objects.filter(answer="no", patient=assessment.episode.patient).count() == 12


def test_recorded_as_normal_is_told_from_measured() -> None:
    assessment = AssessmentFactory()
    place = ("rom.hip_flexion", "left", "active")
    save(assessment, FindingChange(*place, value="120", note=NOT_MEASURED))
    assert assessment.findings.get().note == NOT_MEASURED
    save(assessment, FindingChange(*place, value="100", note=NOT_MEASURED))
    row = assessment.findings.get()
    assert (row.number, row.note) == (100, "")


def test_a_hundred_normal_rows_are_one_insert() -> None:
    assessment = AssessmentFactory()
    muscles = ("gluteus_medius", "gluteus_maximus", "quadriceps", "hamstrings", "soleus", "iliopsoas")
    changes = [FindingChange(f"mmt.{key}", side, value="5") for key in muscles for side in ("left", "right")]
    with CaptureQueriesContext(connection) as queries:
        save(assessment, *changes)
    assert assessment.findings.filter(number=5, revision=1).count() == 12
    assert len(queries) <= 8

"""Drafting: the engine's answer becomes rows, a refusal a version without a plan; failures write nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from assessments.models import RedFlagAnswer
from clinic.errors import Conflict, DomainError
from clinic.models import Consent, Episode
from plans.actions import decide_cause, draft_plan, preview_causes, remove_item, sign
from plans.actions import drafting as drafting_module
from plans.engine import generate
from plans.knowledge.rows.revision import knowledge_in_force
from plans.models import Plan, PlanExercise, PlanTechnique, PlanVersion
from plans.snapshot import facts_from_json
from tests.factories.plans import TODAY, case_assessment, case_draft, page_version

pytestmark = pytest.mark.django_db


def keys(version: PlanVersion, number: int) -> tuple[list[str], list[str]]:
    phase = version.phases.get(number=number)
    techniques = [t.technique.key for t in phase.plantechniques.filter(is_alternative=False)]
    return techniques, [e.exercise.key for e in phase.planexercises.all()]


def test_the_draft_holds_what_the_engine_answered() -> None:
    version = case_draft("case_01")
    answer = generate(facts_from_json(version.facts), knowledge_in_force(), today=TODAY)

    assert (version.number, version.state, version.disposition, version.start_phase) == (1, "draft", "treat", 1)
    assert version.plan.state == Plan.State.DRAFT
    for number, phase in answer.phases.items():
        assert keys(version, number) == ([t.key for t in phase.techniques], [e.key for e in phase.exercises])
    assert [c.key for c in version.causes.all()] == [c.key for c in answer.causes]
    assert version.draft["notes"] == list(answer.notes)
    assert version.knowledge_revision == answer.knowledge_revision
    glute = PlanExercise.objects.get(phase__version=version, phase__number=1, exercise__key="glute_set")
    assert (glute.sets, glute.reps, glute.hold_s, glute.per_day, glute.rpe_low, glute.rpe_high) == (1, 5, 8, 2, 2, 4)
    assert glute.safety == "clear"


def test_a_refusal_is_a_version_without_phases() -> None:
    version = case_draft("case_07")

    assert (version.disposition, version.start_phase, version.draft["kind"]) == ("emergency_now", None, "refusal")
    assert version.phases.count() == 0
    assert version.goals.count() == 0


def test_a_new_draft_replaces_the_old_one() -> None:
    first = case_draft("case_01")
    second = draft_plan(first.assessment, first.created_by, today=TODAY)

    assert not PlanVersion.objects.filter(pk=first.pk).exists()
    assert (second.plan_id, second.number) == (first.plan_id, 1)
    assert PlanVersion.objects.count() == 1


@pytest.mark.hazard("H-09")
@pytest.mark.parametrize("failure", ["engine", "knowledge", "closed"])
def test_nothing_is_written_when_drafting_fails(monkeypatch: pytest.MonkeyPatch, failure: str) -> None:
    assessment = case_assessment("case_01")
    expected = {"engine": "engine_failed", "knowledge": "knowledge_empty", "closed": "episode_closed"}
    if failure == "engine":
        monkeypatch.setattr(drafting_module, "generate", _broken)
    elif failure == "knowledge":
        monkeypatch.setattr(drafting_module, "knowledge_in_force", _empty)
    else:
        Episode.objects.update(state="closed", closed_on=TODAY)

    with pytest.raises(DomainError) as refusal:
        draft_plan(assessment, assessment.author, today=TODAY)

    assert refusal.value.code == expected[failure]
    assert (Plan.objects.count(), PlanVersion.objects.count()) == (0, 0)


def _broken(*args: Any, **kwargs: Any) -> Any:
    raise KeyError("no such item")


def _empty() -> Any:
    return SimpleNamespace(conditions={}, techniques={}, exercises={}, root_causes={})


def test_the_preview_names_what_is_still_unanswered() -> None:
    assessment = case_assessment("case_01", signed=False)
    Consent.objects.filter(kind="treatment").delete()
    RedFlagAnswer.objects.filter(flag="dvt").delete()
    fresh = type(assessment).objects.for_chart().get(pk=assessment.pk)

    preview = preview_causes(fresh, today=TODAY)

    assert preview.causes[0].key == "glute_weakness_lumbar_overload"
    assert "Strength of gluteus maximus: 4- (+3)" in preview.causes[0].supporting
    assert "Red flag: Deep-vein thrombosis signs" in preview.unanswered


def test_rejecting_a_cause_chooses_anew_and_keeps_what_people_did() -> None:
    version = case_draft("case_01")
    by = version.created_by
    heat = PlanTechnique.objects.get(
        phase__version=version, phase__number=1, technique__key="th_heat_superficial", is_alternative=False
    )
    remove_item(heat, by, reason="Does not like heat")
    cause = version.causes.get(key="hip_flexor_tightness_apt")

    decide_cause(cause, by, decision="rejected", reason="Thomas test was guarded", today=TODAY)

    fresh = page_version(version)
    assert fresh.causes.get(key="hip_flexor_tightness_apt").decision == "rejected"
    for item in PlanExercise.objects.filter(phase__version=version):
        assert "hip_flexor_tightness_apt" not in item.causes
    assert "th_heat_superficial" not in keys(version, 1)[0]
    assert [edit.action for edit in fresh.edits.all()] == ["cause", "remove"]


def test_accepting_a_cause_changes_nothing_else() -> None:
    version = case_draft("case_01")
    before = [keys(version, number) for number in (1, 2, 3)]
    cause = version.causes.get(key="lifting_technique_load")

    decide_cause(cause, version.created_by, decision="accepted", reason="Seen at work", today=TODAY)

    assert [keys(version, number) for number in (1, 2, 3)] == before
    assert version.causes.get(key="lifting_technique_load").decision == "accepted"


def test_a_decision_needs_a_reason() -> None:
    version = case_draft("case_01")
    cause = version.causes.get(key="lifting_technique_load")

    with pytest.raises(DomainError) as refusal:
        decide_cause(cause, version.created_by, decision="rejected", reason="  ", today=TODAY)

    assert (refusal.value.code, refusal.value.field) == ("reason_missing", "reason")
    assert version.causes.get(key="lifting_technique_load").decision == "proposed"
    assert version.edits.count() == 0


def test_a_signed_version_takes_no_decision() -> None:
    version = case_draft("case_01")
    cause = version.causes.get(key="lifting_technique_load")
    sign(version, version.created_by, today=TODAY)
    with pytest.raises(Conflict) as refusal:
        decide_cause(cause, version.created_by, decision="rejected", reason="Too late", today=TODAY)
    assert refusal.value.code == "not_draft"

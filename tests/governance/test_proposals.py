"""Two people change the knowledge: nothing is in force before the second one, and the database insists on it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from clinic.errors import Conflict, Invalid, ManyProblems, Refused
from clinic.models import Condition, User
from exercises.models import Exercise, ExerciseDosage
from plans.governance.differences import Entries, compare
from plans.governance.proposals import (
    RowDraft,
    approve,
    differences,
    propose,
    propose_shipped,
    reject,
    withdraw,
)
from plans.governance.shipped import kept_differences
from plans.knowledge.documents import Documents, KnowledgeError
from plans.knowledge.load import load_documents
from plans.knowledge.rows.documents import CODECS
from plans.knowledge.rows.revision import knowledge_in_force, latest_revision, record_revision
from plans.knowledge.rows.states import codec_for, row_of, state_of
from plans.models import (
    Alert,
    ConditionEffect,
    ConditionRule,
    DoseParameter,
    EducationTopic,
    KnowledgeChange,
    PhaseCriterion,
    PhaseRule,
    RedFlagRule,
    RegionRestriction,
    RootCause,
    RootCauseEvidence,
    RootCauseGoal,
    Technique,
)
from tests.factories.clinic import ManagerFactory, PhysioFactory
from tests.factories.plans import TODAY, case_signed
from tests.knowledge.conftest import documents

__all__ = ["documents"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]


def draft(document: str, list_name: str, key: str, **changes: Any) -> RowDraft:
    """A row with other values in its entry; ``active`` and ``order`` change its state."""
    codec = codec_for(document, list_name)
    before = state_of(codec, row_of(codec, key))
    after = deepcopy(before)
    for name, value in changes.items():
        (after if name in ("active", "order") else after["entry"])[name] = value
    return RowDraft(document, list_name, key, before, after)


def aim(words: str = "our words") -> RowDraft:
    return draft("techniques", "techniques", "mt_mwm", aim=words)


def pending(by: User, *rows: RowDraft) -> KnowledgeChange:
    return propose(by, rows or [aim()], reason="Agreed at the meeting.", today=TODAY)


def revision_number() -> int:
    newest = latest_revision()
    assert newest is not None
    return newest.number


@pytest.mark.hazard("H-12")
def test_nothing_is_in_force_before_the_second_person(manager: User, lead: User) -> None:
    change = pending(manager)
    assert knowledge_in_force().techniques["mt_mwm"].aim != "our words"
    assert revision_number() == 1
    done = approve(change, lead, today=TODAY, note="Fine.")
    assert (done.state, done.decided_by, done.revision) == ("approved", lead, latest_revision())
    assert revision_number() == 2
    assert knowledge_in_force().techniques["mt_mwm"].aim == "our words"


@pytest.mark.hazard("H-12")
def test_nobody_approves_their_own(lead: User) -> None:
    change = pending(lead)
    with pytest.raises(Refused, match="nobody approves a change of their own"):
        approve(change, lead, today=TODAY)
    raw = (
        "UPDATE plans_knowledgechange SET state = 'approved', decided_by_id = proposed_by_id, decided_at = now(), "
        "revision_id = (SELECT id FROM plans_knowledgerevision)"
    )
    with pytest.raises(IntegrityError, match="knowledge_change_second_person"), transaction.atomic():
        connection.cursor().execute(raw)
    change.refresh_from_db()
    assert change.state == "pending"


def test_a_decided_change_stays_as_it_is(manager: User, lead: User) -> None:
    change = pending(manager)
    assert reject(change, lead, reason="Not now.", today=TODAY) is None
    assert revision_number() == 1
    with pytest.raises(Conflict, match="decided already"):
        approve(change, lead, today=TODAY)
    for statement in (
        "UPDATE plans_knowledgechange SET state = 'pending'",
        "UPDATE plans_knowledgechangerow SET key = 'x'",
        "DELETE FROM plans_knowledgechangerow",
    ):
        with pytest.raises(Exception, match=r"Cannot|never changes"), transaction.atomic():
            connection.cursor().execute(statement)


def test_only_keepers(manager: User) -> None:
    with pytest.raises(Refused, match="Only managers and clinical leads"):
        pending(PhysioFactory())
    with pytest.raises(Refused, match="Only managers and clinical leads"):
        approve(pending(manager), PhysioFactory(), today=TODAY)


def test_withdrawing_is_for_the_proposer(manager: User, lead: User) -> None:
    change = pending(manager)
    with pytest.raises(Refused, match="Only the person who proposed"):
        withdraw(change, lead)
    assert withdraw(change, manager).state == "withdrawn"


def test_a_change_that_breaks_the_knowledge_is_never_kept(manager: User) -> None:
    row = RootCause.objects.get(key="foot_mechanics")
    broken = draft("root_causes", "root_causes", row.key, education=["ed_unknown"])
    with pytest.raises(KnowledgeError, match="unknown"):
        pending(manager, broken)
    assert not KnowledgeChange.objects.exists()
    row.refresh_from_db()
    assert row.education != ["ed_unknown"]


def test_a_row_that_moved_on_is_not_overwritten(manager: User, lead: User) -> None:
    first, second = pending(manager, aim("one")), pending(manager, aim("two"))
    approve(first, lead, today=TODAY)
    with pytest.raises(Conflict, match="Changed by somebody else since this was proposed: mt_mwm"):
        approve(second, lead, today=TODAY)
    assert Technique.objects.get(key="mt_mwm").aim == "one"


def test_what_no_longer_fits_is_refused_at_approval(manager: User, lead: User) -> None:
    change = pending(manager)
    RootCause.objects.filter(key="foot_mechanics").update(education=["ed_unknown"])
    with pytest.raises(ManyProblems, match="would not fit together"):
        approve(change, lead, today=TODAY)
    assert Technique.objects.get(key="mt_mwm").aim != "our words"
    change.refresh_from_db()
    assert change.state == "pending"


def test_rows_that_belong_together_are_one_change(manager: User, lead: User) -> None:
    change = pending(manager, aim())
    ceiling = draft("phases", "phases", "1", exercise_ceiling=3)
    joined = propose(manager, [ceiling], reason="", today=TODAY, part_of=change)
    assert joined == change
    assert [entry.key for entry in differences(change)] == ["mt_mwm", "1"]
    with pytest.raises(Refused, match="of your own only"):
        propose(lead, [ceiling], reason="", today=TODAY, part_of=change)
    approve(change, lead, today=TODAY)
    assert PhaseRule.objects.get(number=1).exercise_ceiling == 3
    assert revision_number() == 2


def test_the_reason_is_needed(manager: User) -> None:
    with pytest.raises(Invalid, match="Say why"):
        propose(manager, [aim()], reason="  x ", today=TODAY)


def test_stricter_applies_at_once_and_is_still_reviewed(manager: User, lead: User) -> None:
    ceiling = draft("phases", "phases", "1", exercise_ceiling=2)
    change = propose(manager, [ceiling], reason="Too many at once.", today=TODAY, at_once=True)
    assert (change.state, change.at_once, change.revision) == ("pending", True, latest_revision())
    assert knowledge_in_force().phases[1].home_items_max == 2
    with pytest.raises(Conflict, match="in force already"):
        withdraw(change, manager)
    assert approve(change, lead, today=TODAY).state == "approved"
    assert revision_number() == 2  # confirming writes nothing


@pytest.mark.hazard("H-12")
def test_looser_does_not_apply_at_once(manager: User) -> None:
    for row in (draft("phases", "phases", "1", exercise_ceiling=9), aim()):
        with pytest.raises(Refused, match="Only a change that makes things stricter"):
            propose(manager, [row], reason="In a hurry.", today=TODAY, at_once=True)
    assert revision_number() == 1
    assert PhaseRule.objects.get(number=1).exercise_ceiling == 4


def test_refusing_what_applied_at_once_proposes_the_way_back(manager: User, lead: User) -> None:
    ceiling = draft("phases", "phases", "1", exercise_ceiling=2)
    change = propose(manager, [ceiling], reason="Too many at once.", today=TODAY, at_once=True)
    back = reject(change, lead, reason="Two are too few.", today=TODAY)
    assert back is not None
    assert (back.proposed_by, back.state, revision_number()) == (lead, "pending", 2)
    approve(back, manager, today=TODAY)
    assert PhaseRule.objects.get(number=1).exercise_ceiling == 4


@pytest.mark.hazard("H-12")
def test_those_who_treat_are_told(manager: User, lead: User) -> None:
    version = case_signed("case_01")
    exercise = version.phases.all()[0].planexercises.all()[0].exercise
    row = draft("exercises", "exercises", exercise.key, stop_if="Stop at any pain.")
    approve(pending(manager, row), lead, today=TODAY)
    (alert,) = Alert.objects.filter(rule="knowledge_changed")
    assert (alert.patient, alert.plan) == (version.plan.episode.patient, version.plan)
    assert f"Exercise {exercise.name} in phase 1: Stop if changed" in alert.text


def test_a_child_that_stays_the_same_keeps_its_row(manager: User, lead: User) -> None:
    ids = dict(DoseParameter.objects.filter(technique__key="mt_mwm").values_list("parameter", "pk"))
    codec = codec_for("techniques", "techniques")
    before = state_of(codec, row_of(codec, "mt_mwm"))
    after = deepcopy(before)
    after["entry"]["dosage"][0]["default"] = 2
    approve(pending(manager, RowDraft("techniques", "techniques", "mt_mwm", before, after)), lead, today=TODAY)
    new = dict(DoseParameter.objects.filter(technique__key="mt_mwm").values_list("parameter", "pk"))
    changed = before["entry"]["dosage"][0]["parameter"]
    assert {name for name in ids if ids[name] != new[name]} == {changed}
    assert DoseParameter.objects.get(technique__key="mt_mwm", parameter=changed).default == "2"


# --- The shipped text ------------------------------------------------------------------------------------------------

# Every kind of row and of inline: the row of the review page, the child that is edited, column and value.
EDITS: list[tuple[str, QuerySet[Any], str, Any]] = [
    ("conditions.conditions:icd", Condition.objects.filter(key="icd"), "ask", "Our question?"),
    ("conditions.conditions:pacemaker", ConditionRule.objects.filter(condition__key="pacemaker"), "note", "our note"),
    ("conditions.conditions:insulin_pump_cgm", ConditionEffect.objects.filter(condition__key="insulin_pump_cgm"), "reason", "our reason"),
    ("techniques.techniques:mt_joint_mob_1_2", Technique.objects.filter(key="mt_joint_mob_1_2"), "aim", "our aim"),
    ("techniques.techniques:mt_mwm", DoseParameter.objects.filter(technique__key="mt_mwm"), "note", "our note"),
    ("techniques.region_restrictions:thrust_cervical", RegionRestriction.objects.filter(key="thrust_cervical"), "reason", "ours"),
    ("red_flags.red_flags:dvt", RedFlagRule.objects.filter(key="dvt"), "limits", "our limits"),
    ("education.topics:ed_posture", EducationTopic.objects.filter(key="ed_posture"), "safety", "our words"),
    ("exercises.exercises:bridge_single", Exercise.objects.filter(key="bridge_single"), "stop_if", "our words"),
    ("exercises.exercises:bridge_double", ExerciseDosage.objects.filter(exercise__key="bridge_double"), "rest_s", 25),
    ("root_causes.root_causes:nocturnal_cramp_pattern", RootCause.objects.filter(key="nocturnal_cramp_pattern"), "label", "Ours"),
    ("root_causes.root_causes:foot_mechanics", RootCauseEvidence.objects.filter(cause__key="foot_mechanics", kind="supporting"), "weight", 0.5),
    ("root_causes.root_causes:glute_weakness_lumbar_overload", RootCauseGoal.objects.filter(cause__key="glute_weakness_lumbar_overload", metric="mmt.gluteus_medius"), "target", 4),
    ("phases.phases:1", PhaseRule.objects.filter(number=1), "aim", "our aim"),
    ("phases.phases:2", PhaseCriterion.objects.filter(phase__number=2), "text", "our text"),
]  # fmt: skip


@pytest.mark.hazard("H-13")
def test_an_upgrade_keeps_every_kind_of_edit_and_the_clinic_may_take_the_shipped_text(
    documents: Documents, manager: User, lead: User
) -> None:
    edited = []
    for ref, rows, column, value in EDITS:
        row = rows.all()[0]
        rows.filter(pk=row.pk).update(**{column: value})
        edited.append((ref, row, column, value))
    record_revision(note="edited")

    report = load_documents(documents)
    refs = {ref for ref, *_ in EDITS}
    assert {difference.key for difference in report.kept} == {ref.partition(":")[2] for ref in refs}
    found = {kept.ref: kept for kept in kept_differences()}
    assert set(found) == refs
    for ref, row, column, value in edited:
        row.refresh_from_db()
        assert getattr(row, column) == value
        assert not found[ref].upgraded
        assert any(str(value) in field.before for field in found[ref].fields), ref

    change = propose_shipped(manager, refs, reason="The shipped text is better.", today=TODAY)
    assert len(kept_differences()) == len(refs)  # a proposal changes nothing
    approve(change, lead, today=TODAY)
    assert kept_differences() == ()
    again = load_documents(documents)
    assert (again.created, again.updated, again.kept) == (0, 0, [])


@pytest.mark.hazard("H-13")
def test_new_shipped_text_for_an_edited_row_is_marked(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    Technique.objects.filter(key="mt_mwm").update(aim="our words")
    entry = next(row for row in documents.techniques["techniques"] if row["key"] == "mt_mwm")
    entry["aim"] = "new shipped words"
    load_documents(documents)
    monkeypatch.setattr("plans.governance.shipped._shipped", _shipped_of(documents))
    (kept,) = kept_differences()
    assert (kept.key, kept.upgraded) == ("mt_mwm", True)
    assert [(f.label, f.before, f.after) for f in kept.fields] == [("Aim", "our words", "new shipped words")]


def _shipped_of(documents: Documents) -> Any:
    found = {
        (codec.document, codec.list_name): {
            str(entry[codec.key_field]): entry
            for entry in map(codec.canonical, getattr(documents, codec.document)[codec.list_name])
        }
        for codec in CODECS
    }
    return lambda document, list_name: found[document, list_name]


def test_unknown_rows_are_refused(manager: User) -> None:
    for refs in (["techniques.techniques:nothing"], ["x"], []):
        with pytest.raises(Invalid):
            propose_shipped(manager, refs, reason="For a test.", today=timezone.localdate())


def test_a_manager_counts_as_second_person(manager: User) -> None:
    assert approve(pending(manager), ManagerFactory(), today=TODAY).state == "approved"


# --- Differences -----------------------------------------------------------------------------------------------------


def test_differences_name_fields_and_children() -> None:
    before: Entries = {
        "techniques.techniques": {"a": {"name": "A", "dosage": [{"parameter": "sets", "max": 3}], "phases": [1]}}
    }
    after: Entries = {
        "techniques.techniques": {
            "a": {
                "name": "A",
                "dosage": [{"parameter": "reps", "max": 9}, {"parameter": "sets", "max": 2}],
                "phases": [],
            }
        },
        "phases.phases": {"1": {"name": "Relief"}},
    }
    technique, phase = compare(before, after)
    assert (technique.action, phase.action, phase.kind) == ("changed", "added", "Phase")
    assert [(f.label, f.before, f.after) for f in technique.fields] == [
        ("Dosage: sets: max", "3", "2"),
        ("Dosage: reps", "", "parameter reps, max 9"),
        ("Phases", "1", ""),
    ]


def test_a_field_that_later_files_brought_and_that_is_empty_is_no_difference() -> None:
    before: Entries = {"root_causes.root_causes": {"a": {"label": "A"}}}
    after: Entries = {"root_causes.root_causes": {"a": {"label": "A", "patient_text": "", "links": []}}}
    assert compare(before, after) == ()

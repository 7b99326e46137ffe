"""Loading: idempotent, never over an edited row, all or nothing; rows and files are the same knowledge."""

from __future__ import annotations

import dataclasses
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from clinic.models import Condition
from exercises.models import Exercise, ExerciseDosage
from plans.engine.knowledge import Knowledge
from plans.knowledge.documents import Documents, KnowledgeError
from plans.knowledge.load import load_documents
from plans.knowledge.parse import shipped_knowledge
from plans.knowledge.rows.causes import RootCauseCodec
from plans.knowledge.rows.codec import fingerprint
from plans.knowledge.rows.revision import _knowledge_of, knowledge_in_force, latest_revision, record_revision
from plans.models import (
    ConditionEffect,
    DoseParameter,
    KnowledgeRevision,
    RedFlagRule,
    RootCause,
    RootCauseEvidence,
    Technique,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]


def parts(knowledge: Knowledge) -> dict[str, object]:
    return {f.name: getattr(knowledge, f.name) for f in dataclasses.fields(knowledge) if f.name != "revision"}


def test_rows_are_the_same_knowledge_as_the_files() -> None:
    rows = knowledge_in_force()
    assert rows.revision == "1"
    assert {name: value == parts(shipped_knowledge())[name] for name, value in parts(rows).items()} == dict.fromkeys(
        parts(rows), True
    )
    for name in ("conditions", "techniques", "exercises", "root_causes", "red_flags"):
        assert list(getattr(rows, name)) == list(getattr(shipped_knowledge(), name))  # written order


def test_loading_again_changes_nothing(documents: Documents) -> None:
    report = load_documents(documents)
    assert (report.created, report.updated, report.unchanged) == (0, 0, 431)
    assert (report.kept, report.unshipped) == ([], [])
    assert KnowledgeRevision.objects.count() == 1


def test_the_same_object_while_the_revision_stays(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    first = knowledge_in_force()
    with django_assert_num_queries(1):
        assert knowledge_in_force() is first


def test_new_shipped_text_reaches_rows_that_nobody_edited(documents: Documents) -> None:
    documents.techniques["techniques"][0]["aim"] = "ease tone"
    report = load_documents(documents)
    assert (report.created, report.updated, report.unchanged) == (0, 1, 430)
    assert Technique.objects.get(key="mt_soft_tissue_release").aim == "ease tone"
    assert report.revision is not None
    assert report.revision.number == 2
    assert knowledge_in_force().techniques["mt_soft_tissue_release"].aim == "ease tone"


def test_an_edited_row_is_kept_and_reported(documents: Documents) -> None:
    Technique.objects.filter(key="mt_soft_tissue_release").update(aim="our words")
    documents.techniques["techniques"][0]["aim"] = "new shipped words"
    documents.techniques["techniques"][1]["aim"] = "another new text"
    report = load_documents(documents)
    assert [str(difference) for difference in report.kept] == [
        "techniques.yaml: mt_soft_tissue_release: aim: here 'our words', shipped 'new shipped words'"
    ]
    assert Technique.objects.get(key="mt_soft_tissue_release").aim == "our words"
    assert Technique.objects.get(key="mt_trigger_point_pressure").aim == "another new text"


@pytest.mark.hazard("H-13")
def test_an_edited_child_keeps_its_row(documents: Documents) -> None:
    dose = DoseParameter.objects.get(technique__key="mt_mwm", parameter="sets")
    dose.default = "2"
    dose.save()
    report = load_documents(documents)
    assert [difference.key for difference in report.kept] == ["mt_mwm"]
    assert knowledge_in_force().techniques["mt_mwm"].dose[0].default == 2
    taken = load_documents(documents, take=["techniques:mt_mwm"])
    assert (taken.kept, taken.updated) == ([], 1)
    assert knowledge_in_force().techniques["mt_mwm"].dose[0].default == 3


def test_a_row_of_the_clinic_survives(documents: Documents) -> None:
    row = Exercise.objects.create(
        key="our_walk", name="Walk by the river", kind="aerobic", technique="ex_aerobic_graded", region="whole_body",
        position="standing", equipment=["none"], setting=["home"], phases=[2], cues=["Easy pace"], stop_if="Sharp pain",
    )  # fmt: skip
    ExerciseDosage.objects.create(exercise=row, phase=2, duration_min=20, rest_s=0)
    report = load_documents(documents)
    assert report.unshipped == []
    assert knowledge_in_force().exercises["our_walk"].dosage[2].duration_min == 20.0


def test_a_row_that_is_no_longer_shipped_is_kept_and_reported(documents: Documents) -> None:
    documents.techniques["region_restrictions"].pop(0)
    report = load_documents(documents)
    assert report.unshipped == ["techniques.yaml: electro_cervical_anterior"]
    electro = knowledge_in_force().techniques["es_tens_conventional"]
    assert "cervical_anterior" in [restriction.region for restriction in electro.restrictions]


def test_broken_documents_write_nothing(documents: Documents) -> None:
    documents.techniques["techniques"][0]["aim"] = "new text"
    documents.root_causes["root_causes"][3]["exercises"]["phase2"][1] = "x"
    with pytest.raises(KnowledgeError) as caught:
        load_documents(documents)
    assert caught.value.problems == ["root_causes.yaml: root_causes[3].exercises.phase2[1]: unknown exercise 'x'"]
    assert Technique.objects.get(key="mt_soft_tissue_release").aim != "new text"
    assert KnowledgeRevision.objects.count() == 1


def test_shipped_text_that_does_not_fit_edited_rows_writes_nothing(documents: Documents) -> None:
    """The clinic's cause uses an exercise that the new files no longer make for that phase."""
    RootCause.objects.filter(key="foot_mechanics").update(exercises_phase3=["calf_hop"], education=["ed_pacing"])
    hop = next(row for row in documents.exercises["exercises"] if row["key"] == "calf_hop")
    hop["phases"], hop["dosage"] = [2], {"phase2": dict(next(iter(hop["dosage"].values())))}
    for cause in documents.root_causes["root_causes"]:
        cause["exercises"] = {
            phase: [key for key in keys if key != "calf_hop"] for phase, keys in cause["exercises"].items()
        }
    with pytest.raises(KnowledgeError) as caught:
        load_documents(documents)
    assert any("'calf_hop' is not used in phase 3" in problem for problem in caught.value.problems)
    assert Exercise.objects.get(key="calf_hop").phases == [3]


def test_switching_an_exercise_off_takes_it_out_everywhere() -> None:
    Exercise.objects.filter(key="bridge_single").update(is_active=False)
    revision = record_revision(note="off")
    assert revision.number == 2
    knowledge = knowledge_in_force()
    assert "bridge_single" not in knowledge.exercises
    assert all(
        "bridge_single" not in keys for cause in knowledge.root_causes.values() for keys in cause.exercises.values()
    )
    assert "bridge_single" not in {exercise.progression for exercise in knowledge.exercises.values()}


def test_a_revision_is_made_only_by_a_change() -> None:
    first = latest_revision()
    assert record_revision(note="nothing changed") == first
    ConditionEffect.objects.filter(condition__key="pacemaker").update(reason="stronger words")
    assert record_revision(note="changed").number == 2


@pytest.mark.hazard("H-12")
def test_rows_changed_past_the_admin_do_not_pass_for_the_revision() -> None:
    Technique.objects.filter(key="mt_mwm").update(aim="changed by SQL")
    _knowledge_of.cache_clear()
    assert re.fullmatch(r"1~[0-9a-f]{8}", knowledge_in_force().revision)
    _knowledge_of.cache_clear()


def test_rows_that_contradict_each_other_get_no_revision() -> None:
    RootCauseEvidence.objects.filter(cause__key="foot_mechanics", kind="supporting").update(finding="posture.flat_foot")
    with pytest.raises(KnowledgeError):
        record_revision(note="broken")
    assert KnowledgeRevision.objects.count() == 1


def test_conditions_know_whether_they_need_a_place() -> None:
    needs = dict(Condition.objects.values_list("key", "needs_site"))
    assert (needs["fracture_unhealed"], needs["pacemaker"], needs["open_growth_plates"]) == (True, False, False)
    assert Condition.objects.get(key="falls_risk").derivation == "endur.tug >= 12 or hist.falls_12m >= 2"
    assert Condition.objects.filter(is_derived=True).count() == 22


def test_every_row_has_history() -> None:
    assert RedFlagRule.pgh_event_model.objects.filter(pgh_label="insert").count() == 62  # type: ignore[attr-defined]


def test_command_lists_every_problem(tmp_path: Path, documents: Documents) -> None:
    (tmp_path / "education.yaml").write_text("topics: [", encoding="utf-8")
    with pytest.raises(CommandError, match="Nothing was written: the knowledge has 1 problem"):
        call_command("load_knowledge", folder=tmp_path)
    with pytest.raises(CommandError, match="is not a folder"):
        call_command("load_knowledge", folder=tmp_path / "nowhere")


def test_command_says_what_it_kept() -> None:
    Technique.objects.filter(key="mt_mwm").update(aim="our words")
    out = StringIO()
    call_command("load_knowledge", stdout=out)
    assert "0 created, 0 updated, 430 unchanged" in out.getvalue()
    assert "- techniques.yaml: mt_mwm: aim: here 'our words'" in out.getvalue()


def test_rows_from_before_a_field_was_shipped_are_not_taken_for_edited(documents: Documents) -> None:
    """``patient_text`` came later: rows without it carry the fingerprint of their old text."""
    row = RootCause.objects.get(key="foot_mechanics")
    old = {**_codec_entry(row), "patient_text": ""}
    RootCause.objects.filter(pk=row.pk).update(patient_text="", shipped_hash=fingerprint(old))

    report = load_documents(documents)

    assert (report.updated, report.kept) == (1, [])
    assert RootCause.objects.get(pk=row.pk).patient_text.startswith("Your foot tires")


def _codec_entry(row: RootCause) -> dict[str, object]:
    codec = RootCauseCodec()
    return codec.canonical(codec.fragment(row))

"""Broken documents: every mistake is named with its file and path, all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plans.knowledge.documents import Documents, KnowledgeError, documents_from_files
from plans.knowledge.parse import parse

Change = Callable[[Documents], Any]


def exercise(documents: Documents, key: str) -> dict[str, Any]:
    return next(row for row in documents.exercises["exercises"] if row["key"] == key)


def set_in(data: Any, *path: Any, to: Any) -> None:
    for step in path[:-1]:
        data = data[step]
    data[path[-1]] = to


CASES: list[tuple[str, Change, list[str]]] = [
    (
        "unknown exercise in a cause",
        lambda d: set_in(d.root_causes, "root_causes", 3, "exercises", "phase2", 1, to="x"),
        ["root_causes.yaml: root_causes[3].exercises.phase2[1]: unknown exercise 'x'"],
    ),
    (
        "exercise in a phase it is not made for",
        lambda d: set_in(d.root_causes, "root_causes", 0, "exercises", "phase1", 0, to="hip_thrust"),
        ["root_causes.yaml: root_causes[0].exercises.phase1[0]: 'hip_thrust' is not used in phase 1"],
    ),
    (
        "unknown finding as evidence",
        lambda d: set_in(
            d.root_causes, "root_causes", 0, "evidence", "supporting", 1, "finding", to="posture.pelvic_drop"
        ),
        ["root_causes.yaml: root_causes[0].evidence.supporting[1]: unknown finding 'posture.pelvic_drop'"],
    ),
    (
        "value outside the scale",
        lambda d: set_in(d.root_causes, "root_causes", 0, "evidence", "required", 1, "any_of", 0, "value", to=7),
        [
            "root_causes.yaml: root_causes[0].evidence.required[1].any_of[0]: value 7 is not possible for "
            "'mmt.gluteus_maximus' (must be between 0 and 5)"
        ],
    ),
    (
        "word that is no choice",
        lambda d: set_in(d.root_causes, "root_causes", 0, "evidence", "supporting", 7, "value", to="liftng"),
        [
            "root_causes.yaml: root_causes[0].evidence.supporting[7]: value 'liftng' is not possible for "
            "'hist.aggravating' (What makes it worse: 'liftng' is not one of the choices.)"
        ],
    ),
    (
        "order asked of a word",
        lambda d: set_in(d.techniques, "techniques", 1, "gate", 0, "op", to="<"),
        ["techniques.yaml: techniques[1].gate[0]: 'hist.irritability' has no order: operator '<' cannot be used"],
    ),
    (
        "evidence against with a positive weight",
        lambda d: set_in(d.root_causes, "root_causes", 0, "evidence", "against", 0, "weight", to=3),
        ["root_causes.yaml: root_causes[0].evidence.against[0].weight: 3 must be below 0"],
    ),
    (
        "thresholds that do not rise",
        lambda d: set_in(d.root_causes, "root_causes", 2, "evidence", "thresholds", "probable", to=12),
        ["root_causes.yaml: root_causes[2].evidence.thresholds: must rise: possible 5, probable 12, strong 10"],
    ),
    (
        "unknown red flag that blocks a cause",
        lambda d: set_in(d.root_causes, "root_causes", 6, "blocked_by_flags", 0, to="dissection"),
        ["root_causes.yaml: root_causes[6].blocked_by_flags[0]: unknown red flag 'dissection'"],
    ),
    (
        "goal on an unknown metric",
        lambda d: set_in(d.root_causes, "root_causes", 0, "goals", 4, "metric", to="func.psfs"),
        ["root_causes.yaml: root_causes[0].goals[4]: unknown finding 'func.psfs'"],
    ),
    (
        "missing dose of a phase",
        lambda d: exercise(d, "pelvic_tilt_supine")["dosage"].pop("phase2"),
        [
            "exercises.yaml: exercises[0].dosage.phase2: 'pelvic_tilt_supine' is used in phase 2 "
            "but has no dosage for it"
        ],
    ),
    (
        "dose outside the allowed range",
        lambda d: set_in(d.exercises, "exercises", 0, "dosage", "phase1", "hold_s", to=500),
        ["exercises.yaml: exercises[0].dosage.phase1: hold_s 500 is outside 0-120"],
    ),
    (
        "progression in a circle",
        lambda d: (
            exercise(d, "knee_to_chest_double").update(progression="knee_to_chest_single"),
            exercise(d, "knee_to_chest_single").update(progression="knee_to_chest_double"),
        ),
        [
            "exercises.yaml: exercises[2].progression: progression runs in a circle: "
            "knee_to_chest_double > knee_to_chest_single > knee_to_chest_double"
        ],
    ),
    (
        "unknown muscle and load tag",
        lambda d: exercise(d, "pelvic_tilt_supine").update(target_muscles=["lumbar"], load_tags=["supin"]),
        [
            "exercises.yaml: exercises[0].target_muscles[0]: unknown muscle 'lumbar'",
            "exercises.yaml: exercises[0].load_tags[0]: unknown load tag 'supin'",
        ],
    ),
    (
        "technique default above its maximum",
        lambda d: set_in(d.techniques, "techniques", 0, "dosage", 0, "default", to=30),
        ["techniques.yaml: techniques[0].dosage[0]: default 30 is above max 20"],
    ),
    (
        "region that does not exist in a condition",
        lambda d: set_in(d.conditions, "conditions", 0, "technique_effects", 1, "regions", 1, to="neck"),
        ["conditions.yaml: conditions[0].technique_effects[1].regions[1]: unknown region 'neck'"],
    ),
    (
        "scope without its regions",
        lambda d: d.conditions["conditions"][0]["technique_effects"][1].pop("regions"),
        [
            "conditions.yaml: conditions[0].technique_effects[1]: scope 'regions' needs regions, "
            "and no other scope has them"
        ],
    ),
    (
        "emergency that does not block",
        lambda d: d.red_flags["red_flags"][0].update(action="flag"),
        [
            "red_flags.yaml: red_flags[0]: action flag cannot remove ALL",
            "red_flags.yaml: red_flags[0]: an emergency must block the plan",
        ],
    ),
    (
        "block that removes only a part",
        lambda d: d.red_flags["red_flags"][0].update(remove_techniques=["mt_mwm"]),
        ["red_flags.yaml: red_flags[0]: action block_plan must remove [ALL] techniques and load tags"],
    ),
    (
        "the same key twice",
        lambda d: d.education["topics"].append(dict(d.education["topics"][0])),
        ["education.yaml: topics[13].key: duplicate key 'ed_hydration'"],
    ),
    (
        "topic without technique, technique without topic",
        lambda d: d.education["topics"][12].update(key="ed_tens"),
        [
            "education.yaml: topics[12].key: 'ed_tens' is not an education technique",
            "education.yaml: topics: education technique 'ed_home_tens' has no topic",
        ],
    ),
    (
        "misspelt key and missing text",
        lambda d: (
            d.techniques["techniques"][2].update(naem="x"),
            d.root_causes["root_causes"][1].pop("label"),
        ),
        [
            "techniques.yaml: techniques[2].naem: Extra inputs are not permitted",
            "root_causes.yaml: root_causes[1].label: Field required",
        ],
    ),
    (
        "derived condition that names an unknown flag",
        lambda d: set_in(
            d.conditions, "meta", "derived_conditions", "dvt_suspected", "when", "finding", to="flag.clot"
        ),
        ["conditions.yaml: meta.derived_conditions.dvt_suspected.when: unknown red flag 'clot'"],
    ),
    (
        "criterion that measures nothing known",
        lambda d: set_in(d.phases, "phases", 0, "exit", 0, "measures", 0, to="pain.nprs"),
        ["phases.yaml: phases[0].exit[0].measures[0]: unknown finding 'pain.nprs'"],
    ),
]


@pytest.mark.parametrize(("change", "problems"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_problem_is_named(documents: Documents, change: Change, problems: list[str]) -> None:
    change(documents)
    with pytest.raises(KnowledgeError) as caught:
        parse(documents)
    assert caught.value.problems == problems


def test_all_problems_at_once(documents: Documents) -> None:
    documents.red_flags["red_flags"][0]["region"] = "back"
    documents.phases["phases"][0]["rpe"] = [6, 2]
    exercise(documents, "pelvic_tilt_supine")["technique"] = "mt_mwm"
    with pytest.raises(KnowledgeError) as caught:
        parse(documents)
    assert caught.value.problems == [
        "red_flags.yaml: red_flags[0].region: unknown region 'back'",
        "exercises.yaml: exercises[0].technique: 'mt_mwm' is not an exercise technique",
        "phases.yaml: phases[0].rpe: 6 is above 2",
    ]
    assert str(caught.value).startswith("3 problems in the knowledge:\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("topics: [", "education.yaml: line 2, column 1: "),
        ("topics: []\ntopics: []\n", "education.yaml: line 2, column 1: the key 'topics' stands twice"),
        ("- a\n- b\n", "education.yaml: must be a mapping"),
        ("meta: {a: 1, a: 2}\n", "education.yaml: line 1, column 14: the key 'a' stands twice"),
    ],
)
def test_file_that_cannot_be_read(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "education.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        documents_from_files(tmp_path)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(problem)


def test_condition_is_stricter_than_the_library(documents: Documents) -> None:
    """An exercise whose own list forgets a condition is still bound by it."""
    exercise(documents, "nordic_lower")["contraindications"].remove("fluoroquinolone_recent")
    bound = parse(documents).exercises["nordic_lower"].contraindications
    assert "fluoroquinolone_recent" in bound


def test_library_adds_to_the_conditions(documents: Documents) -> None:
    row = exercise(documents, "pelvic_tilt_supine")
    row["contraindications"].append("vertigo_active")
    found = parse(documents).exercises["pelvic_tilt_supine"]
    assert "vertigo_active" in found.contraindications
    assert "vertigo_active" not in found.precautions

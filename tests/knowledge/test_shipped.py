"""The shipped knowledge is complete and agrees with itself and with the contraindication table typed by hand."""

from __future__ import annotations

import re

import pytest

from assessments.vocabulary import RED_FLAGS, VOCABULARY
from clinic.anatomy import MUSCLES, REGIONS
from plans.knowledge.documents import shipped_documents
from plans.knowledge.parse import content_hash, parse, read_documents, shipped_knowledge
from plans.knowledge.stricter import additions
from tests.safety import matrix
from tests.safety.matrix import Entry


def test_counts() -> None:
    knowledge = shipped_knowledge()
    counts = {
        "regions": len(REGIONS),
        "muscles": len(MUSCLES),
        "conditions": len(knowledge.conditions),
        "red flags": len(knowledge.red_flags),
        "techniques": len(knowledge.techniques),
        "exercises": len(knowledge.exercises),
        "root causes": len(knowledge.root_causes),
        "phases": len(knowledge.phases),
        "education": len(knowledge.education),
        "criteria": sum(len(phase.exit) for phase in knowledge.phases.values()),
        "effects": sum(len(condition.technique_effects) for condition in knowledge.conditions.values()),
        "doses": sum(len(technique.dose) for technique in knowledge.techniques.values()),
    }
    assert counts == {
        "regions": 28,
        "muscles": 55,
        "conditions": 94,
        "red flags": 62,
        "techniques": 51,
        "exercises": 126,
        "root causes": 40,
        "phases": 3,
        "education": 13,
        "criteria": 27,
        "effects": 252,
        "doses": 160,
    }


def test_same_content_same_revision() -> None:
    assert shipped_knowledge().revision == content_hash(shipped_documents())[:12]
    assert parse(shipped_documents(), revision="7").revision == "7"
    assert shipped_knowledge() is shipped_knowledge()


def test_every_name_for_people_is_english() -> None:
    """No label is a bare key, and no choice of the vocabulary shows an underscore."""
    labels = [field.label for field in VOCABULARY.values()]
    labels += [choice.label for field in VOCABULARY.values() for choice in field.choices]
    labels += [flag.label for flag in RED_FLAGS.values()]
    labels += [condition.label for condition in shipped_knowledge().conditions.values()]
    assert [label for label in labels if "_" in label or not label[:1].strip()] == []


def test_every_condition_is_asked_so_that_yes_means_it_is_present() -> None:
    asks = {condition.key: condition.ask for condition in shipped_knowledge().conditions.values()}
    assert [key for key, ask in asks.items() if not ask.rstrip().endswith(("?", "Where?", "Which?"))] == []
    assert asks["unable_floor_transfer"].startswith("Is it impossible")


def test_library_lists_already_hold_what_the_conditions_demand() -> None:
    parsed = read_documents(shipped_documents())
    assert additions(parsed.exercises.exercises, parsed.conditions.conditions) == []


@pytest.mark.hazard("H-03")
def test_effects_agree_with_the_table_by_technique() -> None:
    """The same facts were written down twice, by condition and by technique; both must say the same."""
    shipped: dict[str, set[Entry]] = {key: set() for key in shipped_knowledge().techniques}
    for condition in shipped_knowledge().conditions.values():
        for effect in condition.technique_effects:
            level = {"contraindicated": "never", "precaution": "care"}[effect.level]
            scope = "recorded" if effect.scope == "at_region" else effect.scope
            liftable = level == "never" and effect.override != "none"
            for technique in effect.techniques:
                shipped[technique].add(Entry(condition.key, level, scope, frozenset(effect.regions), liftable))
    typed = {key: set(entries) for key, entries in matrix.techniques().items()}
    assert {key: typed[key] ^ shipped[key] for key in shipped if typed[key] != shipped[key]} == {}


@pytest.mark.hazard("H-01")
def test_red_flags_block_what_they_say() -> None:
    knowledge = shipped_knowledge()
    emergencies = [flag for flag in knowledge.red_flags.values() if flag.disposition == "emergency_now"]
    assert len(emergencies) == 28
    assert {flag.action for flag in emergencies} == {"block_plan"}
    assert knowledge.red_flags["stress_fracture"].scope == "at_region"
    assert knowledge.red_flags["dizziness_neck"].remove_load_tags == ("cerv_end",)


def test_every_cause_is_explained_to_the_patient() -> None:
    """Second person, no more than three lines on a phone, and no word that only a clinician uses."""
    jargon = re.compile(
        r"lumbar|flexi|extens|trapezius|levator|glute|rotator|segment|muscle tone|radicul|deficit", re.I
    )
    for cause in shipped_knowledge().root_causes.values():
        text = cause.patient_text
        assert 40 <= len(text) <= 200, cause.key
        assert re.search(r"\b(you|your)\b", text, re.I), cause.key
        assert not jargon.search(text), (cause.key, text)

"""What counts as stricter only: every other difference waits for the second person."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from plans.knowledge.documents import shipped_documents
from plans.knowledge.tightening import looser_parts

EFFECT = {
    "techniques": ["mt_a"],
    "level": "precaution",
    "scope": "regions",
    "regions": ["knee"],
    "override": "medical approval",
    "reason": "r",
    "modification": "",
    "source": "",
}


def state(entry: dict[str, Any], *, active: bool = True, order: int = 0) -> dict[str, Any]:
    return {"entry": entry, "active": active, "order": order}


def effects(**changes: Any) -> dict[str, Any]:
    return {"technique_effects": [EFFECT | changes]}


@pytest.mark.hazard("H-12")
@pytest.mark.parametrize(
    ("list_name", "before", "after", "looser"),
    [
        ("conditions", {"avoid_load_tags": ["a"]}, {"avoid_load_tags": ["b", "a"]}, ()),
        ("conditions", {"avoid_load_tags": ["a"]}, {"avoid_load_tags": ["b"]}, ("avoid load tags",)),
        ("conditions", {"tag_scope": "at_region"}, {"tag_scope": "anywhere"}, ()),
        ("conditions", {"tag_scope": "anywhere"}, {"tag_scope": "at_region"}, ("tag scope",)),
        ("conditions", effects(), {"technique_effects": [EFFECT, EFFECT | {"techniques": ["mt_b"]}]}, ()),
        ("conditions", effects(), {"technique_effects": []}, ("technique effects",)),
        ("conditions", effects(), effects(level="contraindicated", override="none"), ()),
        ("conditions", effects(level="contraindicated"), effects(), ("technique effects",)),
        ("conditions", effects(), effects(techniques=["mt_a", "mt_b"], regions=["knee", "hip"]), ()),
        ("conditions", effects(), effects(regions=["hip"]), ("technique effects",)),
        ("conditions", effects(), effects(scope="anywhere", regions=[]), ()),
        ("conditions", effects(scope="anywhere", regions=[]), effects(), ("technique effects",)),
        ("conditions", effects(), effects(override="a colleague agrees"), ("technique effects",)),
        ("conditions", {"label": "a"}, {"label": "b"}, ("label",)),
        ("exercises", {"precautions": []}, {"precautions": ["x"]}, ()),
        ("exercises", {"precautions": ["x"]}, {"precautions": []}, ("precautions",)),
        ("exercises", {"phases": [1, 2]}, {"phases": [2]}, ("phases",)),
        ("red_flags", {"remove_techniques": ["a"]}, {"remove_techniques": ["a", "b"]}, ()),
        ("phases", {"exercise_ceiling": 4}, {"exercise_ceiling": 3}, ()),
        ("phases", {"exercise_ceiling": 4}, {"exercise_ceiling": 5}, ("exercise ceiling",)),
        ("region_restrictions", {"level": "precaution"}, {"level": "contraindicated"}, ()),
        ("region_restrictions", {"level": "contraindicated"}, {"level": "precaution"}, ("level",)),
        ("region_restrictions", {"override": "doctor"}, {"override": ""}, ()),
        ("region_restrictions", {"override": ""}, {"override": "doctor"}, ("override",)),
        ("techniques", {"verify": False}, {"verify": True}, ()),
        ("techniques", {"verify": True}, {"verify": False}, ("verify",)),
        ("techniques", {"dosage": [1]}, {"dosage": []}, ("dosage",)),
    ],
)
def test_entries(list_name: str, before: dict[str, Any], after: dict[str, Any], looser: tuple[str, ...]) -> None:
    assert looser_parts(list_name, state(before), state(after)) == looser


def test_use_order_and_new_rows() -> None:
    assert looser_parts("exercises", state({}), state({}, active=False)) == ()
    assert looser_parts("exercises", state({}, active=False), state({})) == ("in use",)
    assert looser_parts("root_causes", state({}), state({}, active=False)) == ("in use",)
    assert looser_parts("exercises", state({}), state({}, order=3)) == ("order",)
    assert looser_parts("region_restrictions", None, state({})) == ()
    assert looser_parts("exercises", None, state({})) == ("a new row",)


@pytest.mark.hazard("H-12")
def test_taking_any_effect_of_the_shipped_conditions_away_is_looser() -> None:
    for condition in shipped_documents().conditions["conditions"]:
        for index in range(len(condition["technique_effects"])):
            full = deepcopy(condition)
            for effect in full["technique_effects"]:
                effect.setdefault("regions", [])
            less = deepcopy(full)
            gone = less["technique_effects"].pop(index)
            left = [e for e in less["technique_effects"] if e == gone]
            assert looser_parts("conditions", state(less), state(full)) == ()
            if not left and not _covered(gone, less["technique_effects"]):
                assert looser_parts("conditions", state(full), state(less)) == ("technique effects",), condition["key"]


def _covered(effect: dict[str, Any], others: list[dict[str, Any]]) -> bool:
    """Another effect says at least as much; then the list without this one is no looser."""
    return any(set(effect["techniques"]) <= set(other["techniques"]) for other in others)

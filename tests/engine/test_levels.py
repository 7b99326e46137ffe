"""The level an excluded item is shown with, and whether only the floor stands against it."""

import pytest

from plans.engine.draft import Reason
from plans.engine.eligibility import Failure
from plans.engine.exclude import _safety
from plans.engine.index import FLOOR_CONDITION
from plans.engine.screen import Block, only_floor

WHY = Reason("conditions", "text")
FLOOR = Block("contraindicated", "condition", FLOOR_CONDITION, WHY)
OTHER = Block("contraindicated", "condition", "other", WHY)
CARE = Block("precaution", "condition", "other", WHY)


@pytest.mark.parametrize(
    ("rule", "blocks", "override", "level"),
    [
        ("conditions", (OTHER,), "", "blocked_absolute"),
        ("conditions", (OTHER,), "physician", "blocked_overridable"),
        ("conditions", (CARE,), "", "clear"),
        ("relevance", (), "", "clear"),
        ("incomplete", (OTHER,), "", "unknown"),
    ],
)
def test_the_level_of_an_excluded_item(rule: str, blocks: tuple[Block, ...], override: str, level: str) -> None:
    assert _safety(Failure(rule, WHY, blocks), override) == level


@pytest.mark.parametrize(
    ("blocks", "only"),
    [((), False), ((CARE,), False), ((FLOOR,), True), ((FLOOR, CARE), True), ((FLOOR, OTHER), False)],
)
def test_only_the_floor(blocks: tuple[Block, ...], only: bool) -> None:
    assert only_floor(blocks) is only

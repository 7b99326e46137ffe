"""A side is named only where one side works at a time."""

from __future__ import annotations

import pytest

from exercises.sides import side_to_say
from plans.knowledge.parse import shipped_knowledge


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("levator_stretch", "right"),
        ("hip_flexor_kneel_stretch", "right"),
        ("sciatic_slider", "right"),
        ("bridge_single", "right"),
        ("clam", "right"),
        ("bridge_double", ""),
        ("cat_camel", ""),
        ("pelvic_tilt_supine", ""),
        ("desk_break", ""),
        ("walk_programme", ""),
    ],
)
def test_the_side_of_shipped_exercises(key: str, said: str) -> None:
    exercise = shipped_knowledge().exercises[key]

    side = side_to_say(
        "right",
        technique=exercise.technique,
        region=exercise.region,
        position=exercise.position,
        load_tags=exercise.load_tags,
    )

    assert side == said

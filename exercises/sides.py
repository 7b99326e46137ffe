"""Whether naming a side helps the person who does an exercise. Pure."""

from __future__ import annotations

from collections.abc import Collection

# One side at a time by their nature; everything else is only when its load says so.
ONE_SIDED_TECHNIQUES = ("ex_static_stretch", "ex_contract_relax", "ex_neural_glide")
ONE_SIDED_TAG = "asym_single_leg"
ONE_SIDED_POSITION = "side_lying"


def side_to_say(side: str, *, technique: str, region: str, position: str, load_tags: Collection[str]) -> str:
    """The side to name, or "" for an exercise that works both sides at once.

    A plan gives each item the side of the complaint, also a bridge or a cat-camel. "Right side" beside those would
    mislead, so it is said only for stretches, glides, single-leg work and what is done lying on one side.
    """
    if region == "whole_body":
        return ""
    one_sided = technique in ONE_SIDED_TECHNIQUES or ONE_SIDED_TAG in load_tags or position == ONE_SIDED_POSITION
    return side if one_sided else ""

"""Body regions, sides, muscles and limb chains: the vocabulary that every other package shares.

Read once from ``clinic/vocabulary/anatomy.yaml``. Pure: no Django, so that the plan engine may use it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinic.vocabulary import read_yaml

VOCABULARY_FILE = Path(__file__).parent / "vocabulary" / "anatomy.yaml"


@dataclass(frozen=True, slots=True)
class Muscle:
    """A muscle or muscle group. `bilateral` False means that it is recorded in the midline."""

    key: str
    label: str
    region: str
    mmt: bool  # a strength grade is recorded
    trp: bool  # trigger points are commonly charted
    bilateral: bool
    root: str
    action: str


def _read() -> dict[str, Any]:
    data: dict[str, Any] = read_yaml(VOCABULARY_FILE)
    return data


def _muscle(row: Mapping[str, Any]) -> Muscle:
    return Muscle(
        key=row["key"],
        label=row["label"],
        region=row["region"],
        mmt=row["mmt"],
        trp=row["trp"],
        bilateral=row["side"] == "bilateral",
        root=row["root"],
        action=row["action"],
    )


_DATA = _read()

REGIONS: Mapping[str, str] = {row["key"]: row["label"] for row in _DATA["regions"]}
SIDES: Mapping[str, str] = {row["key"]: row["label"] for row in _DATA["sides"]}
REGION_CHOICES: list[tuple[str, str]] = list(REGIONS.items())
SIDE_CHOICES: list[tuple[str, str]] = list(SIDES.items())
MUSCLES: Mapping[str, Muscle] = {row["key"]: _muscle(row) for row in _DATA["muscles"]}
MUSCLE_CHOICES: list[tuple[str, str]] = [(muscle.key, muscle.label) for muscle in MUSCLES.values()]
LIMB_CHAINS: Mapping[str, tuple[str, ...]] = {key: tuple(regions) for key, regions in _DATA["limb_chains"].items()}
LIMB_REGIONS: frozenset[str] = frozenset(LIMB_CHAINS["lower_limb"] + LIMB_CHAINS["upper_limb"])
RANGE_PREFIXES: Mapping[str, str] = _DATA["range_prefixes"]


def region_label(key: str) -> str:
    """The name of a region; an unknown key is shown as it is."""
    return REGIONS.get(key, key)


def range_region(key: str) -> str:
    """The region of a joint-range key by its prefix: ``cerv_rotation`` -> ``cervical``.

    Raises KeyError when the prefix is unknown.
    """
    return RANGE_PREFIXES[key.partition("_")[0]]


def sided(region: str) -> bool:
    """True when left and right are compared in this region (limbs only, conditions reference, side rule)."""
    return region in LIMB_REGIONS

"""Which of Kineplan's body regions each shape of the body picture stands for.

The picture names muscles and labels sides as the viewer sees them; Kineplan names regions and means the patient's own
side. Everything here is in the picture's own coordinates, relative to the bounding box of the whole body: x runs from
0 (viewer's left) to 1, y from 0 (crown) to 1 (sole).
"""

from __future__ import annotations

from dataclasses import dataclass

FRONT: dict[str, str] = {
    "abs": "abdomen",
    "adductors": "thigh_medial",
    "ankles": "ankle",
    "biceps": "upper_arm",
    "calves": "shin",
    "chest": "chest_anterior",
    "deltoids": "shoulder",
    "feet": "foot",
    "forearm": "forearm",
    "hair": "",
    "hands": "wrist_hand",
    "head": "head_face",
    "knees": "knee",
    "neck": "cervical_anterior",
    "obliques": "abdomen",
    "quadriceps": "thigh_anterior",
    "tibialis": "shin",
    "trapezius": "cervical",
    "triceps": "upper_arm",
}

BACK: dict[str, str] = {
    "adductors": "thigh_medial",
    "ankles": "ankle",
    "calves": "calf",
    "deltoids": "shoulder",
    "feet": "foot",
    "forearm": "forearm",
    "gluteal": "buttock",
    "hair": "",
    "hamstring": "thigh_posterior",
    "hands": "wrist_hand",
    "head": "head_face",
    "lower-back": "lumbar",
    "neck": "cervical",
    "trapezius": "thoracic",
    "triceps": "upper_arm",
    "upper-back": "scapular",
}


@dataclass(frozen=True)
class Spot:
    """A region without a muscle of its own: an ellipse placed on the picture."""

    region: str
    x: float
    y: float
    rx: float
    ry: float
    midline: bool = False


# Distances as a share of body height: ``x`` from the midline, ``y`` from the crown.
SPOTS: dict[tuple[str, str], tuple[Spot, ...]] = {
    ("male", "front"): (
        Spot("jaw_tmj", 0.037, 0.097, 0.009, 0.012),
        Spot("elbow", 0.139, 0.335, 0.017, 0.018),
        Spot("hip_groin", 0.054, 0.460, 0.021, 0.022),
        Spot("pelvic_floor", 0.0, 0.512, 0.014, 0.012, midline=True),
        Spot("thigh_lateral", 0.087, 0.560, 0.010, 0.055),
    ),
    ("male", "back"): (
        Spot("elbow", 0.137, 0.352, 0.016, 0.018),
        Spot("sacroiliac_pelvis", 0.024, 0.446, 0.016, 0.022),
        Spot("thigh_lateral", 0.087, 0.580, 0.010, 0.055),
    ),
    ("female", "front"): (
        Spot("jaw_tmj", 0.037, 0.143, 0.009, 0.012),
        Spot("elbow", 0.116, 0.350, 0.015, 0.016),
        Spot("hip_groin", 0.055, 0.462, 0.020, 0.021),
        Spot("pelvic_floor", 0.0, 0.502, 0.013, 0.011, midline=True),
        Spot("thigh_lateral", 0.079, 0.575, 0.009, 0.055),
    ),
    ("female", "back"): (
        Spot("elbow", 0.109, 0.350, 0.015, 0.016),
        Spot("sacroiliac_pelvis", 0.025, 0.450, 0.016, 0.022),
        Spot("thigh_lateral", 0.079, 0.605, 0.009, 0.050),
        Spot("ankle", 0.027, 0.957, 0.012, 0.013),
    ),
}

# Regions that are one, whatever side a shape of theirs lies on.
WHOLE: frozenset[str] = frozenset({"head_face"})


def refine(view: str, slug: str, y: float) -> str:
    """Return a region that depends on the height of a shape as well as on its muscle; empty when it does not.

    The picture draws the shoulder-blade muscles and the broad back muscle under one name, and likewise the muscles
    over the lower ribs and those of the flank. ``y`` is the middle of the shape as a share of body height.
    """
    if view == "back" and slug == "upper-back" and y > 0.3:
        return "thoracic"
    if view == "front" and slug == "obliques" and y < 0.342:
        return "chest_anterior"
    return "head_face" if view == "back" and slug == "hair" else ""

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
        Spot("jaw_tmj", 0.033, 0.088, 0.011, 0.014),
        Spot("elbow", 0.135, 0.345, 0.020, 0.022),
        Spot("hip_groin", 0.055, 0.462, 0.024, 0.026),
        Spot("pelvic_floor", 0.0, 0.520, 0.016, 0.013, midline=True),
        Spot("thigh_lateral", 0.098, 0.560, 0.012, 0.060),
    ),
    ("male", "back"): (
        Spot("elbow", 0.135, 0.345, 0.020, 0.022),
        Spot("sacroiliac_pelvis", 0.028, 0.455, 0.020, 0.026),
        Spot("thigh_lateral", 0.098, 0.560, 0.012, 0.060),
    ),
    ("female", "front"): (
        Spot("jaw_tmj", 0.030, 0.110, 0.011, 0.014),
        Spot("elbow", 0.130, 0.350, 0.018, 0.020),
        Spot("hip_groin", 0.055, 0.470, 0.024, 0.026),
        Spot("pelvic_floor", 0.0, 0.500, 0.016, 0.013, midline=True),
        Spot("thigh_lateral", 0.098, 0.560, 0.012, 0.060),
    ),
    ("female", "back"): (
        Spot("elbow", 0.130, 0.350, 0.018, 0.020),
        Spot("sacroiliac_pelvis", 0.028, 0.455, 0.020, 0.026),
        Spot("thigh_lateral", 0.098, 0.560, 0.012, 0.060),
    ),
}


def refine(view: str, slug: str, x: float, y: float) -> str:
    """Return a region that depends on where a shape lies rather than on its muscle; empty when it does not."""
    return ""

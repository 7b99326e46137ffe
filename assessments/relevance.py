"""Which rows a body region asks for first. Pure. Everything else stays one tap away."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from assessments.vocabulary import VocabularyField
from clinic.anatomy import MUSCLES

# A region and the neighbours that are examined with it (clinic convention; the rest is behind "show all").
NEIGHBOURS: Mapping[str, tuple[str, ...]] = {
    "head_face": ("cervical", "jaw_tmj"),
    "jaw_tmj": ("cervical", "head_face"),
    "cervical": ("cervical_anterior", "scapular", "thoracic", "chest_anterior", "shoulder"),
    "cervical_anterior": ("cervical",),
    "thoracic": ("cervical", "scapular", "chest_anterior", "lumbar"),
    "chest_anterior": ("thoracic", "scapular", "shoulder"),
    "scapular": ("cervical", "thoracic", "chest_anterior", "shoulder"),
    "shoulder": ("scapular", "cervical", "chest_anterior", "upper_arm", "thoracic"),
    "upper_arm": ("shoulder", "elbow"),
    "elbow": ("upper_arm", "forearm"),
    "forearm": ("elbow", "wrist_hand"),
    "wrist_hand": ("forearm",),
    "lumbar": ("abdomen", "buttock", "hip_groin", "thigh_anterior", "thigh_posterior", "sacroiliac_pelvis"),
    "sacroiliac_pelvis": ("lumbar", "buttock", "hip_groin", "thigh_medial", "pelvic_floor"),
    "abdomen": ("lumbar", "hip_groin"),
    "pelvic_floor": ("abdomen", "hip_groin", "sacroiliac_pelvis", "thigh_medial"),
    "buttock": ("lumbar", "hip_groin", "thigh_posterior", "thigh_lateral", "sacroiliac_pelvis"),
    "hip_groin": ("buttock", "lumbar", "abdomen", "thigh_anterior", "thigh_medial", "thigh_lateral"),
    "thigh_anterior": ("hip_groin", "knee"),
    "thigh_posterior": ("buttock", "hip_groin", "knee", "lumbar"),
    "thigh_medial": ("hip_groin", "knee"),
    "thigh_lateral": ("hip_groin", "buttock", "knee"),
    "knee": ("thigh_anterior", "thigh_posterior", "hip_groin", "calf", "shin", "ankle"),
    "calf": ("shin", "ankle", "foot", "knee"),
    "shin": ("calf", "ankle", "foot", "knee"),
    "ankle": ("calf", "shin", "foot", "knee"),
    "foot": ("ankle", "calf", "shin"),
}
TRUNK_LEG = ("lumbar", "sacroiliac_pelvis", "buttock", "thigh_posterior", "thigh_anterior", "thigh_medial")
NECK_ARM = ("cervical", "scapular", "thoracic", "shoulder", "upper_arm", "elbow", "forearm", "wrist_hand")
HIP = ("hip_groin", "buttock", "lumbar", "sacroiliac_pelvis", "thigh_lateral", "thigh_medial")
LOWER_LEG = ("calf", "shin", "ankle", "foot", "knee")
_NECK_TESTS: tuple[str, ...] = (
    "spurling",
    "cervical_distraction_relief",
    "ultt_median",
    "radic_cluster_count",
    "myelopathy_cluster_count",
    "canadian_cspine_high_risk",
)
_LEG_TESTS = ("thompson", "wells_dvt", "pedal_pulses_reduced", "calf_girth_diff_cm", "stretch_relief")
_BONE_TESTS = ("focal_bone_tenderness", "hop_pain", "fulcrum_pain", "ottawa_ankle_positive")
_SPECIAL: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_NECK_TESTS, NECK_ARM),
    **dict.fromkeys(_LEG_TESTS, LOWER_LEG),
    **dict.fromkeys(_BONE_TESTS, (*LOWER_LEG, "hip_groin", "thigh_anterior")),
    "cough_impulse": (*TRUNK_LEG, *NECK_ARM),
    "percussion_pain": ("thoracic", "lumbar", "sacroiliac_pelvis"),
    "trendelenburg": HIP,
    "faber_pain": HIP,
    "fadir_pain": HIP,
    "deep_gluteal_test": HIP,
}
_POSTURE: dict[str, tuple[str, ...]] = {
    "head_neck": ("head_face", "jaw_tmj", "cervical", "scapular", "thoracic", "shoulder"),
    "shoulder_girdle": ("cervical", "scapular", "thoracic", "shoulder", "upper_arm", "chest_anterior"),
    "trunk_pelvis": ("thoracic", "abdomen", *TRUNK_LEG, "hip_groin", "knee"),
    "leg_foot": (*LOWER_LEG, *HIP, "thigh_anterior", "thigh_posterior"),
}


def near(regions: Collection[str]) -> frozenset[str]:
    """The regions with their neighbours."""
    found = set(regions)
    for region in regions:
        found.update(NEIGHBOURS.get(region, ()))
    return frozenset(found)


def is_relevant(field: VocabularyField, regions: Collection[str]) -> bool:
    """Whether a row is shown at once for these symptom regions. Without regions everything is."""
    if not regions or "whole_body" in regions:
        return True
    if field.namespace == "posture":
        return not set(regions).isdisjoint(_POSTURE.get(field.section, ()))
    if field.namespace == "spec":
        return _special(field, regions)
    where = field.region or _muscle_region(field)
    return where is None or where == "whole_body" or where in near(regions)


def _special(field: VocabularyField, regions: Collection[str]) -> bool:
    if field.section in ("vital", "general"):
        return True
    wanted = _SPECIAL.get(field.key, TRUNK_LEG)
    return not set(regions).isdisjoint(wanted)


def _muscle_region(field: VocabularyField) -> str | None:
    muscle = MUSCLES.get(field.muscle or "")
    return muscle.region if muscle else None

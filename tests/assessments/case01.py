"""CASE-01 of the clinical cases as a physiotherapist types it into the page: names and values of the form."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

Pairs = list[tuple[str, str]]
MARK = UUID("00000000-0000-4000-8000-000000000001")

# path -> typed text; sided findings carry the side after a blank, ranges the mode as well.
TYPED: dict[str, str | list[str]] = {
    "hist.height_cm": "178",
    "hist.weight_kg": "84",
    "hist.chief_complaint": "spasm",
    "hist.symptom_duration_days": "4",
    "hist.onset_type": "sudden",
    "hist.mechanism": ["lift"],
    "hist.symptom_quality": ["cramping", "sharp"],
    "hist.spasm_frequency_per_week": "20",
    "hist.irritability": "moderate",
    "hist.night_pain": "positional",
    "hist.morning_stiffness_min": "15",
    "hist.pattern_24h": "worse_with_activity",
    "hist.aggravating": ["lifting", "standing", "bending_forward"],
    "hist.easing": ["lying_down", "heat", "sitting"],
    "hist.job_demand": "heavy",
    "hist.desk_hours_per_day": "2",
    "hist.driving_hours_per_day": "1,5",
    "hist.lifting_max_kg": "25",
    "hist.activity_min_per_week": "60",
    "hist.fluid_intake_l_day": "1,8",
    "hist.urine_colour": "3",
    "hist.sleep_hours": "6.5",
    "hist.stress_0_10": "4",
    "hist.start_back_total": "3",
    "hist.prior_episodes": "2",
    "hist.needle_preference": "accepts",
    "hist.can_floor_transfer": "yes",
    "hist.home_equipment": ["band", "mat"],
    "hist.exercise_time_min_day": "20",
    "pain.nprs_current": "6",
    "pain.nprs_best_24h": "3",
    "pain.nprs_worst_24h": "8",
    "pain.time_to_settle_min": "40",
    "pain.distribution": "local",
    "posture.anterior_pelvic_tilt": "2",
    "posture.increased_lumbar_lordosis": "2",
    "posture.pelvic_drop_gait right": "2",
    "move.hinge_lumbar_flexion": "yes",
    "move.guarded_movement": "yes",
    "mmt.gluteus_maximus right": "4-",
    "mmt.gluteus_medius right": "4-",
    "mmt.quadriceps right": "5",
    "endur.single_leg_bridge_hold right": "12",
    "rom.lum_flexion  active": "33",
    "rom.lum_extension  active": "15",
    "len.thomas_hip right": "14",
    "len.thomas_knee right": "72",
    "palp.lumbar_erectors right": "3",
    "trp.lumbar_erectors right": "active",
    "trp.quadratus_lumborum right": "latent",
    "joint.lumbar_segments right": "hypomobile",
    "spec.trendelenburg right": "yes",
    "spec.slump right": "no",
    "spec.repeated_extension": "no_effect",
    "neuro.single_root_pattern": "no",
    "neuro.umn_any": "no",
}
ACTIVITIES = (("Lifting a crate", "3"), ("Standing at the bench", "4"), ("Driving to work", "3"))


def field_name(place: str) -> str:
    path, side, mode = (*place.split(" "), "", "")[:3]
    return f"f:{path}:{side}:{mode}"


def findings() -> Iterator[tuple[str, Pairs]]:
    """Each finding as a group with the pairs of its form."""
    for place, typed in TYPED.items():
        name = field_name(place)
        yield name, [(name, value) for value in (typed if isinstance(typed, list) else [typed])]


def picture() -> Iterator[tuple[str, Pairs]]:
    """A pointed mark on the right low back, and the buttock chosen from the list."""
    name = f"m:{MARK}"
    values = {"view": "back", "x": "560", "y": "410", "region": "lumbar", "side": "right", "depth": "deep"}
    values |= {"quality": "cramping", "nprs": "6"}
    yield name, [(f"{name}:{key}", value) for key, value in values.items()]
    yield "r:buttock:right", [("r:buttock:right", "1")]


def function() -> Iterator[tuple[str, Pairs]]:
    for position, (activity, score) in enumerate(ACTIVITIES, 1):
        name = f"a:{position}"
        yield name, [(f"{name}:activity", activity), (f"{name}:score", score)]


def everything() -> Iterator[tuple[str, Pairs]]:
    yield from findings()
    yield from picture()
    yield from function()

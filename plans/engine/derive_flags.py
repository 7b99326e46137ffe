"""Red flags that follow from findings (red-flags file, "Flags that follow from findings").

Each rule returns what made it true, or None. None never means "no": the answer to the question still stands.
"""

from collections.abc import Callable, Mapping

from plans.engine.derive_conditions import Derived
from plans.engine.facts import Site
from plans.engine.operators import NOTHING_FOUND
from plans.engine.picture import Picture

SPINE = frozenset({"cervical", "thoracic", "lumbar", "sacroiliac_pelvis"})
HIGH_RISK_BONE_SITES = frozenset({"hip_groin", "ankle", "foot"})
BONE_TESTS = ("spec.focal_bone_tenderness", "spec.hop_pain", "spec.fulcrum_pain")
Rule = Callable[[Picture], Derived | None]


def _simple(path: str, op: str, value: bool | int | float | str) -> Rule:
    def rule(picture: Picture) -> Derived | None:
        if picture.test(path, op, value).state is not True:
            return None
        return Derived(f"{path} {op} {str(value).lower()}", (path,))

    return rule


def _cord_signs(picture: Picture) -> Derived | None:
    if picture.has_condition("umn_spasticity"):
        return None
    found = [p for p in ("neuro.hoffmann", "neuro.inverted_supinator", "neuro.lhermitte") if picture.is_true(p)]
    if not found and picture.is_true("neuro.umn_any") and "cervical" in picture.regions:
        found = ["neuro.umn_any"]
    return Derived("a sign of cord involvement without a known diagnosis", tuple(found)) if found else None


def _new_tone(picture: Picture) -> Derived | None:
    if picture.has_condition("umn_spasticity") or not picture.is_true("neuro.umn_any"):
        return None
    return Derived("an upper-motor-neurone sign without a known diagnosis", ("neuro.umn_any",))


def _dissection(picture: Picture) -> Derived | None:
    near = [r for r in picture.regions if r in ("cervical", "head_face")]
    if not near or not picture.is_true("neuro.cranial_nerve_sign"):
        return None
    return Derived("a cranial-nerve sign with neck or head symptoms", ("neuro.cranial_nerve_sign",))


def _ankle_fracture(picture: Picture) -> Derived | None:
    path = "spec.ottawa_ankle_positive"
    if not picture.is_true(path):
        return None
    sites = _recorded_sites(picture, (path,), frozenset({"ankle", "foot"}))
    return Derived("Ottawa rules positive", (path,), sites)


def _fragility(picture: Picture) -> Derived | None:
    path = "spec.percussion_pain"
    if not picture.is_true(path) or not _over_spine(picture, path):
        return None
    risks = [f"cond.{key}" for key in ("osteoporosis", "corticosteroid_long_term") if picture.has_condition(key)]
    if (picture.number("hist.age_years") or 0) >= 70:
        risks.append("hist.age_years")
    return Derived("percussion pain over the spine with a risk of fragility", (path, *risks)) if risks else None


def _over_spine(picture: Picture, path: str) -> bool:
    finding = picture.recorded(path)
    if finding is not None and finding.region is not None:
        return finding.region in SPINE
    return not SPINE.isdisjoint(picture.regions)


def _night_pain(picture: Picture) -> Derived | None:
    days = picture.number("hist.symptom_duration_days")
    if picture.value("hist.night_pain") != "unremitting" or days is None or days < 14:
        return None
    return Derived("unremitting night pain for two weeks or more", ("hist.night_pain", "hist.symptom_duration_days"))


def _motor_neurone(picture: Picture) -> Derived | None:
    if picture.value("hist.fasciculation") != "widespread":
        return None
    levels = [entry for entry in picture.choices("neuro.myotome_deficit") if entry not in NOTHING_FOUND]
    found = (["neuro.wasting"] if picture.is_true("neuro.wasting") else []) + (
        ["neuro.myotome_deficit"] if levels else []
    )
    return Derived("widespread twitching with weakness or wasting", ("hist.fasciculation", *found)) if found else None


def _bone_stress(picture: Picture) -> tuple[str, ...]:
    """The findings that speak for a bone stress injury, with loading in the history; empty when they do not."""
    tests = [path for path in BONE_TESTS if picture.is_true(path)]
    history = [
        path
        for path, holds in (
            ("hist.aggravating", "running" in picture.choices("hist.aggravating")),
            ("hist.mechanism", "sprint" in picture.choices("hist.mechanism")),
            ("hist.load_change_pct", (picture.number("hist.load_change_pct") or 0) >= 30),
        )
        if holds
    ]
    return (*tests, *history) if tests and history else ()


def _bone_sites(picture: Picture) -> tuple[Site, ...]:
    lower = frozenset(picture.index.knowledge.anatomy.limb_chains.get("lower_limb", ()))
    return _recorded_sites(picture, BONE_TESTS, lower)


def _answered_bone_flag(picture: Picture) -> str | None:
    for key in ("stress_fracture_high_risk", "stress_fracture"):
        fact = picture.facts.flags.get(key)
        if fact is not None and fact.state == "true":
            return key
    return None


def _stress_fracture(picture: Picture) -> Derived | None:
    inputs = _bone_stress(picture)
    if not inputs or _is_high_risk(picture):
        return None
    return Derived("focal bone pain with running, jumping or a load spike", inputs, _bone_sites(picture))


def _stress_fracture_high_risk(picture: Picture) -> Derived | None:
    inputs = _bone_stress(picture)
    if not inputs or not _is_high_risk(picture):
        return None
    sites = tuple(s for s in _bone_sites(picture) if s.region in HIGH_RISK_BONE_SITES)
    return Derived("focal bone pain at a place where a high-risk site cannot be ruled out", inputs, sites)


def _is_high_risk(picture: Picture) -> bool:
    """The answer decides when one was given; else a place with high-risk sites counts as high risk."""
    answered = _answered_bone_flag(picture)
    if answered is not None:
        return answered == "stress_fracture_high_risk"
    return any(site.region in HIGH_RISK_BONE_SITES for site in _bone_sites(picture))


def _claudication(picture: Picture) -> Derived | None:
    walking = "walking" in picture.choices("hist.aggravating") and "rest" in picture.choices("hist.easing")
    if not walking or not picture.is_true("spec.pedal_pulses_reduced"):
        return None
    return Derived("weak foot pulses with pain on walking that rest eases", ("spec.pedal_pulses_reduced",))


def _pressure(picture: Picture, systolic: float, diastolic: float) -> tuple[str, ...]:
    limits = (("spec.bp_systolic", systolic), ("spec.bp_diastolic", diastolic))
    return tuple(path for path, limit in limits if (picture.number(path) or 0) >= limit)


def _blood_pressure(picture: Picture) -> Derived | None:
    found = _pressure(picture, 180, 110)
    return Derived("resting blood pressure at or above 180/110", found) if found else None


def _moderate_pressure(picture: Picture) -> Derived | None:
    found = _pressure(picture, 160, 100)
    if not found or _pressure(picture, 180, 110):
        return None
    return Derived("resting blood pressure 160-179 or 100-109", found)


def _recorded_sites(picture: Picture, paths: tuple[str, ...], wanted: frozenset[str]) -> tuple[Site, ...]:
    """Region recorded with the findings, else the symptom sites among the regions wanted."""
    recorded = []
    for path in paths:
        finding = picture.recorded(path)
        if finding is not None and finding.region is not None and picture.is_true(path):
            recorded += [Site(finding.region, r.side) for r in finding.readings if r.value is True]
    return tuple(recorded) or tuple(site for site in picture.sites if site.region in wanted)


FLAG_RULES: Mapping[str, Rule] = {
    "ces_saddle": _simple("neuro.saddle_sensation_reduced", "==", True),
    "progressive_motor_loss": _simple("neuro.progressive_deficit", "==", True),
    "cord_signs": _cord_signs,
    "new_tone": _new_tone,
    "arterial_dissection": _dissection,
    "fracture_high_energy": _simple("spec.canadian_cspine_high_risk", "==", True),
    "fracture_suspected": _ankle_fracture,
    "fracture_fragility": _fragility,
    "dvt": _simple("spec.wells_dvt", ">=", 2),
    "tendon_rupture": _simple("spec.thompson", "==", True),
    "night_pain_unremitting": _night_pain,
    "systemic_unwell": _simple("spec.temp_c", ">=", 38),
    "mnd_pattern": _motor_neurone,
    "stress_fracture": _stress_fracture,
    "stress_fracture_high_risk": _stress_fracture_high_risk,
    "vascular_claudication": _claudication,
    "blood_pressure": _blood_pressure,
    "hypertension_moderate": _moderate_pressure,
}

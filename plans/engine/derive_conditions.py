"""Conditions that follow from findings, flags and consent (conditions file, `derived_conditions`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from plans.engine.facts import Site
from plans.engine.picture import Picture

LUMBAR_LEVELS = frozenset({"L1", "L2", "L3", "L4", "L5", "S1", "S2"})
CERVICAL_LEVELS = frozenset({"C4", "C5", "C6", "C7", "C8", "T1", "T2"})
REFLEX_LEVELS = {
    "biceps": "C5",
    "brachioradialis": "C6",
    "triceps": "C7",
    "knee": "L3",
    "medial_hamstring": "L5",
    "ankle": "S1",
}
NEURO_LISTS = ("neuro.dermatome_deficit", "neuro.myotome_deficit", "neuro.reflex_reduced")
ARM = frozenset({"cervical", "scapular", "shoulder", "upper_arm", "elbow", "forearm", "wrist_hand"})
LEG = frozenset(
    {
        *("lumbar", "sacroiliac_pelvis", "buttock", "hip_groin", "thigh_anterior", "thigh_posterior"),
        *("thigh_medial", "thigh_lateral", "knee", "calf", "shin", "ankle", "foot"),
    }
)


@dataclass(frozen=True, slots=True)
class Derived:
    """Why something follows: one sentence, the inputs, and the places it holds for."""

    text: str
    inputs: tuple[str, ...]
    sites: tuple[Site, ...] = ()


Rule = Callable[[Picture], Derived | None]


def _when(path: str, op: str, value: bool | int | float | str) -> Rule:
    def rule(picture: Picture) -> Derived | None:
        if picture.test(path, op, value).state is not True:
            return None
        return Derived(f"{path} {op} {str(value).lower()}", (path,))

    return rule


def _any_of(*rules: Rule) -> Rule:
    def rule(picture: Picture) -> Derived | None:
        return next((found for r in rules if (found := r(picture)) is not None), None)

    return rule


def _flag(key: str) -> Rule:
    def rule(picture: Picture) -> Derived | None:
        if not picture.has_flag(key):
            return None
        return Derived(f"red flag {key} is true", (f"flag.{key}",), picture.flags[key].sites)

    return rule


def _minor(low: int, high: int) -> Rule:
    def rule(picture: Picture) -> Derived | None:
        age = picture.number("hist.age_years")
        return Derived(f"age {age:g}", ("hist.age_years",)) if age is not None and low <= age < high else None

    return rule


def _pregnancy(low: int, high: int) -> Rule:
    def rule(picture: Picture) -> Derived | None:
        weeks = picture.number("hist.pregnancy_weeks")
        if weeks is None or not low <= weeks <= high:
            return None
        return Derived(f"{weeks:g} weeks of pregnancy", ("hist.pregnancy_weeks",))

    return rule


def _needling_consent(picture: Picture) -> Derived | None:
    signed = picture.facts.consent.needling_signed is True
    return None if signed else Derived("no signed needling consent on file", ("consent.needling_signed",))


def _thrust_consent(picture: Picture) -> Derived | None:
    signed = picture.facts.consent.thrust_signed is True
    return None if signed else Derived("no signed thrust consent on file", ("consent.thrust_signed",))


def _hypermobile(picture: Picture) -> Derived | None:
    age, score = picture.number("hist.age_years"), picture.number("spec.beighton")
    if age is None or score is None:
        return None
    limit = 6 if age < 13 else 5 if age <= 50 else 4
    return (
        Derived(f"Beighton score {score:g} at age {age:g}", ("spec.beighton", "hist.age_years"))
        if score >= limit
        else None
    )


def _stress_fracture(picture: Picture) -> Derived | None:
    flags = [k for k in ("stress_fracture", "stress_fracture_high_risk") if picture.has_flag(k)]
    if not flags:
        return None
    table = picture.index.knowledge.red_flags
    sites = tuple(s for k in flags for s in (picture.flags[k].sites or (Site(table[k].region),)))
    return Derived("red flag for a bone stress injury", tuple(f"flag.{k}" for k in flags), sites)


def _radiculopathy(picture: Picture) -> Derived | None:
    days = picture.number("hist.symptom_duration_days")
    if not picture.is_true("neuro.single_root_pattern") or days is None or days >= 42:
        return None
    inputs = ("neuro.single_root_pattern", "hist.symptom_duration_days")
    return Derived("a single nerve root for less than six weeks", inputs, root_sites(picture))


def root_sites(picture: Picture) -> tuple[Site, ...]:
    """Spinal region of the root: by the levels found, else by where the symptoms are."""
    levels = {level for path in NEURO_LISTS for entry in picture.choices(path) for level in _levels(entry)}
    regions = [
        r for r, known in (("cervical", CERVICAL_LEVELS), ("lumbar", LUMBAR_LEVELS)) if not known.isdisjoint(levels)
    ]
    if not regions:
        regions = [r for r, part in (("cervical", ARM), ("lumbar", LEG)) if not part.isdisjoint(picture.regions)]
    return tuple(Site(region) for region in regions)


def _levels(entry: str) -> list[str]:
    text = entry.strip()
    levels = [part for part in text.upper().replace("-", "_").split("_") if part in LUMBAR_LEVELS | CERVICAL_LEVELS]
    return levels or [level for name, level in REFLEX_LEVELS.items() if text.lower().startswith(name)]


CONDITION_RULES: Mapping[str, Rule] = {
    "minor_under_16": _minor(0, 16),
    "minor_16_17": _minor(16, 18),
    "pregnancy_t1": _pregnancy(0, 12),
    "pregnancy_t2_t3": _pregnancy(13, 99),
    "postpartum_early": _when("hist.postpartum_weeks", "<=", 12),
    "needle_phobia": _when("hist.needle_preference", "==", "declines"),
    "no_written_consent": _needling_consent,
    "no_thrust_consent": _thrust_consent,
    "unable_floor_transfer": _when("hist.can_floor_transfer", "==", False),
    "hypermobility": _hypermobile,
    "hypertension_uncontrolled": _any_of(_when("spec.bp_systolic", ">=", 180), _when("spec.bp_diastolic", ">=", 110)),
    "dvt_suspected": _flag("dvt"),
    "stress_fracture_suspected": _stress_fracture,
    "progressive_neuro_deficit": _any_of(
        _flag("progressive_motor_loss"), _when("neuro.progressive_deficit", "==", True)
    ),
    "cervical_myelopathy": _flag("cord_signs"),
    "pars_stress": _flag("adolescent_extension"),
    "falls_risk": _any_of(_when("endur.tug", ">=", 12), _when("hist.falls_12m", ">=", 2)),
    "systemic_infection": _any_of(_when("spec.temp_c", ">=", 38), _flag("systemic_unwell")),
    "radiculopathy_acute": _radiculopathy,
    "anxiety_severe": _when("hist.start_back_psych", ">=", 4),
    "vertigo_active": _flag("dizziness_neck"),
}

# Conditions that the facts decide alone: when the facts are known, an unasked question does not matter.
DECIDED_BY_FACTS: Mapping[str, Callable[[Picture], bool]] = {
    "minor_under_16": lambda p: p.number("hist.age_years") is not None,
    "minor_16_17": lambda p: p.number("hist.age_years") is not None,
    "unable_floor_transfer": lambda p: p.recorded("hist.can_floor_transfer") is not None,
    "no_written_consent": lambda p: p.facts.consent.needling_signed is not None,
    "no_thrust_consent": lambda p: p.facts.consent.thrust_signed is not None,
    "dvt_suspected": lambda p: p.flag_denied("dvt"),
    "stress_fracture_suspected": lambda p: (
        p.flag_denied("stress_fracture") and p.flag_denied("stress_fracture_high_risk")
    ),
}

"""The library dose of an exercise kept inside the limits of its technique; the same for every patient."""

from dataclasses import replace

from plans.engine.draft import Reason
from plans.engine.knowledge import Dosage, DoseParameter, Exercise, Technique

PARAMETERS = {"duration_min": ("duration_min", "session_min")}
DOSE_PARTS = ("sets", "reps", "hold_s", "per_day", "days_per_week", "rest_s", "duration_min")


def limited_dose(exercise: Exercise, technique: Technique, phase: int) -> tuple[Dosage, tuple[Reason, ...]]:
    """Lower what is above a maximum of the technique; nothing is raised (carries have fewer repetitions by design)."""
    dose = exercise.dosage[phase]
    limits = numeric_limits(technique.dose)
    changes: dict[str, object] = {}
    for name in DOSE_PARTS:
        value = getattr(dose, name)
        top = min((limits[p] for p in PARAMETERS.get(name, (name,)) if p in limits), default=None)
        if value is not None and top is not None and value > top:
            changes[name] = type(value)(top)
    top_rpe = limits.get("intensity_rpe")
    if top_rpe is not None and dose.rpe[1] > top_rpe:
        changes["rpe"] = capped_rpe(dose.rpe, int(top_rpe))
    if not changes:
        return dose, ()
    text = f"lowered to the limit of {exercise.technique}: {', '.join(sorted(changes))}"
    reason = Reason("dose.technique_limit", text, tuple(sorted(changes)), "techniques, section 3")
    return replace(dose, **changes), (reason,)  # type: ignore[arg-type]


def numeric_limits(parameters: tuple[DoseParameter, ...]) -> dict[str, float]:
    return {p.parameter: float(p.maximum) for p in parameters if isinstance(p.maximum, (int, float))}


def capped_rpe(rpe: tuple[int, int], top: int) -> tuple[int, int]:
    return min(rpe[0], top), min(rpe[1], top)

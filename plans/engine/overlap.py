"""When do two places of the body overlap? (conditions file, semantics `overlap` and `side`)

A technique is compared by the region it treats. An exercise is compared by its own region and those of its target
muscles, and through the limb chain when it bears weight there. An exercise has no side and so counts as both.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from plans.engine.facts import Side, Site
from plans.engine.knowledge import Anatomy, Exercise, ExerciseRules

WHOLE_BODY = "whole_body"
LIMB_CHAINS = ("lower_limb", "upper_limb")
EITHER_SIDE = ("both", "midline", "")


@dataclass(frozen=True, slots=True)
class ExercisePlaces:
    """Where an exercise acts: regions it is compared by, and the limb chains it loads with body weight."""

    regions: frozenset[str]
    chains: tuple[frozenset[str], ...]


def sides_overlap(first: str, second: str) -> bool:
    return first == second or first in EITHER_SIDE or second in EITHER_SIDE


def is_limb(anatomy: Anatomy, region: str) -> bool:
    return any(region in anatomy.limb_chains.get(chain, ()) for chain in LIMB_CHAINS)


def sites_overlap(anatomy: Anatomy, treated: Site, recorded: Site) -> bool:
    """Overlap of a treated place and a recorded one; side counts for limb regions only."""
    if WHOLE_BODY in (treated.region, recorded.region):
        return True
    if treated.region != recorded.region:
        return False
    return not is_limb(anatomy, treated.region) or sides_overlap(treated.side, recorded.side)


def exercise_places(anatomy: Anatomy, rules: ExerciseRules, exercise: Exercise) -> ExercisePlaces:
    targets = {anatomy.muscle_regions[muscle] for muscle in exercise.target_muscles if muscle in anatomy.muscle_regions}
    regions = targets if exercise.region == WHOLE_BODY else targets | {exercise.region}
    lower = exercise.position in rules.lower_limb_positions or exercise.key in rules.lower_limb_extra
    upper = exercise.key in rules.upper_limb
    borne = [("lower_limb", lower), ("upper_limb", upper), ("trunk", lower or upper)]
    chains = tuple(frozenset(anatomy.limb_chains.get(name, ())) for name, bears in borne if bears)
    return ExercisePlaces(frozenset(regions), chains)


def exercise_overlaps(places: ExercisePlaces, recorded: Site) -> bool:
    region = recorded.region
    if region == WHOLE_BODY or region in places.regions:
        return True
    return any(region in chain and not chain.isdisjoint(places.regions) for chain in places.chains)


def merge_sides(sides: Iterable[str]) -> Side:
    """The union of recorded sides: left and right make both; "" when none was recorded."""
    known = {side for side in sides if side}
    if not known:
        return ""
    if "both" in known or {"left", "right"} <= known:
        return "both"
    return "left" if "left" in known else "right" if "right" in known else "midline"

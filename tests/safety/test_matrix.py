"""Every technique and exercise by condition, red flag, region and side against tables typed apart: no difference.

`tests/safety/tables/` is the second writing; a variant that changes one cell, or one rule, must be seen.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from plans.engine.facts import Site
from plans.knowledge.parse import shipped_knowledge
from plans.screening import Checker
from tests.engine.helpers import TODAY, make_facts
from tests.safety import matrix

KNOWN = shipped_knowledge()
PLACES = [Site(region) for region in matrix.REGIONS]
RECORDED: list[tuple[Site, ...]] = [(), *((place,) for place in PLACES)]
SIDED = [Site(region, side) for region in ("knee", "shoulder", "lumbar") for side in matrix.SIDES]  # type: ignore[arg-type]
HARD = {"never": "blocked_absolute", "never*": "blocked_overridable", "care": "precaution"}


def is_local(condition: str) -> bool:
    """Do the tables say "at the recorded place" for this condition anywhere?"""
    own = (e for entries in matrix.techniques().values() for e in entries)
    return any(e.condition == condition and e.scope == "recorded" for e in own)


def test_the_tables_and_the_knowledge_speak_of_the_same_things() -> None:
    assert set(matrix.conditions()) == set(KNOWN.conditions)
    assert set(matrix.techniques()) == set(KNOWN.techniques)
    assert set(matrix.exercises()) == set(KNOWN.exercises)
    assert set(matrix.flags()) == set(KNOWN.red_flags)
    assert set(matrix.REGIONS) == set(KNOWN.anatomy.regions)
    named = {e.condition for entries in matrix.techniques().values() for e in entries} | set(matrix.loads())
    assert named <= set(matrix.conditions())


@pytest.mark.hazard("H-03")
def test_techniques_by_condition_and_region() -> None:
    """51 techniques x 94 conditions x 28 treated regions, x 29 recorded places where a place counts."""
    different = {}
    for condition in matrix.conditions():
        for recorded in RECORDED if is_local(condition) else RECORDED[:2]:
            screen = matrix.screen_with(KNOWN, condition, recorded)
            expected = matrix.technique_demands(condition, recorded, PLACES)
            if found := matrix.differences(expected, matrix.technique_verdicts(screen, PLACES)):
                different[condition, recorded] = found
    assert different == {}


@pytest.mark.hazard("H-03")
def test_techniques_by_side() -> None:
    """All pairs of treated and recorded side at a limb and on the trunk, for every condition with a place."""
    different = {}
    for condition in filter(is_local, matrix.conditions()):
        for recorded in SIDED:
            screen = matrix.screen_with(KNOWN, condition, (recorded,))
            expected = matrix.technique_demands(condition, (recorded,), SIDED)
            if found := matrix.differences(expected, matrix.technique_verdicts(screen, SIDED)):
                different[condition, recorded] = found
    assert different == {}


@pytest.mark.hazard("H-03")
def test_sides_count_at_every_limb_region_and_nowhere_else() -> None:
    different = {}
    for region in matrix.REGIONS:
        sites = [Site(region, side) for side in matrix.SIDES]  # type: ignore[arg-type]
        for recorded in sites:
            screen = matrix.screen_with(KNOWN, "fracture_unhealed", (recorded,))
            expected = matrix.technique_demands("fracture_unhealed", (recorded,), sites)
            if cells := matrix.differences(expected, matrix.technique_verdicts(screen, sites)):
                different[recorded] = cells
    assert different == {}


@pytest.mark.hazard("H-03")
@pytest.mark.parametrize("layers", [matrix.LAYERS, ("techniques", "loads"), ("own",)], ids=["all", "rules", "lists"])
def test_exercises_by_condition_and_region(layers: tuple[str, ...]) -> None:
    """126 exercises x 94 conditions x 29 recorded places; then the rules and the lists each without the other."""
    known = KNOWN if layers == matrix.LAYERS else matrix.layer(KNOWN, layers[0])
    different = {}
    for condition in matrix.conditions():
        for recorded in RECORDED if layers == matrix.LAYERS else (RECORDED[0], (Site("lumbar"),), (Site("ankle"),)):
            expected = matrix.exercise_demands(condition, recorded, layers)
            found = matrix.exercise_verdicts(matrix.screen_with(known, condition, recorded))
            if cells := matrix.differences(expected, found):
                different[condition, recorded] = cells
    assert different == {}


@pytest.mark.hazard("H-01")
def test_techniques_and_exercises_by_red_flag() -> None:
    """62 red flags at no place and, where a place counts, at others: what each removes, and where."""
    different = {}
    for flag, row in matrix.flags().items():
        for recorded in [()] if row.everywhere else [(), (Site("knee", "left"),), (Site("cervical"), Site("shin"))]:
            screen = matrix.screen_flagged(KNOWN, flag, recorded)
            treated = PLACES if row.everywhere else [*PLACES, *SIDED]
            by_technique, by_exercise = matrix.flag_demands(flag, recorded, treated)
            cells = matrix.differences(by_technique, matrix.technique_verdicts(screen, treated))
            cells |= matrix.differences(by_exercise, matrix.exercise_verdicts(screen))
            if cells:
                different[flag, recorded] = cells
    assert different == {}


@pytest.mark.hazard("H-01")
def test_how_soon_and_what_a_red_flag_closes() -> None:
    shipped = {
        f.key: matrix.FlagRow(
            f.disposition, f.action, f.scope == "anywhere", f.region, f.remove_techniques, f.remove_load_tags
        )
        for f in KNOWN.red_flags.values()
    }
    assert shipped == matrix.flags()


@pytest.mark.hazard("H-03")
def test_techniques_by_region_whoever_the_patient_is() -> None:
    """A calm patient, a practitioner with every credential: what is left is the region itself."""
    facts = make_facts(credentials=matrix.every_credential(KNOWN))
    checker = Checker(facts, KNOWN, today=TODAY)
    found = {
        (key, site.region): checker.technique(key, technique.phases[0], site).safety
        for key, technique in KNOWN.techniques.items()
        for site in PLACES
    }
    opened = {cell: HARD[level] for cell, level in matrix.restrictions().items()}
    expected = {cell: opened.get(cell, "clear") for cell in found}
    assert {cell: (expected[cell], found[cell]) for cell in found if found[cell] != expected[cell]} == {}


@pytest.mark.hazard("H-04")
def test_the_verdict_on_an_item_is_the_verdict_of_the_screen() -> None:
    """What a person adds by hand is judged by the same table: sampled over every condition."""
    site = Site("lumbar", "right")
    different = {}
    for condition in matrix.conditions():
        facts = make_facts(conditions={condition: (site,)}, credentials=matrix.every_credential(KNOWN))
        checker = Checker(facts, KNOWN, today=TODAY)
        for (key, _, _), level in matrix.technique_demands(condition, (site,), [site]).items():
            verdict = checker.technique(key, KNOWN.techniques[key].phases[0], site).safety
            if level.startswith("never") and verdict != HARD[level]:
                different[condition, key] = (level, verdict)
        for (key,), level in matrix.exercise_demands(condition, (site,)).items():
            verdict = checker.exercise(key, KNOWN.exercises[key].phases[0]).safety
            if level.startswith("never") and verdict != HARD[level]:
                different[condition, key] = (level, verdict)
    assert different == {}


# --- It bites -------------------------------------------------------------------------------------------------------


def test_one_changed_cell_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    table = dict(matrix.techniques())
    first, *others = table["mt_mwm"]
    table["mt_mwm"] = (replace(first, liftable=not first.liftable), *others)
    monkeypatch.setattr(matrix, "techniques", lambda: table)
    recorded = (Site("lumbar"),)
    expected = matrix.technique_demands(first.condition, recorded, PLACES)
    screen = matrix.screen_with(KNOWN, first.condition, recorded)
    assert matrix.differences(expected, matrix.technique_verdicts(screen, PLACES))

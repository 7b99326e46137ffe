"""The safety tables as typed, the verdicts they demand, and the verdicts of the engine's screen, side by side.

Nothing here reads the shipped knowledge for what is expected: expected verdicts come from `tests/safety/tables/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from plans.engine.derive import build_picture
from plans.engine.facts import Facts, Site
from plans.engine.index import index_for
from plans.engine.knowledge import Knowledge
from plans.engine.picture import ConditionState, FlagState, Picture
from plans.engine.screen import Block, Screen, active_flags, combined_override
from tests.engine.helpers import TODAY, make_facts

TABLES = Path(__file__).with_name("tables")
SIDES = ("left", "right", "both", "midline", "")
EITHER = ("both", "midline", "")
LEGS = frozenset(
    {
        "hip_groin",
        "buttock",
        "thigh_anterior",
        "thigh_posterior",
        "thigh_medial",
        "thigh_lateral",
        "knee",
        "calf",
        "shin",
        "ankle",
        "foot",
    }
)
ARMS = frozenset({"shoulder", "upper_arm", "elbow", "forearm", "wrist_hand"})
TRUNK = frozenset({"thoracic", "lumbar", "sacroiliac_pelvis", "chest_anterior", "abdomen"})
REST = frozenset({"head_face", "jaw_tmj", "cervical", "cervical_anterior", "scapular", "pelvic_floor", "whole_body"})
REGIONS = tuple(sorted(LEGS | ARMS | TRUNK | REST))

Verdict = str  # "" nothing, "care", "never", "never*" (an approval lifts it)
Found = dict[tuple[str, ...], Verdict]


@dataclass(frozen=True)
class Entry:
    """One word of a table: a condition, where it counts, and whether an approval lifts it."""

    condition: str
    level: str
    scope: str  # anywhere, recorded, regions
    regions: frozenset[str] = frozenset()
    liftable: bool = False


def rows(name: str) -> Iterator[list[str]]:
    for line in (TABLES / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield [cell.strip() for cell in line.split("|")]


def words(cell: str) -> list[str]:
    return [] if cell == "-" else cell.split()


def entry(word: str, level: str) -> Entry:
    name, mark, places = word.rstrip("*").partition("@")
    scope = "anywhere" if not mark else "regions" if places else "recorded"
    regions = frozenset(places.split("+")) if places else frozenset()
    return Entry(name, level, scope, regions, word.endswith("*"))


@dataclass(frozen=True)
class ExerciseRow:
    technique: str
    region: str
    acts_on: frozenset[str]
    bears: frozenset[str]
    loads: frozenset[str]
    own: tuple[Entry, ...]


@dataclass(frozen=True)
class LoadRow:
    at_place: bool
    liftable: bool
    never: frozenset[str]
    care: frozenset[str]


@dataclass(frozen=True)
class FlagRow:
    how_soon: str
    action: str
    everywhere: bool
    region: str
    techniques: tuple[str, ...]
    loads: tuple[str, ...]


@cache
def conditions() -> tuple[str, ...]:
    return tuple(key for (key,) in rows("conditions"))


@cache
def techniques() -> Mapping[str, tuple[Entry, ...]]:
    return {
        key: (*(entry(w, "never") for w in words(never)), *(entry(w, "care") for w in words(care)))
        for key, never, care in rows("techniques")
    }


@cache
def exercises() -> Mapping[str, ExerciseRow]:
    found = {}
    for key, technique, region, acts_on, bears, loads, never, care in rows("exercises"):
        own = (*(entry(w, "never") for w in words(never)), *(entry(w, "care") for w in words(care)))
        chains = frozenset() if bears == "-" else frozenset(bears.split("+"))
        found[key] = ExerciseRow(technique, region, frozenset(words(acts_on)), chains, frozenset(words(loads)), own)
    return found


@cache
def loads() -> Mapping[str, LoadRow]:
    found = {}
    for head, never, care in rows("loads"):
        name = entry(head, "never")
        row = LoadRow(name.scope == "recorded", name.liftable, frozenset(words(never)), frozenset(words(care)))
        found[name.condition] = row
    return found


@cache
def flags() -> Mapping[str, FlagRow]:
    return {
        key: FlagRow(soon, action, scope == "anywhere", region, tuple(words(techs)), tuple(words(tags)))
        for key, soon, action, scope, region, techs, tags in rows("flags")
    }


@cache
def restrictions() -> Mapping[tuple[str, str], Verdict]:
    """(technique, region) -> never or care."""
    found: dict[tuple[str, str], Verdict] = {}
    for keys, regions, level in rows("restrictions"):
        for key in keys.split():
            for region in regions.split():
                found[key, region] = level
    return found


@cache
def criteria() -> Mapping[str, tuple[int, str]]:
    return {key: (int(phase), kind) for key, phase, kind in rows("criteria")}


@cache
def ceilings() -> Mapping[int, tuple[int, ...]]:
    """Phase -> exercises, minutes, effort from and to."""
    return {int(phase): tuple(int(n) for n in numbers) for phase, *numbers in rows("ceilings")}


# --- What the tables demand -----------------------------------------------------------------------------------------


def worst(found: Iterable[tuple[str, bool]]) -> Verdict:
    """(level, liftable) of all rules that match; one that nothing lifts beats every approval."""
    marks = list(found)
    never = [liftable for level, liftable in marks if level == "never"]
    if never:
        return "never*" if all(never) else "never"
    return "care" if marks else ""


def same_place(treated: Site, recorded: Site) -> bool:
    if "whole_body" in (treated.region, recorded.region):
        return True
    if treated.region != recorded.region:
        return False
    if treated.region not in LEGS | ARMS:
        return True
    return treated.side == recorded.side or treated.side in EITHER or recorded.side in EITHER


def exercise_reaches(row: ExerciseRow, recorded: Sequence[Site]) -> bool:
    """Does an exercise act on, or bear weight through, one of these places? No recorded place: everywhere."""
    chains = [
        chain for name, chain in (("legs", LEGS), ("arms", ARMS)) if name in row.bears
    ] + ([TRUNK] if row.bears else [])  # fmt: skip
    return not recorded or any(
        site.region == "whole_body"
        or site.region in row.acts_on
        or any(site.region in chain and chain & row.acts_on for chain in chains)
        for site in recorded
    )


def technique_demands(
    condition: str, recorded: Sequence[Site], treated: Sequence[Site], only: Sequence[str] = ()
) -> Found:
    found: Found = {}
    for key in only or techniques():
        own = [e for e in techniques()[key] if e.condition == condition]
        for site in treated if own else ():
            verdict = worst((e.level, e.liftable) for e in own if _counts(e, site, recorded))
            if verdict:
                found[key, site.region, site.side] = verdict
    return found


def _counts(entry: Entry, site: Site, recorded: Sequence[Site]) -> bool:
    if entry.scope == "regions":
        return site.region in entry.regions
    return entry.scope == "anywhere" or not recorded or any(same_place(site, place) for place in recorded)


LAYERS = ("techniques", "loads", "own")


def exercise_demands(
    condition: str, recorded: Sequence[Site], layers: Sequence[str] = LAYERS, only: Sequence[str] = ()
) -> Found:
    """Verdicts on exercises from their technique, their loads and their own lists."""
    found: Found = {}
    for key in only or _spoken_about(condition):
        row = exercises()[key]
        reaches = exercise_reaches(row, recorded)
        parts = (("techniques", _by_technique), ("loads", _by_load))
        marks = [mark for name, part in parts if name in layers for mark in part(condition, row, reaches)]
        if "own" in layers:
            named = [mark for name, part in parts if name in layers for mark in part(condition, row, True)]
            marks += _by_own_list(condition, row, reaches, marks, named)
        verdict = worst(marks)
        if verdict:
            found[(key,)] = verdict
    return found


@cache
def _spoken_about(condition: str) -> tuple[str, ...]:
    """Exercises that any table links with this condition."""
    rule = loads().get(condition)
    tags = rule.never | rule.care if rule else frozenset()
    return tuple(
        key
        for key, row in exercises().items()
        if row.loads & tags or any(e.condition == condition for e in (*row.own, *techniques()[row.technique]))
    )


def _by_technique(condition: str, row: ExerciseRow, reaches: bool) -> list[tuple[str, bool]]:
    own = [e for e in techniques()[row.technique] if e.condition == condition]
    return [
        (e.level, e.liftable)
        for e in own
        if e.scope == "anywhere" or (e.scope == "recorded" and reaches) or row.region in e.regions
    ]


def _by_load(condition: str, row: ExerciseRow, reaches: bool) -> list[tuple[str, bool]]:
    rule = loads().get(condition)
    if rule is None or (rule.at_place and not reaches):
        return []
    never = [("never", rule.liftable)] if rule.never & row.loads else []
    return never + ([("care", False)] if rule.care & row.loads else [])


def _by_own_list(
    condition: str,
    row: ExerciseRow,
    reaches: bool,
    here: Sequence[tuple[str, bool]],
    anywhere: Sequence[tuple[str, bool]],
) -> list[tuple[str, bool]]:
    """A list adds, it never frees: what the condition forbids here keeps the approval that the condition names, and
    care that the condition asks for at a place is not asked for everywhere."""
    own = [e for e in row.own if e.condition == condition and (e.scope == "anywhere" or reaches)]
    blocked = any(level == "never" for level, _ in here)
    return [(e.level, False) for e in own if not (blocked if e.level == "never" else anywhere)]


def flag_demands(flag: str, recorded: Sequence[Site], treated: Sequence[Site]) -> tuple[Found, Found]:
    """Verdicts of one red flag on techniques at places, and on exercises."""
    row = flags()[flag]
    sites = recorded or (Site(row.region),)
    mark = "never*" if row.action == "flag" else "never"
    removed = set(techniques()) if "ALL" in row.techniques else set(row.techniques)
    found: Found = {
        (key, site.region, site.side): mark
        for key in removed
        for site in treated
        if row.everywhere or any(same_place(site, place) for place in sites)
    }
    everything = "ALL" in (*row.techniques, *row.loads)
    for_exercises: Found = {
        (key,): mark
        for key, exercise in exercises().items()
        if (everything or exercise.technique in removed or exercise.loads & set(row.loads))
        and (row.everywhere or exercise_reaches(exercise, sites))
    }
    return found, for_exercises


# --- What the engine says -------------------------------------------------------------------------------------------


@cache
def calm(knowledge: Knowledge) -> Picture:
    """A person with nothing wrong, every question answered no."""
    picture = build_picture(make_facts(), index_for(knowledge), TODAY)
    states = {key: ConditionState(key, "false") for key in knowledge.conditions}
    return replace(picture, conditions=states)


def screen_with(knowledge: Knowledge, condition: str, recorded: Sequence[Site]) -> Screen:
    """The screen for a person of whom this one condition is true."""
    picture = calm(knowledge)
    state = ConditionState(condition, "true", tuple(recorded))
    return Screen(replace(picture, conditions={**picture.conditions, condition: state}), ())


def screen_flagged(knowledge: Knowledge, flag: str, recorded: Sequence[Site]) -> Screen:
    """The screen for a person with this one red flag."""
    picture = calm(knowledge)
    state = FlagState(flag, "true", tuple(recorded))
    flagged = replace(picture, flags={**picture.flags, flag: state})
    return Screen(flagged, active_flags(flagged))


def read(blocks: Sequence[Block]) -> Verdict:
    if not blocks:
        return ""
    if all(block.level == "precaution" for block in blocks):
        return "care"
    return "never*" if combined_override(blocks) else "never"


def technique_verdicts(screen: Screen, treated: Sequence[Site]) -> Found:
    """Every technique at every place; only what is not free."""
    return {
        (key, site.region, site.side): read(blocks)
        for key in screen.index.knowledge.techniques
        for site in treated
        if (blocks := screen.technique(key, site))
    }


def exercise_verdicts(screen: Screen) -> Found:
    return {
        (key,): verdict for key in screen.index.knowledge.exercises if (verdict := read(screen.exercise(key)))
    }  # fmt: skip


def differences(expected: Found, found: Found) -> dict[tuple[str, ...], tuple[Verdict, Verdict]]:
    """Cell -> (demanded, found), for the cells that differ."""
    cells = expected.keys() | found.keys()
    return {c: (expected.get(c, ""), found.get(c, "")) for c in cells if expected.get(c, "") != found.get(c, "")}


def screen_of_rule(knowledge: Knowledge, condition: str, recorded: Sequence[Site]) -> Screen:
    """The screen of one condition of a reduced knowledge, without a patient's other facts."""
    facts = Facts(sites=(), findings={}, conditions={}, flags={})
    state = ConditionState(condition, "true", tuple(recorded))
    return Screen(Picture(facts, index_for(knowledge), TODAY, {}, {condition: state}, {}), ())


def every_credential(knowledge: Knowledge) -> tuple[str, ...]:
    """Of a practitioner who may do everything, needling at the thorax too."""
    named = {c for t in knowledge.techniques.values() for c in t.credentials}
    return (*sorted(named), "thorax_endorsement")


def criteria_of(knowledge: Knowledge) -> dict[str, tuple[int, str]]:
    """The criteria of a knowledge in the words of the table."""
    return {
        c.key: (n, c.kind + ("" if c.waivable else "!") + "".join(f":{k}" for k in c.cause_categories))
        for n, phase in knowledge.phases.items()
        for c in phase.exit
    }


def ceilings_of(knowledge: Knowledge) -> dict[int, tuple[int, ...]]:
    return {n: (p.home_items_max, p.home_minutes_max, *p.rpe) for n, p in knowledge.phases.items()}


def layer(knowledge: Knowledge, name: str) -> Knowledge:
    """The knowledge with one of the three ways of forbidding exercises left, so that none hides behind another."""
    if name == "own":
        bare = {
            k: replace(c, technique_effects=(), avoid_load_tags=(), caution_load_tags=())
            for k, c in knowledge.conditions.items()
        }
        return replace(knowledge, conditions=bare)
    emptied = {
        k: replace(e, contraindications=(), contraindications_at_region=(), precautions=())
        for k, e in knowledge.exercises.items()
    }
    return replace(knowledge, exercises=emptied)

"""Step 1: what red flags and conditions forbid, item by item.

`Screen` answers two questions for the rest of the engine: why may this technique not be used at this place, and why
may this exercise not be done. Each answer lists every matching rule; the first one is shown as the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plans.engine.derive import flag_sites
from plans.engine.draft import Reason
from plans.engine.facts import Site
from plans.engine.index import FLOOR_CONDITION, NO_OVERRIDE, ExerciseEffect, Index, with_modification
from plans.engine.knowledge import RedFlag, TechniqueEffect
from plans.engine.overlap import WHOLE_BODY, exercise_overlaps, sites_overlap
from plans.engine.picture import Picture

ALL = "ALL"
REGION_UNKNOWN = "region not recorded"


@dataclass(frozen=True, slots=True)
class Block:
    """One matching rule. `override` is "" when none may lift it, else the approval that must be recorded."""

    level: str  # contraindicated, precaution
    kind: str  # red_flag, condition
    key: str
    reason: Reason
    override: str = ""
    modification: str = ""


@dataclass(frozen=True, slots=True)
class RegionBlock:
    """A part of the body where nothing may be loaded or treated, and why."""

    sites: tuple[Site, ...]
    reason: Reason
    key: str


@dataclass(frozen=True, slots=True)
class ActiveFlag:
    """A true red flag with the action that counts (a block_region without a usable region blocks the plan)."""

    flag: RedFlag
    action: str
    sites: tuple[Site, ...]
    reason: Reason

    @property
    def everywhere(self) -> bool:
        return self.flag.scope == "anywhere"


def active_flags(picture: Picture) -> tuple[ActiveFlag, ...]:
    """The true flags in table order."""
    found = []
    for flag in picture.index.knowledge.red_flags.values():
        state = picture.flags[flag.key]
        if state.state != "true":
            continue
        sites = flag_sites(flag, state)
        whole = any(site.region == WHOLE_BODY for site in sites)
        action = "block_plan" if flag.action == "block_region" and whole else flag.action
        answered = picture.facts.flags.get(flag.key)
        yes = answered is not None and answered.state == "true"
        found.append(ActiveFlag(flag, action, sites, _flag_reason(flag, state.derived_from, yes)))
    return tuple(found)


def _flag_reason(flag: RedFlag, derived_from: tuple[str, ...], answered_yes: bool) -> Reason:
    parts = (["answered yes"] if answered_yes else []) + (
        [f"follows from {', '.join(derived_from)}"] if derived_from else []
    )
    how = " and ".join(parts)
    text = f"red flag {flag.key} ({flag.suspected}): {how}"
    return Reason(f"red_flag.{flag.action}", text, (f"flag.{flag.key}", *derived_from), flag.basis)


class Screen:
    """The safety rules that are active for one patient. Built once per run."""

    def __init__(
        self, picture: Picture, flags: Sequence[ActiveFlag], region_blocks: Sequence[RegionBlock] = ()
    ) -> None:
        self.picture = picture
        self.index: Index = picture.index
        self.flags = tuple(flags)
        self.region_blocks = (*self._flag_regions(), *region_blocks)
        self.conditions = tuple(s for s in picture.conditions.values() if s.state == "true")
        self._technique_effects = self._collect_technique_effects()
        self._speaks_about = self._techniques_spoken_about()
        self.exercise_blocks = self._collect_exercise_blocks()
        self.forbidden = {k for k, blocks in self.exercise_blocks.items() if blocks[0].level == "contraindicated"}
        self._technique_cache: dict[tuple[str, str, str], tuple[Block, ...]] = {}
        self.heavy_avoided = self._heavy_avoided()

    # --- red flags ---------------------------------------------------------------------------------------------

    def _flag_regions(self) -> tuple[RegionBlock, ...]:
        return tuple(RegionBlock(f.sites, f.reason, f.flag.key) for f in self.flags if f.action == "block_region")

    def blocked_sites(self) -> tuple[Site, ...]:
        return tuple(site for block in self.region_blocks for site in block.sites)

    def site_blocked(self, site: Site) -> bool:
        """Is this symptom site closed by a region block?"""
        anatomy = self.index.knowledge.anatomy
        return any(sites_overlap(anatomy, site, blocked) for blocked in self.blocked_sites())

    def _flag_block(self, active: ActiveFlag) -> Block:
        held = active.action == "flag"
        override = "released one by one by the treating clinician with a recorded reason" if held else ""
        return Block("contraindicated", "red_flag", active.flag.key, active.reason, override)

    def _flag_blocks_technique(self, technique: str, treated: Site) -> list[Block]:
        anatomy = self.index.knowledge.anatomy
        found = []
        for active in self.flags:
            removed = active.flag.remove_techniques
            if technique not in removed and removed[:1] != (ALL,):
                continue
            if active.everywhere or any(sites_overlap(anatomy, treated, site) for site in active.sites):
                found.append(self._flag_block(active))
        for block in self.region_blocks:
            if any(sites_overlap(anatomy, treated, site) for site in block.sites):
                found.append(Block("contraindicated", "red_flag", block.key, block.reason))
        return found

    # --- techniques --------------------------------------------------------------------------------------------

    def _collect_technique_effects(self) -> Mapping[str, list[tuple[str, TechniqueEffect]]]:
        found: dict[str, list[tuple[str, TechniqueEffect]]] = {}
        for state in self.conditions:
            for technique, effect in self.index.technique_effects.get(state.key, ()):
                found.setdefault(technique, []).append((state.key, effect))
        return found

    def _techniques_spoken_about(self) -> frozenset[str]:
        """Techniques that any active rule mentions; a region block mentions all of them."""
        everything = frozenset(self.index.knowledge.techniques)
        if self.region_blocks or any(f.flag.remove_techniques[:1] == (ALL,) for f in self.flags):
            return everything
        removed = (t for f in self.flags for t in f.flag.remove_techniques)
        return frozenset((*removed, *self._technique_effects))

    def technique(self, key: str, treated: Site) -> tuple[Block, ...]:
        """Every rule that speaks about this technique at this place; red flags first, contraindications first."""
        if key not in self._speaks_about:
            return ()
        cached = self._technique_cache.get((key, treated.region, treated.side))
        if cached is None:
            blocks = self._flag_blocks_technique(key, treated)
            blocks += [
                self._effect_block(condition, effect)
                for condition, effect in self._technique_effects.get(key, ())
                if self._matches(condition, effect, treated)
            ]
            cached = _sorted(blocks)
            self._technique_cache[key, treated.region, treated.side] = cached
        return cached

    def _matches(self, condition: str, effect: TechniqueEffect, treated: Site) -> bool:
        if effect.scope == "anywhere":
            return True
        if effect.scope == "regions":
            return treated.region in effect.regions
        sites = self.picture.conditions[condition].sites
        anatomy = self.index.knowledge.anatomy
        return not sites or any(sites_overlap(anatomy, treated, site) for site in sites)

    def _effect_block(self, condition: str, effect: TechniqueEffect) -> Block:
        rule = self.index.knowledge.conditions[condition]
        text = with_modification(f"{rule.label} ({condition}): {effect.reason}", effect) + self._unplaced(
            condition, effect
        )
        reason = Reason(f"condition.{effect.level}", text, (f"cond.{condition}",), effect.source)
        override = "" if effect.override == NO_OVERRIDE else effect.override
        return Block(effect.level, "condition", condition, reason, override, effect.modification)

    def _unplaced(self, condition: str, effect: TechniqueEffect) -> str:
        missing = effect.scope == "at_region" and not self.picture.conditions[condition].sites
        return f" ({REGION_UNKNOWN})" if missing else ""

    # --- exercises ---------------------------------------------------------------------------------------------

    def _collect_exercise_blocks(self) -> dict[str, list[Block]]:
        found: dict[str, list[Block]] = {}
        for state in self.conditions:
            for exercise, effect in self.index.exercise_effects.get(state.key, ()):
                if effect.at_region and not self._exercise_at(exercise, state.sites):
                    continue
                found.setdefault(exercise, []).append(_exercise_block(effect, effect.at_region and not state.sites))
        for active in self.flags:
            block = self._flag_block(active)
            for exercise in self._flag_targets(active.flag):
                if active.everywhere or self._exercise_at(exercise, active.sites):
                    found.setdefault(exercise, []).append(block)
        for region in self.region_blocks:
            for exercise in self.index.knowledge.exercises:
                if self._exercise_at(exercise, region.sites):
                    block = Block("contraindicated", "red_flag", region.key, region.reason)
                    found.setdefault(exercise, []).append(block)
        return {key: list(_sorted(blocks)) for key, blocks in found.items()}

    def _flag_targets(self, flag: RedFlag) -> tuple[str, ...]:
        if flag.remove_techniques[:1] == (ALL,) or flag.remove_load_tags[:1] == (ALL,):
            return tuple(self.index.knowledge.exercises)
        by_technique = [k for t in flag.remove_techniques for k in self.index.exercises_by_technique.get(t, ())]
        by_tag = [k for tag in flag.remove_load_tags for k in self.index.exercises_by_tag.get(tag, ())]
        return tuple(dict.fromkeys((*by_technique, *by_tag)))

    def _exercise_at(self, exercise: str, sites: tuple[Site, ...]) -> bool:
        places = self.index.places[exercise]
        return not sites or any(exercise_overlaps(places, site) for site in sites)

    def exercise(self, key: str) -> Sequence[Block]:
        return self.exercise_blocks.get(key, ())

    def _heavy_avoided(self) -> tuple[str, ...]:
        """Conditions and flags that forbid heavy load (every other dose is then capped at RPE 6)."""
        rules = self.index.knowledge.conditions
        conditions = [f"cond.{s.key}" for s in self.conditions if "heavy" in rules[s.key].avoid_load_tags]
        flags = [f"flag.{f.flag.key}" for f in self.flags if "heavy" in f.flag.remove_load_tags]
        return (*conditions, *flags)


def _exercise_block(effect: ExerciseEffect, unplaced: bool) -> Block:
    override = "" if effect.override == NO_OVERRIDE else effect.override
    reason = effect.reason
    if unplaced:
        reason = Reason(reason.rule, f"{reason.text} ({REGION_UNKNOWN})", reason.inputs, reason.source)
    return Block(effect.level, "condition", effect.condition, reason, override, effect.modification)


def _sorted(blocks: Sequence[Block]) -> tuple[Block, ...]:
    rank = {("contraindicated", "red_flag"): 0, ("contraindicated", "condition"): 1}
    return tuple(sorted(blocks, key=lambda b: rank.get((b.level, b.kind), 2)))


def contraindications(blocks: Sequence[Block], kind: str | None = None) -> list[Block]:
    return [b for b in blocks if b.level == "contraindicated" and (kind is None or b.kind == kind)]


def precautions(blocks: Sequence[Block]) -> list[Block]:
    return [b for b in blocks if b.level == "precaution"]


def combined_override(blocks: Sequence[Block]) -> str:
    """Approvals that would lift all contraindications together; "" when one of them has none."""
    texts = [b.override for b in contraindications(blocks)]
    return "" if not texts or "" in texts else "; ".join(dict.fromkeys(texts))


def only_floor(blocks: Sequence[Block]) -> bool:
    """Do all contraindications come from the floor-transfer condition?"""
    found = contraindications(blocks)
    return bool(found) and all(b.key == FLOOR_CONDITION for b in found)

"""Rule 4 of the selection: why an exercise or a technique may not be proposed for a cause in a phase.

Rules are tried in the written order; the first that fails is the stored reason.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from plans.engine.draft import Reason
from plans.engine.evidence import ScoredCause
from plans.engine.facts import Credential, Facts, Options, Site
from plans.engine.knowledge import Exercise, Technique
from plans.engine.minimum import Completeness
from plans.engine.overlap import WHOLE_BODY, merge_sides
from plans.engine.picture import Match, Picture
from plans.engine.screen import Block, Screen, contraindications, only_floor

AGGRAVATION_TAGS = {
    "extending": ("ext_end",),
    "rotation": ("rot_end",),
    "overhead_reach": ("overhead",),
    "running": ("impact",),
    "single_leg_loading": ("asym_single_leg",),
}
NO_FIRST_REGION = frozenset({"systemic", "load_management"})
ABOVE_GRADE_2 = frozenset({"mt_joint_mob_3_4", "mt_mwm", "mt_joint_thrust_5"})
NECK_OR_LOW_BACK = frozenset({"cervical", "lumbar"})
CHEST_NEEDLING = frozenset({"thoracic", "chest_anterior"})
FLOOR_RULE = "conditions.floor"
EQUIPMENT_RULE = "equipment"
SUBSTITUTABLE = frozenset({FLOOR_RULE, EQUIPMENT_RULE})


@dataclass(frozen=True, slots=True)
class Failure:
    """rule: short code in the order of rule 4; blocks: the safety rules behind it, when there are any."""

    rule: str
    reason: Reason
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Treatable:
    """A technique that passed: where it is used and what supports it."""

    sites: tuple[Site, ...]
    blocks: tuple[Block, ...]
    indication: Match
    withheld: tuple[str, ...] = ()  # symptom regions at which it may not be used


class Eligibility:
    """Rule 4 for one patient, with the answers that repeat kept for the run."""

    def __init__(self, picture: Picture, screen: Screen, options: Options, complete: Completeness) -> None:
        self.picture = picture
        self.screen = screen
        self.options = options
        self.complete = complete
        self.knowledge = picture.index.knowledge
        self.regions_of = picture.index.finding_regions
        self.declined = picture.facts.preferences_declined
        self.credentials = valid_credentials(picture.facts, picture.today)
        home = frozenset(picture.choices("hist.home_equipment"))
        self.equipment = home | frozenset(self.knowledge.exercise_rules.equipment_everyday)
        self.cramp = picture.value("hist.chief_complaint") == "cramp"
        self.neural = picture.is_true("spec.slump") or picture.is_true("neuro.single_root_pattern")
        self._dropped = {phase: self._dropped_tags(phase) for phase in (1, 2, 3)}
        self._relevant: dict[str, frozenset[str]] = {}
        self._indications: dict[tuple[str, str], Failure | Match] = {}
        self._stretch: dict[str, bool] = {}

    # --- exercises ---------------------------------------------------------------------------------------------

    def exercise_failures(self, exercise: Exercise, cause: ScoredCause, phase: int) -> Iterator[Failure]:
        """Every rule that fails, in order, without the minutes (they depend on what is chosen already)."""
        if phase not in exercise.phases:
            yield Failure("phase", self.picture.index.phase_reasons[exercise.key, phase])
        if exercise.key in self.screen.forbidden:
            yield from self.safety_failures(self.screen.exercise(exercise.key))
        if exercise.key in self.declined or exercise.technique in self.declined:
            yield Failure(
                "preference", Reason("preference", f"the patient does not want {exercise.key}", (exercise.key,))
            )
        if not self._is_relevant(exercise, cause):
            yield self._fail(
                "relevance", f"{exercise.key} acts on none of the regions that matter for {cause.key}", exercise
            )
        yield from self._load_rules(exercise, cause, phase)
        indication = self.indication(self.knowledge.techniques[exercise.technique], cause)
        if isinstance(indication, Failure):
            yield indication
        yield from self._setting(exercise)

    def safety_failures(self, blocks: Sequence[Block]) -> Iterator[Failure]:
        """Red flags, then conditions; a floor-transfer block alone has its own code, so it can be substituted."""
        flags = contraindications(blocks, "red_flag")
        if flags:
            yield Failure("red_flags", _joined("red_flags", flags), tuple(flags))
        conditions = contraindications(blocks, "condition")
        if conditions:
            rule = FLOOR_RULE if only_floor(conditions) else "conditions"
            yield Failure(rule, _joined("conditions", conditions), tuple(conditions))

    def _fail(self, rule: str, text: str, exercise: Exercise, inputs: tuple[str, ...] = ()) -> Failure:
        return Failure(rule, Reason(rule, text, (exercise.key, *inputs), "root causes, selection 4"))

    def _is_relevant(self, exercise: Exercise, cause: ScoredCause) -> bool:
        if exercise.region == WHOLE_BODY:
            return True
        relevant = self._relevant.get(cause.key)
        if relevant is None:
            relevant = self._relevant.setdefault(cause.key, self._relevant_regions(cause))
        if exercise.region in relevant:
            return True
        muscles = self.knowledge.anatomy.muscle_regions
        return any(muscles.get(m) in relevant for m in exercise.target_muscles)

    def _relevant_regions(self, cause: ScoredCause) -> frozenset[str]:
        regions = set(self.picture.regions)
        for path in cause.positive_findings():
            region = self.regions_of.get(path)
            if region is not None:
                regions.add(region)
        if cause.cause.category not in NO_FIRST_REGION and cause.cause.regions:
            regions.add(cause.cause.regions[0])
        return frozenset(regions)

    def _load_rules(self, exercise: Exercise, cause: ScoredCause, phase: int) -> Iterator[Failure]:
        if exercise.kind == "static_stretch":
            if not self.cramp and cause.key != "neuro_spasticity" and self._measured_long_enough(exercise):
                yield self._fail("stretch", f"{exercise.key}: the length test of its muscle passes", exercise)
            if self.neural and "hamstrings" in exercise.target_muscles:
                text = f"{exercise.key}: hamstring stretch while the slump test or a single root pattern is positive"
                yield self._fail("neural", text, exercise, ("spec.slump", "neuro.single_root_pattern"))
        if exercise.technique != "ex_directional_preference":
            hit = [tag for tag in exercise.load_tags if tag in self._dropped[phase]]
            if hit:
                text = f"{exercise.key}: load {', '.join(hit)} matches what aggravates"
                yield self._fail("aggravation", text, exercise, ("hist.aggravating",))

    def _measured_long_enough(self, exercise: Exercise) -> bool:
        known = self._stretch.get(exercise.key)
        if known is None:
            tests = [p for m in exercise.target_muscles for p in self.picture.index.length_tests.get(m, ())]
            recorded = [path for path in tests if self.picture.recorded(path) is not None]
            known = bool(recorded) and not any(self.picture.is_short(path) for path in recorded)
            self._stretch[exercise.key] = known
        return known

    def _dropped_tags(self, phase: int) -> frozenset[str]:
        """4d: load tags that match what aggravates; bending counts in phase 1 only, and not with a flexion bias."""
        aggravating = self.picture.choices("hist.aggravating")
        tags: set[str] = set()
        if phase in (1, 2):
            tags |= {tag for key in aggravating for tag in AGGRAVATION_TAGS.get(key, ())}
        if phase == 1 and "bending_forward" in aggravating and not self._flexion_helps():
            tags |= {"flex_end", "flex_loaded"}
        return frozenset(tags)

    def _flexion_helps(self) -> bool:
        return (
            self.picture.value("spec.repeated_flexion") in ("centralises", "better")
            or self.picture.value("hist.directional_preference") == "flexion"
            or "forward_bending" in self.picture.choices("hist.easing")
        )

    def _setting(self, exercise: Exercise) -> Iterator[Failure]:
        if "home" not in exercise.setting:
            yield self._fail("setting", f"{exercise.key} is not a home exercise", exercise)
        missing = [item for item in exercise.equipment if item not in self.equipment]
        if missing:
            text = f"{exercise.key} needs {', '.join(missing)}, which is not at home"
            yield self._fail(EQUIPMENT_RULE, text, exercise, ("hist.home_equipment",))

    # --- indications -------------------------------------------------------------------------------------------

    def indication(self, technique: Technique, cause: ScoredCause) -> Failure | Match:
        """4e: one indication and every gate, over the symptom regions plus the regions of the cause."""
        key = (technique.key, cause.key)
        if key not in self._indications:
            regions = frozenset((*self.picture.regions, *cause.cause.regions)) - {WHOLE_BODY}
            self._indications[key] = self._indicated(technique, regions)
        return self._indications[key]

    def _indicated(self, technique: Technique, regions: frozenset[str]) -> Failure | Match:
        opted_in = technique.key in self.options.opted_in
        matches = [self.picture.test_expression(e, regions, opted_in) for e in technique.indications]
        holding = [m for m in matches if m.holds]
        if not holding:
            wanted = "; ".join(str(e) for e in technique.indications)
            text = f"{technique.key}: no indication is met ({wanted})"
            return Failure("indication", Reason("indication", text, (technique.key,), "techniques, section 4"))
        for gate in technique.gate:
            if not self.picture.test_expression(gate, regions, opted_in).holds:
                text = f"{technique.key}: gate {gate} is not met or not assessed"
                return Failure("gate", Reason("gate", text, (technique.key, gate.path), "techniques, section 4"))
        return _merged(holding)

    # --- techniques --------------------------------------------------------------------------------------------

    def technique(self, technique: Technique, causes: Sequence[ScoredCause], phase: int) -> Failure | Treatable:
        """Rule 4 for a technique that the causes list in this phase."""
        if phase not in technique.phases:
            return Failure("phase", self.picture.index.phase_reasons[technique.key, phase])
        sites = self.treated_sites(causes)
        return self._technique_at(technique, causes, phase, sites)

    def _technique_at(
        self, technique: Technique, causes: Sequence[ScoredCause], phase: int, sites: Sequence[Site]
    ) -> Failure | Treatable:
        allowed = self.allowed_sites(technique, sites)
        if isinstance(allowed, Failure):
            return allowed
        general = self.practice_failure(technique)
        if general is not None:
            return general
        found = [self.indication(technique, cause) for cause in causes]
        matches = [m for m in found if isinstance(m, Match)]
        if not matches:
            return next(f for f in found if isinstance(f, Failure))
        return self._placed(technique, phase, sites, allowed, _merged(matches))

    def _placed(
        self, technique: Technique, phase: int, sites: Sequence[Site], allowed: list[Site], indication: Match
    ) -> Failure | Treatable:
        places = self._indicated_places(technique, allowed, indication)
        if isinstance(places, Failure):
            return places
        places = [site for site in places if self._extra_rule(technique, phase, site) is None]
        if not places:
            failure = self._extra_rule(technique, phase, allowed[0])
            return failure or _rule_failure(technique, "extra_rule", f"{technique.key} may not be used here")
        equipment = self._clinic_equipment(technique)
        if equipment is not None:
            return equipment
        blocks = tuple(dict.fromkeys(b for site in places for b in self.screen.technique(technique.key, site)))
        withheld = tuple(dict.fromkeys(s.region for s in sites if s not in allowed))
        return Treatable(tuple(places), tuple(b for b in blocks if b.level != "contraindicated"), indication, withheld)

    def treated_sites(self, causes: Iterable[ScoredCause]) -> list[Site]:
        """Symptom sites that belong to the causes' regions (all of them for a cause without such a region)."""
        sites: dict[str, Site] = {}
        for cause in causes:
            own = [s for s in self.picture.sites if s.region in cause.cause.regions] or list(self.picture.sites)
            for site in own:
                sides = (site.side, *self._found_sides(cause, site.region))
                known = sites.get(site.region)
                sides = (*sides, known.side) if known else sides
                sites[site.region] = Site(site.region, merge_sides(sides))
        order = {region: position for position, region in enumerate(self.picture.regions)}
        return sorted(sites.values(), key=lambda s: order.get(s.region, 99))

    def _found_sides(self, cause: ScoredCause, region: str) -> tuple[str, ...]:
        lines = [line for line in cause.supporting if self.regions_of.get(line.finding) == region]
        return tuple(side for line in lines for side in line.sides)

    def allowed_sites(self, technique: Technique, sites: Sequence[Site]) -> list[Site] | Failure:
        """Red flags, conditions, then region restrictions: the sites that remain, or why none does."""
        left = list(sites)
        if not technique.restrictions and not any(self.screen.technique(technique.key, site) for site in left):
            return left
        for kind, rule in (("red_flag", "red_flags"), ("condition", "conditions")):
            hits = {site: contraindications(self.screen.technique(technique.key, site), kind) for site in left}
            remaining = [site for site in left if not hits[site]]
            if left and not remaining:
                blocks = tuple(dict.fromkeys(b for found in hits.values() for b in found))
                return Failure(rule, _joined(rule, blocks), blocks)
            left = remaining
        return self._outside_barred_regions(technique, left)

    def _outside_barred_regions(self, technique: Technique, sites: Sequence[Site]) -> list[Site] | Failure:
        barred = {r.region: r for r in technique.restrictions if r.level == "contraindicated"}
        remaining = [site for site in sites if not self._restricted(technique, site, barred.keys())]
        if sites and not remaining:
            row = barred[sites[0].region]
            reason = Reason("region", f"{technique.key} not at {row.region}: {row.reason}", (row.region,), row.source)
            return Failure("region", reason)
        return remaining

    def _restricted(self, technique: Technique, site: Site, barred: Iterable[str]) -> bool:
        opted = (
            technique.key == "mt_joint_thrust_5"
            and site.region == "cervical"
            and technique.key in self.options.opted_in
        )
        return site.region in barred and not opted

    def _indicated_places(self, technique: Technique, allowed: list[Site], indication: Match) -> list[Site] | Failure:
        """Prefer allowed symptom sites where the indication lies; else the indicated region, when allowed there."""
        if not indication.regions:
            return allowed
        here = [site for site in allowed if site.region in indication.regions]
        if here:
            return here
        known = {site.region: site for site in self.picture.sites}
        side = merge_sides(site.side for site in allowed)
        places = [known.get(region, Site(region, side)) for region in indication.regions]
        return self.allowed_sites(technique, places)

    def practice_failure(self, technique: Technique) -> Failure | None:
        """Consent, credential and preference."""
        consent = self.picture.facts.consent
        if technique.category == "needling" and consent.needling_signed is not True:
            return _rule_failure(
                technique, "consent", f"{technique.key} needs signed written consent", "consent.needling_signed"
            )
        if technique.key == "mt_joint_thrust_5" and consent.thrust_signed is not True:
            return _rule_failure(
                technique, "consent", f"{technique.key} needs signed thrust consent", "consent.thrust_signed"
            )
        missing = [c for c in technique.credentials if c not in self.credentials]
        if missing:
            text = f"{technique.key} needs {' and '.join(missing)} in date, which the practitioner does not hold"
            return _rule_failure(technique, "credential", text, "practitioner")
        if technique.key in self.declined:
            return _rule_failure(technique, "preference", f"the patient does not want {technique.key}")
        return None

    def technique_failure(self, technique: Technique, phase: int, site: Site) -> Failure | None:
        """Why this technique may not be done at this one place in this phase, whatever the reason to choose it:
        red flags, conditions, region, consent, credential, preference, extra rules, clinic equipment."""
        allowed = self.allowed_sites(technique, [site])
        if isinstance(allowed, Failure):
            return allowed
        return self.unliftable_failure(technique, phase, site)

    def unliftable_failure(self, technique: Technique, phase: int, site: Site) -> Failure | None:
        """Why not, past red flags and conditions: what no override of a condition lifts."""
        place = self._outside_barred_regions(technique, [site])
        if isinstance(place, Failure):
            return place
        return (
            self.practice_failure(technique)
            or self._extra_rule(technique, phase, site)
            or self._clinic_equipment(technique)
        )

    def _extra_rule(self, technique: Technique, phase: int, site: Site) -> Failure | None:
        if technique.key == "mt_joint_mob_3_4" and phase == 1 and self.picture.value("hist.irritability") != "low":
            text = f"{technique.key}: in phase 1 only when irritability is low"
            return _rule_failure(technique, "extra_rule", text, "hist.irritability")
        if technique.key in ABOVE_GRADE_2 and site.region in NECK_OR_LOW_BACK and self.complete.neuro:
            text = (
                f"{technique.key}: no neck or low-back technique above grade II until the neurological screen is done"
            )
            return _rule_failure(technique, "incomplete", text, *self.complete.neuro)
        if (
            technique.category == "needling"
            and site.region in CHEST_NEEDLING
            and "thorax_endorsement" not in self.credentials
        ):
            text = f"{technique.key}: needling at {site.region} only with a recorded thorax endorsement"
            return _rule_failure(technique, "credential", text, "practitioner")
        return None

    def _clinic_equipment(self, technique: Technique) -> Failure | None:
        held = self.picture.facts.clinic_equipment
        missing = [] if held is None else [item for item in technique.equipment if item not in held]
        if not missing:
            return None
        return _rule_failure(
            technique, EQUIPMENT_RULE, f"{technique.key} needs {', '.join(missing)}, not in the clinic"
        )


def valid_credentials(facts: Facts, today: date) -> frozenset[str]:
    def in_date(credential: Credential) -> bool:
        return credential.expires is None or credential.expires >= today

    return frozenset(c.key for c in facts.credentials if in_date(c))


def _rule_failure(technique: Technique, rule: str, text: str, *inputs: str) -> Failure:
    return Failure(rule, Reason(rule, text, (technique.key, *inputs), "techniques"))


def _joined(rule: str, blocks: Sequence[Block]) -> Reason:
    texts = dict.fromkeys(b.reason.text for b in blocks)
    inputs = dict.fromkeys(i for b in blocks for i in b.reason.inputs)
    sources = dict.fromkeys(b.reason.source for b in blocks if b.reason.source)
    return Reason(rule, "; ".join(texts), tuple(inputs), "; ".join(sources))


def _merged(matches: Sequence[Match]) -> Match:
    """Union of what holds; no regions when one of the matches holds without a region."""
    paths = tuple(dict.fromkeys(p for m in matches for p in m.paths))
    placed = all(m.regions for m in matches)
    regions = tuple(dict.fromkeys(r for m in matches for r in m.regions)) if placed else ()
    return Match(True, paths, regions)

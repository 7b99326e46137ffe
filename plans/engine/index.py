"""Indexes over the knowledge, built once and kept while the same `Knowledge` object lives.

They turn the questions of one run ("which exercises does this condition touch?") into look-ups, so that a run costs
in proportion to what is true of the patient and not to the product of exercises and conditions.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from plans.engine.draft import Excluded, Reason
from plans.engine.knowledge import (
    ConditionRule,
    Dosage,
    Exercise,
    Knowledge,
    Technique,
    TechniqueEffect,
)
from plans.engine.limits import limited_dose
from plans.engine.overlap import ExercisePlaces, exercise_places

PASSIVE_CATEGORIES = frozenset({"manual_soft", "manual_joint", "needling", "electro", "thermal"})
REGIONLESS = frozenset({"hist", "pain", "func", "posture", "move", "spec", "neuro", "cond", "flag"})
PHASES = (1, 2, 3)
FLOOR_CONDITION = "unable_floor_transfer"
NO_OVERRIDE = "none"


@dataclass(frozen=True, slots=True)
class ExerciseEffect:
    """What one condition does to one exercise. `at_region` effects count only where the exercise overlaps."""

    condition: str
    level: str
    at_region: bool
    override: str
    reason: Reason
    modification: str = ""


@dataclass(frozen=True, eq=False)
class Index:
    knowledge: Knowledge
    places: Mapping[str, ExercisePlaces]
    exercise_effects: Mapping[str, tuple[tuple[str, ExerciseEffect], ...]]  # condition -> (exercise, effect)
    technique_effects: Mapping[str, tuple[tuple[str, TechniqueEffect], ...]]  # condition -> (technique, effect)
    acts_at_region: frozenset[str]  # conditions that need a recorded region
    length_tests: Mapping[str, tuple[str, ...]]  # muscle -> length-test paths
    namespace_regions: Mapping[str, Mapping[str, str]]  # namespace -> path -> region
    technique_order: Mapping[str, int]
    passive: frozenset[str]
    exercises_by_technique: Mapping[str, tuple[str, ...]]
    exercises_by_tag: Mapping[str, tuple[str, ...]]
    phase_reasons: Mapping[tuple[str, int], Reason]
    unlisted_reasons: Mapping[str, Reason]
    plain_exclusions: Mapping[tuple[str, int], Excluded]  # for items that nothing forbids and no cause lists
    finding_regions: Mapping[str, str | None]
    limited_doses: Mapping[tuple[str, int], tuple[Dosage, tuple[Reason, ...]]]  # inside the technique's limits


def finding_region(knowledge: Knowledge, path: str) -> str | None:
    """Region of a finding; histories, postures, movements, special tests and the like have none (rule 4a)."""
    namespace, _, key = path.partition(".")
    if namespace in REGIONLESS:
        return None
    spec = knowledge.findings.get(path)
    if spec is not None and spec.region:
        return spec.region
    muscle = spec.muscle if spec is not None and spec.muscle else key
    if namespace in ("mmt", "palp", "trp", "len", "palp_tender", "palp_spasm", "trp_twitch"):
        return knowledge.anatomy.muscle_regions.get(muscle)
    if namespace in ("rom", "rompct"):
        return knowledge.anatomy.rompct_prefix_regions.get(key.partition("_")[0])
    return None


@lru_cache(maxsize=8)
def index_for(knowledge: Knowledge) -> Index:
    """The index of this knowledge (cached by identity)."""
    effects, technique_effects = _effects(knowledge)
    passive = {t.key for t in knowledge.techniques.values() if t.category in PASSIVE_CATEGORIES} | {"su_taping"}
    rules = knowledge.exercise_rules
    phase_reasons = _phase_reasons(knowledge)
    unlisted = {key: _unlisted(key) for key in knowledge.exercises}
    unlisted |= {t.key: _unlisted_technique(t) for t in knowledge.techniques.values()}
    return Index(
        knowledge=knowledge,
        places={e.key: exercise_places(knowledge.anatomy, rules, e) for e in knowledge.exercises.values()},
        exercise_effects=effects,
        technique_effects=technique_effects,
        acts_at_region=frozenset(c.key for c in knowledge.conditions.values() if _acts_at_region(c)),
        length_tests=_length_tests(knowledge),
        namespace_regions=_namespace_regions(knowledge),
        technique_order={key: position for position, key in enumerate(knowledge.techniques)},
        passive=frozenset(passive & set(knowledge.techniques)),
        exercises_by_technique=_group(knowledge, lambda e: (e.technique,)),
        exercises_by_tag=_group(knowledge, lambda e: e.load_tags),
        phase_reasons=phase_reasons,
        unlisted_reasons=unlisted,
        plain_exclusions={
            (key, n): Excluded(key, n, phase_reasons.get((key, n), reason))
            for key, reason in unlisted.items()
            for n in PHASES
        },
        limited_doses={
            (e.key, n): limited_dose(e, knowledge.techniques[e.technique], n)
            for e in knowledge.exercises.values()
            for n in e.phases
        },
        finding_regions={path: finding_region(knowledge, path) for path in knowledge.findings},
    )


def _acts_at_region(rule: ConditionRule) -> bool:
    tags = rule.tag_scope == "at_region" and bool(rule.avoid_load_tags or rule.caution_load_tags)
    return tags or any(effect.scope == "at_region" for effect in rule.technique_effects)


def _group(knowledge: Knowledge, keys: Callable[[Exercise], Iterable[str]]) -> dict[str, tuple[str, ...]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for exercise in knowledge.exercises.values():
        for key in keys(exercise):
            grouped[key].append(exercise.key)
    return {key: tuple(found) for key, found in grouped.items()}


def _length_tests(knowledge: Knowledge) -> dict[str, tuple[str, ...]]:
    tests: dict[str, list[str]] = defaultdict(list)
    for path, spec in knowledge.findings.items():
        if path.startswith("len.") and spec.muscle:
            tests[spec.muscle].append(path)
    return {muscle: tuple(paths) for muscle, paths in tests.items()}


def _namespace_regions(knowledge: Knowledge) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in knowledge.findings:
        region = finding_region(knowledge, path)
        if region is not None:
            found[path.partition(".")[0]][path] = region
    return dict(found)


def _phase_reasons(knowledge: Knowledge) -> dict[tuple[str, int], Reason]:
    items = [(e.key, e.phases) for e in knowledge.exercises.values()]
    items += [(t.key, t.phases) for t in knowledge.techniques.values()]
    reasons = {}
    for key, phases in items:
        shown = ", ".join(str(p) for p in phases)
        for phase in PHASES:
            if phase not in phases:
                reasons[key, phase] = Reason(
                    "phase", f"{key} is meant for phase {shown}, not for phase {phase}", (key,)
                )
    return reasons


def _unlisted(key: str) -> Reason:
    return Reason("relevance", f"no selected cause lists {key} for this phase", (key,), "root causes, selection 3")


def _unlisted_technique(technique: Technique) -> Reason:
    if any(e.op == "therapist_opt_in" for e in technique.indications):
        text = f"{technique.key} is never proposed by itself; the therapist must add it"
        return Reason("indication", text, (technique.key,), "techniques, section 4")
    if technique.category == "exercise":
        text = f"no exercise of {technique.key} was chosen for this phase"
        return Reason("relevance", text, (technique.key,), "selection 7")
    return _unlisted(technique.key)


# --- conditions to exercises ----------------------------------------------------------------------------------------


def _effects(
    knowledge: Knowledge,
) -> tuple[dict[str, tuple[tuple[str, ExerciseEffect], ...]], dict[str, tuple[tuple[str, TechniqueEffect], ...]]]:
    by_condition: dict[str, list[tuple[str, ExerciseEffect]]] = defaultdict(list)
    by_technique: dict[str, tuple[tuple[str, TechniqueEffect], ...]] = {}
    for rule in knowledge.conditions.values():
        by_technique[rule.key] = tuple((t, effect) for effect in rule.technique_effects for t in effect.techniques)
    for exercise in knowledge.exercises.values():
        for rule in knowledge.conditions.values():
            found = [*_technique_part(rule, exercise), *_tag_part(rule, exercise)]
            for effect in (*found, *_listed_part(rule, exercise, found)):
                by_condition[rule.key].append((exercise.key, effect))
    return {key: tuple(found) for key, found in by_condition.items()}, by_technique


def _technique_part(rule: ConditionRule, exercise: Exercise) -> list[ExerciseEffect]:
    found = []
    for effect in rule.technique_effects:
        if exercise.technique not in effect.techniques:
            continue
        if effect.scope == "regions" and exercise.region not in effect.regions:
            continue
        text = f"{rule.label} ({rule.key}): {effect.reason}"
        reason = Reason(
            f"condition.{effect.level}", with_modification(text, effect), (f"cond.{rule.key}",), effect.source
        )
        override = effect.override if effect.level == "contraindicated" else NO_OVERRIDE
        found.append(
            ExerciseEffect(rule.key, effect.level, effect.scope == "at_region", override, reason, effect.modification)
        )
    return found


def with_modification(text: str, effect: TechniqueEffect) -> str:
    return f"{text}; {effect.modification}" if effect.modification else text


def _tag_part(rule: ConditionRule, exercise: Exercise) -> list[ExerciseEffect]:
    found = []
    at_region = rule.tag_scope == "at_region"
    tags = set(exercise.load_tags)
    for level, wanted in (("contraindicated", rule.avoid_load_tags), ("precaution", rule.caution_load_tags)):
        hit = [tag for tag in wanted if tag in tags]
        if hit:
            word = "avoid" if level == "contraindicated" else "care with"
            text = f"{rule.label} ({rule.key}): {word} load {', '.join(hit)}"
            reason = Reason(f"condition.load_tag.{level}", text, (f"cond.{rule.key}", *hit), "conditions, load tags")
            found.append(ExerciseEffect(rule.key, level, at_region, _tag_override(rule), reason))
    return found


def _tag_override(rule: ConditionRule) -> str:
    """A removal by tag can be overridden only with the override text of an exercise effect of the same condition."""
    texts = [
        effect.override
        for effect in rule.technique_effects
        if effect.level == "contraindicated" and any(t.startswith("ex_") for t in effect.techniques)
    ]
    return next((text for text in texts if text != NO_OVERRIDE), NO_OVERRIDE)


def _listed_part(rule: ConditionRule, exercise: Exercise, found: list[ExerciseEffect]) -> list[ExerciseEffect]:
    """Hand-written entries of the exercise itself; the stricter of list and condition wins."""
    anywhere = any(e.level == "contraindicated" and not e.at_region for e in found)
    local = any(e.level == "contraindicated" and e.at_region for e in found)
    warned = any(e.level == "precaution" for e in found)
    source = "exercise library"
    made = []
    if rule.key in exercise.contraindications and not anywhere:
        text = f"{rule.label} ({rule.key}): not with this exercise"
        made.append(_listed(rule, "contraindicated", False, text, source))
    elif rule.key in exercise.contraindications_at_region and not (anywhere or local):
        text = f"{rule.label} ({rule.key}): not with this exercise at the place"
        made.append(_listed(rule, "contraindicated", True, text, source))
    elif rule.key in exercise.precautions and not (warned or anywhere or local):
        made.append(_listed(rule, "precaution", False, f"{rule.label} ({rule.key}): take care", source))
    return made


def _listed(rule: ConditionRule, level: str, at_region: bool, text: str, source: str) -> ExerciseEffect:
    reason = Reason(f"condition.listed.{level}", text, (f"cond.{rule.key}",), source)
    return ExerciseEffect(rule.key, level, at_region, NO_OVERRIDE, reason)

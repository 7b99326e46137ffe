"""What one document says about another: every dangling key, loop, missing dose and impossible figure, all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from assessments.vocabulary import VOCABULARY
from clinic.anatomy import MUSCLES, REGIONS
from plans.knowledge import schema
from plans.knowledge.documents import file_of
from plans.knowledge.paths import PLAN_WORDS, Known, path_problem, test_problem, tree_problems

ALL = "ALL"
PHASES = (1, 2, 3)


@dataclass(frozen=True)
class Parsed:
    """The seven documents after their shape was checked."""

    conditions: schema.ConditionsDocument
    techniques: schema.TechniquesDocument
    red_flags: schema.RedFlagsDocument
    exercises: schema.ExercisesDocument
    root_causes: schema.RootCausesDocument
    phases: schema.PhasesDocument
    education: schema.EducationDocument


@dataclass
class Report:
    """Collects problems as ``file: path: text``."""

    document: str
    problems: list[str] = field(default_factory=list)

    def add(self, place: str, text: str) -> None:
        self.problems.append(f"{file_of(self.document)}: {place}: {text}")

    def unknown(self, place: str, kind: str, keys: Iterable[str], known: Iterable[str]) -> None:
        """One problem for each key that is not known, with its position in the list."""
        allowed = set(known)
        for index, key in enumerate(keys):
            if key not in allowed:
                self.add(f"{place}[{index}]", f"unknown {kind} '{key}'")

    def duplicates(self, place: str, keys: Sequence[str]) -> None:
        counts = Counter(keys)
        for index, key in enumerate(keys):
            if counts[key] > 1 and keys.index(key) != index:
                self.add(f"{place}[{index}].key", f"duplicate key '{key}'")


@dataclass(frozen=True)
class Keys:
    """Every key that may be named."""

    conditions: frozenset[str]
    techniques: dict[str, schema.Technique]
    flags: frozenset[str]
    exercises: dict[str, schema.Exercise]
    causes: frozenset[str]
    load_tags: frozenset[str]
    education: frozenset[str]
    credentials: frozenset[str]

    @property
    def known(self) -> Known:
        return Known(self.conditions, self.flags)


def keys_of(parsed: Parsed) -> Keys:
    return Keys(
        conditions=frozenset(condition.key for condition in parsed.conditions.conditions),
        techniques={technique.key: technique for technique in parsed.techniques.techniques},
        flags=frozenset(flag.key for flag in parsed.red_flags.red_flags),
        exercises={exercise.key: exercise for exercise in parsed.exercises.exercises},
        causes=frozenset(cause.key for cause in parsed.root_causes.root_causes),
        load_tags=frozenset(parsed.conditions.meta.load_tags),
        education=frozenset(topic.key for topic in parsed.education.topics),
        credentials=frozenset(parsed.techniques.meta.credentials),
    )


def cross_check(parsed: Parsed) -> list[str]:
    """Every problem between the documents, in the order of the files; empty when all is well."""
    keys = keys_of(parsed)
    reports = [
        _check_conditions(parsed.conditions, keys),
        _check_techniques(parsed.techniques, keys),
        _check_red_flags(parsed.red_flags, keys),
        _check_exercises(parsed.exercises, keys),
        _check_root_causes(parsed.root_causes, keys),
        _check_phases(parsed.phases, keys),
        _check_education(parsed.education, keys),
    ]
    return [problem for report in reports for problem in report.problems]


# --- Conditions ------------------------------------------------------------------------------------------------------


def _check_conditions(document: schema.ConditionsDocument, keys: Keys) -> Report:
    report = Report("conditions")
    report.duplicates("conditions", [condition.key for condition in document.conditions])
    for key, derived in document.meta.derived_conditions.items():
        place = f"meta.derived_conditions.{key}"
        if key not in keys.conditions:
            report.add(place, f"unknown condition '{key}'")
        if derived.when is not None:
            for where, text in tree_problems(derived.when, f"{place}.when", keys.known):
                report.add(where, text)
    for index, condition in enumerate(document.conditions):
        _check_condition(report, f"conditions[{index}]", condition, keys)
    return report


def _check_condition(report: Report, place: str, condition: schema.Condition, keys: Keys) -> None:
    report.unknown(f"{place}.avoid_load_tags", "load tag", condition.avoid_load_tags, keys.load_tags)
    report.unknown(f"{place}.caution_load_tags", "load tag", condition.caution_load_tags, keys.load_tags)
    for tag in sorted(set(condition.avoid_load_tags) & set(condition.caution_load_tags)):
        report.add(place, f"load tag '{tag}' is both avoided and cautioned")
    for index, effect in enumerate(condition.technique_effects):
        where = f"{place}.technique_effects[{index}]"
        report.unknown(f"{where}.techniques", "technique", effect.techniques, keys.techniques)
        report.unknown(f"{where}.regions", "region", effect.regions, REGIONS)


# --- Techniques ------------------------------------------------------------------------------------------------------


def _check_techniques(document: schema.TechniquesDocument, keys: Keys) -> Report:
    report = Report("techniques")
    report.duplicates("techniques", [technique.key for technique in document.techniques])
    for index, technique in enumerate(document.techniques):
        _check_technique(report, f"techniques[{index}]", technique, keys)
    report.duplicates("region_restrictions", [row.key for row in document.region_restrictions])
    for index, row in enumerate(document.region_restrictions):
        place = f"region_restrictions[{index}]"
        report.unknown(f"{place}.techniques", "technique", row.techniques, keys.techniques)
        report.unknown(f"{place}.regions", "region", row.regions, REGIONS)
        if row.credential and row.credential not in keys.credentials:
            report.add(f"{place}.credential", f"unknown credential '{row.credential}'")
    return report


def _check_technique(report: Report, place: str, technique: schema.Technique, keys: Keys) -> None:
    report.unknown(f"{place}.credentials", "credential", technique.credentials, keys.credentials)
    _check_tests(report, f"{place}.indications", technique.indications, keys)
    _check_tests(report, f"{place}.gate", technique.gate, keys)
    names = [dose.parameter for dose in technique.dosage]
    for index, dose in enumerate(technique.dosage):
        where = f"{place}.dosage[{index}]"
        if names.index(dose.parameter) != index:
            report.add(where, f"duplicate parameter '{dose.parameter}'")
        for text in dose_problems(dose.default, dose.min, dose.max):
            report.add(where, text)


def dose_problems(default: object, low: object, high: object) -> Iterator[str]:
    """Figures out of order. Words (grade "I-II") have no order."""
    numbers = {
        name: v for name, v in (("default", default), ("min", low), ("max", high)) if isinstance(v, (int, float))
    }
    if "min" in numbers and "max" in numbers and numbers["min"] > numbers["max"]:
        yield f"min {low} is above max {high}"
    if "default" in numbers and numbers["default"] < numbers.get("min", numbers["default"]):
        yield f"default {default} is below min {low}"
    if "default" in numbers and numbers["default"] > numbers.get("max", numbers["default"]):
        yield f"default {default} is above max {high}"


def _check_tests(report: Report, place: str, tests: Sequence[schema.TestOrWord], keys: Keys) -> None:
    for index, test in enumerate(tests):
        if isinstance(test, schema.Test):
            wrong = test_problem(test.finding, test.op, test.value, keys.known)
            if wrong is not None:
                report.add(f"{place}[{index}]", wrong)


# --- Red flags -------------------------------------------------------------------------------------------------------


def _check_red_flags(document: schema.RedFlagsDocument, keys: Keys) -> Report:
    report = Report("red_flags")
    report.duplicates("red_flags", [flag.key for flag in document.red_flags])
    for index, flag in enumerate(document.red_flags):
        place = f"red_flags[{index}]"
        if flag.region not in REGIONS:
            report.add(f"{place}.region", f"unknown region '{flag.region}'")
        _check_removals(report, place, flag, keys)
        for text in flag_effect_problems(flag):
            report.add(place, text)
        if flag.follows_from is not None:
            for where, text in tree_problems(flag.follows_from.when, f"{place}.follows_from.when", keys.known):
                report.add(where, text)
        if flag.re_ask is not None:
            report.unknown(f"{place}.re_ask.regions", "region", flag.re_ask.regions, REGIONS)
            report.unknown(f"{place}.re_ask.conditions", "condition", flag.re_ask.conditions, keys.conditions)
            report.unknown(f"{place}.re_ask.techniques", "technique", flag.re_ask.techniques, keys.techniques)
    return report


def _check_removals(report: Report, place: str, flag: schema.RedFlag, keys: Keys) -> None:
    report.unknown(f"{place}.remove_techniques", "technique", flag.remove_techniques, {ALL, *keys.techniques})
    report.unknown(f"{place}.remove_load_tags", "load tag", flag.remove_load_tags, {ALL, *keys.load_tags})


def flag_effect_problems(flag: schema.RedFlag) -> Iterator[str]:
    """The action and the effect of a flag must say the same."""
    all_techniques, all_tags = flag.remove_techniques == [ALL], flag.remove_load_tags == [ALL]
    blocks_all = flag.action in ("block_plan", "block_region")
    if blocks_all and not (all_techniques and all_tags):
        yield f"action {flag.action} must remove [ALL] techniques and load tags"
    if not blocks_all and (ALL in flag.remove_techniques or ALL in flag.remove_load_tags):
        yield f"action {flag.action} cannot remove ALL"
    if flag.action == "block_plan" and flag.scope != "anywhere":
        yield "action block_plan acts anywhere"
    if flag.action == "block_region" and flag.scope != "at_region":
        yield "action block_region acts at the region"
    if flag.action == "block_techniques" and not (flag.remove_techniques or flag.remove_load_tags):
        yield "action block_techniques removes nothing"
    if flag.disposition == "emergency_now" and flag.action != "block_plan":
        yield "an emergency must block the plan"


# --- Exercises -------------------------------------------------------------------------------------------------------


def _check_exercises(document: schema.ExercisesDocument, keys: Keys) -> Report:
    report = Report("exercises")
    report.duplicates("exercises", [exercise.key for exercise in document.exercises])
    bearing = document.meta.weight_bearing
    report.unknown("meta.weight_bearing.lower_limb_extra", "exercise", bearing.lower_limb_extra, keys.exercises)
    report.unknown("meta.weight_bearing.upper_limb", "exercise", bearing.upper_limb, keys.exercises)
    home = [str(choice.value) for choice in VOCABULARY["hist.home_equipment"].choices]
    equipment = {*document.meta.equipment_everyday, *home}
    for index, exercise in enumerate(document.exercises):
        place = f"exercises[{index}]"
        _check_exercise_keys(report, place, exercise, keys)
        report.unknown(f"{place}.equipment", "equipment", exercise.equipment, equipment)
        _check_dosages(report, place, exercise, document.meta.allowed_ranges)
    for link in ("progression", "regression"):
        _check_loops(report, link, document.exercises)
    return report


def _check_exercise_keys(report: Report, place: str, exercise: schema.Exercise, keys: Keys) -> None:
    technique = keys.techniques.get(exercise.technique)
    if technique is None:
        report.add(f"{place}.technique", f"unknown technique '{exercise.technique}'")
    elif technique.category not in ("exercise", "support"):
        report.add(f"{place}.technique", f"'{exercise.technique}' is not an exercise technique")
    if exercise.region not in REGIONS:
        report.add(f"{place}.region", f"unknown region '{exercise.region}'")
    report.unknown(f"{place}.target_muscles", "muscle", exercise.target_muscles, MUSCLES)
    report.unknown(f"{place}.load_tags", "load tag", exercise.load_tags, keys.load_tags)
    for name in ("contraindications", "contraindications_at_region", "precautions"):
        report.unknown(f"{place}.{name}", "condition", getattr(exercise, name), keys.conditions)
    for name in ("progression", "regression"):
        target = getattr(exercise, name)
        if target is not None and target not in keys.exercises:
            report.add(f"{place}.{name}", f"unknown exercise '{target}'")


def _check_dosages(
    report: Report, place: str, exercise: schema.Exercise, ranges: dict[str, tuple[float, float]]
) -> None:
    for phase in PHASES:
        dose = exercise.dosage.of(phase)
        where = f"{place}.dosage.phase{phase}"
        if dose is None:
            if phase in exercise.phases:
                report.add(where, f"'{exercise.key}' is used in phase {phase} but has no dosage for it")
            continue
        if phase not in exercise.phases:
            report.add(where, f"'{exercise.key}' is not used in phase {phase}")
        for text in dosage_problems(dose, ranges):
            report.add(where, text)


def dosage_problems(dose: schema.Dosage, ranges: dict[str, tuple[float, float]]) -> Iterator[str]:
    """Figures outside the allowed ranges, effort upside down, or neither reps with hold nor minutes."""
    for name, (low, high) in ranges.items():
        value = getattr(dose, name)
        for figure in value if isinstance(value, tuple) else (value,):
            if figure is not None and not low <= figure <= high:
                yield f"{name} {figure:g} is outside {low:g}-{high:g}"
    if dose.rpe[0] > dose.rpe[1]:
        yield f"rpe {list(dose.rpe)} is upside down"
    if (dose.hold_s is None) == (dose.duration_min is None):
        yield "needs either hold_s or duration_min"


def _check_loops(report: Report, link: Literal["progression", "regression"], exercises: list[schema.Exercise]) -> None:
    following: dict[str, str | None] = {exercise.key: getattr(exercise, link) for exercise in exercises}
    for index, exercise in enumerate(exercises):
        chain = [exercise.key]
        step = following[exercise.key]
        while step is not None and step not in chain:
            chain.append(step)
            step = following.get(step)
        if step == exercise.key and exercise.key == min(chain):  # each loop is reported once
            report.add(f"exercises[{index}].{link}", f"{link} runs in a circle: {' > '.join([*chain, step])}")


# --- Root causes -----------------------------------------------------------------------------------------------------


def _check_root_causes(document: schema.RootCausesDocument, keys: Keys) -> Report:
    report = Report("root_causes")
    report.duplicates("root_causes", [cause.key for cause in document.root_causes])
    for index, cause in enumerate(document.root_causes):
        _check_cause(report, f"root_causes[{index}]", cause, keys)
    return report


def _check_cause(report: Report, place: str, cause: schema.RootCause, keys: Keys) -> None:
    report.unknown(f"{place}.regions", "region", cause.regions, REGIONS)
    report.unknown(f"{place}.blocked_by_flags", "red flag", cause.blocked_by_flags, keys.flags)
    _check_evidence(report, f"{place}.evidence", cause.evidence, keys)
    for phase in PHASES:
        techniques, exercises = cause.techniques.of(phase), cause.exercises.of(phase)
        report.unknown(f"{place}.techniques.phase{phase}", "technique", techniques, keys.techniques)
        report.unknown(f"{place}.exercises.phase{phase}", "exercise", exercises, keys.exercises)
        for index, key in enumerate(exercises):
            if key in keys.exercises and phase not in keys.exercises[key].phases:
                report.add(f"{place}.exercises.phase{phase}[{index}]", f"'{key}' is not used in phase {phase}")
    report.unknown(f"{place}.education", "education topic", cause.education, keys.education)
    for index, goal in enumerate(cause.goals):
        _check_goal(report, f"{place}.goals[{index}]", goal, keys)
    if isinstance(cause.referral.now, list):
        _check_tests(report, f"{place}.referral.now", cause.referral.now, keys)
    if cause.referral.level == "none" and cause.referral.now != "never":
        report.add(f"{place}.referral", "level none cannot be raised")


def _check_evidence(report: Report, place: str, evidence: schema.Evidence, keys: Keys) -> None:
    for number, group in enumerate(evidence.required):
        _check_items(report, f"{place}.required[{number}].any_of", group.any_of, keys, sign=1)
    _check_items(report, f"{place}.supporting", evidence.supporting, keys, sign=1)
    _check_items(report, f"{place}.against", evidence.against, keys, sign=-1)
    levels = evidence.thresholds
    if not levels.possible < levels.probable < levels.strong:
        report.add(
            f"{place}.thresholds",
            f"must rise: possible {levels.possible:g}, probable {levels.probable:g}, strong {levels.strong:g}",
        )


def _check_items(report: Report, place: str, items: Sequence[schema.EvidenceItem], keys: Keys, *, sign: int) -> None:
    for index, item in enumerate(items):
        wrong = test_problem(item.finding, item.op, item.value, keys.known)
        if wrong is not None:
            report.add(f"{place}[{index}]", wrong)
        if item.weight * sign <= 0:
            wanted = "above" if sign > 0 else "below"
            report.add(f"{place}[{index}].weight", f"{item.weight:g} must be {wanted} 0")


def _check_goal(report: Report, place: str, goal: schema.Goal, keys: Keys) -> None:
    if goal.op == "change>=":
        wrong = path_problem(goal.metric, keys.known)
    else:
        wrong = test_problem(goal.metric, goal.op, goal.target, keys.known)
    if wrong is not None:
        report.add(place, wrong)


# --- Phases and education --------------------------------------------------------------------------------------------


def _check_phases(document: schema.PhasesDocument, keys: Keys) -> Report:
    report = Report("phases")
    numbers = [phase.number for phase in document.phases]
    if numbers != list(PHASES):
        report.add("phases", f"must be the phases 1, 2, 3 in order, not {numbers}")
    criteria: list[str] = []
    for index, phase in enumerate(document.phases):
        place = f"phases[{index}]"
        for name in ("home_items", "rpe", "duration_days", "visit_minutes"):
            low, high = getattr(phase, name)
            if low > high:
                report.add(f"{place}.{name}", f"{low} is above {high}")
        for position, criterion in enumerate(phase.exit):
            if criterion.key in criteria:
                report.add(f"{place}.exit[{position}].key", f"duplicate key '{criterion.key}'")
            criteria.append(criterion.key)
            for number, path in enumerate(criterion.measures):
                wrong = path_problem(path, keys.known)
                if wrong is not None:
                    report.add(f"{place}.exit[{position}].measures[{number}]", wrong)
    return report


def _check_education(document: schema.EducationDocument, keys: Keys) -> Report:
    report = Report("education")
    report.duplicates("topics", [topic.key for topic in document.topics])
    for index, topic in enumerate(document.topics):
        place = f"topics[{index}]"
        technique = keys.techniques.get(topic.key)
        if technique is None or technique.category != "education":
            report.add(f"{place}.key", f"'{topic.key}' is not an education technique")
        for number, test in enumerate(topic.attach):
            if isinstance(test, schema.Test) and test.finding not in PLAN_WORDS:
                wrong = test_problem(test.finding, test.op, test.value, keys.known)
                if wrong is not None:
                    report.add(f"{place}.attach[{number}]", wrong)
            elif isinstance(test, schema.Test):
                _check_plan_word(report, f"{place}.attach[{number}]", test, keys)
    for key in [key for key, t in keys.techniques.items() if t.category == "education" and key not in keys.education]:
        report.add("topics", f"education technique '{key}' has no topic")
    return report


def _check_plan_word(report: Report, place: str, test: schema.Test, keys: Keys) -> None:
    if test.finding == "cause" and test.value not in keys.causes:
        report.add(place, f"unknown cause '{test.value}'")
    if test.finding == "technique" and test.value not in keys.techniques:
        report.add(place, f"unknown technique '{test.value}'")

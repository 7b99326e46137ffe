"""Root causes, phases and education topics against the other documents."""

from __future__ import annotations

from collections.abc import Sequence

from clinic.anatomy import REGIONS
from plans.knowledge import schema
from plans.knowledge.crosscheck.report import PHASES, Keys, Report, check_tests
from plans.knowledge.paths import PLAN_WORDS, path_problem, test_problem


def check_root_causes(document: schema.RootCausesDocument, keys: Keys) -> Report:
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
        check_tests(report, f"{place}.referral.now", cause.referral.now, keys)
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


def check_phases(document: schema.PhasesDocument, keys: Keys) -> Report:
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


def check_education(document: schema.EducationDocument, keys: Keys) -> Report:
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

"""Techniques, region restrictions and exercises against the other documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from assessments.vocabulary import VOCABULARY
from clinic.anatomy import MUSCLES, REGIONS
from plans.knowledge import schema
from plans.knowledge.crosscheck.report import PHASES, Keys, Report, check_tests


def check_techniques(document: schema.TechniquesDocument, keys: Keys) -> Report:
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
    check_tests(report, f"{place}.indications", technique.indications, keys)
    check_tests(report, f"{place}.gate", technique.gate, keys)
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


def check_exercises(document: schema.ExercisesDocument, keys: Keys) -> Report:
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

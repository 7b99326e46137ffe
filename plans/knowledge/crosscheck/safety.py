"""Conditions and red flags against the other documents."""

from __future__ import annotations

from collections.abc import Iterator

from clinic.anatomy import REGIONS
from plans.knowledge import schema
from plans.knowledge.crosscheck.report import ALL, Keys, Report
from plans.knowledge.paths import tree_problems


def check_conditions(document: schema.ConditionsDocument, keys: Keys) -> Report:
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


def check_red_flags(document: schema.RedFlagsDocument, keys: Keys) -> Report:
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

"""Red flags, the contraindication matrix, conditions, region restrictions."""

from __future__ import annotations

from collections.abc import Iterator

from plans.knowledge import schema
from plans.knowledge.crosscheck import Parsed
from plans.knowledge.rendering.words import VERIFY, table, words

CATEGORIES = {
    "manual_soft": "Soft tissue",
    "manual_joint": "Joint",
    "needling": "Needling",
    "electro": "Electrical",
    "thermal": "Heat, cold",
    "support": "Support",
}
SPEED = {
    "emergency_now": "Emergency now",
    "urgent_same_day": "Same day",
    "urgent_referral": "Urgent referral",
    "routine_referral": "Routine referral",
    "caution_monitor": "Caution, monitor",
}


def flags(document: schema.RedFlagsDocument) -> Iterator[str]:
    """Every red flag with speed and effect."""
    yield "## Red flags"
    yield ""
    yield "All true flags act together. Not asked counts as unsafe and stops the plan."
    yield ""
    rows = (
        (
            f"**{flag.label}** (`{flag.key}`){VERIFY if flag.verify else ''}",
            flag.question,
            SPEED[flag.disposition],
            _action(flag),
            flag.basis,
        )
        for flag in document.red_flags
    )
    yield from table(("flag", "question", "speed", "what a yes does", "source"), rows)


def _action(flag: schema.RedFlag) -> str:
    says = {
        "block_plan": "blocks the plan",
        "block_region": "blocks the region",
        "block_techniques": "removes items",
        "flag": "banner, asked again",
    }[flag.action]
    gone = words([*flag.remove_techniques, *flag.remove_load_tags]) if flag.action == "block_techniques" else ""
    return f"{says}{': ' + gone if gone else ''}{' (at the region)' if flag.scope == 'at_region' else ''}"


def matrix(parsed: Parsed) -> Iterator[str]:
    """Condition by kind of treatment: the worst level that any technique of the kind has."""
    yield "## Contraindication matrix"
    yield ""
    yield "**X** contraindicated, **x** only at the region or in the listed regions, **!** precaution, empty: nothing."
    yield "What holds for single techniques, with reason and override, stands in the next section."
    yield ""
    kind_of: dict[str, str] = {technique.key: technique.category for technique in parsed.techniques.techniques}
    rows = (
        (
            f"{condition.label}",
            *(_mark(condition, category, kind_of) for category in CATEGORIES),
            _exercise_mark(condition),
        )
        for condition in parsed.conditions.conditions
    )
    for line in table(("condition", *CATEGORIES.values(), "Exercise"), rows):
        yield line.replace("| - |", "| |").replace("| - |", "| |")


def _mark(condition: schema.Condition, category: str, kind_of: dict[str, str]) -> str:
    found = ""
    for effect in condition.technique_effects:
        if any(kind_of.get(key) == category for key in effect.techniques):
            found = max(found, _strength(effect.level, effect.scope == "anywhere"), key=("", "!", "x", "X").index)
    return found


def _strength(level: str, anywhere: bool) -> str:
    return "!" if level == "precaution" else "X" if anywhere else "x"


def _exercise_mark(condition: schema.Condition) -> str:
    if condition.avoid_load_tags:
        return "X" if condition.tag_scope == "anywhere" else "x"
    return "!" if condition.caution_load_tags else ""


def conditions(parsed: Parsed) -> Iterator[str]:
    """Each condition with its effects on techniques and load tags."""
    yield "## Conditions"
    for condition in parsed.conditions.conditions:
        yield ""
        yield f"**{condition.label}** (`{condition.key}`, {condition.kind.replace('_', ' ')})"
        yield ""
        for effect in condition.technique_effects:
            yield f"- {_effect(effect)}"
        where = "" if condition.tag_scope == "anywhere" else ", at the region"
        if condition.avoid_load_tags:
            yield f"- exercises left out{where}: {words(condition.avoid_load_tags)}"
        if condition.caution_load_tags:
            yield f"- exercises with a warning{where}: {words(condition.caution_load_tags)}"
        if not (condition.technique_effects or condition.avoid_load_tags or condition.caution_load_tags):
            yield f"- {condition.note or 'no effect on items'}"


def _effect(effect: schema.TechniqueEffect) -> str:
    place = {"anywhere": "", "at_region": " at the region", "regions": f" at {words(effect.regions)}"}[effect.scope]
    lifted = "no override" if effect.override == "none" else f"override: {effect.override}"
    more = f"; {effect.modification}" if effect.modification else ""
    source = f" [{effect.source}]" if effect.source else ""
    return f"{effect.level}{place}: {words(effect.techniques)}. {effect.reason}{more}; {lifted}{source}"


def restrictions(parsed: Parsed) -> Iterator[str]:
    """Where techniques are restricted whatever the conditions."""
    yield "## Region restrictions"
    yield ""
    rows = (
        (
            words(row.regions),
            words(row.techniques),
            f"{row.level}{VERIFY if row.verify else ''}",
            row.reason,
            row.override or "none",
            words([row.credential]) if row.credential else "",
            row.source,
        )
        for row in parsed.techniques.region_restrictions
    )
    yield from table(("region", "techniques", "level", "reason", "override", "credential", "source"), rows)

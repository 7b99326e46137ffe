"""The red-flag questions as typed values: what is asked, how fast it acts, when it is asked again."""

from __future__ import annotations

from typing import Any, Literal

from assessments.vocabulary.fields import Frozen
from assessments.vocabulary.load import read


class ReAsk(Frozen):
    """When a flag belongs to the short list of every visit. Without restriction it always does."""

    text: str
    regions: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()


class FollowsFrom(Frozen):
    """The findings that make a flag true without its question: in words and as data."""

    text: str
    when: dict[str, Any]


class RedFlagItem(Frozen):
    """One screening question. `remove_techniques` and `remove_load_tags` may be ("ALL",)."""

    key: str
    label: str
    group: str
    region: str
    question: str
    suspected: str
    disposition: Literal["caution_monitor", "routine_referral", "urgent_referral", "urgent_same_day", "emergency_now"]
    action: Literal["flag", "block_techniques", "block_region", "block_plan"]
    scope: Literal["anywhere", "at_region"]
    remove_techniques: tuple[str, ...]
    remove_load_tags: tuple[str, ...]
    limits: str
    basis: str
    verify: bool = False
    follows_from: FollowsFrom | None = None
    re_ask: ReAsk | None = None


class Disposition(Frozen):
    """How fast to act, and what is written."""

    key: str
    label: str
    how_fast: str
    output: str


class YellowFlag(Frozen):
    """Not a red flag, but it changes the plan: what is seen, what it does, which topics it brings."""

    key: str
    label: str
    finding: str
    effect: str
    when: dict[str, Any] | None = None
    education: tuple[str, ...] = ()


_DATA = read("red_flags")

RED_FLAGS: dict[str, RedFlagItem] = {row["key"]: RedFlagItem.model_validate(row) for row in _DATA["red_flags"]}
YELLOW_FLAGS: dict[str, YellowFlag] = {row["key"]: YellowFlag.model_validate(row) for row in _DATA["yellow_flags"]}
RED_FLAG_GROUPS: dict[str, str] = {row["key"]: row["label"] for row in _DATA["meta"]["groups"]}
DISPOSITIONS: dict[str, Disposition] = {
    row["key"]: Disposition.model_validate(row) for row in _DATA["meta"]["dispositions"]
}
ACTION_LABELS: dict[str, str] = {row["key"]: row["label"] for row in _DATA["meta"]["actions"]}
ACTION_MEANINGS: dict[str, str] = {row["key"]: row["meaning"] for row in _DATA["meta"]["actions"]}
# Texts that are printed as they stand.
SAFETY_TEXTS: tuple[str, ...] = tuple(_DATA["meta"]["never_soften"])
RE_ASK_ALSO: tuple[str, ...] = tuple(_DATA["meta"]["re_ask_also"])


def red_flags_by_group() -> dict[str, list[RedFlagItem]]:
    """The questions in the order of the screen, under their group."""
    return {group: [flag for flag in RED_FLAGS.values() if flag.group == group] for group in RED_FLAG_GROUPS}


def short_list(*, regions: set[str], conditions: set[str], techniques: set[str]) -> list[RedFlagItem]:
    """The flags to ask again today for this plan (regions treated, conditions on record, techniques used)."""
    return [
        flag
        for flag in RED_FLAGS.values()
        if flag.re_ask is not None and _applies(flag.re_ask, regions, conditions, techniques)
    ]


def _applies(re_ask: ReAsk, regions: set[str], conditions: set[str], techniques: set[str]) -> bool:
    if re_ask.conditions and not conditions.intersection(re_ask.conditions):
        return False
    if re_ask.techniques and not techniques.intersection(re_ask.techniques):
        return False
    return not re_ask.regions or bool(regions.intersection(re_ask.regions))

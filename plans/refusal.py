"""When no plan may be released: why, what to do first, what to tell the receiving team."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from assessments.vocabulary import DISPOSITIONS, RED_FLAGS, SAFETY_TEXTS
from plans.engine.facts import Finding
from plans.engine.knowledge import Knowledge
from plans.models import PlanVersion
from plans.wording import Names, capital, missing_label

SPEEDS = ("emergency_now", "urgent_same_day", "urgent_referral", "routine_referral", "caution_monitor")


@dataclass(frozen=True, slots=True)
class FlagLine:
    state: str
    name: str
    suspected: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no plan, and what to do: in this order on the page."""

    disposition: str
    how_fast: str
    emergency: bool
    reasons: tuple[dict[str, str], ...]
    tasks: tuple[str, ...]
    missing: tuple[str, ...]
    referral: str
    education: tuple[str, ...]


def flag_line(flag: Mapping[str, Any], names: Names) -> FlagLine:
    known = RED_FLAGS.get(flag["key"])
    urgent = flag["disposition"] in ("emergency_now", "urgent_same_day", "urgent_referral")
    return FlagLine(
        state="stop" if urgent or flag["action"] != "flag" else "caution",
        name=known.label if known else flag["key"],
        suspected=known.suspected if known else "",
        says=tuple(names.said(reason["text"]) for reason in flag["reasons"]),
    )


def speed_label(disposition: str) -> str:
    known = DISPOSITIONS.get(disposition)
    return known.label if known else "Referral beside treatment"


def refusal_of(version: PlanVersion, names: Names, knowledge: Knowledge, findings: Mapping[str, Finding]) -> Refusal:
    answer = version.draft
    known = DISPOSITIONS.get(version.disposition)
    reasons = answer.get("reasons") or [r for flag in answer["flags"] for r in flag["reasons"]]
    topics = answer.get("education") or [t for phase in answer["phases"].values() for t in phase["education"]]
    asked = answer["missing"] if answer["kind"] == "refusal" else []
    return Refusal(
        disposition=known.label if known else "No plan can be drafted yet",
        how_fast=known.how_fast if known else "",
        emergency=version.disposition in ("emergency_now", "urgent_same_day"),
        reasons=tuple(names.reason(reason, findings) for reason in reasons),
        tasks=(*_flag_steps(answer["flags"]), *_cause_steps(answer, names)),
        missing=tuple(missing_label(key, knowledge) for key in asked),
        referral=referral_text(version, names),
        education=tuple(names.name(key) for key in dict.fromkeys(topics)),
    )


def _flag_steps(flags: Iterable[Mapping[str, Any]]) -> list[str]:
    """One step per speed, the fastest first: what is suspected, and what must not be done meanwhile."""
    by_speed: dict[str, list[str]] = {}
    limits: dict[str, list[str]] = {}
    for flag in flags:
        known = RED_FLAGS.get(flag["key"])
        if known is not None:
            by_speed.setdefault(flag["disposition"], []).append(known.suspected)
            if not known.limits.startswith("all"):
                limits.setdefault(flag["disposition"], []).append(known.limits)
    steps = []
    for speed in (key for key in SPEEDS if key in by_speed):
        suspected = "; ".join(dict.fromkeys(by_speed[speed]))
        avoid = "; ".join(dict.fromkeys(limits.get(speed, [])))
        steps.append(
            f"{speed_label(speed)}: suspected {suspected}." + (f" Not until cleared: {avoid}." if avoid else "")
        )
    return steps


def _cause_steps(answer: Mapping[str, Any], names: Names) -> list[str]:
    flagged = {flag["key"] for flag in answer["flags"]}
    return [f"{names.said(task['text'])}." for task in answer["tasks"] if task["key"] not in flagged]


def answered_how(flag: Mapping[str, Any], names: Names) -> str:
    """How a flag came to be true: "answered yes and follows from ..."."""
    return "; ".join(names.said(reason["text"]).rpartition(": ")[2] for reason in flag["reasons"])


def referral_text(version: PlanVersion, names: Names) -> str:
    """A hand-over text to read out or paste: who, what is suspected, from which answers, what was done."""
    patient, answer = version.plan.episode.patient, version.draft
    lines = [
        f"Re: {patient.given_name} {patient.family_name}, born {patient.date_of_birth:%d %b %Y}, {patient.number}",
        f"Assessed {version.assessment.assessed_on:%d %b %Y}: {version.plan.episode.complaint}.",
        *_flag_steps(answer["flags"]),
        *_cause_steps(answer, names),
    ]
    for flag in answer["flags"]:
        known = RED_FLAGS.get(flag["key"])
        lines.append(f"- {known.label if known else flag['key']}: {answered_how(flag, names)}")
    lines.append("No physiotherapy treatment was given. Please tell us the outcome.")
    return "\n".join(lines)


def never_soften(version: PlanVersion) -> tuple[str, ...]:
    """The fixed safety wording for cauda equina, when it is about that."""
    about_it = any(flag["key"].startswith("ces_") for flag in version.draft["flags"])
    return (capital(SAFETY_TEXTS[0].partition(": ")[2]),) if about_it else ()

"""Small builders for engine tests: facts in a line, knowledge with a few causes replaced."""

from dataclasses import replace
from datetime import date
from typing import Any

from plans.engine.draft import Draft, Refusal
from plans.engine.facts import ConditionFact, Consent, Credential, Facts, Finding, FlagFact, Options, Reading, Site
from plans.engine.generate import generate
from plans.engine.knowledge import (
    EvidenceItem,
    Goal,
    Knowledge,
    Referral,
    RootCause,
    Thresholds,
)
from plans.knowledge.parse import shipped_knowledge

TODAY = date(2026, 1, 15)
PHASES = (1, 2, 3)
SIGNED = Consent(True, True, True)
NO_OPTIONS = Options()

# A complete assessment of the low back in which nothing is wrong: tests change single findings.
CALM_BACK: dict[str, Any] = {
    "hist.age_years": 40,
    "hist.sex_at_birth": "male",
    "hist.chief_complaint": "spasm",
    "hist.symptom_regions": ("lumbar",),
    "hist.symptom_duration_days": 30,
    "hist.irritability": "low",
    "hist.home_equipment": ("band", "mat"),
    "hist.exercise_time_min_day": 30,
    "hist.needle_preference": "accepts",
    "pain.nprs_current": 2,
    "pain.nprs_best_24h": 1,
    "pain.nprs_worst_24h": 4,
    "func.psfs_avg": 5,
    "mmt.gluteus_maximus": 5,
    "palp.lumbar_erectors": 0,
    "posture.forward_head": 0,
    "neuro.umn_any": False,
    "neuro.single_root_pattern": False,
}


def knowledge() -> Knowledge:
    return shipped_knowledge()


def finding(path: str, value: Any, region: str | None = None) -> Finding:
    """A value, a {side: value} mapping, or ready-made readings."""
    if isinstance(value, Finding):
        return value
    if isinstance(value, dict):
        return Finding(path, tuple(Reading(v, side) for side, v in value.items()), region)
    return Finding(path, (Reading(value),), region)


def make_facts(
    changes: dict[str, Any] | None = None,
    *,
    sites: tuple[Site, ...] = (Site("lumbar", "right"),),
    conditions: dict[str, tuple[Site, ...]] | None = None,
    flags: dict[str, tuple[Site, ...]] | None = None,
    unanswered: tuple[str, ...] = (),
    cleared: tuple[str, ...] = (),
    base: dict[str, Any] | None = None,
    consent: Consent = SIGNED,
    credentials: tuple[str, ...] = ("registered_physio", "dry_needling_certificate"),
    declined: frozenset[str] = frozenset(),
) -> Facts:
    """Facts of one person; a value of None in `changes` takes the finding out."""
    values = {**(CALM_BACK if base is None else base), **(changes or {})}
    known = knowledge()
    true_conditions, true_flags = conditions or {}, flags or {}
    return Facts(
        sites=sites,
        findings={p: finding(p, v) for p, v in values.items() if v is not None},
        conditions={
            k: ConditionFact(k, "true" if k in true_conditions else "false", true_conditions.get(k, ()))
            for k in known.conditions
            if k not in unanswered
        },
        flags={
            k: FlagFact(k, "cleared" if k in cleared else "true" if k in true_flags else "false", true_flags.get(k, ()))
            for k in known.red_flags
            if k not in unanswered
        },
        consent=consent,
        credentials=tuple(Credential(c) for c in credentials),
        preferences_declined=declined,
    )


def cause(key: str = "test_cause", **changes: Any) -> RootCause:
    """A cause that is strong whenever the low back hurts; tests override what they look at."""
    base = RootCause(
        key=key,
        label=key,
        category="strength_deficit",
        explanation="",
        regions=("lumbar",),
        plan_effect="treat",
        blocked_by_flags=(),
        required=((EvidenceItem("hist.symptom_regions", "includes", "lumbar", 5),),),
        supporting=(),
        against=(),
        thresholds=Thresholds(1, 2, 3),
        techniques={1: (), 2: (), 3: ()},
        exercises={1: (), 2: (), 3: ()},
        education=(),
        goals=(Goal("pain.nprs_worst_24h", "<=", 2, "phase2_exit"),),
        referral=Referral("none", "never", ""),
    )
    return replace(base, **changes)


def with_causes(*causes: RootCause) -> Knowledge:
    return replace(knowledge(), root_causes={c.key: c for c in causes})


def draft(facts: Facts, known: Knowledge | None = None, options: Options = NO_OPTIONS) -> Draft:
    result = generate(facts, known or knowledge(), options, today=TODAY)
    assert isinstance(result, Draft), result
    return result


def refusal(facts: Facts, known: Knowledge | None = None) -> Refusal:
    result = generate(facts, known or knowledge(), today=TODAY)
    assert isinstance(result, Refusal), result
    return result


def exercises(result: Draft, phase: int) -> list[str]:
    return [e.key for e in result.phases[phase].exercises]


def techniques(result: Draft, phase: int) -> list[str]:
    return [t.key for t in result.phases[phase].techniques]


def offered(result: Draft, phase: int) -> list[str]:
    return techniques(result, phase) + [t.key for t in result.alternatives if t.phase == phase]


def why_not(result: Draft | Refusal, key: str, phase: int) -> str:
    found = [e.reason for e in result.excluded if e.key == key and e.phase == phase]
    assert len(found) == 1, (key, phase, found)
    return f"{found[0].rule}: {found[0].text}"


def notes_with(result: Draft | Refusal, *parts: str) -> list[str]:
    return [n for n in result.notes if all(part.lower() in n.lower() for part in parts)]

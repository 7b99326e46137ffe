"""Step 0: what follows from the facts - findings, then red flags, then conditions.

Red flags follow the table "Flags that follow from findings" of the red-flags file; conditions follow
`derived_conditions` of the conditions file. A derivation can make an answer true, never turn a "yes" into "no": a
finding cannot be out-voted by an answer, and an answer is not out-voted by a normal finding.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from plans.engine.canonical import canonical
from plans.engine.derive_conditions import CONDITION_RULES, DECIDED_BY_FACTS, Derived
from plans.engine.derive_findings import derived_findings
from plans.engine.derive_flags import FLAG_RULES
from plans.engine.draft import Reason
from plans.engine.facts import ConditionFact, Facts, FlagFact, Site
from plans.engine.index import Index
from plans.engine.knowledge import RedFlag
from plans.engine.overlap import WHOLE_BODY
from plans.engine.picture import ConditionState, FlagState, Picture

HISTORY_LISTS = ("hist.medication_keys", "hist.condition_keys")
DEFAULT_SITES: Mapping[str, tuple[Site, ...]] = {"open_growth_plates": (Site(WHOLE_BODY),)}


def build_picture(facts: Facts, index: Index, today: date) -> Picture:
    """Complete the facts: derived findings, then flags (from answers and findings), then conditions."""
    facts = canonical(facts, index.knowledge.anatomy)
    findings = derived_findings(facts, index.knowledge, today)
    answers = {key: _answered(key, facts.conditions.get(key)) for key in index.knowledge.conditions}
    first = Picture(facts, index, today, findings, answers, {})
    flags = {flag.key: _flag(first, flag) for flag in index.knowledge.red_flags.values()}
    second = Picture(facts, index, today, findings, answers, flags)
    conditions = {key: _condition(second, state) for key, state in answers.items()}
    return Picture(facts, index, today, findings, conditions, flags)


def _answered(key: str, fact: ConditionFact | None) -> ConditionState:
    if fact is None:
        return ConditionState(key, "not_asked")
    sites = fact.sites or (DEFAULT_SITES.get(key, ()) if fact.state == "true" else ())
    return ConditionState(key, fact.state, sites)


def _flag(picture: Picture, flag: RedFlag) -> FlagState:
    fact: FlagFact | None = picture.facts.flags.get(flag.key)
    state = fact.state if fact is not None else "not_asked"
    sites = fact.sites if fact is not None else ()
    if state == "cleared":
        return FlagState(flag.key, "cleared", sites)
    rule: Callable[[Picture], Derived | None] | None = FLAG_RULES.get(flag.key)
    derived = rule(picture) if rule is not None else None
    if derived is not None:
        return FlagState(flag.key, "true", sites or derived.sites, derived.inputs, state == "false")
    return FlagState(flag.key, state, sites)


def flag_sites(flag: RedFlag, state: FlagState) -> tuple[Site, ...]:
    """Recorded places of a flag, else the region of its table row."""
    return state.sites or (Site(flag.region),)


def _condition(picture: Picture, state: ConditionState) -> ConditionState:
    rule = CONDITION_RULES.get(state.key)
    derived = rule(picture) if rule is not None else None
    derived = derived or _listed_in_history(picture, state.key)
    if derived is not None:
        sites = state.sites or derived.sites or DEFAULT_SITES.get(state.key, ())
        reason = Reason("derived.condition", derived.text, derived.inputs, "conditions, derived_conditions")
        return ConditionState(state.key, "true", sites, state.state != "true", reason)
    decided = DECIDED_BY_FACTS.get(state.key)
    if state.state == "not_asked" and decided is not None and decided(picture):
        return ConditionState(state.key, "false")
    return state


def _listed_in_history(picture: Picture, key: str) -> Derived | None:
    """Medicines and conditions named in the history count as answered yes."""
    listed = [path for path in HISTORY_LISTS if key in picture.choices(path)]
    return Derived(f"{key} is named in the history", tuple(listed)) if listed else None


def without_region(picture: Picture) -> tuple[str, ...]:
    """True conditions that act at a region whose region was not recorded (semantics `missing_region`)."""
    true = (s for s in picture.conditions.values() if s.state == "true" and not s.sites)
    return tuple(state.key for state in true if state.key in picture.index.acts_at_region)


def not_asked(states: Iterable[ConditionState | FlagState]) -> tuple[str, ...]:
    return tuple(state.key for state in states if state.state == "not_asked")

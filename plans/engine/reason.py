"""Step 2b: which causes are used, what they refer for, how fast to act, and where the plan starts.

Follows meta.precedence P1-P6, selection 1-2, referral_semantics (root-causes file), "How flags combine" (red-flags
file) and section 2 of the phases file.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plans.engine.draft import Reason, StartPhase, Task
from plans.engine.evidence import ScoredCause
from plans.engine.facts import Site
from plans.engine.knowledge import RootCause
from plans.engine.picture import Picture
from plans.engine.screen import ActiveFlag, RegionBlock, Screen

MAX_CAUSES = 6
URGENT = ("emergency_now", "urgent_same_day", "urgent_referral")
SPASM_TONE = 3


@dataclass(frozen=True, slots=True)
class Selection:
    """selected: used for the plan, in score order. blocked: closed by a flag. secondary: set aside by a referral
    cause. blockers: causes that forbid any plan (P2). taken_over: a refer cause leads (P4)."""

    selected: tuple[ScoredCause, ...]
    secondary: tuple[ScoredCause, ...]
    blocked: tuple[tuple[ScoredCause, str], ...]
    blockers: tuple[ScoredCause, ...]
    taken_over: bool
    beyond: tuple[ScoredCause, ...] = ()  # accepted causes after the first six: no items, but their referrals count
    closed: tuple[tuple[RootCause, str], ...] = ()  # every cause with its required evidence that a true flag closes


@dataclass(frozen=True, slots=True)
class RaisedReferral:
    cause: ScoredCause
    urgent: bool
    inputs: tuple[str, ...]

    @property
    def disposition(self) -> str:
        return "urgent_referral" if self.urgent else "routine_referral"


def select_causes(scored: Sequence[ScoredCause], picture: Picture, rejected: frozenset[str]) -> Selection:
    """Apply P1-P4 and selection rule 1. P1 (block_plan) is decided before this is called."""
    blocked = tuple((s, flag) for s in scored if (flag := _blocking_flag(s, picture)) is not None)
    closed = {s.key for s, _ in blocked} | rejected
    usable = [s for s in scored if s.key not in closed]
    blockers = tuple(s for s in usable if s.accepted and s.cause.plan_effect == "block")
    accepted = [s for s in usable if s.accepted] or usable
    refer = [s for s in accepted if s.accepted and s.cause.category == "refer"]
    leading = refer or accepted
    used, beyond = tuple(leading[:MAX_CAUSES]), tuple(leading[MAX_CAUSES:])
    set_aside = tuple(s for s in usable if refer and s.cause.category != "refer")
    return Selection(used, set_aside, blocked, blockers, bool(refer), beyond, _closed_causes(picture))


def _closed_causes(picture: Picture) -> tuple[tuple[RootCause, str], ...]:
    """Rule 8: shown as blocked whenever its required evidence is there, whatever the score is with the flag."""
    found = []
    for cause in picture.index.knowledge.root_causes.values():
        flag = next((f for f in cause.blocked_by_flags if picture.has_flag(f)), None)
        if flag is not None and _required_met(picture, cause):
            found.append((cause, flag))
    return tuple(found)


def _required_met(picture: Picture, cause: RootCause) -> bool:
    return all(any(picture.test(i.finding, i.op, i.value).state for i in group) for group in cause.required)


def _blocking_flag(scored: ScoredCause, picture: Picture) -> str | None:
    return next((flag for flag in scored.cause.blocked_by_flags if picture.has_flag(flag)), None)


def region_blocks(scored: Sequence[ScoredCause], picture: Picture, rejected: frozenset[str]) -> tuple[RegionBlock, ...]:
    """P3: a cause with plan_effect block_region closes the regions of the findings or flags that scored."""
    blocks = []
    for item in scored:
        if item.cause.plan_effect != "block_region" or item.key in rejected:
            continue
        sites = _scored_sites(item, picture) or tuple(Site(region) for region in item.cause.regions)
        names = ", ".join(dict.fromkeys(site.region for site in sites))
        text = f"{item.cause.label}: no loading or treatment at {names} until the referral is answered"
        reason = Reason("cause.block_region", text, item.positive_findings(), "root causes, precedence P3")
        blocks.append(RegionBlock(sites, reason, item.key))
    return tuple(blocks)


def _scored_sites(item: ScoredCause, picture: Picture) -> tuple[Site, ...]:
    sites: list[Site] = []
    for path in item.positive_findings():
        if path.startswith("flag."):
            # Only a recorded place: where none is, the whole cause closes, not the usual region of the flag.
            state = picture.flags.get(path[5:])
            sites += state.sites if state is not None else ()
            continue
        finding = picture.recorded(path)
        region = finding.region if finding is not None and finding.region else picture.index.finding_regions.get(path)
        if finding is not None and region is not None:
            sites += [Site(region, reading.side) for reading in finding.readings]
    return tuple(dict.fromkeys(sites))


def raised_referrals(
    scored: Sequence[ScoredCause], selection: Selection, picture: Picture
) -> tuple[RaisedReferral, ...]:
    """Referrals raised at plan creation: only for causes labelled probable or strong that no flag has closed."""
    closed = {s.key for s, _ in selection.blocked}
    known = {s.key for s in (*selection.selected, *selection.beyond, *selection.secondary, *selection.blockers)}
    raised = []
    for item in scored:
        referral = item.cause.referral
        if not item.accepted or item.key in closed or item.key not in known or referral.level == "none":
            continue
        if referral.now == "never":
            continue
        hits = [e.path for e in referral.now_any if picture.test(e.path, e.op, e.value).state is True]
        if referral.now == "always" or hits:
            raised.append(RaisedReferral(item, referral.level == "urgent", tuple(hits)))
    return tuple(raised)


def disposition(flags: Sequence[ActiveFlag], referrals: Sequence[RaisedReferral]) -> str:
    """The fastest urgent speed of any true flag or referral; else treat_with_referral or treat."""
    speeds = {f.flag.disposition for f in flags} | {r.disposition for r in referrals}
    for speed in URGENT:
        if speed in speeds:
            return speed
    return "treat_with_referral" if "routine_referral" in speeds else "treat"


def tasks(
    flags: Sequence[ActiveFlag], referrals: Sequence[RaisedReferral], causes: Sequence[ScoredCause] = ()
) -> tuple[Task, ...]:
    found = [
        Task(
            f.flag.key,
            f.flag.disposition,
            f"{_speed(f.flag.disposition)}: {f.flag.suspected}. {f.flag.limits}",
            f.flag.basis,
        )
        for f in flags
    ]
    found += [
        Task(r.cause.key, r.disposition, f"{_speed(r.disposition)}: {r.cause.cause.referral.rule}", r.cause.cause.label)
        for r in referrals
    ]
    found += [
        Task(c.key, "co_management", f"Co-manage {c.cause.label}: {c.cause.referral.rule}", "precedence P5")
        for c in causes
        if c.cause.plan_effect == "limit"
    ]
    return tuple(found)


def _speed(disposition_key: str) -> str:
    return {
        "emergency_now": "Emergency now",
        "urgent_same_day": "Medical contact today",
        "urgent_referral": "Urgent referral",
        "routine_referral": "Routine letter",
        "caution_monitor": "Re-screen every visit",
    }[disposition_key]


def start_phase(picture: Picture, screen: Screen, scored: Sequence[ScoredCause]) -> tuple[StartPhase, Reason]:
    """Section 2 of the phases file, read in order; a missing value makes its clause false."""
    if picture.sites and all(screen.site_blocked(site) for site in picture.sites):
        names = ", ".join(picture.regions)
        return "none_at_region", Reason("start.none_at_region", f"every symptom region is blocked: {names}")
    acute = _acute_reason(picture)
    if acute is not None:
        return "1", acute
    worst, week = picture.number("pain.nprs_worst_24h"), picture.number("pain.nprs_avg_week")
    calm = worst is not None and worst <= 2 and week is not None and week <= 2
    if calm and not any(s.accepted for s in scored):
        return "3", Reason(
            "start.phase3", "worst pain and weekly pain at most 2 and no probable cause", ("pain.nprs_worst_24h",)
        )
    return "2", Reason("start.phase2", "none of the rules for phase 1 or phase 3 fits")


def _acute_reason(picture: Picture) -> Reason | None:
    worst = picture.number("pain.nprs_worst_24h")
    if worst is not None and worst >= 5:
        return _start("worst pain in 24 h is 5 or more", "pain.nprs_worst_24h")
    if picture.value("hist.irritability") == "high":
        return _start("irritability is high", "hist.irritability")
    visible = _at_symptoms(picture, "palp_spasm.", lambda v: v == 1)
    if visible:
        return _start("visible spasm at a symptom region", visible)
    tone = _at_symptoms(picture, "palp.", lambda v: v >= SPASM_TONE)
    if tone:
        return _start("board-like muscle tone at a symptom region", tone)
    movement = picture.number("pain.nprs_movement")
    if movement is not None and movement >= 4:
        limited = _at_symptoms(picture, "rompct.", lambda v: v < 60)
        if limited:
            return _start("a movement under 60 % of norm with pain of 4 or more", limited)
    days = picture.number("hist.symptom_duration_days")
    if days is not None and days < 7 and worst is not None and worst >= 4:
        return _start("onset less than 7 days ago with worst pain of 4 or more", "hist.symptom_duration_days")
    return None


def _start(text: str, path: str) -> Reason:
    return Reason("start.phase1", text, (path,), "phases, section 2")


def _at_symptoms(picture: Picture, prefix: str, test: Callable[[float], bool]) -> str:
    regions = set(picture.regions)
    for path, finding in picture.findings.items():
        if not path.startswith(prefix):
            continue
        if picture.index.finding_regions.get(path) not in regions:
            continue
        if any(isinstance(r.value, (int, float)) and test(r.value) for r in finding.readings):
            return path
    return ""

"""`generate`: facts and knowledge in, a draft plan or a refusal out. Screen, reason, select, dose, gate, explain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from plans.engine import draft as d
from plans.engine.assemble import (
    BuiltPhase,
    PhaseBuilder,
    cause_results,
    modifications,
    offered_regions,
    removed_items,
)
from plans.engine.derive import build_picture, not_asked, without_region
from plans.engine.eligibility import Eligibility
from plans.engine.evidence import ScoredCause, score_causes
from plans.engine.exclude import everything
from plans.engine.facts import Facts, Options
from plans.engine.gate import plan_goals
from plans.engine.index import index_for
from plans.engine.knowledge import Knowledge
from plans.engine.minimum import Completeness, completeness
from plans.engine.notes import Told, contradiction_texts, notes, refusal_notes
from plans.engine.picture import Picture
from plans.engine.reason import (
    RaisedReferral,
    Selection,
    disposition,
    raised_referrals,
    region_blocks,
    select_causes,
    start_phase,
    tasks,
)
from plans.engine.screen import ActiveFlag, Screen, active_flags

PHASES = (1, 2, 3)
DEFAULT_OPTIONS = Options()


def generate(
    facts: Facts, knowledge: Knowledge, options: Options = DEFAULT_OPTIONS, *, today: date
) -> d.Draft | d.Refusal:
    """Draft a phased plan, or refuse and say what to do.

    Pure and deterministic: equal facts, knowledge, options and date give an equal answer. Raises KeyError only when the
    knowledge is not cross-checked (a cause naming an unknown item).
    """
    picture = build_picture(facts, index_for(knowledge), today)
    flags = active_flags(picture)
    if any(f.action == "block_plan" for f in flags):
        return _refuse_for_flags(picture, flags)
    complete = completeness(picture)
    scored = score_causes(picture, complete.objective_complete)
    selection = select_causes(scored, picture, options.rejected_causes)
    referrals = raised_referrals(scored, selection, picture)
    reasoned = Reasoned(picture, flags, complete, tuple(scored), selection, referrals, options)
    if selection.blockers:
        return _refuse_for_causes(reasoned)
    open_questions = _open_questions(picture, complete)
    if open_questions:
        return _refuse_for_questions(reasoned, open_questions)
    return _draft(reasoned)


@dataclass(frozen=True, eq=False)
class Reasoned:
    """Everything known after steps 1 and 2."""

    picture: Picture
    flags: Sequence[ActiveFlag]
    complete: Completeness
    scored: tuple[ScoredCause, ...]
    selection: Selection
    referrals: tuple[RaisedReferral, ...]
    options: Options

    @property
    def disposition(self) -> str:
        return disposition(self.flags, self.referrals)


# --- refusals -------------------------------------------------------------------------------------------------------


def _refuse_for_flags(picture: Picture, flags: Sequence[ActiveFlag]) -> d.Refusal:
    reasons = tuple(f.reason for f in flags if f.action == "block_plan")
    return d.Refusal(
        code="red_flag",
        disposition=disposition(flags, ()),
        start_phase="none",
        reasons=reasons,
        flags=raised_flags(picture, flags),
        education=("ed_warning_signs",),
        excluded=everything(reasons),
        notes=refusal_notes(picture, flags),
        tasks=tasks(flags, ()),
        knowledge_revision=picture.index.knowledge.revision,
        contradictions=contradiction_texts(picture),
        derived_conditions=_derived(picture),
    )


def _refuse_for_causes(r: Reasoned) -> d.Refusal:
    reasons = tuple(
        d.Reason(
            "cause.block",
            f"{s.cause.label}: no treatment plan; {s.cause.referral.rule}",
            s.positive_findings(),
            "precedence P2",
        )
        for s in r.selection.blockers
    )
    topics = dict.fromkeys(t for s in r.selection.blockers for t in s.cause.education)
    education = tuple(dict.fromkeys((*topics, "ed_warning_signs")))
    texts = [f"{reason.text}." for reason in reasons] + [
        "No technique or exercise is shown; referral and education only."
    ]
    return _refusal(r, "cause_block", reasons, education, texts, {1: _education_only(education)})


def _refuse_for_questions(r: Reasoned, questions: Sequence[tuple[str, d.Reason]]) -> d.Refusal:
    reasons = tuple(reason for _, reason in questions)
    texts = [f"{reason.text}." for reason in reasons]
    missing = tuple(i for reason in reasons for i in reason.inputs)
    return _refusal(r, questions[0][0], reasons, ("ed_warning_signs",), texts, {}, missing)


def _refusal(
    r: Reasoned,
    code: str,
    reasons: tuple[d.Reason, ...],
    education: tuple[str, ...],
    texts: Sequence[str],
    phases: Mapping[int, d.PhasePlan],
    missing: tuple[str, ...] = (),
) -> d.Refusal:
    return d.Refusal(
        code=code,
        disposition=r.disposition,
        start_phase="none",
        reasons=reasons,
        flags=raised_flags(r.picture, r.flags),
        causes=cause_results(r.scored, r.selection),
        education=education,
        excluded=everything(reasons),
        notes=tuple(dict.fromkeys((*texts, *refusal_notes(r.picture, r.flags)))),
        tasks=tasks(r.flags, r.referrals),
        knowledge_revision=r.picture.index.knowledge.revision,
        missing=missing,
        contradictions=contradiction_texts(r.picture),
        derived_conditions=_derived(r.picture),
        phases=phases,
    )


def _education_only(topics: tuple[str, ...]) -> d.PhasePlan:
    return d.PhasePlan(number=1, techniques=(), exercises=(), education=topics, exit=())


def _open_questions(picture: Picture, complete: Completeness) -> list[tuple[str, d.Reason]]:
    """What must be answered before any plan is released; unknown is never read as "no"."""
    found: list[tuple[str, d.Reason]] = []
    if picture.facts.consent.assess_and_treat is not True:
        found.append(
            ("consent_missing", _ask("consent to assess and treat is not recorded", ("consent.assess_and_treat",)))
        )
    flags = tuple(f"flag.{key}" for key in not_asked(picture.flags.values()))
    if flags:
        found.append(("unanswered", _ask(f"red-flag questions not asked: {', '.join(k[5:] for k in flags)}", flags)))
    conditions = tuple(f"cond.{key}" for key in not_asked(picture.conditions.values()))
    if conditions:
        found.append(
            ("unanswered", _ask(f"condition questions not asked: {', '.join(k[5:] for k in conditions)}", conditions))
        )
    unplaced = without_region(picture)
    if unplaced:
        text = f"region not recorded for {', '.join(unplaced)}; enter region and side"
        found.append(("region_missing", _ask(text, tuple(f"cond.{key}" for key in unplaced))))
    if complete.sides:
        text = f"side not recorded for {', '.join(complete.sides)}; enter left, right, both or midline"
        found.append(("region_missing", _ask(text, ("hist.symptom_regions",))))
    if complete.core:
        code = "irritability_unknown" if complete.core == ("hist.irritability",) else "incomplete"
        found.append((code, _ask(f"needed before a plan can be released: {', '.join(complete.core)}", complete.core)))
    return found


def _ask(text: str, inputs: tuple[str, ...]) -> d.Reason:
    return d.Reason("unanswered", text[0].upper() + text[1:], inputs, "assessment vocabulary, section 16")


def raised_flags(picture: Picture, flags: Sequence[ActiveFlag]) -> tuple[d.RaisedFlag, ...]:
    return tuple(
        d.RaisedFlag(
            key=f.flag.key,
            action=f.action,
            disposition=f.flag.disposition,
            state="true",
            sites=tuple((site.region, site.side) for site in f.sites),
            contradiction=picture.flags[f.flag.key].contradiction,
            reasons=(f.reason,),
        )
        for f in flags
    )


def _derived(picture: Picture) -> tuple[str, ...]:
    return tuple(s.key for s in picture.conditions.values() if s.derived)


# --- the draft ------------------------------------------------------------------------------------------------------


def _draft(r: Reasoned) -> d.Draft:
    screen = Screen(r.picture, r.flags, region_blocks(r.scored, r.picture, r.options.rejected_causes))
    start, why = start_phase(r.picture, screen, r.scored)
    closed = start == "none_at_region"
    eligibility = Eligibility(r.picture, screen, r.options, r.complete)
    builder = PhaseBuilder(eligibility, r.selection, closed)
    first = int(start) if start.isdigit() else 1
    phases = {n: builder.phase(n, scheduled=n >= first, locked=_locked(r.complete, n)) for n in PHASES}
    plans = {n: built.plan for n, built in phases.items()}
    alternatives = builder.alternatives(phases)
    told = _told(r, screen, eligibility, [plans[n] for n in PHASES], alternatives, closed, phases)
    return d.Draft(
        disposition=r.disposition,
        start_phase=start,
        flags=raised_flags(r.picture, r.flags),
        causes=cause_results(r.scored, r.selection),
        phases=plans,
        alternatives=alternatives,
        excluded=builder.excluded(phases),
        goals=() if closed else plan_goals(r.picture, r.selection.selected),
        notes=(f"Start: {why.text}.", *notes(told)),
        tasks=tasks(r.flags, r.referrals, r.selection.selected),
        knowledge_revision=r.picture.index.knowledge.revision,
        complete=r.complete.complete,
        missing=(*r.complete.neuro, *r.complete.further),
        contradictions=contradiction_texts(r.picture),
        derived_conditions=_derived(r.picture),
    )


def _locked(complete: Completeness, phase: int) -> bool:
    return phase > 1 and not complete.complete


def _told(
    r: Reasoned,
    screen: Screen,
    eligibility: Eligibility,
    plans: Sequence[d.PhasePlan],
    alternatives: Sequence[d.PlannedTechnique],
    closed: bool,
    built: Mapping[int, BuiltPhase],
) -> Told:
    offered = [t for plan in plans for t in plan.techniques] + list(alternatives)
    return Told(
        picture=r.picture,
        screen=screen,
        eligibility=eligibility,
        selection=r.selection,
        flags=r.flags,
        referrals=r.referrals,
        offered=offered_regions(offered),
        exercises=frozenset(e.key for plan in plans for e in plan.exercises),
        education=frozenset(t for plan in plans for t in plan.education),
        modifications=modifications(screen, plans, offered),
        removed=removed_items(built),
        region_closed=closed,
    )

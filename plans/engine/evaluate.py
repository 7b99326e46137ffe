"""Step 5, later: may the running phase end, must it hold, step back, or be reassessed? (phases file, 3 and 4)"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from plans.engine.draft import Reason
from plans.engine.facts import FindingValue
from plans.engine.gate import WORST
from plans.engine.progress import (
    CriterionState,
    DayLog,
    Record,
    RunningPhase,
    Score,
    criterion_states,
    make_record,
)

FLARE_RISE = 2
FLARE_WINDOW_DAYS = 14
NO_RESPONSE_DAYS = 28
LOST_DAYS = 7
SPASMS = "hist.spasm_frequency_per_week"
PSFS = "func.psfs_avg"
NEW_SIGN = ("check.new_red_flag", "check.new_neuro_sign", "neuro.progressive_deficit")


@dataclass(frozen=True, slots=True)
class Advance:
    """Every gate is met and at least half of the support criteria. to: next phase, 4 = discharge."""

    to: int
    criteria: tuple[CriterionState, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """Stay in the phase. advice: what to change meanwhile ("" when nothing)."""

    criteria: tuple[CriterionState, ...]
    reasons: tuple[Reason, ...]
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Regress:
    to: int
    criteria: tuple[CriterionState, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Reassess:
    """Re-examine before going on. stop: treatment stops at once (new sign or red flag)."""

    criteria: tuple[CriterionState, ...]
    reasons: tuple[Reason, ...]
    stop: bool = False


Verdict = Advance | Hold | Regress | Reassess


def evaluate(phase: RunningPhase, logs: Iterable[DayLog], scores: Iterable[Score], today: date) -> Verdict:
    """Judge a running phase. Safety first, then steps back, then reassessment, then progress."""
    record = make_record(phase, logs, scores, today)
    criteria = criterion_states(record)
    sign = _new_sign(record)
    if sign is not None:
        return Reassess(criteria, (sign,), stop=True)
    flares = flare_days(record)
    if _recent(flares, today) >= 2:
        text = "two flares in 14 days: stop progression, reassess fully, question the cause ranking"
        return Reassess(criteria, (_reason("two_flares", text),))
    back = _step_back(record, flares)
    if back is not None:
        return Regress(back[0], criteria, (back[1],))
    if _in_flare(record, flares):
        text = "clear flare: re-screen red flags, one step back per exercise, phase-1 relief for 3-7 days, keep moving"
        return Hold(criteria, (_reason("clear_flare", text, WORST),), advice=text)
    late = _review_due(record)
    verdict = _progress(phase, criteria)
    if isinstance(verdict, Hold) and late is not None:
        return Reassess(criteria, (late, *verdict.reasons))
    return _with_small_flare(record, verdict)


def _reason(rule: str, text: str, *inputs: str) -> Reason:
    return Reason(f"evaluate.{rule}", text, inputs, "phases, sections 3, 4 and 6")


def _new_sign(record: Record) -> Reason | None:
    for metric in NEW_SIGN:
        if any(score.value is True for score in record.latest(metric)):
            return _reason("new_sign", "new neurological sign or red flag: stop the plan, follow the red flags", metric)
    return None


# --- flares ---------------------------------------------------------------------------------------------------------


def flare_days(record: Record) -> list[date]:
    """First days of clear flares: pain at least 2 above the usual level on two days running."""
    usual = _number(record.phase.baseline.get(WORST))
    starts: list[date] = []
    previous_high: date | None = None
    calm: list[float] = []
    flaring = False
    for log in record.logs:
        if log.pain is None:
            continue
        level = sum(calm[-7:]) / len(calm[-7:]) if calm else usual
        high = level is not None and log.pain >= level + FLARE_RISE
        if not high:
            calm.append(log.pain)
            previous_high, flaring = None, False
        elif previous_high is not None and (log.day - previous_high).days == 1 and not flaring:
            starts.append(previous_high)
            flaring, previous_high = True, log.day
        else:
            previous_high = log.day
    return starts


def _recent(flares: Sequence[date], today: date) -> int:
    return sum(1 for day in flares if (today - day).days < FLARE_WINDOW_DAYS)


def _in_flare(record: Record, flares: Sequence[date]) -> bool:
    recent = bool(flares) and (record.today - flares[-1]).days < LOST_DAYS
    return recent or _more_spasms(record) or _less_function(record)


def _more_spasms(record: Record) -> bool:
    history = record.history(SPASMS)
    values = [_number(record.phase.baseline.get(SPASMS)), *(_number(s.value) for s in history)]
    known = [v for v in values if v is not None]
    return len(known) >= 2 and bool(history) and known[-1] > 0 and known[-1] >= 1.5 * known[-2]


def _less_function(record: Record) -> bool:
    values = [_number(record.phase.baseline.get(PSFS)), *(_number(s.value) for s in record.history(PSFS))]
    known = [v for v in values if v is not None]
    return any(before - after >= 2 for before, after in pairwise(known[-2:]))


def _step_back(record: Record, flares: Sequence[date]) -> tuple[int, Reason] | None:
    phase = record.phase.number
    irritable = any(score.value == "high" for score in record.latest("hist.irritability"))
    if phase > 1 and irritable and _in_flare(record, flares):
        return 1, _reason("step_back", "clear flare and high irritability: back to phase 1", "hist.irritability")
    if phase > 1 and _worst_over(record, 4):
        return 1, _reason("step_back", "worst pain above 4 for 7 days: the phase-1 pain gate is lost", WORST)
    if phase == 3 and _worst_over(record, 2):
        return 2, _reason("step_back", "worst pain above 2 for 7 days: the phase-2 pain gate is lost", WORST)
    if phase == 3 and _spasms_back(record):
        return 2, _reason("step_back", "more than 1 episode in 2 weeks for 7 days: the spasm gate is lost", SPASMS)
    if phase == 3 and _strength_lost(record):
        return 2, _reason("step_back", "a target muscle is under 4+ again: the strength gate is lost", "mmt")
    return None


def _worst_over(record: Record, limit: float) -> bool:
    """Over the limit on every day answered in the last week, answered at both ends of it."""
    first = record.today - timedelta(days=LOST_DAYS)
    values = [(log.day, log.pain) for log in record.logs if log.day >= first and log.pain is not None]
    values += [(s.day, n) for s in record.history(WORST) if s.day >= first and (n := _number(s.value)) is not None]
    if not values or not all(pain > limit for _, pain in values):
        return False
    days = [day for day, _ in values]
    return (max(days) - min(days)).days >= LOST_DAYS - 1


def _spasms_back(record: Record) -> bool:
    """More than one episode in two weeks, seen from today and from a week ago (unanswered days count nothing)."""

    def episodes(until: date) -> int:
        first = until - timedelta(days=FLARE_WINDOW_DAYS - 1)
        return sum(log.spasms or 0 for log in record.logs if first <= log.day <= until)

    return episodes(record.today) > 1 and episodes(record.today - timedelta(days=LOST_DAYS)) > 1


def _strength_lost(record: Record) -> bool:
    muscles = {s.metric for s in record.scores if s.metric.startswith("mmt.")}
    return any(
        score.value < 4.3 for m in muscles for score in record.latest(m) if isinstance(score.value, (int, float))
    )


# --- progress -------------------------------------------------------------------------------------------------------


def _progress(phase: RunningPhase, criteria: Sequence[CriterionState]) -> Advance | Hold:
    gates = [c for c in criteria if c.kind == "gate"]
    support = [c for c in criteria if c.kind == "support"]
    needed = (len(support) + 1) // 2
    reached = sum(1 for c in support if c.met)
    open_gates = [c for c in gates if not c.met]
    if not open_gates and reached >= needed:
        text = f"all {len(gates)} gates and {reached} of {len(support)} support criteria are met"
        return Advance(phase.number + 1, tuple(criteria), (_reason("advance", text),))
    reasons = [_reason("gate_open", f"{c.key}: {_why(c)}", c.key) for c in open_gates]
    if reached < needed:
        reasons.append(_reason("support", f"{reached} of {needed} support criteria needed are met"))
    return Hold(tuple(criteria), tuple(reasons))


def _why(state: CriterionState) -> str:
    return "not re-measured, which counts as not met" if state.met is None else "not met"


def _review_due(record: Record) -> Reason | None:
    days = (record.today - record.phase.started).days
    if days >= NO_RESPONSE_DAYS and _no_response(record):
        text = "4 weeks without response (pain down under 30 % and PSFS up under 1.3): re-examine, re-rank the causes"
        return _reason("no_response", text, WORST, PSFS)
    cap = record.phase.review_after_days
    if cap is not None and days > cap:
        return _reason("review", f"day {days} of the phase, review was due after {cap}", "today")
    return None


def _no_response(record: Record) -> bool:
    before, after = _number(record.phase.baseline.get(WORST)), _latest_number(record, WORST)
    mean, now = _number(record.phase.baseline.get(PSFS)), _latest_number(record, PSFS)
    pain_better = before is not None and after is not None and after <= 0.7 * before
    function_better = mean is not None and now is not None and now - mean >= 1.3
    return not pain_better and not function_better


def _latest_number(record: Record, metric: str) -> float | None:
    scores = record.latest(metric)
    if scores:
        return _number(scores[-1].value)
    if metric != WORST:
        return None
    return next((log.pain for log in reversed(record.logs) if log.pain is not None), None)


def _number(value: FindingValue | None) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _with_small_flare(record: Record, verdict: Advance | Hold) -> Advance | Hold:
    """Pain up by 2 or more on the last day only: keep the phase, cut the provoking load by 30 %."""
    answered = [log for log in record.logs if log.pain is not None]
    if isinstance(verdict, Advance) or len(answered) < 2:
        return verdict
    before, last = answered[-2], answered[-1]
    rise = (last.pain or 0) - (before.pain or 0)
    if rise < FLARE_RISE or (record.today - last.day).days > 1:
        return verdict
    text = "small flare: keep the phase, cut the load of the provoking item by 30 %, repeat in 48 h"
    return Hold(verdict.criteria, (*verdict.reasons, _reason("small_flare", text, WORST)), advice=text)

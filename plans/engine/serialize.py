"""A draft or refusal as plain values, for JSON and for reading. Order and content depend on the plan alone."""

import json
from collections.abc import Iterable, Sequence

from plans.engine import draft as d

PHASES = (1, 2, 3)


def as_dict(identifier: str, result: d.Draft | d.Refusal) -> dict[str, object]:
    """The published shape of a drafted case."""
    refused = isinstance(result, d.Refusal)
    return {
        "id": identifier,
        "disposition": result.disposition,
        "start_phase": int(result.start_phase) if result.start_phase.isdigit() else None,
        "refusal": refusal_dict(result) if isinstance(result, d.Refusal) else None,
        "flags": [_flag(f) for f in result.flags],
        "causes": [_cause(c) for c in result.causes],
        "phases": {f"phase{n}": _phase(result.phases.get(n, _nothing(n))) for n in PHASES},
        "alternatives": [] if isinstance(result, d.Refusal) else [_alternative(t) for t in result.alternatives],
        "excluded": [_excluded(e) for e in result.excluded],
        "goals": [] if refused else [_goal(g) for g in result.goals],  # type: ignore[union-attr]
        "notes": list(result.notes),
    }


def to_json(identifier: str, result: d.Draft | d.Refusal) -> str:
    return json.dumps(as_dict(identifier, result), indent=2, ensure_ascii=False)


def refusal_dict(refusal: d.Refusal) -> dict[str, object]:
    return {
        "code": refusal.code,
        "disposition": refusal.disposition,
        "reasons": [reason_text(r) for r in refusal.reasons],
        "what_to_do": [t.text for t in refusal.tasks] or [r.text for r in refusal.reasons],
        "missing": list(refusal.missing),
        "education": list(refusal.education),
    }


def reason_text(reason: d.Reason) -> str:
    return f"{reason.rule}: {reason.text}" + (f" [{reason.source}]" if reason.source else "")


def _texts(reasons: Iterable[d.Reason]) -> list[str]:
    return [reason_text(r) for r in reasons]


def _flag(flag: d.RaisedFlag) -> dict[str, object]:
    return {
        "key": flag.key,
        "action": flag.action,
        "disposition": flag.disposition,
        "regions": [region for region, _ in flag.sites],
        "contradiction": flag.contradiction,
        "reasons": _texts(flag.reasons),
    }


def _cause(cause: d.CauseResult) -> dict[str, object]:
    return {
        "key": cause.key,
        "label": cause.label,
        "score": cause.score,
        "state": cause.state,
        "for": [line.text for line in cause.supporting],
        "against": [line.text for line in cause.against],
        "missing": [line.text for line in cause.missing],
    }


def _nothing(number: int) -> d.PhasePlan:
    return d.PhasePlan(number, (), (), (), (), scheduled=False)


def _phase(plan: d.PhasePlan) -> dict[str, object]:
    return {
        "scheduled": plan.scheduled,
        "locked": plan.locked,
        "minutes_per_day": round(plan.minutes_per_day, 2),
        "techniques": [_technique(t) for t in plan.techniques],
        "exercises": [_exercise(e) for e in plan.exercises],
        "education": list(plan.education),
        "exit": [_criterion(c) for c in plan.exit],
    }


def _technique(technique: d.PlannedTechnique) -> dict[str, object]:
    return {
        "key": technique.key,
        "region": technique.region,
        "side": technique.side or None,
        "dose": dict(technique.dose),
        "reasons": _texts(technique.reasons),
    }


def _alternative(technique: d.PlannedTechnique) -> dict[str, object]:
    return {"phase": technique.phase, **_technique(technique)}


def _exercise(exercise: d.PlannedExercise) -> dict[str, object]:
    return {
        "key": exercise.key,
        "technique": exercise.technique,
        "region": exercise.region,
        "side": exercise.side or None,
        "dose": dict(exercise.dose),
        "reasons": _texts(exercise.reasons),
    }


def _criterion(criterion: d.ExitCriterion) -> dict[str, object]:
    return {
        "key": criterion.key,
        "kind": criterion.kind,
        "text": criterion.text,
        "baseline": criterion.baseline,
        "target": criterion.target,
    }


def _excluded(entry: d.Excluded) -> dict[str, object]:
    return {
        "key": entry.key,
        "phase": entry.phase,
        "reason": reason_text(entry.reason),
        "override": entry.override or None,
    }


def _goal(goal: d.PlanGoal) -> dict[str, object]:
    return {"metric": goal.metric, "op": goal.op, "target": goal.target, "by": goal.by, "baseline": goal.baseline}


# --- readable text --------------------------------------------------------------------------------------------------


def to_text(identifier: str, result: d.Draft | d.Refusal) -> str:
    """The same for the terminal: short, in reading order."""
    lines = [f"Case {identifier}", f"Disposition: {result.disposition}", f"Start phase: {result.start_phase}"]
    if isinstance(result, d.Refusal):
        lines += [f"REFUSED ({result.code})", *(f"  - {reason_text(r)}" for r in result.reasons)]
    lines += _section("Red flags", [f"{f.key}: {f.action}" for f in result.flags])
    lines += _section("Causes", [f"{c.key}: {c.label} ({c.score:g}), {c.state}" for c in result.causes])
    for number, plan in sorted(result.phases.items()):
        lines += _phase_lines(number, plan)
    if isinstance(result, d.Draft):
        lines += _section("Alternatives", [f"phase {t.phase}: {t.key} at {t.region}" for t in result.alternatives])
        lines += _section("Goals", [f"{g.metric} {g.op} {g.target} by {g.by}" for g in result.goals])
        candidates = [e for e in result.excluded if e.candidate]
        lines += _section("Left out", [f"phase {e.phase}: {e.key} - {reason_text(e.reason)}" for e in candidates])
    lines += _section("Notes", result.notes)
    return "\n".join(lines)


def _section(title: str, entries: Sequence[str]) -> list[str]:
    return ["", f"{title}:", *(f"  - {entry}" for entry in entries)] if entries else []


def _phase_lines(number: int, plan: d.PhasePlan) -> list[str]:
    state = " (locked)" if plan.locked else "" if plan.scheduled else " (stored for a step back)"
    lines = ["", f"Phase {number}{state}:"]
    lines += [f"  technique {t.key} at {t.region} {t.side}".rstrip() for t in plan.techniques]
    lines += [f"  exercise  {e.key}: {_dose_text(e.dose)}" for e in plan.exercises]
    lines += [f"  education {', '.join(plan.education)}"] if plan.education else []
    lines += [f"  {c.kind:8}  {c.key}: {c.text}" for c in plan.exit]
    return lines


def _dose_text(dose: object) -> str:
    parts = dose if isinstance(dose, dict) else {}
    rpe = parts.get("rpe")
    body = f"{parts.get('sets')} x {parts.get('reps')}"
    if "hold_s" in parts:
        body += f" x {parts['hold_s']} s"
    if "duration_min" in parts:
        body = f"{parts['duration_min']:g} min"
    effort = f", RPE {rpe[0]}-{rpe[1]}" if isinstance(rpe, list) else ""
    return f"{body}, {parts.get('per_day')} a day, {parts.get('days_per_week')} days a week{effort}"

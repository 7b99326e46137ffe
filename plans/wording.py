"""How findings, evidence and doses are said to people. Plain values in, sentences out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from assessments.vocabulary import RED_FLAGS, label_of, value_label
from clinic.anatomy import region_label
from plans.engine.draft import EvidenceLine, Reason
from plans.engine.facts import Finding
from plans.engine.knowledge import Knowledge

SIDES = {"left": "left", "right": "right", "both": "both sides", "midline": "", "": ""}
KINDS = {
    "mmt": "strength of",
    "palp": "tone of",
    "trp": "trigger point,",
    "endur": "",
    "joint": "joint mobility,",
}
TIMES = {1: "once a day", 2: "twice a day"}
GOAL_BY = {"phase1_exit": "end of phase 1", "phase2_exit": "end of phase 2", "phase3_exit": "end of phase 3"}
OPERATORS = {">=": "at least", "<=": "at most", "==": "", ">": "above", "<": "below", "change>=": "up by at least"}


def figure(value: object) -> str:
    """A number without needless zeros; anything else as it is."""
    return f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def capital(text: str) -> str:
    """The same text with a capital first letter."""
    return text[:1].upper() + text[1:]


def finding_label(path: str) -> str:
    """Name of a finding with what was tested: "Strength of gluteus maximus"."""
    namespace, _, key = path.partition(".")
    if namespace == "flag":
        flag = RED_FLAGS.get(key)
        return f"Red flag: {flag.label if flag else key}"
    if namespace == "cond":
        return f"Condition: {key.replace('_', ' ')}"
    kind = KINDS.get(namespace, "")
    label = label_of(path)
    return capital(f"{kind} {label[:1].lower()}{label[1:]}") if kind else label


def recorded(finding: Finding, sides: Iterable[str] = ()) -> str:
    """The recorded values, with side: "4- (right), 4 (left)"; only the named sides when some are named."""
    wanted = set(sides)
    shown = [r for r in finding.readings if not wanted or not r.side or r.side in wanted] or list(finding.readings)
    parts = []
    for reading in shown:
        value = value_label(finding.path, reading.value)
        value = value.partition(" - ")[0] if finding.path.startswith("mmt.") else value
        side = SIDES.get(reading.side, "")
        pain = ", limited by pain" if reading.pain_limited else ""
        parts.append(f"{value} ({side}{pain})" if side else f"{value}{pain}")
    return ", ".join(dict.fromkeys(parts))


def evidence_sentence(line: EvidenceLine, findings: Mapping[str, Finding]) -> str:
    """One line of evidence: what was found, and what it counts."""
    finding = findings.get(line.finding)
    label = finding_label(line.finding)
    if finding is None:
        return f"{label}: yes ({line.points:+g})" if line.points else f"{label}: not assessed"
    return f"{label}: {recorded(finding, line.sides)} ({line.points:+g})"


def reason_line(reason: Reason | Mapping[str, Any], findings: Mapping[str, Finding]) -> dict[str, str]:
    """A reason as shown on the page: its text with the values it used, its rule, its source."""
    text, inputs, rule, source = (
        (reason.text, reason.inputs, reason.rule, reason.source)
        if isinstance(reason, Reason)
        else (reason["text"], reason["inputs"], reason["rule"], reason["source"])
    )
    seen = [f"{finding_label(p)}: {recorded(findings[p])}" for p in inputs if p in findings]
    return {"text": capital(text), "seen": "; ".join(seen), "rule": rule, "source": source}


def place(region: str, side: str) -> str:
    """ "Low back, right"; "" when no region is named."""
    named = SIDES.get(side, side)
    return f"{region_label(region)}, {named}" if region and named else region_label(region) if region else ""


def exercise_dose(dose: Mapping[str, Any]) -> str:
    """ "2 sets of 10, hold 5 s, rest 30 s, twice a day, 7 days a week, effort 2-4 of 10"."""
    if dose.get("duration_min"):
        parts = [f"{figure(float(dose['duration_min']))} min"]
    else:
        sets = "1 set" if dose["sets"] == 1 else f"{dose['sets']} sets"
        parts = [f"{sets} of {dose['reps']}"]
        if dose.get("hold_s"):
            parts.append(f"hold {dose['hold_s']} s")
    if dose.get("rest_s") and dose["sets"] > 1:
        parts.append(f"rest {dose['rest_s']} s")
    parts.append(TIMES.get(dose["per_day"], f"{dose['per_day']} times a day"))
    parts.append("every day" if dose["days_per_week"] == 7 else f"{dose['days_per_week']} days a week")
    parts.append(f"effort {dose['rpe_low']}–{dose['rpe_high']} of 10")
    return ", ".join(parts)


def technique_dose(dose: Mapping[str, Any], technique: str, knowledge: Knowledge) -> list[tuple[str, str]]:
    """The dose line of a technique as (parameter, value with unit), in written order."""
    known = knowledge.techniques.get(technique)
    units = {p.parameter: p.unit for p in known.dose} if known else {}
    return [(name.replace("_", " "), f"{figure(value)} {units.get(name, '')}".strip()) for name, value in dose.items()]


def goal_sentence(metric: str, op: str, target: object, side: str, by: str) -> str:
    """ "Strength of gluteus maximus at least 5, right, by the end of phase 2"."""
    value = value_label(metric, target).partition(" - ")[0] if op != "change>=" else figure(target)
    where = f", {SIDES[side]}" if SIDES.get(side) else ""
    words = (finding_label(metric), OPERATORS.get(op, op), value)
    return f"{' '.join(word for word in words if word)}{where}, by the {GOAL_BY.get(by, by)}"


def missing_label(key: str, knowledge: Knowledge) -> str:
    """What is not known yet, named for people: a finding, a condition question, a red-flag question, a consent."""
    bare = key.partition(".")[2] if key.startswith(("cond.", "flag.")) else key
    if bare in knowledge.conditions:
        return f"Condition: {knowledge.conditions[bare].label}"
    if bare in RED_FLAGS:
        return f"Red flag: {RED_FLAGS[bare].label}"
    if bare == "guardian_contact":
        return "Contact of a parent or guardian"
    return finding_label(key)

"""How findings, evidence and doses are said to people. Plain values in, sentences out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from assessments.vocabulary import ACTION_LABELS, DISPOSITIONS, RED_FLAGS, VOCABULARY, label_of, value_label
from clinic.anatomy import REGIONS, region_label
from plans.engine.draft import EvidenceLine
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
# Parameters end with their unit, which stands behind the figure already; units are said as people say them.
UNIT_ENDINGS = re.compile(r"_(min|s|hz|us|mm|cm|ma|pct|nprs|c)$")
# Names that do not read as words once the unit is taken off.
PARAMETER_LABELS = {
    "breaths_per_min": "breaths a minute",
    "contract_pct": "contraction",
    "contract_s": "contraction",
    "dwell_min": "needle left in",
    "electrodes_cm": "electrodes apart",
    "intensity_rpe": "effort",
    "min_interval_days": "at least between visits",
    "minutes": "duration",
    "needle_diam_mm": "needle diameter",
    "off_s": "pause",
    "on_s": "on",
    "pain_cap_nprs": "pain may rise by",
    "relax_stretch_s": "relax and stretch",
    "temp_c": "temperature",
    "visits_max": "visits at most",
    "wear_h": "worn for",
}
UNIT_WORDS = {
    "n": "",
    "n per segment": "per segment",
    "n per muscle": "per muscle",
    "n per episode": "per episode",
    "0-10": "of 10",
    "0-10 patient pressure": "of 10",
    "0-10 discomfort": "of 10",
    "Maitland": "",
    "description": "",
    "enum": "",
    "deg C surface": "°C",
    "% effort": "% effort",
    "us": "µs",
}
CREDENTIALS = {
    "registered_physio": "registration as a physiotherapist",
    "dry_needling_certificate": "a dry-needling certificate",
    "electro_endorsement": "an electrotherapy endorsement",
    "thorax_endorsement": "a thorax needling endorsement",
    "advanced_manual_therapy": "advanced manual therapy",
    "pelvic_health_endorsement": "a pelvic-health endorsement",
}
GOAL_BY = {"phase1_exit": "end of phase 1", "phase2_exit": "end of phase 2", "phase3_exit": "end of phase 3"}
OPERATORS = {">=": "at least", "<=": "at most", "==": "", ">": "above", "<": "below", "change>=": "up by at least"}


def figure(value: object) -> str:
    """A number without needless zeros; anything else as it is."""
    return f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def capital(text: str) -> str:
    """The same text with a capital first letter."""
    return text[:1].upper() + text[1:]


def lowered(label: str) -> str:
    """A label inside a sentence: "Gluteus maximus" -> "gluteus maximus", "L1-S1 mobility" stays."""
    return label if len(label) > 1 and not label[1].islower() else f"{label[:1].lower()}{label[1:]}"


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
    return capital(f"{kind} {lowered(label)}") if kind else label


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
    listed = any(isinstance(reading.value, tuple) for reading in finding.readings)
    named = listed and line.op in ("includes", "==", "in")
    shown = _matched(line, finding) if named else recorded(finding, line.sides)
    return f"{label}: {shown} ({line.points:+g})"


def _matched(line: EvidenceLine, finding: Finding) -> str:
    """Of a list of answers, those that the evidence asks for."""
    wanted = line.value if isinstance(line.value, tuple) else (line.value,)
    chosen = [entry for r in finding.readings if isinstance(r.value, tuple) for entry in r.value if entry in wanted]
    return ", ".join(value_label(line.finding, (entry,)) for entry in dict.fromkeys(chosen))


KEY = re.compile(r"\b(?:[a-z]+\.[a-z][a-z0-9_]*|[a-z][a-z0-9]*(?:_[a-z0-9]+)+)\b")
VALUES = re.compile(r"\b(?P<path>[a-z]+\.[a-z][a-z0-9_]*) (?P<values>[a-z][a-z0-9_]*(?:, [a-z][a-z0-9_]*(?![\w.]))*)")
OWN_KEY = re.compile(r" \((?P<key>[a-z][a-z0-9_]*)\)(?=:)")  # "Anticoagulant (anticoagulant): ..." names it once
TWICE = re.compile(r"(?P<said>[^.;:(]+) \((?P<again>[^()]+)\)")


def _once(match: re.Match[str]) -> str:
    """ "Cardiac pacemaker (pacemaker)" -> "Cardiac pacemaker"."""
    said, again = match["said"], match["again"]
    return said if said.lower().endswith(again.lower()) else match.group()


SYMBOLS = {">=": "≥", "<=": "≤", "==": "is", "rompct": "range (% of norm)", " deg ": "° "}


def symbols(text: str) -> str:
    """Operators and shorthand of the rules as people write them."""
    for written, said in SYMBOLS.items():
        text = text.replace(written, said)
    return text


class Names:
    """Keys of the vocabularies in a text of the engine, replaced by the names that people use."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._names: dict[str, str] = {
            **CREDENTIALS,
            **{key: lowered(label) for key, label in ACTION_LABELS.items()},
            **{key: lowered(row.label) for key, row in DISPOSITIONS.items()},
            **{key: lowered(flag.label) for key, flag in RED_FLAGS.items()},
            **{key: lowered(row.label) for key, row in knowledge.conditions.items()},
            **{key: lowered(row.label) for key, row in knowledge.root_causes.items()},
            **{key: lowered(row.title) for key, row in knowledge.education.items()},
            **{key: lowered(row.name) for key, row in knowledge.techniques.items()},
            **{key: lowered(row.name) for key, row in knowledge.exercises.items()},
        }

    def name(self, key: str) -> str:
        """The name of one key, as it stands in a list; an unknown key is shown in words."""
        return capital(self._names.get(key) or key.replace("_", " "))

    def said(self, text: str) -> str:
        """The text with every known key replaced."""
        named = OWN_KEY.sub(lambda match: "" if match["key"] in self._names else match.group(), text)
        return capital(TWICE.sub(_once, symbols(KEY.sub(self._replace, VALUES.sub(_valued, named)))))

    def _replace(self, match: re.Match[str]) -> str:
        key = match.group()
        if "." in key:
            namespace, _, bare = key.partition(".")
            if namespace in ("cond", "flag"):
                return self._names.get(bare, key)
            label = label_of(key)
            return key if label == key else f"“{finding_label(key)}”"
        return self._names.get(key) or (lowered(REGIONS[key]) if key in REGIONS else key)

    def reason(self, reason: Mapping[str, Any], findings: Mapping[str, Finding]) -> dict[str, str]:
        """A reason as shown on the page: its text, the values it used, its rule, its source."""
        seen = [f"{finding_label(p)}: {recorded(findings[p])}" for p in reason["inputs"] if p in findings]
        return {
            "text": self.said(reason["text"]),
            "seen": "; ".join(seen),
            "rule": reason["rule"],
            "source": reason["source"],
        }


def _valued(match: re.Match[str]) -> str:
    """A finding with its recorded value in words: "spec.slr true" -> "spec.slr yes"; other text stays."""
    field = VOCABULARY.get(match["path"])
    known = {str(choice.value) for choice in field.choices} if field else set()
    first, *more = match["values"].split(", ")
    if first in ("true", "false"):
        return f"{match['path']} {', '.join(('yes' if first == 'true' else 'no', *more))}"
    shown = [lowered(field.choice_label(v)) if field and v in known else v for v in (first, *more)]
    return f"{match['path']} {', '.join(shown)}"


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
    order = {p.parameter: p.unit for p in known.dose} if known else {}
    names = [name for name in order if name in dose] + [name for name in dose if name not in order]
    return [(parameter_label(name), _with_unit(dose[name], order.get(name, ""))) for name in names]


def parameter_label(name: str) -> str:
    """ "session_min" -> "session"; "points_per_session" -> "points per session"; "wear_h" -> "worn for"."""
    return PARAMETER_LABELS.get(name) or UNIT_ENDINGS.sub("", name).replace("_", " ")


def unit_word(unit: str) -> str:
    """The unit behind a figure; "" when the name says it."""
    return UNIT_WORDS.get(unit, unit)


def _with_unit(value: object, unit: str) -> str:
    in_words = isinstance(value, str)
    return str(value) if in_words else f"{figure(value)} {unit_word(unit)}".strip()


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

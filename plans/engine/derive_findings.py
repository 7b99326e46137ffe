"""Findings that the assessment vocabulary marks as derived: range in per cent of norm, irritability, duration, UMN."""

from collections.abc import Mapping
from datetime import date

from plans.engine.facts import Facts, Finding, Reading
from plans.engine.knowledge import Knowledge

UMN_SIGNS = ("neuro.hoffmann", "neuro.babinski", "neuro.inverted_supinator")
TOLERANCES = {
    "sitting": "sitting_tolerance_min",
    "standing": "standing_tolerance_min",
    "walking": "walking_tolerance_min",
}
CLUSTER = ("spec.spurling", "spec.cervical_distraction_relief", "spec.ultt_median")
ROTATION_LIMIT = 60
LEVELS = ("low", "moderate", "high")


def derived_findings(facts: Facts, knowledge: Knowledge, today: date) -> Mapping[str, Finding]:
    """The findings plus every derived one that was not recorded itself (a recorded value always wins)."""
    findings = dict(facts.findings)
    _add(findings, "hist.symptom_regions", tuple(dict.fromkeys(site.region for site in facts.sites)) or None)
    _add(findings, "hist.symptom_duration_days", _duration(findings, today))
    _add(findings, "neuro.umn_any", umn_any(findings))
    _add(findings, "hist.irritability", irritability(findings))
    _percent_of_norm(findings, knowledge)
    _add(findings, "spec.radic_cluster_count", radiculopathy_cluster(findings, knowledge))
    return findings


def _add(findings: dict[str, Finding], path: str, value: bool | int | str | tuple[str, ...] | None) -> None:
    if value is not None and path not in findings:
        findings[path] = Finding(path, (Reading(value),))


def _value(findings: Mapping[str, Finding], path: str) -> object:
    finding = findings.get(path)
    return None if finding is None else finding.readings[0].value


def _values(findings: Mapping[str, Finding], path: str) -> tuple[object, ...]:
    finding = findings.get(path)
    return () if finding is None else tuple(r.value for r in finding.readings)


def _duration(findings: Mapping[str, Finding], today: date) -> int | None:
    onset = _value(findings, "hist.onset_date")
    if not isinstance(onset, str):
        return None
    try:
        days = (today - date.fromisoformat(onset)).days
    except ValueError:
        return None
    return days if days >= 0 else None


def umn_any(findings: Mapping[str, Finding]) -> bool | None:
    """True with any upper-motor-neurone sign; false only when Hoffmann or Babinski, and clonus, were tested clear."""
    signs = [value for path in UMN_SIGNS for value in _values(findings, path)]
    beats = _number(max((_number(v) or 0 for v in _values(findings, "neuro.clonus_beats")), default=None))
    tone = _number(max((_number(v) or 0 for v in _values(findings, "neuro.tone_mas")), default=None))
    if any(v is True for v in signs) or (beats or 0) >= 3 or (tone or 0) >= 1:
        return True
    reflexes = _value(findings, "neuro.hoffmann") is False or _value(findings, "neuro.babinski") is False
    return False if reflexes and beats is not None else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value)


def irritability(findings: Mapping[str, Finding]) -> str | None:
    """The irritability rule (assessment vocabulary, 3.1); None with fewer than two known columns."""
    columns = [
        c for c in (_pain_level(findings), _provocation_level(findings), _settling_level(findings)) if c is not None
    ]
    if len(columns) < 2:
        return None
    for level in LEVELS:
        if columns.count(level) >= 2:
            return level
    if len(columns) == 3:
        return "moderate"
    return max(columns, key=LEVELS.index)


def _pain_level(findings: Mapping[str, Finding]) -> str | None:
    pain = _number(max((_number(v) or 0 for v in _values(findings, "pain.nprs_movement")), default=None))
    if pain is None:
        return None
    return "high" if pain >= 7 else "moderate" if pain >= 4 else "low"


def _provocation_level(findings: Mapping[str, Finding]) -> str | None:
    """Shortest recorded tolerance among the activities that aggravate."""
    aggravating = _value(findings, "hist.aggravating")
    listed = aggravating if isinstance(aggravating, tuple) else ()
    known = [_number(_value(findings, f"hist.{key}")) for activity, key in TOLERANCES.items() if activity in listed]
    minutes = min((m for m in known if m is not None), default=None)
    if minutes is None:
        return None
    return "high" if minutes < 5 else "moderate" if minutes <= 30 else "low"


def _settling_level(findings: Mapping[str, Finding]) -> str | None:
    minutes = _number(max((_number(v) or 0 for v in _values(findings, "pain.time_to_settle_min")), default=None))
    if minutes is None:
        return None
    return "high" if minutes > 60 else "moderate" if minutes >= 10 else "low"


def radiculopathy_cluster(findings: Mapping[str, Finding], knowledge: Knowledge) -> int | None:
    """Spurling, distraction relief, upper-limb tension test and neck rotation under 60 degrees, counted when all four
    were tested, or when the positive ones are already enough (3)."""
    signs = [_any_true(findings, path) for path in CLUSTER] + [_rotation_limited(findings, knowledge)]
    positive = sum(1 for sign in signs if sign)
    return positive if positive >= 3 or None not in signs else None


def _any_true(findings: Mapping[str, Finding], path: str) -> bool | None:
    values = _values(findings, path)
    return any(v is True for v in values) if values else None


def _rotation_limited(findings: Mapping[str, Finding], knowledge: Knowledge) -> bool | None:
    spec = knowledge.findings.get("rom.cerv_rotation")
    norm = spec.norm if spec is not None and spec.norm else 0.0
    degrees = [n for v in _values(findings, "rom.cerv_rotation") if (n := _number(v)) is not None]
    if not degrees and norm:
        shares = [n for v in _values(findings, "rompct.cerv_rotation") if (n := _number(v)) is not None]
        degrees = [share * norm / 100 for share in shares]
    return min(degrees) < ROTATION_LIMIT if degrees else None


def _percent_of_norm(findings: dict[str, Finding], knowledge: Knowledge) -> None:
    """100 x range / norm; movements with a norm of 0 have no percentage."""
    for path in [p for p in findings if p.startswith("rom.")]:
        spec = knowledge.findings.get(path)
        target = "rompct." + path[4:]
        if target in findings or spec is None or not spec.norm:
            continue
        readings = [(r, _number(r.value)) for r in findings[path].readings]
        known = tuple(Reading(100 * number / spec.norm, r.side) for r, number in readings if number is not None)
        if known:
            findings[target] = Finding(target, known)

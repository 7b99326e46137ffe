"""Values of findings in a case file, checked against the vocabulary: type, unit limits, choices, sides."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from plans.engine.facts import Finding, FindingValue, Reading, Side
from plans.engine.knowledge import FindingSpec

SIDES: tuple[Side, ...] = ("left", "right", "both", "midline")
FREE_LISTS = ("neuro.reflex_reduced", "neuro.reflex_brisk", "neuro.dermatome_deficit", "neuro.myotome_deficit")
DETAIL_KEYS = frozenset({"value", "side", "pain_limited", "region"})


def read_finding(spec: FindingSpec, entry: Any) -> tuple[Finding | None, list[str]]:
    """A value; ``{left: .., right: ..}``, ``{value: .., side: .., pain_limited: .., region: ..}``; or a list."""
    problems: list[str] = []
    region = None
    if isinstance(entry, list) and entry and all(isinstance(part, dict) for part in entry):
        parts = [(part.get("side") or "", part) for part in entry]
        readings = tuple(r for side, part in parts if (r := _reading(spec, part, side, problems)) is not None)
    elif isinstance(entry, dict) and set(entry) <= set(SIDES) and entry:
        readings = tuple(r for side, value in entry.items() if (r := _reading(spec, value, side, problems)) is not None)
    elif isinstance(entry, dict):
        region = None if entry.get("region") is None else str(entry["region"])
        single = _reading(spec, entry, entry.get("side") or "", problems)
        readings = () if single is None else (single,)
    else:
        single = _reading(spec, entry, "", problems)
        readings = () if single is None else (single,)
    return (Finding(spec.path, readings, region) if readings else None), problems


def _reading(spec: FindingSpec, entry: Any, side: Any, problems: list[str]) -> Reading | None:
    limited: Any = False
    if isinstance(entry, dict):
        unknown = set(entry) - DETAIL_KEYS
        if unknown or "value" not in entry:
            problems.append(
                f"write a value, {{left: .., right: ..}} or {{value: .., side: ..}}; got {sorted(map(str, entry))}"
            )
            return None
        limited, entry = entry.get("pain_limited", False), entry["value"]
    if side and side not in SIDES:
        problems.append(f"unknown side {side!r}; use {', '.join(SIDES)}")
        return None
    if limited not in (True, False):
        problems.append("pain_limited must be true or false")
        return None
    value, problem = read_value(spec, entry)
    if problem:
        problems.append(problem)
    return None if value is None else Reading(value, side, limited)


def read_value(spec: FindingSpec, value: Any) -> tuple[FindingValue | None, str]:
    """The value as the engine stores it, or a sentence saying what is wrong."""
    if value is None:
        return None, "has no value; leave the line out when it was not assessed"
    kind = spec.value_type
    if kind == "bool":
        return (value, "") if isinstance(value, bool) else (None, f"must be true or false, not {value!r}")
    if kind in ("int", "number", "grade"):
        return _number(spec, value)
    if kind == "enum":
        return _choice(spec, value)
    if kind in ("multi", "list"):
        return _many(spec, value)
    if kind == "date":
        value = value.date() if isinstance(value, datetime) else value
        return (
            (value.isoformat(), "")
            if isinstance(value, date)
            else (None, f"must be a date like 2025-03-31, not {value!r}")
        )
    return str(value), ""


def _graded(value: Any) -> Any:
    """Grades as clinicians write them: ``4-`` is 3.7, ``4+`` is 4.3."""
    if not isinstance(value, str) or not value[:1].isdigit():
        return value
    shift = {"": 0.0, "+": 0.3, "-": -0.3}.get(value[1:])
    return value if shift is None else round(int(value[0]) + shift, 1)


def _number(spec: FindingSpec, value: Any) -> tuple[FindingValue | None, str]:
    value = _graded(value) if spec.codes else value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None, f"must be a number, not {value!r}"
    if not math.isfinite(value):
        return None, f"must be a number, not {value!r}"
    if spec.value_type == "int" and value != int(value):
        return None, f"must be a whole number, not {value!r}"
    if spec.codes and value not in spec.codes:
        return None, f"{value!r} is not a valid grade; use one of {', '.join(f'{c:g}' for c in spec.codes)}"
    low, high = spec.minimum, spec.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        unit = f" {spec.unit}" if spec.unit else ""
        return None, f"{value!r} is outside {_plain(low)} to {_plain(high)}{unit}"
    return value, ""


def _plain(limit: float | None) -> str:
    return "any" if limit is None else f"{limit:g}"


def _choice(spec: FindingSpec, value: Any) -> tuple[FindingValue | None, str]:
    text = str(value)
    if spec.choices and text not in spec.choices:
        return None, f"{value!r} is not one of {', '.join(spec.choices)}"
    return text, ""


def _many(spec: FindingSpec, value: Any) -> tuple[FindingValue | None, str]:
    entries = value if isinstance(value, list) else [value]
    texts = tuple(str(entry) for entry in entries)
    wrong = [text for text in texts if spec.choices and text not in spec.choices and text != "none"]
    if wrong and spec.value_type == "multi" and spec.path not in FREE_LISTS:
        return None, f"{', '.join(wrong)} not among {', '.join(spec.choices)}"
    return texts, ""


# --- checks over several fields (assessment vocabulary, 3.2: the ones that reject) -----------------------------------


def cross_field_problems(findings: Mapping[str, Finding], today: date | None = None) -> list[str]:
    def number(path: str) -> float | None:
        finding = findings.get(path)
        value = None if finding is None else finding.readings[0].value
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    checks = (
        _above(number, "pain.nprs_best_24h", "pain.nprs_worst_24h", "best pain cannot be above worst pain"),
        _above(number, "pain.nprs_current", "pain.nprs_worst_24h", "pain now cannot be above the worst in 24 h"),
        _not_below(number, "spec.bp_diastolic", "spec.bp_systolic", "diastolic must be below systolic"),
        _pregnant_and_postpartum(number),
        _hours(number),
        _onset(findings, today),
    )
    return [text for text in checks if text]


def _above(number: Any, first: str, second: str, text: str) -> str:
    a, b = number(first), number(second)
    return f"findings.{first}: {text} ({a:g} and {b:g})" if a is not None and b is not None and a > b else ""


def _not_below(number: Any, first: str, second: str, text: str) -> str:
    a, b = number(first), number(second)
    return f"findings.{first}: {text} ({a:g} and {b:g})" if a is not None and b is not None and a >= b else ""


def _pregnant_and_postpartum(number: Any) -> str:
    both = number("hist.pregnancy_weeks") is not None and number("hist.postpartum_weeks") is not None
    return "findings.hist.pregnancy_weeks: cannot be given together with hist.postpartum_weeks" if both else ""


def _hours(number: Any) -> str:
    parts = [number(f"hist.{key}") for key in ("desk_hours_per_day", "driving_hours_per_day", "sleep_hours")]
    total = sum(part for part in parts if part is not None)
    return (
        f"findings.hist.desk_hours_per_day: desk, driving and sleep add up to {total:g} hours a day"
        if total > 24
        else ""
    )


def _onset(findings: Mapping[str, Finding], today: date | None) -> str:
    finding = findings.get("hist.onset_date")
    value = None if finding is None else finding.readings[0].value
    late = today is not None and isinstance(value, str) and value > today.isoformat()
    return f"findings.hist.onset_date: {value} lies in the future; correct the date" if late else ""

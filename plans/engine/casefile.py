"""Case files: one synthetic patient as YAML, read into `Facts` (no database, no Django).

Red flags and conditions that are not listed were asked and denied, except the keys under ``unanswered``. Findings that
are not listed were not assessed. Every mistake is reported with its field, all of them at once.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import yaml

from plans.engine.casevalues import cross_field_problems, read_finding
from plans.engine.facts import (
    ConditionFact,
    Consent,
    Credential,
    Facts,
    Finding,
    FlagFact,
    Site,
)
from plans.engine.knowledge import Knowledge

KNOWN_KEYS = (
    *("id", "regions", "conditions", "condition_regions", "flags", "flag_regions", "consent", "practitioner"),
    *("findings", "unanswered", "cleared", "clinic_equipment", "declined"),
)
SIDES = ("left", "right", "both", "midline")
OTHER_CREDENTIALS = ("thorax_endorsement", "pelvic_health_endorsement")  # asked for by region, not by technique
CONDITION_LISTS = ("hist.condition_keys", "hist.medication_keys")


class CaseError(Exception):
    """The case cannot be read. ``problems`` holds one sentence per mistake, each naming its field."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Case:
    identifier: str
    facts: Facts
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reader:
    knowledge: Knowledge
    problems: list[str] = field(default_factory=list)

    def say(self, where: str, text: str) -> None:
        self.problems.append(f"{where}: {text}")


class _Loader(yaml.SafeLoader):
    """YAML in which a key may stand only once: the second of two values would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        scalars = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        seen: set[str] = set()
        for key in scalars:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is given twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_case(text: str, knowledge: Knowledge, today: date | None = None) -> Case:
    """Read a case. Raises CaseError for broken YAML, unknown keys and impossible values.

    `today` is the date after which an onset cannot lie; without it that is not checked.
    """
    try:
        data = yaml.load(text, _Loader)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that does not exist
        raise CaseError(
            [f"The file is not valid YAML: {_place(error)}. Correct it and run the command again."]
        ) from error
    if not isinstance(data, dict):
        raise CaseError(["The file must hold one case: a mapping with id, regions, findings and so on."])
    return read_case(data, knowledge, today)


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"{problem} (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else problem


def read_case(data: Mapping[Any, Any], knowledge: Knowledge, today: date | None = None) -> Case:
    reader = _Reader(knowledge)
    unknown = [str(key) for key in data if key not in KNOWN_KEYS]
    warnings = [f"ignored unknown key: {key}" for key in unknown]
    identifier = _text(reader, data)
    findings = _findings(reader, data.get("findings"))
    sites = _regions(reader, data.get("regions"), findings)
    unanswered = _unanswered(reader, data.get("unanswered"))
    facts = Facts(
        sites=sites,
        findings=findings,
        conditions=_conditions(reader, data, unanswered),
        flags=_flags(reader, data, unanswered),
        consent=_consent(reader, data.get("consent")),
        credentials=_credentials(reader, data.get("practitioner")),
        clinic_equipment=_optional_set(reader, data, "clinic_equipment"),
        preferences_declined=_declined(reader, data.get("declined")),
    )
    reader.problems += cross_field_problems(findings, today)
    warnings += [
        f"unknown credential: {c.key}" for c in facts.credentials if c.key not in _known_credentials(knowledge)
    ]
    if reader.problems:
        raise CaseError(reader.problems)
    return Case(identifier, facts, tuple(warnings))


def _text(reader: _Reader, data: Mapping[Any, Any]) -> str:
    identifier = data.get("id")
    if not isinstance(identifier, (str, int)) or identifier == "":
        reader.say("id", "give the case a name, for example CASE-01")
    return str(identifier)


def _list(reader: _Reader, where: str, value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        reader.say(where, "must be a list")
        return []
    return value


def _mapping(reader: _Reader, where: str, value: Any) -> Mapping[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        reader.say(where, "must be a mapping")
        return {}
    return value


# --- places ---------------------------------------------------------------------------------------------------------


def _regions(reader: _Reader, value: Any, findings: Mapping[str, Finding]) -> tuple[Site, ...]:
    sites = [
        s for i, entry in enumerate(_list(reader, "regions", value)) if (s := _site(reader, f"regions[{i}]", entry))
    ]
    known = {site.region for site in sites}
    symptoms = findings.get("hist.symptom_regions")
    listed = symptoms.readings[0].value if symptoms is not None else ()
    more = [Site(region) for region in listed if region not in known] if isinstance(listed, tuple) else []
    return tuple(dict.fromkeys((*sites, *more)))


def _site(reader: _Reader, where: str, entry: Any) -> Site | None:
    """``lumbar`` or ``{key: lumbar, side: right}``."""
    if isinstance(entry, str):
        entry = {"key": entry}
    if not isinstance(entry, dict):
        reader.say(where, "must be a region key or {key: ..., side: ...}")
        return None
    more = [str(key) for key in entry if key not in ("key", "side")]
    if more:
        reader.say(where, f"unknown key {', '.join(more)}; write {{key: ..., side: ...}}")
        return None
    region, side = str(entry.get("key")), entry.get("side")
    if region not in reader.knowledge.anatomy.regions:
        reader.say(where, f"unknown region {region!r}; use a region key of the anatomy vocabulary")
        return None
    if side is not None and side not in SIDES:
        reader.say(where, f"unknown side {side!r}; use {', '.join(SIDES)}")
        return None
    return Site(region, side or "")


def _places(reader: _Reader, where: str, value: Any) -> dict[str, tuple[Site, ...]]:
    found = {}
    for key, entries in _mapping(reader, where, value).items():
        place = f"{where}.{key}"
        listed = [entries] if isinstance(entries, (str, dict)) else _list(reader, place, entries)
        sites = [s for i, entry in enumerate(listed) if (s := _site(reader, f"{place}[{i}]", entry))]
        found[str(key)] = tuple(sites)
    return found


# --- answers --------------------------------------------------------------------------------------------------------


def _unanswered(reader: _Reader, value: Any) -> frozenset[str]:
    keys = [str(entry).removeprefix("flag.").removeprefix("cond.") for entry in _list(reader, "unanswered", value)]
    for key in keys:
        if key not in reader.knowledge.red_flags and key not in reader.knowledge.conditions:
            reader.say("unanswered", f"unknown red flag or condition {key!r}{_near(key, reader)}")
    return frozenset(keys)


def _near(key: str, reader: _Reader) -> str:
    rules = reader.knowledge
    known = [*rules.conditions, *rules.red_flags, *rules.findings, *rules.exercises, *rules.techniques]
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.8)
    return f"; did you mean {close[0]}?" if close else "; see the vocabulary for the keys"


def _keys(reader: _Reader, where: str, value: Any, known: Mapping[str, object], what: str) -> list[str]:
    found = []
    for entry in _list(reader, where, value):
        if isinstance(entry, str) and entry in known:
            found.append(entry)
        else:
            reader.say(where, f"unknown {what} {entry!r}{_near(str(entry), reader)}")
    return found


def _conditions(reader: _Reader, data: Mapping[Any, Any], unanswered: frozenset[str]) -> dict[str, ConditionFact]:
    rules = reader.knowledge.conditions
    true = _keys(reader, "conditions", data.get("conditions"), rules, "condition")
    places = _places(reader, "condition_regions", data.get("condition_regions"))
    _check_owner(reader, "condition_regions", places, true)
    _check_both(reader, "conditions", true, unanswered)
    facts = {}
    for key in rules:
        if key in true:
            facts[key] = ConditionFact(key, "true", places.get(key, ()))
        elif key not in unanswered:
            facts[key] = ConditionFact(key, "false")
    return facts


def _flags(reader: _Reader, data: Mapping[Any, Any], unanswered: frozenset[str]) -> dict[str, FlagFact]:
    rules = reader.knowledge.red_flags
    true = _keys(reader, "flags", data.get("flags"), rules, "red flag")
    cleared = _keys(reader, "cleared", data.get("cleared"), rules, "red flag")
    places = _places(reader, "flag_regions", data.get("flag_regions"))
    _check_owner(reader, "flag_regions", places, [*true, *cleared])
    _check_both(reader, "flags", true, unanswered)
    for key in cleared:
        if key in true or key in unanswered:
            reader.say(
                "cleared", f"{key} is listed as cleared and as {'true' if key in true else 'unanswered'}; keep one"
            )
    facts = {}
    for key in rules:
        if key in cleared:
            facts[key] = FlagFact(key, "cleared", places.get(key, ()))
        elif key in true:
            facts[key] = FlagFact(key, "true", places.get(key, ()))
        elif key not in unanswered:
            facts[key] = FlagFact(key, "false")
    return facts


def _check_owner(reader: _Reader, where: str, places: Mapping[str, object], true: Sequence[str]) -> None:
    for key in places:
        if key not in true:
            reader.say(f"{where}.{key}", f"{key} is not listed as true; list it or remove its regions")


def _check_both(reader: _Reader, where: str, true: Sequence[str], unanswered: frozenset[str]) -> None:
    for key in true:
        if key in unanswered:
            reader.say(where, f"{key} is listed as true and as unanswered; keep one of them")


# --- consent and practitioner ---------------------------------------------------------------------------------------


def _consent(reader: _Reader, value: Any) -> Consent:
    answers = _mapping(reader, "consent", value)
    known = ("assess_and_treat", "needling_signed", "thrust_signed")
    for key, answer in answers.items():
        if key not in known:
            reader.say(f"consent.{key}", f"unknown consent; use {', '.join(known)}")
        elif not isinstance(answer, bool):
            reader.say(f"consent.{key}", "must be true or false")
    return Consent(
        assess_and_treat=answers.get("assess_and_treat", True),
        needling_signed=answers.get("needling_signed"),
        thrust_signed=answers.get("thrust_signed"),
    )


def _credentials(reader: _Reader, value: Any) -> tuple[Credential, ...]:
    """Keys, or ``{key: ..., expires: 2026-01-31}``."""
    found = []
    for i, entry in enumerate(_list(reader, "practitioner", value)):
        entry = {"key": entry} if isinstance(entry, str) else entry
        expires = entry.get("expires") if isinstance(entry, dict) else None
        expires = expires.date() if isinstance(expires, datetime) else expires
        if (
            not isinstance(entry, dict)
            or not isinstance(entry.get("key"), str)
            or not isinstance(expires, (date, type(None)))
        ):
            reader.say(f"practitioner[{i}]", "must be a credential key or {key: ..., expires: date}")
            continue
        found.append(Credential(entry["key"], expires))
    return tuple(found)


def _known_credentials(knowledge: Knowledge) -> frozenset[str]:
    return frozenset((*OTHER_CREDENTIALS, *(c for t in knowledge.techniques.values() for c in t.credentials)))


def _declined(reader: _Reader, value: Any) -> frozenset[str]:
    """Exercises and techniques that the patient does not want."""
    known = {**reader.knowledge.exercises, **reader.knowledge.techniques}
    return frozenset(_keys(reader, "declined", value, known, "exercise or technique"))


def _optional_set(reader: _Reader, data: Mapping[Any, Any], key: str) -> frozenset[str] | None:
    return None if data.get(key) is None else frozenset(str(entry) for entry in _list(reader, key, data[key]))


def _findings(reader: _Reader, value: Any) -> dict[str, Finding]:
    found = {}
    for path, entry in _mapping(reader, "findings", value).items():
        spec = reader.knowledge.findings.get(path)
        if spec is None:
            reader.say(f"findings.{path}", f"unknown finding{_near(str(path), reader)}")
            continue
        finding, problems = read_finding(spec, entry)
        problems += _unresolved(reader, path, finding)
        reader.problems += [f"findings.{path}: {problem}" for problem in problems]
        if finding is not None and not problems:
            found[path] = finding
    return found


def _unresolved(reader: _Reader, path: str, finding: Finding | None) -> list[str]:
    """Keys inside a finding that must name something: the region it was found at, conditions, medicines."""
    if finding is None:
        return []
    problems = []
    if finding.region is not None and finding.region not in reader.knowledge.anatomy.regions:
        problems.append(f"unknown region {finding.region!r}; use a region key of the anatomy vocabulary")
    if path in CONDITION_LISTS:
        listed = [key for r in finding.readings if isinstance(r.value, tuple) for key in r.value]
        wrong = [key for key in listed if key not in reader.knowledge.conditions and key not in ("none", "none_known")]
        problems += [f"unknown condition {key!r}{_near(key, reader)}" for key in wrong]
    return problems

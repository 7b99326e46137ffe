"""Facts as JSON and back, and the hash that tells whether they have changed.

Same facts, same text, same hash: keys are sorted and sets become sorted lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from clinic.hashing import content_hash
from plans.engine.facts import (
    ConditionFact,
    Consent,
    Credential,
    Facts,
    Finding,
    FindingValue,
    FlagFact,
    Reading,
    Site,
)

_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})
_FIELDS: dict[type, tuple[str, ...]] = {}


def plain(value: Any) -> Any:
    """A dataclass of the engine (or anything within one) as dicts, lists and scalars that JSON can hold."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is tuple or kind is list:
        return [entry if type(entry) in _AS_THEY_ARE else plain(entry) for entry in value]
    names = _FIELDS.get(kind)
    if names is None and is_dataclass(kind):
        names = _FIELDS[kind] = tuple(field.name for field in fields(kind))
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    return _plain_of_other(value)


def _plain_of_other(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(entry) for entry in value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(entry) for entry in value]
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def facts_to_json(facts: Facts) -> dict[str, Any]:
    """The snapshot that a plan version keeps."""
    snapshot: dict[str, Any] = plain(facts)
    return snapshot


def facts_hash(facts: Facts) -> str:
    """Changes exactly when something that the engine is told changes."""
    return content_hash(facts_to_json(facts))


def facts_from_json(data: Mapping[str, Any]) -> Facts:
    """The facts of a snapshot; raises KeyError when it was not made by :func:`facts_to_json`."""
    equipment = data["clinic_equipment"]
    return Facts(
        sites=_sites(data["sites"]),
        findings={path: _finding(row) for path, row in data["findings"].items()},
        conditions={
            k: ConditionFact(row["key"], row["state"], _sites(row["sites"])) for k, row in data["conditions"].items()
        },
        flags={key: FlagFact(row["key"], row["state"], _sites(row["sites"])) for key, row in data["flags"].items()},
        consent=Consent(**data["consent"]),
        credentials=tuple(_credential(row) for row in data["credentials"]),
        clinic_equipment=None if equipment is None else frozenset(equipment),
        preferences_declined=frozenset(data["preferences_declined"]),
        guardian_contact=data["guardian_contact"],
    )


def _sites(rows: Sequence[Mapping[str, Any]]) -> tuple[Site, ...]:
    return tuple(Site(row["region"], row["side"]) for row in rows)


def _finding(row: Mapping[str, Any]) -> Finding:
    readings = tuple(Reading(_value(r["value"]), r["side"], r["pain_limited"]) for r in row["readings"])
    return Finding(row["path"], readings, row["region"])


def _value(value: Any) -> FindingValue:
    return tuple(value) if isinstance(value, list) else value


def _credential(row: Mapping[str, Any]) -> Credential:
    expires = row["expires"]
    return Credential(row["key"], None if expires is None else date.fromisoformat(expires))

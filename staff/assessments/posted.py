"""From a posted form to typed changes. A form names its fields in ``group``; autosave and plain posts look the same.

``f:path:side:mode`` a finding, ``r:region:side`` a symptom region, ``rn`` a new one, ``m:key`` a mark, ``a:n`` an
activity, ``s:key`` an operation (each with ``:carried`` while it is one carried forward, and ``:same`` to confirm it),
``g:flag`` a red flag, ``c:condition`` a condition, ``h:story`` the head.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from uuid import UUID

from django.http import QueryDict

from assessments.changes import (
    ActivityChange,
    Change,
    ConditionChange,
    FindingChange,
    FlagChange,
    HeadChange,
    MarkChange,
    RegionChange,
    SurgeryChange,
)
from assessments.vocabulary import VOCABULARY
from clinic.errors import Invalid

MAX_GROUPS = 1500
Carriable = (FindingChange, RegionChange, MarkChange, ActivityChange, SurgeryChange)


def _finding(rest: str, name: str, data: QueryDict) -> Change:
    path, side, mode = (*rest.split(":"), "", "")[:3]
    field = VOCABULARY.get(path)
    value: object = data.getlist(name) if field is not None and field.type == "multi" else data.get(name, "")
    pain = (f"{name}:pain" in data) if f"{name}:asks-pain" in data else None
    return FindingChange(path, side, mode, value, pain_limited=pain, note=data.get(f"{name}:note"))


def _region(rest: str, name: str, data: QueryDict) -> Change:
    region, _, side = rest.partition(":")
    return RegionChange(region, side, present=name in data)


def _new_region(rest: str, name: str, data: QueryDict) -> Change | None:
    region = data.get("rn:region", "")
    return RegionChange(region, data.get("rn:side", "")) if region else None


def _key(rest: str) -> UUID:
    try:
        return UUID(rest)
    except ValueError:
        raise Invalid("key", "The form is damaged; load the page again.") from None


def _mark(rest: str, name: str, data: QueryDict) -> Change | None:
    def value(part: str) -> str:
        return data.get(f"{name}:{part}", "")

    key = _key(rest)
    if value("remove"):
        return MarkChange(key, remove=True)
    if not value("region") and not value("nprs"):
        return None
    return MarkChange(
        key,
        view=value("view") or "front",
        x=value("x"),
        y=value("y"),
        region=value("region"),
        side=value("side"),
        depth=value("depth"),
        quality=value("quality"),
        nprs=value("nprs"),
    )


def _activity(rest: str, name: str, data: QueryDict) -> Change:
    position = int(rest) if rest.isascii() and rest.isdigit() else 0
    return ActivityChange(position, data.get(f"{name}:activity", ""), data.get(f"{name}:score", ""))


def _surgery(rest: str, name: str, data: QueryDict) -> Change:
    def value(part: str) -> str:
        return data.get(f"{name}:{part}", "")

    procedure = "" if value("remove") else value("procedure")
    return SurgeryChange(_key(rest), procedure, value("region"), value("side"), value("date"))


def _flag(rest: str, name: str, data: QueryDict) -> Change:
    def value(part: str) -> str:
        return data.get(f"{name}:{part}", "")

    return FlagChange(rest, data.get(name, "not_asked"), value("region"), value("side"), value("note"))


def _condition(rest: str, name: str, data: QueryDict) -> Change:
    regions, sides = data.getlist(f"{name}:region"), data.getlist(f"{name}:side")
    sites = tuple((region, side) for region, side in zip(regions, sides, strict=False) if region)
    since = data.get(f"{name}:since", "")
    try:
        day = date.fromisoformat(since) if since else None
    except ValueError:
        day = None
    seen = data.get(f"{name}:seen")
    return ConditionChange(rest, data.get(name, "not_asked"), sites, day, data.get(f"{name}:note", ""), seen)


def _head(rest: str, name: str, data: QueryDict) -> Change:
    return HeadChange(rest, data.get(name, ""))


_READERS: dict[str, Callable[[str, str, QueryDict], Change | None]] = {
    "f": _finding,
    "r": _region,
    "rn": _new_region,
    "m": _mark,
    "a": _activity,
    "s": _surgery,
    "g": _flag,
    "c": _condition,
    "h": _head,
}


def changes_from(data: QueryDict) -> list[Change]:
    """The changes a form asks for, in its order. Raises Invalid for a form that no page of ours makes."""
    names = data.getlist("group")
    if len(names) > MAX_GROUPS:
        raise Invalid("too_many", "Too many fields at once.")
    found = []
    for name in dict.fromkeys(names):
        kind, _, rest = name.partition(":")
        reader = _READERS.get(kind)
        if reader is None:
            raise Invalid("unknown", f"“{name[:40]}” is not a field of the assessment.", field=name[:80])
        change = reader(rest, name, data)
        if change is not None:
            found.append(_marked(change, name, data))
    return found


def _marked(change: Change, name: str, data: QueryDict) -> Change:
    """A value carried forward that was on the screen is not confirmed by sending it back, only by saying "same"."""
    same = f"{name}:same" in data or "same_all" in data
    if isinstance(change, Carriable) and f"{name}:carried" in data and not same:
        return replace(change, untouched=True)
    return change


def base_revision(data: QueryDict) -> int:
    """The revision that the form was filled on. Raises Invalid when it is missing or no number."""
    text = data.get("revision", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid("revision", "The form does not tell which version it changes; load the page again.")
    return int(text)

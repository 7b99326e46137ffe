"""Shipped clinical texts in other languages: files beside the English ones, paired sentence by sentence. Pure.

A file ``<language>.yaml`` has the sections of its source, in each the keys, under each key the texts of one entry in
the shape of the English entry. ``sources`` keeps a fingerprint of the English that each entry was made from, so that
an entry whose English has changed since is not shown any more (the English is) until somebody looked at it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinic.vocabulary import read_yaml

Entries = Mapping[str, Mapping[str, Mapping[str, Any]]]  # section -> key -> entry
NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_LOOSE_SPACE = re.compile(r" (?=[;:!?»])|(?<=«) |(?<=[\d}s]) (?=%(?![(\w]))")


class ShapeError(ValueError):
    """The translation has another shape than the English."""


@dataclass(frozen=True)
class Source:
    """One file of English texts. ``english`` reads it; ``fields`` names what patients see of an entry, by section."""

    name: str
    folder: Path
    english: Callable[[], Entries]
    fields: Mapping[str, tuple[str, ...]]

    def file(self, language: str) -> Path:
        return self.folder / f"{language}.yaml"


def spaced(text: str) -> str:
    """French punctuation keeps to its word: no-break spaces before ``; : ! ? »`` and the per cent sign.

    One apostrophe everywhere, the straight one: a text message with the other takes twice the room.
    """
    return _LOOSE_SPACE.sub("\N{NO-BREAK SPACE}", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))


def fingerprint(entry: Mapping[str, Any], fields: tuple[str, ...]) -> str:
    """What the English of an entry says, in ten characters."""
    said = {name: entry.get(name) for name in fields}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:10]


def pairs(english: Any, translated: Any, place: str) -> Iterator[tuple[str, str]]:
    """Each English text with its translation. Raises ShapeError where the two do not fit together."""
    if isinstance(english, str) and isinstance(translated, str):
        if english.strip() and not translated.strip():
            raise ShapeError(f"{place}: is empty")
        yield english, translated
    elif isinstance(english, Mapping) and isinstance(translated, Mapping):
        for name, value in translated.items():
            if name not in english:
                raise ShapeError(f"{place}.{name}: the English has no such text")
            yield from pairs(english[name], value, f"{place}.{name}")
    elif isinstance(english, list | tuple) and isinstance(translated, Mapping):
        yield from pairs({row["key"]: row for row in english}, translated, place)
    elif isinstance(english, list | tuple) and isinstance(translated, list):
        if len(english) != len(translated):
            raise ShapeError(f"{place}: {len(translated)} texts for {len(english)}")
        for number, (one, other) in enumerate(zip(english, translated, strict=True)):
            yield from pairs(one["label"] if isinstance(one, Mapping) else one, other, f"{place}[{number}]")
    else:
        raise ShapeError(f"{place}: has another shape than the English")


def read(source: Source, language: str) -> dict[str, str]:
    """English text -> translation, of every entry whose English is still what was translated."""
    path = source.file(language)
    if not path.exists():
        return {}
    data = read_yaml(path)
    found: dict[str, str] = {}
    for section, entries in source.english().items():
        for key, entry in entries.items():
            translated = data.get(section, {}).get(key)
            if translated and data["sources"].get(section, {}).get(key) == fingerprint(entry, source.fields[section]):
                found |= {one: spaced(other) for one, other in pairs(entry, translated, f"{section}.{key}")}
    return found


def problems(source: Source, language: str) -> list[str]:
    """Everything that is missing, too much, of another shape, with other numbers, or made from older English."""
    data = read_yaml(source.file(language))
    found: list[str] = []
    for section, english in source.english().items():
        translated, made_from = data.get(section, {}), data.get("sources", {}).get(section, {})
        found += [f"{section}.{key}: no such entry" for key in translated if key not in english]
        for key, entry in english.items():
            place = f"{section}.{key}"
            if key not in translated:
                found.append(f"{place}: not translated")
                continue
            found += _entry_problems(entry, translated[key], source.fields[section], place)
            if made_from.get(key) != fingerprint(entry, source.fields[section]):
                found.append(f"{place}: the English has changed; look at the translation, then stamp it")
    return [f"{source.name} {language}: {problem}" for problem in found]


def conflicts(sources: Iterable[Source], language: str) -> list[str]:
    """English texts with two translations: they are found by their words, so each may have one only."""
    found: dict[str, set[str]] = {}
    for source in sources:
        data = read_yaml(source.file(language))
        for section, entries in source.english().items():
            for key, entry in entries.items():
                for english, other in pairs(entry, data[section][key], key):
                    found.setdefault(english, set()).add(other)
    return [f"{language}: '{english}' is said in {len(ways)} ways" for english, ways in found.items() if len(ways) > 1]


def _entry_problems(entry: Mapping[str, Any], translated: Any, fields: tuple[str, ...], place: str) -> list[str]:
    missing = [f"{place}.{name}: not translated" for name in fields if entry.get(name) and name not in translated]
    try:
        both = list(pairs(entry, translated, place))
    except ShapeError as error:
        return [*missing, str(error)]
    return missing + [f"{place}: other numbers in '{two}'" for one, two in both if numbers(one) != numbers(two)]


def numbers(text: str) -> list[str]:
    """The figures of a text, wherever they stand: ``2,5`` and ``2.5`` are one figure."""
    return sorted(figure.replace(",", ".") for figure in NUMBER.findall(text))

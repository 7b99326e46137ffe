"""Installing instruments: shipped ones and those that a clinic holds a licence for. All or nothing, safe to repeat."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from django.db import transaction

from assessments.models import InstrumentVersion
from assessments.outcomes.instrument import (
    MAX_BYTES,
    Instrument,
    InstrumentError,
    build_instrument,
    parse_instruments,
)
from clinic.models import User

SHIPPED = Path(__file__).parent / "instruments"


@dataclass
class Installed:
    """What installing did; the names are "key version"."""

    created: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def read_folder(folder: Path) -> dict[str, str]:
    """The text of every YAML file of a folder by name. Raises InstrumentError for what cannot be read."""
    texts: dict[str, str] = {}
    problems: list[str] = []
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            if path.stat().st_size > MAX_BYTES:
                raise ValueError(f"larger than {MAX_BYTES} bytes")
            texts[path.name] = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            problems.append(f"{path.name}: not readable: {error}")
    if not texts and not problems:
        problems.append(f"{folder}: holds no .yaml file")
    if problems:
        raise InstrumentError(problems)
    return texts


def install_shipped() -> Installed:
    """The instruments that come with the product."""
    return install(read_folder(SHIPPED), shipped=True)


@transaction.atomic
def install(texts: Mapping[str, str], *, shipped: bool = False, by: User | None = None) -> Installed:
    """Install the files (text by name). A version that is installed with the same content is left alone.

    Raises InstrumentError with every problem; then nothing is written. Content under a version that is taken is one:
    answers were given to the old words.
    """
    instruments = parse_instruments(texts)
    keys = [instrument.key for instrument in instruments]
    rows = {(row.key, row.number): row for row in InstrumentVersion.objects.select_for_update().filter(key__in=keys)}
    changed = [
        f"{i.key} version {i.version}: installed with other content; give the changed file a new version"
        for i in instruments
        if (row := rows.get((i.key, i.version))) is not None and row.digest != digest_of(i)
    ]
    if changed:
        raise InstrumentError(changed)
    report = Installed()
    for instrument in sorted(instruments, key=lambda i: (i.key, i.version)):
        name = f"{instrument.key} {instrument.version}"
        if (instrument.key, instrument.version) in rows:
            report.unchanged.append(name)
            continue
        _create(instrument, shipped=shipped, by=by)
        report.created.append(name)
    return report


def _create(instrument: Instrument, *, shipped: bool, by: User | None) -> None:
    """The new version comes into force unless a newer one is; the clinic's choice of difference goes along."""
    others = InstrumentVersion.objects.filter(key=instrument.key)
    newest = not others.filter(number__gt=instrument.version).exists()
    before = others.filter(in_force=True).first()
    if newest:
        others.filter(in_force=True).update(in_force=False)
    chosen = before.difference if before is not None else ""
    InstrumentVersion.objects.create(
        key=instrument.key,
        number=instrument.version,
        title=instrument.title,
        definition=instrument.model_dump(mode="json"),
        digest=digest_of(instrument),
        is_shipped=shipped,
        in_force=newest,
        difference=chosen if any(d.key == chosen for d in instrument.differences) else "",
        installed_by=by,
    )


def digest_of(instrument: Instrument) -> str:
    """A hash of everything the instrument says."""
    return hashlib.sha256(_text(instrument.model_dump(mode="json")).encode()).hexdigest()


def _text(definition: object) -> str:
    return json.dumps(definition, sort_keys=True, ensure_ascii=False)


def instrument_of(row: InstrumentVersion) -> Instrument:
    """The typed instrument of a row; parsed once per process."""
    return _parsed(f"{row.key} {row.number}", _text(row.definition))


@lru_cache(maxsize=256)
def _parsed(name: str, text: str) -> Instrument:
    return build_instrument(name, json.loads(text))


def in_force(keys: list[str] | None = None) -> dict[str, InstrumentVersion]:
    """The versions that new questions are asked with, by key, in order of title."""
    rows = InstrumentVersion.objects.filter(in_force=True).order_by("title")
    return {row.key: row for row in (rows if keys is None else rows.filter(key__in=keys))}

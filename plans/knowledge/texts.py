"""What patients read of the clinical knowledge, for its translations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clinic.translations import Entries, Source
from clinic.vocabulary import read_yaml

FOLDER = Path(__file__).parent
FIELDS = {
    "education": ("title", "messages"),
    "root_causes": ("patient_text",),
    "techniques": ("name",),
}
LISTS = {"education": "topics", "root_causes": "root_causes", "techniques": "techniques"}


def _english() -> Entries:
    return {name: _entries(name) for name in LISTS}


def _entries(name: str) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in read_yaml(FOLDER / f"{name}.yaml")[LISTS[name]]}


KNOWLEDGE_TEXTS = Source("knowledge", FOLDER, _english, FIELDS)

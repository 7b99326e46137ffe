"""The names of places on the body, for their translations."""

from __future__ import annotations

from pathlib import Path

from clinic.anatomy import VOCABULARY_FILE
from clinic.translations import Entries, Source
from clinic.vocabulary import read_yaml

FOLDER = Path(VOCABULARY_FILE).parent
FIELDS = {"regions": ("label",)}


def _english() -> Entries:
    return {"regions": {row["key"]: row for row in read_yaml(VOCABULARY_FILE)["regions"]}}


ANATOMY_TEXTS = Source("anatomy", FOLDER, _english, FIELDS)

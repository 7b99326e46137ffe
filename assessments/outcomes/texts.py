"""What patients read of the shipped outcome measures, for their translations.

All of them are the product's own wording of general methods (see each ``licence``), so they may be put into other
words. An instrument that a clinic installs is somebody's text and is shown in its own language only.
"""

from __future__ import annotations

from pathlib import Path

from clinic.translations import Entries, Source
from clinic.vocabulary import read_yaml

FOLDER = Path(__file__).parent
FIELDS = {"instruments": ("title", "intro", "questions")}


def _english() -> Entries:
    rows = [read_yaml(path) for path in sorted((FOLDER / "instruments").glob("*.yaml"))]
    return {"instruments": {row["key"]: row for row in rows}}


OUTCOME_TEXTS = Source("outcomes", FOLDER, _english, FIELDS)

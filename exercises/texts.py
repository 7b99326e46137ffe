"""What patients read of the exercise library, for its translations."""

from __future__ import annotations

from pathlib import Path

from clinic.translations import Entries, Source
from clinic.vocabulary import read_yaml

FOLDER = Path(__file__).parent / "library"
FIELDS = {"exercises": ("name", "cues", "common_error", "stop_if")}


def _english() -> Entries:
    rows = read_yaml(FOLDER / "exercises.yaml")["exercises"]
    return {"exercises": {row["key"]: row for row in rows}}


EXERCISE_TEXTS = Source("exercises", FOLDER, _english, FIELDS)

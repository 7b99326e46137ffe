"""The translated clinical texts: `python scripts/translations.py` says what does not fit together.

    python scripts/translations.py            list every problem; 1 when there is one
    python scripts/translations.py stamp      note that each translation was made from the English as it is now

Stamp only what somebody has read beside the changed English: see docs/languages.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from assessments.outcomes.texts import OUTCOME_TEXTS  # noqa: E402
from clinic.texts import ANATOMY_TEXTS  # noqa: E402
from clinic.translations import Source, conflicts, fingerprint, problems  # noqa: E402
from exercises.texts import EXERCISE_TEXTS  # noqa: E402
from plans.knowledge.texts import KNOWLEDGE_TEXTS  # noqa: E402

SOURCES = (ANATOMY_TEXTS, EXERCISE_TEXTS, KNOWLEDGE_TEXTS, OUTCOME_TEXTS)
LANGUAGES = ("fr",)
MARK = "# Made by scripts/translations.py: the English that each entry was made from.\n"


def stamp(source: Source, language: str) -> None:
    """Write the fingerprints of the present English at the end of the file."""
    path = source.file(language)
    text = path.read_text(encoding="utf-8").partition(MARK)[0].rstrip("\n") + "\n"
    made_from = {
        section: {key: fingerprint(entry, source.fields[section]) for key, entry in entries.items()}
        for section, entries in source.english().items()
    }
    path.write_text(text + MARK + yaml.safe_dump({"sources": made_from}), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Stamp when asked, then list the problems."""
    found: list[str] = []
    for source in SOURCES:
        for language in LANGUAGES:
            if arguments == ["stamp"]:
                stamp(source, language)
            found += problems(source, language)
    found += [problem for language in LANGUAGES for problem in conflicts(SOURCES, language)]
    print("\n".join(found) or "Every text has its translation.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

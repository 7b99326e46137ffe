"""The catalogues of patient-facing words: `python scripts/messages.py` extracts, merges and compiles.

    python scripts/messages.py            extract, merge into locale/*/LC_MESSAGES/django.po, compile
    python scripts/messages.py compile    compile only, after a merge of two branches
    python scripts/messages.py missing    list what has no translation yet

No gettext program is needed. What patients never see stays English: the sources are named below. See
docs/languages.md.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from clinic.translations import spaced  # noqa: E402

TEMPLATES = ROOT / "templates"
LANGUAGES = ("fr",)

# Templates that patients see; what they extend and include comes with them.
PATIENT_TEMPLATES = (
    "portal/**/*",
    "reminders/**/*",
    "account/**/*",
    "allauth/**/*",
    "*.html",
    "components/_body_map.html",
    "components/_body_small.html",
)
# Modules whose marked words reach patients.
PATIENT_MODULES = (
    "portal/**/*.py",
    "exercises/*.py",
    "reminders/**/*.py",
    "clinic/models/proxies.py",
    "plans/models/questions.py",
    "plans/signs.py",
    "plans/summary.py",
    "plans/documents/handout.py",
    "clinic/templatetags/*.py",
    "clinic/locality.py",
    "scheduling/calendar.py",
    "scheduling/models.py",
    "assessments/models/diary.py",
    "config/views.py",
    "config/accounts.py",
)
KEYWORDS = {
    "_": None,
    "_lazy": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PART = re.compile(r"""\{%\s*(?:extends|include)\s+["']([^"']+)["']""")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # a fixed date: a catalogue changes when its words do


def patient_templates() -> list[Path]:
    """The templates of patients, with everything that they extend or include."""
    waiting = [path for pattern in PATIENT_TEMPLATES for path in TEMPLATES.glob(pattern) if path.is_file()]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        waiting += [TEMPLATES / name for name in PART.findall(path.read_text(encoding="utf-8"))]
    return sorted(found)


def patient_modules() -> list[Path]:
    """The Python modules of patients."""
    return sorted({path for pattern in PATIENT_MODULES for path in ROOT.glob(pattern) if path.is_file()})


def extracted() -> Catalog:
    """Every marked string of the patient-facing sources."""
    catalog = Catalog(domain="django", charset="utf-8")
    for path in patient_templates():
        _add(catalog, templatize(path.read_text(encoding="utf-8"), origin=str(path.relative_to(ROOT))))
    for path in patient_modules():
        _add(catalog, path.read_text(encoding="utf-8"))
    return catalog


def _add(catalog: Catalog, source: str) -> None:
    for _line, words, _comments, context in extract("python", BytesIO(source.encode()), keywords=KEYWORDS):
        if words and words != ("", ""):
            catalog.add(words, context=context)


def po_of(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """The catalogue as it is stored; an empty one before the first time."""
    path = po_of(language)
    if not path.exists():
        return Catalog(locale=language, domain="django", charset="utf-8")
    return read_po(BytesIO(path.read_bytes()), locale=language, domain="django", charset="utf-8")


def merged(language: str) -> Catalog:
    """The stored catalogue with exactly the present strings; those that went are kept as obsolete."""
    catalog = read(language)
    catalog.update(extracted(), no_fuzzy_matching=True)
    return catalog


def po_bytes(catalog: Catalog) -> bytes:
    """The catalogue as text: sorted, without source lines, so that two branches rarely meet in one place."""
    catalog.header_comment = f"# Kineplan, words for patients ({catalog.locale_identifier}): scripts/messages.py."
    catalog.project, catalog.version = "Kineplan", "1"
    catalog.creation_date = catalog.revision_date = EPOCH
    catalog.last_translator = catalog.language_team = "Kineplan"
    catalog.fuzzy = False
    out = BytesIO()
    write_po(out, catalog, width=0, no_location=True, sort_output=True)
    return out.getvalue()


def mo_bytes(catalog: Catalog) -> bytes:
    """The compiled catalogue, always the same for the same words."""
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def is_translated(message: Message) -> bool:
    """Whether every form of it has words."""
    texts = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    return all(texts)


def missing(catalog: Catalog) -> Iterator[Message]:
    """The strings without words."""
    return (message for message in catalog if message.id and not is_translated(message))


def write(language: str, catalog: Catalog) -> None:
    """Store the catalogue, and its compiled form from exactly what was stored."""
    for message in catalog:
        if message.id and message.string:
            forms = message.string
            message.string = spaced(forms) if isinstance(forms, str) else tuple(map(spaced, forms))
    path = po_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(po_bytes(catalog))
    path.with_suffix(".mo").write_bytes(mo_bytes(read(language)))


def main(arguments: list[str]) -> int:
    """Run one of the three tasks; 1 when words are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", nargs="?", choices=["update", "compile", "missing"], default="update")
    task = parser.parse_args(arguments).task
    prepare()
    left = 0
    for language in LANGUAGES:
        catalog = read(language) if task == "compile" else merged(language)
        if task != "missing":
            write(language, catalog)
        for message in missing(catalog):
            left += 1
            print(f"{language}: no words for {message.id!r}")
    return 1 if left else 0


def prepare() -> None:
    """Settings enough for Django's template lexer; inside pytest they are there."""
    if not settings.configured:
        settings.configure(USE_I18N=True, DEBUG=True)
        django.setup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

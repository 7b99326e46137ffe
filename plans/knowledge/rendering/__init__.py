"""The clinical rules as a page for people, written from the documents. Pure, no database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plans.knowledge.crosscheck import Parsed
from plans.knowledge.documents import Documents
from plans.knowledge.marks import verify_marks
from plans.knowledge.parse import read_documents
from plans.knowledge.rendering.causes import factors, phases, topics
from plans.knowledge.rendering.safety import conditions, flags, matrix, restrictions
from plans.knowledge.rendering.treatments import exercises, techniques
from plans.knowledge.rendering.words import table

HEAD = """\
# Clinical rules

<!-- Written by `manage.py render_clinical_rules` from the knowledge files: edit those, then run it again. -->

What the engine knows, as it is shipped. A clinic that has edited its rows prints its own page with
`manage.py render_clinical_rules --rows`. How the engine works with it, and where the rules leave a choice, stands in
[clinical decisions](clinical-decisions.md); how the knowledge is reviewed and changed in [knowledge](knowledge.md).

*verify* marks a figure that is a working convention: the clinical lead confirms or changes it before use.
"""


def render_rules(documents: Documents) -> str:
    """The whole page. Raises KnowledgeError when the documents do not fit together."""
    parsed = read_documents(documents)
    return HEAD + "\n" + "\n".join(_lines(documents, parsed)).rstrip() + "\n"


def _lines(documents: Documents, parsed: Parsed) -> Iterator[str]:
    parts: tuple[Iterable[str], ...] = (
        flags(parsed.red_flags),
        matrix(parsed),
        conditions(parsed),
        restrictions(parsed),
        techniques(parsed),
        exercises(parsed),
        factors(parsed),
        phases(parsed),
        topics(parsed),
        _marked(documents),
    )
    for part in parts:
        yield from part
        yield ""


def _marked(documents: Documents) -> Iterator[str]:
    """Every marked figure with its place, also those of the findings."""
    marks = verify_marks(documents)
    yield "## Figures marked verify"
    yield ""
    yield f"{len(marks)} figures to be confirmed by the clinical lead."
    yield ""
    rows = ((mark.kind, f"{mark.name} (`{mark.key}`)", mark.figure, mark.value, mark.source) for mark in marks)
    yield from table(("what", "where", "figure", "now", "source"), rows)

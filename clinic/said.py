"""Shipped clinical words in the language that is spoken now. What a clinic wrote itself stays as it wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.utils.translation import get_language

from clinic.translations import Source, read

SOURCES: list[Source] = []  # each package adds its own when it is ready


def said(text: str) -> str:
    """The text in the active language when it is a shipped one word for word, else as it stands.

    A row that a clinic edited, a plan that copied an older wording, a line that a person typed: none of them is a
    shipped text, so none is shown in a translation that says something else.
    """
    language = (get_language() or "en").partition("-")[0]
    return text if language == "en" else _words(language).get(text, text)


@cache
def _words(language: str) -> Mapping[str, str]:
    """Every shipped text of every package, read once in a process."""
    return {english: other for source in SOURCES for english, other in read(source, language).items()}

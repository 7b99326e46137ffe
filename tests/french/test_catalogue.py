"""The French catalogue is whole: every patient-facing string, every form, every placeholder, and the compiled file."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog, Message

from scripts import messages

PLACE = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%%")


@pytest.fixture(scope="module", params=messages.LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def stored(language: str) -> Catalog:
    return messages.read(language)


def _forms(message: Message) -> list[str]:
    forms = message.string if isinstance(message.string, list | tuple) else [message.string]
    return [form or "" for form in forms]


def test_every_string_that_a_patient_sees_has_its_words(language: str, stored: Catalog) -> None:
    missing = [message.id for message in messages.missing(messages.merged(language))]
    assert missing == [], "add the words in locale/, then run scripts/messages.py"
    assert [message.id for message in stored if message.fuzzy and message.id] == []


def test_nothing_is_kept_that_no_page_says(language: str, stored: Catalog) -> None:
    present = {(m.context, m.id if isinstance(m.id, str) else m.id[0]) for m in messages.extracted() if m.id}
    ours = {(m.context, m.id if isinstance(m.id, str) else m.id[0]) for m in stored if m.id}
    assert ours - present == set()


def test_placeholders_are_the_same(stored: Catalog) -> None:
    wrong = []
    for message in stored:
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        allowed = {tuple(sorted(PLACE.findall(text))) for text in ids}
        wrong += [form for form in _forms(message) if tuple(sorted(PLACE.findall(form))) not in allowed]
    assert wrong == []


def test_plurals_have_all_their_forms(stored: Catalog) -> None:
    plural = [message for message in stored if message.id and not isinstance(message.id, str)]
    assert plural
    assert [message.id for message in plural if len(_forms(message)) != stored.num_plurals] == []


def test_the_compiled_catalogue_is_that_of_the_words(language: str, stored: Catalog) -> None:
    path = messages.po_of(language)
    assert path.with_suffix(".mo").read_bytes() == messages.mo_bytes(stored), "run scripts/messages.py compile"


def test_extraction_reads_templates_with_what_they_include_and_modules() -> None:
    ids = {m.id if isinstance(m.id, str) else m.id[0] for m in messages.extracted()}
    assert "Something has changed?" in ids  # a template
    assert "worst you can imagine" in ids  # a part that templates include
    assert "{n} minute" in ids  # a module
    assert not any("Worklist" in name for name in ids)  # staff pages stay English

"""The French clinical texts fit the English ones, and are shown for these alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from clinic.said import SOURCES, said
from clinic.translations import ShapeError, Source, conflicts, fingerprint, numbers, pairs, problems, read, spaced
from clinic.vocabulary import read_yaml

FIELDS = {"rows": ("name", "cues")}
ENGLISH = {"rows": {"a": {"name": "One", "cues": ["Hold 5 s", "Breathe"], "dose": 3}}}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_text_has_its_french(source: Source) -> None:
    assert problems(source, "fr") == []


def test_no_english_text_is_said_in_two_ways() -> None:
    assert conflicts(SOURCES, "fr") == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_review_is_not_claimed(source: Source) -> None:
    """Set to true by a change that names the reviewer in docs/languages.md."""
    assert read_yaml(source.file("fr"))["reviewed"] is False


def _source(folder: Path, entry: dict[str, Any], *, made_from: str = "") -> Source:
    stamp = made_from or fingerprint(ENGLISH["rows"]["a"], FIELDS["rows"])
    (folder / "fr.yaml").write_text(repr({"rows": {"a": entry}, "sources": {"rows": {"a": stamp}}}), encoding="utf-8")
    return Source("rows", folder, lambda: ENGLISH, FIELDS)


GOOD = {"name": "Un", "cues": ["Tenez 5 s", "Respirez"]}


def test_a_whole_entry_is_fine(tmp_path: Path) -> None:
    source = _source(tmp_path, GOOD)
    assert problems(source, "fr") == []
    assert read(source, "fr") == {"One": "Un", "Hold 5 s": "Tenez 5 s", "Breathe": "Respirez"}


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"name": "Un"}, "rows.a.cues: not translated"),
        ({"name": "Un", "cues": ["Tenez 5 s"]}, "1 texts for 2"),
        ({"name": "Un", "cues": ["Tenez 6 s", "Respirez"]}, "other numbers in 'Tenez 6 s'"),
        ({"name": "Un", "cues": "Tenez 5 s"}, "has another shape"),
        ({**GOOD, "stop": "Douleur"}, "the English has no such text"),
        ({"name": " ", "cues": GOOD["cues"]}, "is empty"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, entry: dict[str, Any], problem: str) -> None:
    assert any(problem in line for line in problems(_source(tmp_path, entry), "fr"))


def test_an_entry_of_older_english_is_named_and_not_shown(tmp_path: Path) -> None:
    source = _source(tmp_path, GOOD, made_from="0123456789")
    assert "the English has changed" in problems(source, "fr")[0]
    assert read(source, "fr") == {}


def test_a_language_without_a_file_says_nothing(tmp_path: Path) -> None:
    assert read(Source("rows", tmp_path, lambda: ENGLISH, FIELDS), "de") == {}


def test_lists_of_keyed_rows_and_of_labels() -> None:
    english = {"questions": [{"key": "q", "text": "How?", "options": [{"value": 1, "label": "Well"}]}]}
    french = {"questions": {"q": {"text": "Comment ?", "options": ["Bien"]}}}
    assert dict(pairs(english, french, "x")) == {"How?": "Comment ?", "Well": "Bien"}
    with pytest.raises(ShapeError):
        list(pairs(english, {"questions": {"other": {}}}, "x"))


def test_numbers_are_compared_wherever_they_stand() -> None:
    assert numbers("2.5 L in 4 hours") == numbers("En 4 heures, 2,5 L")
    assert numbers("3 times") != numbers("trois fois")


def test_french_punctuation_keeps_to_its_word() -> None:
    assert spaced("Pourquoi ? 5 % et « oui » ; non") == (
        "Pourquoi\u00a0? 5\u00a0% et «\u00a0oui\u00a0»\u00a0; non"
    )  # fmt: skip
    assert spaced("Si %(name)s vient : %(day)s") == "Si %(name)s vient\u00a0: %(day)s"
    assert spaced("%(n)s %% fait") == "%(n)s\u00a0%% fait"


def test_said_speaks_the_active_language() -> None:
    assert said("Supine pelvic tilt") == "Supine pelvic tilt"
    with translation.override("fr"):
        assert said("Supine pelvic tilt") == "Bascule du bassin, sur le dos"
    with translation.override("fr-ca"):
        assert said("Drinking and salts") == "Boire et sels"
    with translation.override("fr"):
        assert said("") == ""


def test_what_a_clinic_wrote_stays_as_it_is() -> None:
    with translation.override("fr"):
        assert said("Supine pelvic tilt, our way") == "Supine pelvic tilt, our way"

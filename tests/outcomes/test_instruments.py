"""The shipped files, and every way in which a file can be wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from assessments.outcomes.install import SHIPPED
from assessments.outcomes.instrument import Instrument, InstrumentError, parse_instrument, parse_instruments

NO_YES = [{"value": 0, "label": "no"}, {"value": 4, "label": "yes"}]
GOOD: dict[str, Any] = {
    "key": "hop",
    "version": 1,
    "title": "Hopping",
    "language": "en",
    "recall": "today",
    "fill": ["patient"],
    "source": "Invented for this test",
    "licence": {"name": "Own", "statement": "Own words."},
    "questions": [
        {"key": "a", "text": "One?", "type": "scale"},
        {"key": "b", "text": "Two?", "type": "choice", "options": NO_YES},
    ],
    "score": {"method": "sum", "range": [0, 14], "worse": "high"},
    "differences": [{"key": "d", "label": "2", "points": 2, "source": "Invented"}],
    "smallest": "d",
}  # fmt: skip


def shipped() -> dict[str, Instrument]:
    texts = {path.name: path.read_text(encoding="utf-8") for path in SHIPPED.glob("*.yaml")}
    return {instrument.key: instrument for instrument in parse_instruments(texts)}


def text(**changes: Any) -> str:
    return yaml.safe_dump({**GOOD, **changes})


def question(**changes: Any) -> list[dict[str, Any]]:
    return [{**GOOD["questions"][0], **changes}, GOOD["questions"][1]]


def test_what_is_shipped_says_where_it_comes_from() -> None:
    found = shipped()

    assert sorted(found) == ["groc", "nprs", "psfs", "sane", "spasm_diary"]
    for instrument in found.values():
        assert instrument.licence.statement
        assert instrument.source
        assert instrument.difference() is not None
        assert all(difference.source for difference in instrument.differences)


def test_only_our_own_instrument_is_not_validated_and_says_so() -> None:
    assert [key for key, instrument in shipped().items() if not instrument.validated] == ["spasm_diary"]
    assert "Not validated" in shipped()["spasm_diary"].about


@pytest.mark.parametrize(("key", "points"), [("nprs", 2), ("psfs", 1.3), ("groc", 3), ("spasm_diary", 2), ("sane", 15)])
def test_the_smallest_difference_that_matters(key: str, points: float) -> None:
    difference = shipped()[key].difference()

    assert difference is not None
    assert difference.points == points


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[", "hop.yaml: not readable"),
        ("key: 1\nkey: 2", "stands twice"),
        ("- 1", "hop.yaml: file: Input should be"),
        ("", "hop.yaml: file: Input should be"),
        (text(colour="red"), "hop.yaml: colour: Extra inputs are not permitted"),
        (text(version=0), "hop.yaml: version"),
        (text(key="Hop!"), "hop.yaml: key"),
        (text(fill=[]), "hop.yaml: fill"),
        (text(fill=["robot"]), "hop.yaml: fill.0"),
        (text(licence=None), "hop.yaml: licence"),
        (text(licence={"name": "x"}), "hop.yaml: licence.statement"),
        (text(questions=[]), "hop.yaml: questions"),
        (text(questions=question(key="b")), "questions: the key 'b' stands twice"),
        (text(questions=question(low=5, high=5)), "questions.a: low must be less than high"),
        (text(questions=question(type="choice")), "questions.a: a choice needs options"),
        (text(questions=question(not_below="z")), "questions.a: there is no other question 'z'"),
        (text(questions=question(not_above="a")), "questions.a: there is no other question 'a'"),
        (text(questions=question(metric="pain.nothing")), "'pain.nothing' is not a number that the assessment knows"),
        (text(questions=question(metric="hist.onset_type")), "'hist.onset_type' is not a number"),
        (text(questions=question(points={"full_at": 0, "worth": 1})), "hop.yaml: questions.0.points.full_at"),
        (text(score={**GOOD["score"], "of": ["z"]}), "score.of: there is no question 'z'"),
        (text(score={**GOOD["score"], "method": "item"}), "the method 'item' names exactly one question"),
        (text(score={**GOOD["score"], "range": [0, 13]}), "score.range: the answers can reach 0 to 14"),
        (text(score={**GOOD["score"], "range": [14, 0]}), "score.range: the first figure must be less"),
        (text(score={**GOOD["score"], "method": "median"}), "hop.yaml: score.method"),
        (text(smallest="z"), "smallest: name one of the differences"),
        (text(smallest=""), "smallest: name one of the differences"),
        (text(differences=[{"key": "d", "label": "x", "source": "y"}]), "differences.d: give points, per cent or both"),
        (text(differences=[{"key": "d", "label": "x", "source": "y", "points": -1}]), "differences.0.points"),
        (text(differences=[{"key": "d", "label": "x", "source": "y", "points": float("nan")}]), "differences.0.points"),
    ],
)
def test_a_wrong_file_is_refused_with_file_and_place(content: str, problem: str) -> None:
    with pytest.raises(InstrumentError) as caught:
        parse_instrument("hop.yaml", content)

    assert any(problem in line for line in caught.value.problems), caught.value.problems


def test_the_example_itself_is_right() -> None:
    assert parse_instrument("hop.yaml", text()).title == "Hopping"


def test_every_problem_of_every_file_is_named_at_once() -> None:
    with pytest.raises(InstrumentError) as caught:
        parse_instruments({"a.yaml": text(version=0, smallest=3), "b.yaml": "[", "c.yaml": text(), "d.yaml": text()})

    problems = "\n".join(caught.value.problems)
    assert "a.yaml: version" in problems
    assert "a.yaml: smallest" in problems
    assert "b.yaml: not readable" in problems
    assert "hop version 1: described by more than one file" in problems


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match="larger than"):
        parse_instrument("big.yaml", "# " + "x" * 200_000)

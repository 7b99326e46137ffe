"""Answers, scores and what a change means: tables of exact values."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest

from assessments.outcomes.instrument import Instrument, build_instrument
from assessments.outcomes.meaning import Point, band_of, change_of, no_change_that_matters, words_for
from assessments.outcomes.score import AnswerProblems, asked, metrics_of, read_answers, score_of
from tests.outcomes.test_instruments import GOOD, shipped

THREE = ["Lifting a box", "Sitting an hour", "Putting on socks"]
SHIPPED = shipped()


def own(**score: Any) -> Instrument:
    """Three questions 0-10, the last one inverted and optional like the second."""
    questions = [
        {"key": "a", "text": "A?", "type": "scale"},
        {"key": "b", "text": "B?", "type": "scale", "required": False},
        {"key": "c", "text": "C?", "type": "scale", "required": False, "inverted": True},
    ]
    scoring = {"range": [0, 100], "worse": "high", "decimals": 1, **score}
    return build_instrument("own", {**GOOD, "questions": questions, "score": scoring})


@pytest.mark.parametrize(
    ("method", "may_miss", "answers", "score"),
    [
        ("sum", 0, {"a": 2, "b": 3, "c": 10}, 5.0),
        ("sum", 0, {"a": 2, "b": 3}, None),
        ("sum", 1, {"a": 2, "b": 3}, 7.5),  # scaled up for the one left out
        ("sum", 2, {"a": 2}, 6.0),
        ("mean", 0, {"a": 2, "b": 3, "c": 10}, 1.7),
        ("mean", 1, {"a": 2, "b": 3}, 2.5),
        ("percent", 0, {"a": 10, "b": 10, "c": 0}, 100.0),
        ("percent", 1, {"a": 5, "b": 0}, 25.0),
        ("percent", 0, {"a": 0, "b": 0, "c": 10}, 0.0),
        ("mean", 3, {}, None),
    ],
)
def test_scoring(method: str, may_miss: int, answers: dict[str, float], score: float | None) -> None:
    assert score_of(own(method=method, may_miss=may_miss), answers) == score


@pytest.mark.parametrize(
    ("key", "activities", "answers", "score"),
    [
        ("nprs", [], {"now": 4, "worst": 7, "best": 1}, 7),
        ("psfs", THREE, {"activity_1": 3, "activity_2": 4, "activity_3": 3}, 3.3),
        ("psfs", THREE[:1], {"activity_1": 10}, 10.0),
        ("groc", [], {"change": -7}, -7),
        ("spasm_diary", [], {"week": 7, "fortnight": 9, "strength": 6, "nights": 0}, 3.7),
        ("spasm_diary", [], {"week": 200, "fortnight": 400, "strength": 10, "nights": 7}, 10.0),
        ("spasm_diary", [], {"week": 0, "fortnight": 0, "strength": 0, "nights": 0}, 0.0),
        ("sane", [], {"normal": 85}, 85),
    ],
)
def test_shipped_scores(key: str, activities: list[str], answers: dict[str, float], score: float) -> None:
    read = read_answers(SHIPPED[key], answers, activities)

    assert score_of(SHIPPED[key], read, activities) == score


@pytest.mark.parametrize(
    ("raw", "value"), [("4", 4), (" 4 ", 4), ("4,0", 4), ("4.0", 4), (4, 4), (4.0, 4), ("0", 0), ("+4", 4)]
)
def test_numbers_as_people_type_them(raw: object, value: float) -> None:
    assert read_answers(SHIPPED["nprs"], {"now": 0, "best": 0, "worst": raw})["worst"] == value


def test_a_true_minus_sign_is_a_minus() -> None:
    assert read_answers(SHIPPED["groc"], {"change": "−3"}) == {"change": -3.0}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("11", "out_of_range"),
        ("-1", "out_of_range"),
        (11, "out_of_range"),
        ("4,5", "not_whole"),
        (4.5, "not_whole"),
        ("", "missing"),
        ("  ", "missing"),
        (None, "missing"),
        ("four", "not_a_number"),
        ("NaN", "not_a_number"),
        ("inf", "not_a_number"),
        ("1e1", "not_a_number"),
        ("٣", "not_a_number"),
        ("4\x00", "not_a_number"),
        ("1" * 500, "not_a_number"),
        (math.nan, "not_a_number"),
        (math.inf, "not_a_number"),
        (10**400, "not_a_number"),
        (True, "not_a_number"),
        ([4], "not_a_number"),
        ({"x": 1}, "not_a_number"),
    ],
)
def test_impossible_answers_name_their_question(raw: object, code: str) -> None:
    with pytest.raises(AnswerProblems) as caught:
        read_answers(SHIPPED["nprs"], {"now": 0, "best": 0, "worst": raw})

    assert ("worst", code) in [(problem.field, problem.code) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("key", "raw", "fields"),
    [
        ("nprs", {"now": 8, "worst": 7, "best": 1}, ["now"]),
        ("nprs", {"now": 3, "worst": 2, "best": 5}, ["now", "best"]),
        ("nprs", {}, ["now", "worst", "best"]),
        ("nprs", {"now": 1, "worst": 2, "best": 0, "extra": 1}, ["extra"]),
        ("groc", {"change": 8}, ["change"]),
        ("groc", {"change": 2.5}, ["change"]),
        ("spasm_diary", {"week": 5, "fortnight": 4, "strength": 0, "nights": 0}, ["fortnight"]),
        ("spasm_diary", {"week": 201, "fortnight": 201, "strength": 0, "nights": 8}, ["week", "nights"]),
    ],
)
def test_all_problems_together(key: str, raw: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(AnswerProblems) as caught:
        read_answers(SHIPPED[key], raw)

    assert [problem.field for problem in caught.value.problems] == fields


def test_without_activities_there_is_nothing_to_ask() -> None:
    with pytest.raises(AnswerProblems, match="no activity"):
        read_answers(SHIPPED["psfs"], {})


def test_at_most_five_activities() -> None:
    assert [entry.key for entry in asked(SHIPPED["psfs"], ["a"] * 7)] == [f"activity_{n}" for n in range(1, 6)]


@pytest.mark.parametrize(
    ("key", "activities", "answers", "metrics"),
    [
        (
            "nprs",
            [],
            {"now": 4, "worst": 7, "best": 1},
            {"pain.nprs_current": 4, "pain.nprs_worst_24h": 7, "pain.nprs_best_24h": 1},
        ),
        ("psfs", THREE, {"activity_1": 3, "activity_2": 4, "activity_3": 3}, {"func.psfs_avg": 3.3}),
        ("groc", [], {"change": 5}, {"func.groc": 5}),
        (
            "spasm_diary",
            [],
            {"week": 2, "fortnight": 3, "strength": 5, "nights": 1},
            {"hist.spasm_frequency_per_week": 2, "spasm.episodes_2w": 3},
        ),
        ("sane", [], {"normal": 90}, {}),
    ],
)
def test_answers_as_findings(
    key: str, activities: list[str], answers: dict[str, float], metrics: dict[str, float]
) -> None:
    score = score_of(SHIPPED[key], answers, activities)

    assert dict(metrics_of(SHIPPED[key], answers, score, activities)) == metrics


@pytest.mark.parametrize(
    ("key", "chosen", "before", "after", "direction", "matters"),
    [
        ("nprs", "", 7, 5, "better", True),
        ("nprs", "", 7, 6, "better", False),
        ("nprs", "", 5, 7, "worse", True),
        ("nprs", "", 7, 7, "same", False),
        ("nprs", "points_2_and_30", 9, 7, "better", False),  # 30 % of 9 are 2.7
        ("nprs", "points_2_and_30", 9, 6, "better", True),
        ("nprs", "no_such_choice", 7, 5, "better", True),
        ("psfs", "", 3.3, 4.6, "better", True),  # exactly 1.3, binary fractions notwithstanding
        ("psfs", "", 3.3, 4.5, "better", False),
        ("psfs", "large", 3.3, 5.9, "better", False),
        ("psfs", "", 5, 3, "worse", True),
        ("groc", "", 5, 3, "better", True),  # read against 0, not against the answer before
        ("groc", "", 5, 2, "better", False),
        ("groc", "", 0, -3, "worse", True),
    ],
)
def test_change(key: str, chosen: str, before: float, after: float, direction: str, matters: bool) -> None:
    change = change_of(SHIPPED[key], before, after, chosen=chosen)

    assert (change.direction, change.matters) == (direction, matters)


@pytest.mark.parametrize(
    ("key", "before", "after", "words"),
    [
        ("psfs", 3.3, 5.6, "better by 2.3 points: more than the smallest difference that matters (1.3)"),
        ("psfs", 3.3, 4.6, "better by 1.3 points: as much as the smallest difference that matters (1.3)"),
        ("nprs", 7, 6, "better by 1 point: less than the smallest difference that matters (2)"),
        ("nprs", 4, 7, "worse by 3 points: more than the smallest difference that matters (2)"),
        ("nprs", 4, 4, "no change"),
    ],
)
def test_change_in_words(key: str, before: float, after: float, words: str) -> None:
    instrument = SHIPPED[key]

    assert words_for(change_of(instrument, before, after), instrument.difference()) == words


@pytest.mark.parametrize(
    ("key", "baseline", "band"),
    [("nprs", 7, (5, 9)), ("nprs", 1, (0, 3)), ("psfs", 9.5, (8.2, 10)), ("groc", 5, (-3, 3))],
)
def test_band_around_the_first_value(key: str, baseline: float, band: tuple[float, float]) -> None:
    assert band_of(SHIPPED[key], baseline) == pytest.approx(band)


def points(*values: float) -> list[Point]:
    return [Point(date(2026, 11, 1 + n), value) for n, value in enumerate(values)]


@pytest.mark.parametrize(
    ("nprs", "psfs", "groc", "none"),
    [
        ([7, 7], [3, 3], [0], True),
        ([7, 5], [3, 3], [0], False),
        ([7, 6], [3, 4.3], [0], False),
        ([7, 6], [3, 4], [3], False),
        ([7, 9], [3, 1], [-5], True),  # worse is no improvement
        ([7], [3], [], True),  # never asked again
        ([], [], [], True),
    ],
)
def test_no_change_that_matters(nprs: list[float], psfs: list[float], groc: list[float], none: bool) -> None:
    found = [(SHIPPED[key], points(*values), "") for key, values in (("nprs", nprs), ("psfs", psfs), ("groc", groc))]

    assert no_change_that_matters(found) is none

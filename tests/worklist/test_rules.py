"""The rules of the worklist, as a table. Silence is silence, and pain 0 is a value."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from plans.watch.rules import Limits, PainDay, Watched, check, silence_allowed

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def watched(**more: Any) -> Watched:
    calm: dict[str, Any] = {"due_since": ago(days=20), "last_log_at": ago(hours=10), "days_per_week": 7}
    return Watched(today=TODAY, now=NOW, **{**calm, **more})


def pains(*values: int | None, skipped: int = 0) -> list[PainDay]:
    """Worst pain of the last days, the last one today."""
    first = TODAY - timedelta(days=len(values) - 1)
    return [PainDay(first + timedelta(days=n), value, skipped) for n, value in enumerate(values)]


@pytest.mark.hazard("H-18")
@pytest.mark.parametrize(
    ("case", "rules"),
    [
        (watched(), []),
        # Silence
        (watched(last_log_at=ago(hours=48.9)), []),
        (watched(last_log_at=ago(hours=49)), [("not_logged", "normal")]),
        (watched(last_log_at=ago(days=7)), [("not_logged", "high")]),
        (watched(last_log_at=None, due_since=ago(hours=50)), [("not_logged", "normal")]),
        (watched(last_log_at=None, due_since=ago(hours=10)), []),
        (watched(last_log_at=ago(days=9), due_since=ago(hours=5)), []),
        (watched(last_log_at=ago(days=9), due_since=None), []),
        (watched(last_log_at=ago(hours=96), days_per_week=3), []),
        (watched(last_log_at=ago(hours=97), days_per_week=3), [("not_logged", "normal")]),
        # Pain
        (watched(days=pains(6)), []),
        (watched(days=pains(7)), [("pain_high", "high")]),
        (watched(days=pains(9)), [("pain_high", "urgent")]),
        (watched(days=pains(7, None, None, None)), []),
        (watched(days=pains(2, 2, 4)), [("pain_rise", "high")]),
        (watched(days=pains(2, 3, 4)), []),
        (watched(days=pains(0, 0, 2)), [("pain_rise", "high")]),
        (watched(days=pains(None, None, 2)), []),
        (watched(days=pains(5, 5, 8)), [("pain_high", "high"), ("pain_rise", "high")]),
        # Function
        (watched(function=[(TODAY, 5.0)]), []),
        (watched(function=[(TODAY, 5.0), (TODAY, 4.1)]), []),
        (watched(function=[(TODAY, 5.0), (TODAY, 4.0)]), [("function_drop", "high")]),
        (watched(function=[(TODAY, 8.0), (TODAY, 5.0), (TODAY, 7.0)]), []),
        (watched(function=[(TODAY, 0.0), (TODAY, 0.0)]), []),
        # Skipped for pain
        (watched(days=pains(None, None, skipped=1)), [("skipped_for_pain", "normal")]),
        (watched(days=pains(None, skipped=1)), []),
    ],
)
def test_what_holds(case: Watched, rules: list[tuple[str, str]]) -> None:
    assert [(holds.rule, holds.severity) for holds in check(case, Limits())] == rules


def test_limits_are_the_plans_own() -> None:
    strict = Limits(silent_hours=25, pain_high=4, pain_rise=1, function_drop_pct=10)
    case = watched(last_log_at=ago(hours=30), days=pains(3, 4), function=[(TODAY, 5.0), (TODAY, 4.5)])
    assert [holds.rule for holds in check(case, strict)] == ["not_logged", "pain_high", "pain_rise", "function_drop"]
    assert check(case, Limits()) == ()


def test_rest_days_lengthen_the_silence() -> None:
    hours = [silence_allowed(per_week, Limits()).total_seconds() / 3600 for per_week in (7, 6, 4, 3, 2, 1)]
    assert hours == [49, 73, 73, 97, 121, 193]


def test_the_words() -> None:
    (holds,) = check(watched(last_log_at=ago(days=6)), Limits())
    assert holds.text == "No log for 6 days, although exercises are due."
    assert holds.suggestion == "Call, and ask what gets in the way."
    (rise,) = check(watched(days=pains(2, 2, 5)), Limits())
    assert rise.text == "Pain up from about 2 to 5 of 10 on Tue 24 Nov."

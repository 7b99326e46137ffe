"""The next dose from logs and the pain traffic light, by table."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from plans.engine.titrate import (
    LOAD_RISE_MAX,
    HomeDose,
    HomeExercise,
    PainDay,
    Proposal,
    Session,
    clear_flare,
    cut_dose,
    levels_before,
    next_dose,
    propose,
)

TODAY = date(2026, 2, 1)
STRENGTH = HomeDose(sets=2, reps=10, per_day=1, days_per_week=3, rpe_low=5, rpe_high=6)
TOP = {"sets": 4, "reps": 15, "hold_s": 30, "duration_min": 30, "per_day": 10, "rpe_low": 7, "rpe_high": 7}


def ago(n: int) -> date:
    return TODAY - timedelta(days=n)


def sessions(pains: list[float | None], state: str = "done", reason: str = "", last: int = 1) -> tuple[Session, ...]:
    """One bout a day, the last one `last` days ago."""
    count = len(pains)
    return tuple(Session(ago(last + count - 1 - i), state, pain, reason) for i, pain in enumerate(pains))


def exercise(logged: tuple[Session, ...], **changes: Any) -> HomeExercise:
    plain = HomeExercise(
        "bridge", STRENGTH, ago(14), logged, asked=6, top=TOP, low={}, harder="hip_thrust", easier="set"
    )
    return replace(plain, **changes)


def one(item: HomeExercise, pains: list[float | None], usual: float | None = 3, stopped: bool = False) -> Proposal:
    days = [PainDay(ago(len(pains) - i), p) for i, p in enumerate(pains) if p is not None]
    (found,) = propose([item], days, usual=usual, stopped=stopped, today=TODAY)
    return found


# --- Which light, which step ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("logged", "days", "kind", "light", "rule"),
    [
        (sessions([2, 2, 2, 3, 2, 2]), [2, 2, 2, 3, 2, 2], "progress", "green", "titrate.green"),
        (sessions([0, 0, 0, 0, 0, 0]), [0, 0, 0, 0, 0, 0], "progress", "green", "titrate.green"),  # 0 is an answer
        (sessions([2, 2, 2, 2, 3.9, 2]), [2, 2, 2, 2, 3.9, 2], "progress", "green", "titrate.green"),
        (sessions([2, 2, 2, 2, 4, 2]), [2, 2, 2, 2, 4, 2], "cut", "amber", "titrate.small_flare"),  # exactly 2
        (sessions([2, 2, 2, 2, 6, 2]), [2, 2, 2, 2, 6, 2], "cut", "amber", "titrate.small_flare"),
        (sessions([2, 2, 2, 2, 4, 4]), [2, 2, 2, 2, 4, 4], "back", "red", "titrate.clear_flare"),
        (sessions([None] * 6), [None] * 6, "hold", "unknown", "titrate.no_answers"),
        (sessions([2, 2, 2]), [2, 2, 2], "hold", "green", "titrate.not_done"),  # 3 of 6: silence is missed
        ((), [], "hold", "unknown", "titrate.not_done"),
        (sessions([2] * 6, state="part"), [2] * 6, "hold", "green", "titrate.not_done"),  # a part is a half
        (sessions([None] * 2, "skipped", "pain"), [2, 2], "cut", "amber", "titrate.small_flare"),
        (sessions([None] * 2, "skipped", "time"), [2, 2], "hold", "unknown", "titrate.not_done"),
    ],
)
def test_light_and_step(
    logged: tuple[Session, ...], days: list[float | None], kind: str, light: str, rule: str
) -> None:
    found = one(exercise(logged), days)
    assert (found.kind, found.light, found.reasons[0].rule) == (kind, light, rule)


def test_only_the_provoking_exercise_is_cut() -> None:
    hurt, calm = exercise(sessions([2, 2, 2, 2, 5, 2])), exercise(sessions([2, 2, 2, 2, 2, 2]), key="plank")
    days = [PainDay(ago(6 - i), p) for i, p in enumerate([2, 2, 2, 2, 5, 2])]
    found = propose([hurt, calm], days, usual=3, stopped=False, today=TODAY)
    assert [p.kind for p in found] == ["cut", "progress"]


def test_a_clear_flare_takes_every_exercise_one_step_back() -> None:
    items = [exercise(sessions([2] * 6)), exercise(sessions([2] * 6), key="plank", easier="")]
    days = [PainDay(ago(6 - i), p) for i, p in enumerate([2, 2, 2, 2, 5, 5])]
    found = propose(items, days, usual=3, stopped=False, today=TODAY)
    assert [(p.kind, p.swap) for p in found] == [("back", "set"), ("cut", "")]


def test_two_exercises_never_become_the_same() -> None:
    items = [exercise(sessions([2] * 6)), exercise(sessions([2] * 6), key="plank")]
    days = [PainDay(ago(6 - i), p) for i, p in enumerate([2, 2, 2, 2, 5, 5])]
    found = propose(items, days, usual=3, stopped=False, today=TODAY)
    assert [(p.kind, p.swap) for p in found] == [("back", "set"), ("cut", "")]


def test_an_old_flare_is_over() -> None:
    found = one(exercise(sessions([2] * 6)), [2, 2, 6, 6, 2, 2, 2, 2, 2, 2, 2])
    assert found.kind == "progress"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [({"since": ago(6)}, "titrate.too_soon"), ({"asked": 9}, "titrate.not_done")],
)
def test_not_yet(changes: dict[str, Any], rule: str) -> None:
    found = one(exercise(sessions([2] * 6), **changes), [2] * 6)
    assert (found.kind, found.reasons[0].rule) == ("hold", rule)


@pytest.mark.hazard("H-30")
def test_a_stopped_phase_steps_nothing_up_but_still_cuts() -> None:
    assert one(exercise(sessions([2] * 6)), [2] * 6, stopped=True).reasons[0].rule == "titrate.stopped"
    assert one(exercise(sessions([2, 2, 2, 5])), [2, 2, 2, 5], stopped=True).kind == "cut"


def test_at_the_top_the_harder_exercise_is_next_and_without_one_nothing() -> None:
    full = replace(STRENGTH, sets=4, reps=15, rpe_low=7, rpe_high=7)
    assert one(exercise(sessions([2] * 6), dose=full), [2] * 6).swap == "hip_thrust"
    alone = one(exercise(sessions([2] * 6), dose=full, harder=""), [2] * 6)
    assert (alone.kind, alone.reasons[-1].rule) == ("hold", "titrate.at_the_top")


def test_today_is_not_counted_as_done_before_it_ends() -> None:
    found = one(exercise(sessions([2] * 5, last=0), asked=6), [2] * 5)
    assert found.reasons[0].rule == "titrate.not_done"


# --- How much -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (STRENGTH, {"reps": 11}),
        (replace(STRENGTH, reps=8), {"reps": 9}),  # 12.5 %, inside 15 %
        (replace(STRENGTH, reps=15), {"sets": 3, "reps": 11}),
        (replace(STRENGTH, sets=4, reps=15), {"rpe_low": 6, "rpe_high": 7}),
        (replace(STRENGTH, sets=1, reps=5, hold_s=10), {"hold_s": 11}),  # one more repetition would be 20 %
        (HomeDose(1, 1, 1, 5, 3, 5, duration_min=20), {"duration_min": 22}),
        (HomeDose(1, 1, 1, 5, 3, 5, duration_min=5), {"duration_min": 5.5}),
        (HomeDose(1, 1, 1, 5, 7, 7, duration_min=30), None),
        (replace(STRENGTH, sets=4, reps=15, rpe_low=7, rpe_high=7), None),
    ],
)
def test_the_next_dose(before: HomeDose, after: dict[str, Any] | None) -> None:
    found = next_dose(before, TOP, {})
    assert found == (None if after is None else replace(before, **after))


@pytest.mark.hazard("H-30")
@pytest.mark.parametrize("reps", range(1, 31))
@pytest.mark.parametrize("sets", range(1, 5))
def test_no_step_is_larger_than_fifteen_per_cent_or_over_a_limit(sets: int, reps: int) -> None:
    before = replace(STRENGTH, sets=sets, reps=reps)
    found = next_dose(before, TOP, {})
    if found is not None:
        assert found.load <= LOAD_RISE_MAX * before.load + 1e-9
        assert (found.sets <= 4, found.rpe_high <= 7) == (True, True)
        assert found.reps <= max(15, reps)
        assert found.days_per_week == 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (STRENGTH, {"reps": 7}),
        (replace(STRENGTH, sets=3, reps=1), {"sets": 2}),
        (replace(STRENGTH, sets=1, reps=1, hold_s=30), {"hold_s": 21}),
        (HomeDose(1, 1, 1, 5, 3, 5, duration_min=20), {"duration_min": 14}),
        (HomeDose(1, 1, 3, 7, 3, 5, duration_min=1), {"per_day": 2}),
        (HomeDose(1, 1, 1, 7, 3, 5, duration_min=1), None),
    ],
)
def test_thirty_per_cent_less(before: HomeDose, after: dict[str, Any] | None) -> None:
    assert cut_dose(before, {}) == (None if after is None else replace(before, **after))


# --- Levels ---------------------------------------------------------------------------------------------------------


def test_each_day_is_compared_with_the_calm_days_before_it() -> None:
    days = [PainDay(ago(5 - i), p) for i, p in enumerate([3, 3, 8, 8, 1])]
    assert list(levels_before(days, 6).values()) == [6, 3, 3, 3, 3]
    assert levels_before(days[:1], None) == {ago(5): None}


def test_the_pain_that_the_plan_began_with_is_no_flare() -> None:
    assert one(exercise(sessions([8, 7, 5, 4, 3, 3])), [8, 7, 5, 4, 3, 3], usual=8).kind == "progress"


def test_two_high_days_must_follow_each_other() -> None:
    apart = [PainDay(ago(9), 2), PainDay(ago(6), 6), PainDay(ago(3), 6)]
    assert clear_flare(apart, 2, TODAY) is None
    assert clear_flare([PainDay(ago(9), 2), PainDay(ago(3), 6), PainDay(ago(2), 6)], 2, TODAY) == ago(3)

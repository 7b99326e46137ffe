"""Judging a running phase: gates, support, silence, flares, steps back, reassessment."""

from datetime import date, timedelta
from typing import Any

import pytest

from plans.engine import evaluate
from plans.engine.draft import ExitCriterion
from plans.engine.evaluate import Advance, Hold, Reassess, Regress, flare_days
from plans.engine.progress import DayLog, RunningPhase, Score, adherence, criterion_states, holds, make_record

START = date(2026, 1, 1)
BASE: dict[str, Any] = {"pain.nprs_worst_24h": 8, "func.psfs_avg": 3, "hist.spasm_frequency_per_week": 10}
PAIN = ExitCriterion("p1_pain", "gate", "", 8, {"pain.nprs_worst_24h": "<= 4"})
NEURO = ExitCriterion("p1_neuro", "gate", "", None, {"check.neuro_unchanged": "== true"}, waivable=False)
ROM = ExitCriterion("p1_rom", "support", "", None, {"rompct.lum_flexion": ">= 60"})
TONE = ExitCriterion("p1_tone", "support", "", None, {"palp.lumbar_erectors": "<= 1"})
HOME = ExitCriterion(
    "p1_homework", "support", "", None, {"check.shows_exercises": "== true", "func.adherence_pct": ">= 50"}
)
PHASE_1 = RunningPhase(1, START, (PAIN, NEURO, ROM, TONE, HOME), BASE, 2.0, review_after_days=21)


def day(n: int) -> date:
    return START + timedelta(days=n)


def logs(pains: list[float | None], done: float = 2, first: int = 0) -> list[DayLog]:
    return [DayLog(day(first + i), done, pain) for i, pain in enumerate(pains)]


def scores(n: int, **values: Any) -> list[Score]:
    names = {
        "worst": "pain.nprs_worst_24h",
        "neuro": "check.neuro_unchanged",
        "rom": "rompct.lum_flexion",
        "tone": "palp.lumbar_erectors",
        "shows": "check.shows_exercises",
        "psfs": "func.psfs_avg",
        "irritability": "hist.irritability",
    }
    return [Score(names[k], v, day(n)) for k, v in values.items()]


def test_all_gates_and_half_of_the_support_advance() -> None:
    result = evaluate(PHASE_1, logs([6, 5, 4, 4, 3, 3]), scores(6, worst=3, neuro=True, rom=65, tone=1), day(6))
    assert isinstance(result, Advance)
    assert result.to == 2
    assert {c.key: c.met for c in result.criteria} == {
        "p1_pain": True,
        "p1_neuro": True,
        "p1_rom": True,
        "p1_tone": True,
        "p1_homework": None,
    }


@pytest.mark.parametrize(
    ("values", "open_key"),
    [
        ({"worst": 5, "neuro": True, "rom": 65, "tone": 1}, "p1_pain"),
        ({"worst": 3, "rom": 65, "tone": 1}, "p1_neuro"),  # not re-measured is not met
        ({"worst": 3, "neuro": False, "rom": 65, "tone": 1}, "p1_neuro"),
    ],
)
def test_an_open_gate_holds(values: dict[str, Any], open_key: str) -> None:
    result = evaluate(PHASE_1, logs([5, 5, 5, 4, 4]), scores(5, **values), day(5))
    assert isinstance(result, Hold)
    assert any(open_key in reason.text for reason in result.reasons)


def test_too_little_support_holds() -> None:
    result = evaluate(PHASE_1, [], scores(5, worst=3, neuro=True, rom=65, tone=2), day(5))
    assert isinstance(result, Hold)
    assert "1 of 2 support criteria" in result.reasons[-1].text


def test_a_waived_gate_counts_unless_it_cannot_be_waived() -> None:
    waived = RunningPhase(1, START, (PAIN, NEURO), BASE, waived=frozenset({"p1_pain", "p1_neuro"}))
    states = {c.key: c.met for c in criterion_states(make_record(waived, [], [], day(3)))}
    assert states == {"p1_pain": True, "p1_neuro": None}


def test_pain_zero_is_a_value() -> None:
    record = make_record(PHASE_1, logs([6, 0]), [], day(2))
    assert {c.key: c.met for c in criterion_states(record)}["p1_pain"] is True


def test_silence_counts_as_missed() -> None:
    phase = RunningPhase(2, START, (), BASE, sessions_per_day=2)
    assert adherence(make_record(phase, logs([1] * 7), [], day(14))) == 50  # 14 of 28 sessions
    assert adherence(make_record(phase, [], [], day(14))) == 0
    assert adherence(make_record(phase, [], [], START)) is None  # nothing was due yet
    assert adherence(make_record(phase, logs([1] * 14, done=5), [], day(14))) == 100


def test_logs_outside_the_phase_do_not_count() -> None:
    early = [DayLog(START - timedelta(days=1), 2, 9), DayLog(day(9), 2, 9)]
    assert make_record(PHASE_1, early, [], day(3)).logs == ()


@pytest.mark.parametrize(
    ("value", "target", "expected"),
    [
        (4, "<= 4", True),
        (4.5, "<= 4", False),
        (True, "== true", True),
        (False, "== true", False),
        ("low", "in low,moderate", True),
        ("high", "in low,moderate", False),
        (0, "<= 0", True),
    ],
)
def test_targets(value: Any, target: str, expected: bool) -> None:
    assert holds(value, target) is expected


def test_a_side_that_fails_keeps_the_criterion_open() -> None:
    strength = ExitCriterion("p2_strength", "gate", "", None, {"mmt.gluteus_medius": ">= 4.3"})
    phase = RunningPhase(2, START, (strength,), BASE)
    both = [Score("mmt.gluteus_medius", 5, day(3), "left"), Score("mmt.gluteus_medius", 4, day(3), "right")]
    assert criterion_states(make_record(phase, [], both, day(4)))[0].met is False


PAIN_2 = ExitCriterion("p2_pain", "gate", "", 6, {"pain.nprs_worst_24h": "<= 2"})


@pytest.mark.parametrize(
    ("visits", "met"),
    [
        ({3: 2, 10: 1}, True),
        ({3: 2, 9: 1}, False),  # 6 days apart
        ({3: 2, 6: 3, 10: 1}, False),  # in between over the target
        ({3: 5, 10: 1}, False),
        ({10: 1}, False),
        ({}, None),
    ],
)
def test_phase_2_pain_needs_two_visits_a_week_apart(visits: dict[int, int], met: bool | None) -> None:
    phase = RunningPhase(2, START, (PAIN_2,), BASE)
    measured = [Score("pain.nprs_worst_24h", v, day(n)) for n, v in visits.items()]
    assert criterion_states(make_record(phase, [], measured, day(11)))[0].met is met


@pytest.mark.parametrize(
    ("pains", "met"),
    [([2.0] * 28, True), ([2.0] * 27 + [3.0], False), ([None] * 7 + [1.0] * 21, None)],
)
def test_phase_3_pain_is_steady_for_four_weeks(pains: list[float | None], met: bool | None) -> None:
    criterion = ExitCriterion("p3_pain", "gate", "", 6, {"pain.nprs_worst_24h": "<= 2"})
    phase = RunningPhase(3, START, (criterion,), BASE)
    assert criterion_states(make_record(phase, logs(pains), [], day(27)))[0].met is met


def test_flares_are_two_days_running_above_the_usual_level() -> None:
    def starts(pains: list[float | None]) -> list[date]:
        return flare_days(make_record(PHASE_1, logs(pains), [], day(20)))

    assert starts([3, 3, 5, 5, 3]) == [day(2)]
    assert starts([3, 3, 5, 3, 5]) == []  # settled within a day
    assert starts([3, 3, 4, 4, 4]) == []  # up by less than 2
    assert starts([3, 5, None, 5]) == []  # the day between was not answered
    assert starts([3, 3, 5, 5, 3, 3, 6, 6]) == [day(2), day(6)]


def test_a_clear_flare_holds_with_advice() -> None:
    result = evaluate(PHASE_1, logs([3, 3, 3, 6, 6]), scores(4, worst=3, neuro=True, rom=65, tone=1), day(5))
    assert isinstance(result, Hold)
    assert "clear flare" in result.advice


def test_a_small_flare_cuts_the_load() -> None:
    result = evaluate(PHASE_1, logs([3, 3, 3, 3, 5]), scores(2, neuro=True), day(4))
    assert isinstance(result, Hold)
    assert "cut the load of the provoking item by 30 %" in result.advice


def test_two_flares_in_14_days_reassess() -> None:
    result = evaluate(PHASE_1, logs([3, 3, 6, 6, 3, 3, 7, 7]), [], day(8))
    assert isinstance(result, Reassess)
    assert not result.stop


@pytest.mark.parametrize("sign", ["check.new_red_flag", "check.new_neuro_sign", "neuro.progressive_deficit"])
def test_a_new_sign_stops_everything(sign: str) -> None:
    result = evaluate(
        PHASE_1, logs([3] * 5), [*scores(5, worst=0, neuro=True, rom=90, tone=0), Score(sign, True, day(5))], day(5)
    )
    assert isinstance(result, Reassess)
    assert result.stop


def test_phase_2_steps_back_with_a_flare_and_high_irritability() -> None:
    phase = RunningPhase(2, START, (PAIN_2,), {**BASE, "pain.nprs_worst_24h": 4})
    result = evaluate(phase, logs([3, 3, 6, 6]), scores(4, irritability="high"), day(4))
    assert isinstance(result, Regress)
    assert result.to == 1


def test_phase_3_steps_back_when_a_gate_is_lost() -> None:
    phase = RunningPhase(3, START, (), {**BASE, "pain.nprs_worst_24h": 2})
    assert isinstance(evaluate(phase, logs([3] * 8), [], day(7)), Regress)
    weak = [Score("mmt.gluteus_medius", 4, day(3))]
    result = evaluate(phase, logs([1] * 4), weak, day(4))
    assert isinstance(result, Regress)
    assert result.to == 2


def test_spasms_that_come_back_lose_the_gate() -> None:
    phase = RunningPhase(3, START, (), {**BASE, "pain.nprs_worst_24h": 2})
    again = [DayLog(day(n), 1, 1, spasms=1 if n in (2, 4, 10) else 0) for n in range(14)]
    assert isinstance(evaluate(phase, again, [], day(13)), Regress)


def test_no_response_after_four_weeks_reassesses() -> None:
    phase = RunningPhase(2, START, (PAIN_2,), BASE)
    result = evaluate(phase, logs([7.0] * 29), scores(28, worst=7, psfs=3), day(28))
    assert not isinstance(result, Advance)
    slow = evaluate(phase, [], scores(28, worst=6, psfs=4), day(28))
    assert isinstance(slow, Reassess)
    better = evaluate(phase, [], scores(28, worst=5, psfs=4), day(28))
    assert isinstance(better, Hold)


def test_the_review_day_prompts_a_reassessment() -> None:
    result = evaluate(PHASE_1, [], scores(20, worst=5, psfs=6), day(22))
    assert isinstance(result, Reassess)
    assert "review was due after 21" in result.reasons[0].text


def test_the_same_record_gives_the_same_verdict_in_any_order() -> None:
    diary, measured = logs([3, 3, 6, 6, 3]), scores(5, worst=3, neuro=True, rom=65, tone=1)
    assert evaluate(PHASE_1, diary[::-1], measured[::-1], day(5)) == evaluate(PHASE_1, diary, measured, day(5))


SPASMS_3 = ExitCriterion("p3_spasm", "gate", "", None, {"spasm.episodes_2w": "<= 1"})


@pytest.mark.parametrize(
    ("counts", "diary", "met"),
    [
        ([], [], None),
        ([(40, 0)], [], None),  # one count tells of two weeks only
        ([(27, 0), (40, 0)], [], None),  # 13 days apart: they overlap
        ([(26, 0), (40, 0)], [], True),
        ([(26, 1), (40, 0)], [], True),
        ([(26, 0), (40, 1)], [], True),
        ([(26, 1), (40, 1)], [], False),
        ([(26, 0), (40, 2)], [], False),
        ([(26, 0), (33, 2), (40, 0)], [], False),
        ([(12, 0), (40, 0)], [], True),
        ([(11, 0), (40, 0)], [], None),
        ([], [0] * 28, True),
        ([], [0] * 27, None),
        ([], [1, *[0] * 27], True),
        ([], [1, 1, *[0] * 26], False),
        ([], [2, *[0] * 27], False),
        ([], [2, *[0] * 28], True),  # 29 days ago
        ([(26, 0), (40, 0)], [1, 0, 1], False),
    ],
)
def test_p3_spasm_looks_at_four_weeks(counts: list[tuple[int, int]], diary: list[int], met: bool | None) -> None:
    seen = [Score("spasm.episodes_2w", count, day(n)) for n, count in counts]
    told = [DayLog(day(41 - len(diary) + i), 0, None, spasms) for i, spasms in enumerate(diary)]
    record = make_record(RunningPhase(3, START, (SPASMS_3,), BASE), told, seen, day(40))
    assert [state.met for state in criterion_states(record)] == [met]

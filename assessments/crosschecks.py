"""Checks over a whole chart: which combinations refuse, and which questions signing asks. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from assessments.chart import Chart
from assessments.scoring import Findings, Person, Recorded, check_together
from assessments.vocabulary import RULES, confirm_message

START_BACK = ("hist.start_back_psych", "hist.start_back_total")
# Fields that a refusing check looks at; a change of any other field cannot break one.
CHECKED_TOGETHER: frozenset[str] = frozenset(START_BACK) | {
    path for row in RULES["cross_checks"] if row["level"] == "reject" for path in row["fields"]
}


@dataclass(frozen=True, slots=True)
class CrossProblem:
    """A check that failed. ``level``: reject stops, ask wants a confirmation. ``paths`` are the fields involved."""

    key: str
    level: str
    message: str
    paths: tuple[str, ...]


def findings_of(chart: Chart) -> Findings:
    """The chart by path, with age and sex of the person and what follows from other rows."""
    found: dict[str, list[Recorded]] = defaultdict(list)
    for (path, side, mode), value in chart.values.items():
        found[path].append(Recorded(value, side, mode))
    extra: dict[str, object] = {
        "hist.age_years": chart.age,
        "hist.sex_at_birth": chart.sex,
        "hist.symptom_duration_days": chart.duration_days,
        "func.psfs_avg": chart.psfs,
        "neuro.umn_any": chart.umn_any,
    }
    for path, derived in extra.items():
        if derived is not None and path not in found:
            found[path].append(Recorded(derived))
    return found


def _start_back(chart: Chart) -> Iterator[CrossProblem]:
    psych, total = (chart.number(path) for path in START_BACK)
    if psych is not None and total is not None and psych > total:
        message = "The psychosocial score is a part of the STarT Back total and cannot be above it."
        yield CrossProblem("start_back_order", "reject", message, START_BACK)


def cross_problems(chart: Chart) -> list[CrossProblem]:
    """Every failed check. What only stops the plan (no guardian) is not a matter of the record."""
    together = check_together(findings_of(chart), Person(today=chart.today, date_of_birth=chart.birth_date))
    found = [
        CrossProblem(f"{p.key}:{p.fields[0]}", p.level, p.message, p.fields)
        for p in together
        if p.level != "block_plan"
    ]
    return found + list(_start_back(chart))


def rejections(chart: Chart, path: str) -> list[CrossProblem]:
    """The refusing checks that a change of ``path`` can break."""
    return [problem for problem in cross_problems(chart) if problem.level == "reject" and path in problem.paths]


def _unusual(chart: Chart) -> Iterator[CrossProblem]:
    for (path, side, mode), value in chart.values.items():
        message = confirm_message(path, value, age=chart.age)
        if message is not None and not path.startswith("rom."):  # ranges are asked about by the check above
            where = f" ({side})" if side else ""
            yield CrossProblem(f"value:{path}:{side}:{mode}", "ask", message + where, (path,))


def _carried(chart: Chart) -> Iterator[CrossProblem]:
    """Values of an earlier day that nobody measured or confirmed; they are signed as what they are."""
    number = len(chart.carried) + chart.carried_rows
    if number:
        what = "1 value was" if number == 1 else f"{number} values were"
        message = f"{what} carried forward and not re-measured. Signed, they stay marked with their day."
        yield CrossProblem("carried", "ask", message, tuple(path for path, _, _ in chart.carried) or ("",))


def questions(chart: Chart) -> list[CrossProblem]:
    """What signing asks to have looked at: unusual combinations and values, and what was only carried forward."""
    asked = [problem for problem in cross_problems(chart) if problem.level == "ask"]
    return [*_carried(chart), *asked, *_unusual(chart)]

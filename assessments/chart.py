"""All recorded values of one assessment as a plain picture, for checks and for showing. Pure values once built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from assessments.changes import NOT_MEASURED
from assessments.current import current, findings_now
from assessments.models import Assessment, Finding
from assessments.scoring import irritability, rompct, stage, umn_any

Value = bool | int | float | str | tuple[str, ...]
Place = tuple[str, str, str]  # path, side, mode


def plain(row: Finding) -> Value:
    """A stored value as Python reads it: whole numbers as int, lists as tuples."""
    if row.number is not None:
        return plain_number(row.number)
    if row.truth is not None:
        return row.truth
    if row.choices is not None:
        return tuple(row.choices)
    return row.text or ""


def plain_number(number: Decimal) -> int | float:
    """12.00 -> 12, 3.70 -> 3.7."""
    return int(number) if number == number.to_integral_value() else float(number)


@dataclass(frozen=True, slots=True)
class Chart:
    """Values by place, with what is known about the person on the day of reading."""

    values: Mapping[Place, Value]
    age: int
    sex: str
    birth_date: date
    today: date
    sites: tuple[tuple[str, str], ...] = ()
    activities: tuple[tuple[str, int | None], ...] = ()
    pain_limited: frozenset[Place] = frozenset()
    carried: Mapping[Place, date] = field(default_factory=dict)  # carried forward: the day it was measured
    carried_rows: int = 0  # regions, marks, activities and operations that were carried forward
    not_measured: frozenset[Place] = frozenset()  # recorded as normal by "all normal"

    def get(self, path: str, side: str = "", mode: str = "") -> Value | None:
        """The value at one place; None means not assessed."""
        return self.values.get((path, side, mode))

    def number(self, path: str, side: str = "", mode: str = "") -> float | None:
        """The value when it is a number (yes and no are not)."""
        value = self.get(path, side, mode)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def truth(self, path: str) -> bool | None:
        """Yes on any side, no when only no was recorded, None when not assessed."""
        answers = [value for (where, _, _), value in self.values.items() if where == path and isinstance(value, bool)]
        return any(answers) if answers else None

    def places(self, path: str) -> list[Place]:
        """Where a path was recorded."""
        return [place for place in self.values if place[0] == path]

    def has(self, path: str) -> bool:
        """Recorded on any side in any mode."""
        return any(place[0] == path for place in self.values)

    @property
    def duration_days(self) -> int | None:
        """Duration of symptoms: as typed, else counted from the onset date."""
        typed = self.number("hist.symptom_duration_days")
        if typed is not None:
            return int(typed)
        onset = self.onset
        return None if onset is None else max(0, (self.today - onset).days)

    @property
    def onset(self) -> date | None:
        value = self.get("hist.onset_date")
        return date.fromisoformat(value) if isinstance(value, str) and value else None

    @property
    def stage(self) -> str | None:
        """acute, subacute or persistent."""
        days = self.duration_days
        return None if days is None else stage(days)

    @property
    def irritability(self) -> str | None:
        """As set by hand, else by the rule; None with fewer than two columns known."""
        by_hand = self.get("hist.irritability")
        return str(by_hand) if by_hand else self.irritability_by_rule

    @property
    def irritability_by_rule(self) -> str | None:
        return irritability(
            self.number("pain.nprs_movement"),
            self.number("pain.provocation_min"),
            self.number("pain.time_to_settle_min"),
        )

    @property
    def umn_any(self) -> bool | None:
        """Any upper-motor-neurone sign: by the signs, else as the examiner recorded the whole screen."""
        clonus = [self.number("neuro.clonus_beats", side) for side in ("", "left", "right")]
        beats = [int(value) for value in clonus if value is not None]
        found = umn_any(
            hoffmann=self.truth("neuro.hoffmann"),
            babinski=self.truth("neuro.babinski"),
            clonus_beats=max(beats) if beats else None,
            inverted_supinator=self.truth("neuro.inverted_supinator"),
            tone_mas=None,
        )
        return found if found is not None else self.truth("neuro.umn_any")

    @property
    def psfs(self) -> float | None:
        """Mean of the scored activities, to one decimal."""
        scores = [score for _, score in self.activities if score is not None]
        return round(sum(scores) / len(scores), 1) if scores else None

    def range_percent(self, path: str, side: str, mode: str) -> float | None:
        """Share of the norm of a joint range, in per cent."""
        degrees = self.number(path, side, mode)
        return None if degrees is None else rompct(path.partition(".")[2], degrees, self.age)


def figures_of(assessment: Assessment, *, today: date, findings: Iterable[Finding] | None = None) -> Chart:
    """The findings alone, for what stands beside a figure and for checks between fields: at most one query."""
    rows = findings_now(assessment) if findings is None else list(findings)
    patient = assessment.episode.patient
    return Chart(
        values={(row.path, row.side, row.mode): plain(row) for row in rows},
        age=patient.age(assessment.assessed_on),
        sex=patient.sex_at_birth,
        birth_date=patient.date_of_birth,
        today=today,
        pain_limited=frozenset((row.path, row.side, row.mode) for row in rows if row.pain_limited),
        carried={(row.path, row.side, row.mode): row.measured_on for row in rows if row.measured_on is not None},
        not_measured=frozenset((row.path, row.side, row.mode) for row in rows if row.note == NOT_MEASURED),
    )


def chart_of(assessment: Assessment, *, today: date) -> Chart:
    """The whole picture of an assessment; without a further query when it was fetched with ``for_chart()``."""
    now = current(assessment)
    return replace(
        figures_of(assessment, today=today, findings=now.findings),
        sites=tuple((row.region, row.side) for row in now.regions),
        activities=tuple((row.activity, row.score) for row in now.activities),
        carried_rows=sum(row.is_carried for row in (*now.regions, *now.activities)) + _carried_elsewhere(assessment),
    )


def _carried_elsewhere(assessment: Assessment) -> int:
    """Marks and operations that were carried forward: one query, none for a first assessment."""
    if assessment.kind != Assessment.Kind.REASSESSMENT:
        return 0
    marks, surgeries = assessment.pain_marks.carried(), assessment.surgeries.carried()
    return int(marks.order_by().values("pk").union(surgeries.order_by().values("pk"), all=True).count())

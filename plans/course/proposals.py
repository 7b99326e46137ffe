"""Dose proposals of the home exercises: the rows as the engine's values, and what was decided about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

from exercises.adherence import expected_doses
from exercises.models import Prescription, SessionLog
from plans.barriers.readers import said_of
from plans.course.running import Course, baseline_pain
from plans.doses import exercise_bounds
from plans.engine.evaluate import Advance, Hold, Verdict
from plans.engine.knowledge import Exercise, Knowledge
from plans.engine.limits import PARAMETERS, numeric_limits
from plans.engine.titrate import (
    LOOK_BACK_DAYS,
    HomeDose,
    HomeExercise,
    PainDay,
    Proposal,
    Session,
    propose,
)
from plans.models import DoseDecision, PlanVersion
from plans.screening import Checker
from plans.wording import exercise_dose

# Dismissed proposals stay away for a week; then the logs may ask again.
DISMISSED_DAYS = 7
# Effort is raised where effort is the dose; a stretch or a breathing exercise has nothing to gain from it.
BY_EFFORT = frozenset(
    {
        *("ex_strength_progressive", "ex_eccentric", "ex_plyometric_return"),
        *("ex_muscle_endurance", "ex_isometric", "ex_aerobic_graded"),
    }
)
NOT_RAISED = frozenset({"relaxation"})
STRICTER = ("sets", "reps", "hold_s", "duration_min", "per_day", "days_per_week")


@dataclass(frozen=True, slots=True)
class Offer:
    """A proposal for one prescription, in words, with what a person did about it."""

    prescription: Prescription
    proposal: Proposal
    now: str
    then: str
    decision: DoseDecision | None = None

    @property
    def is_change(self) -> bool:
        return self.proposal.kind != "hold"

    @property
    def is_open(self) -> bool:
        return self.is_change and self.decision is None

    def as_data(self) -> dict[str, Any]:
        """What is kept with a decision."""
        dose = self.proposal.dose
        return {
            "exercise": self.prescription.exercise.key,
            "kind": self.proposal.kind,
            "light": self.proposal.light,
            "now": self.now,
            "then": self.then,
            "dose": None if dose is None else asdict(dose),
            "swap": self.proposal.swap,
            "reasons": [reason.text for reason in self.proposal.reasons],
        }


def offers_of(course: Course, verdict: Verdict, checker: Checker, *, today: date) -> tuple[Offer, ...]:
    """One offer per exercise of the running phase, in programme order; a fixed number of queries."""
    knowledge = checker.knowledge
    rows = [row for row in course.prescriptions if _titrated(row, course, knowledge, today)]
    if not rows:
        return ()
    taken = {row.exercise.key for row in rows}
    logs = _sessions(rows, today)
    spoken = said_of(course.plan, today)
    exercises = [
        replace(
            _home_exercise(row, logs.get(row.pk, ()), course, checker, taken, today),
            said=spoken.answer if spoken is not None and row.starts_on <= spoken.asked_on else "",
        )
        for row in rows
    ]
    days = [PainDay(log.day, log.pain) for log in course.logs if log.pain is not None and log.day <= today]
    found = propose(exercises, days, usual=baseline_pain(course.phase), stopped=_stopped(verdict), today=today)
    decisions = _decisions(rows, today)
    return tuple(
        _offer(row, proposal, knowledge, decisions.get((row.pk, proposal.kind)))
        for row, proposal in zip(rows, found, strict=True)
    )


def _titrated(row: Prescription, course: Course, knowledge: Knowledge, today: date) -> bool:
    known = knowledge.exercises.get(row.exercise.key)
    running = row.state == Prescription.State.ACTIVE and row.starts_on <= today
    lasting = row.ends_on is None or row.ends_on >= today
    return running and lasting and known is not None and course.phase.number in known.dosage


def _stopped(verdict: Verdict) -> bool:
    """Everything but advance and a quiet hold stops progression."""
    return not (isinstance(verdict, Advance) or (isinstance(verdict, Hold) and not verdict.advice))


def _sessions(rows: Iterable[Prescription], today: date) -> dict[int, list[Session]]:
    since = today - timedelta(days=LOOK_BACK_DAYS)
    logs = SessionLog.objects.filter(prescription__in=[row.pk for row in rows], on__gte=since, on__lte=today)
    found: dict[int, list[Session]] = {}
    for key, on, state, pain, reason in logs.values_list("prescription_id", "on", "state", "pain", "reason"):
        found.setdefault(key, []).append(Session(on, state, pain, reason))
    return found


def _home_exercise(
    row: Prescription, sessions: Sequence[Session], course: Course, checker: Checker, taken: set[str], today: date
) -> HomeExercise:
    exercise, phase = checker.knowledge.exercises[row.exercise.key], course.phase.number
    top, low = _limits(exercise, phase, checker)
    order, first = course.orders[row.pk], max(row.starts_on, today - timedelta(days=LOOK_BACK_DAYS))
    asked = sum(expected_doses(order, first + timedelta(days=n)) for n in range((today - first).days))
    dose = dose_of_row(row)
    if exercise.kind in NOT_RAISED:
        top = {name: value for name, value in asdict(dose).items() if value is not None and name != "rpe_high"}
    return HomeExercise(
        key=exercise.key,
        dose=dose,
        since=row.starts_on,
        sessions=tuple(sessions),
        asked=asked,
        top=top,
        low=low,
        harder="" if exercise.kind in NOT_RAISED else _usable(exercise.progression, phase, checker, taken),
        easier=_usable(exercise.regression, phase, checker, taken),
    )


def dose_of_row(row: Prescription) -> HomeDose:
    """The dose of a prescription as the engine's value."""
    return HomeDose(
        sets=row.sets,
        reps=row.reps,
        per_day=row.per_day,
        days_per_week=row.days_per_week,
        rpe_low=row.rpe_low,
        rpe_high=row.rpe_high,
        hold_s=row.hold_s,
        duration_min=None if row.duration_min is None else float(row.duration_min),
        rest_s=row.rest_s,
    )


def _limits(exercise: Exercise, phase: int, checker: Checker) -> tuple[dict[str, float], dict[str, float]]:
    """Highest and lowest of each dose field: what a person may set, narrowed by the limits of the technique."""
    bounds = exercise_bounds(exercise, phase, checker.knowledge, heavy_avoided=bool(checker.screen.heavy_avoided))
    technique = checker.knowledge.techniques.get(exercise.technique)
    strict = numeric_limits(technique.dose) if technique is not None else {}
    top = {name: bound.high for name, bound in bounds.items()}
    for name in STRICTER:
        caps = [strict[p] for p in PARAMETERS.get(name, (name,)) if p in strict]
        if name in top and caps:
            top[name] = min(top[name], *caps)
    if "intensity_rpe" in strict:
        top["rpe_high"] = min(top["rpe_high"], strict["intensity_rpe"])
    if exercise.technique not in BY_EFFORT:
        top.pop("rpe_high")
    return top, {name: bound.low for name, bound in bounds.items()}


def _usable(key: str | None, phase: int, checker: Checker, taken: set[str]) -> str:
    """The neighbour in the library, when it belongs into this phase, is allowed and not prescribed already."""
    other = checker.knowledge.exercises.get(key or "")
    if other is None or other.key in taken or phase not in other.phases:
        return ""
    return "" if checker.exercise(other.key, phase).is_blocked else other.key


def _decisions(rows: Iterable[Prescription], today: date) -> dict[tuple[int, str], DoseDecision]:
    """What was decided and still stands: taken over while that draft is open, dismissed within the week."""
    found = DoseDecision.objects.filter(prescription__in=[row.pk for row in rows]).select_related("version", "by__user")
    standing: dict[tuple[int, str], DoseDecision] = {}
    for row in found.order_by("at", "id"):
        in_draft = row.version is not None and row.version.state == PlanVersion.State.DRAFT
        fresh = (today - row.day).days < DISMISSED_DAYS
        if in_draft if row.outcome == DoseDecision.Outcome.TAKEN else fresh:
            standing[(row.prescription_id, row.kind)] = row
    return standing


def _offer(row: Prescription, proposal: Proposal, knowledge: Knowledge, decision: DoseDecision | None) -> Offer:
    then = ""
    if proposal.swap:
        then = knowledge.exercises[proposal.swap].name
    elif proposal.dose is not None:
        then = _words(asdict(proposal.dose))
    return Offer(row, proposal, _words(asdict(dose_of_row(row))), then, decision)


def _words(dose: Mapping[str, Any]) -> str:
    return exercise_dose(dose)

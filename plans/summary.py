"""The signed plan as a patient may see it: three phases, where one is, what opens the next. Never a draft."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Prefetch
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _lazy

from clinic.models import Patient
from clinic.pieces import Piece
from clinic.readers import has_unsettled_facts
from plans.holds import Held, held_items
from plans.models import Discharge, PhaseProgress, Plan, PlanCause, PlanExercise, PlanPhase, PlanTechnique, PlanVersion

StrOrPromise = str | Promise

# The phases in the patient's words.
PHASE_TITLES: dict[int, StrOrPromise] = {
    1: _lazy("Calm the pain"),
    2: _lazy("Fix what causes it"),
    3: _lazy("Stay well"),
}
PHASE_AIMS: dict[int, StrOrPromise] = {
    1: _lazy("Less pain, and moving easily again."),
    2: _lazy("Strength, stretch, movement and habits: what keeps the trouble coming back."),
    3: _lazy("Keep what you have gained, so that it does not come back."),
}


# Whether a plan is running. Parameter: ``patient``.
HAS_PLAN = Piece(
    """SELECT to_json(EXISTS (SELECT 1 FROM plans_plan p JOIN clinic_episode e ON e.id = p.episode_id
                              WHERE e.patient_id = %(patient)s AND p.state = 'active'))""",
    bool,
)


@dataclass(frozen=True, slots=True)
class CriterionLine:
    """What must be reached; ``target`` maps a metric to "op value", ``kind`` is gate or support."""

    key: str
    kind: str
    text: str
    baseline: object
    target: object


@dataclass(frozen=True, slots=True)
class TopicLine:
    """Something to know, with its messages."""

    key: str
    title: str
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Station:
    """One phase on the way. ``state`` is past, here or ahead."""

    number: int
    state: str
    entered_on: date | None
    is_locked: bool
    exercises: tuple[str, ...]
    treatments: tuple[str, ...]
    criteria: tuple[CriterionLine, ...]
    topics: tuple[TopicLine, ...]


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """A plan in force. ``causes`` are the explanations that were not rejected, most likely first. ``is_checked``: a
    new fact waits to be screened, so no exercise or treatment is shown."""

    plan_id: int
    phase: int
    signed_at: datetime
    signed_by: str
    words: str
    causes: tuple[str, ...]
    stations: tuple[Station, ...]
    is_checked: bool = False

    @property
    def here(self) -> Station | None:
        """The phase the patient is in."""
        return next((station for station in self.stations if station.state == "here"), None)


def plan_for_patient(patient: Patient) -> PlanSummary | None:
    """The plan in force of the newest episode, None without one; a fixed number of queries."""
    version = _signed(patient)
    if version is None or version.plan.current_phase is None or version.signed_at is None:
        return None
    entered = {row.number: row.entered_on for row in version.plan.progress.all()}
    phases = [phase for phase in version.phases.all() if phase.is_scheduled or phase.number in entered]
    held = None if getattr(version, "is_checked_anew", False) else held_items(version.plan_id)
    return PlanSummary(
        plan_id=version.plan_id,
        phase=version.plan.current_phase,
        signed_at=version.signed_at,
        signed_by=version.signed_by.user.name if version.signed_by else "",
        words=version.summary_for_patient,
        causes=tuple(_explanations(version.causes.all())),
        stations=tuple(
            _station(phase, version.plan.current_phase, entered.get(phase.number), held) for phase in phases
        ),
        is_checked=held is None,
    )


def _signed(patient: Patient) -> PlanVersion | None:
    """The signed version of an active plan, with what a patient sees of it."""
    progress = Prefetch("plan__progress", PhaseProgress.objects.order_by("entered_on", "id"))
    planned = Prefetch(
        "phases__plantechniques", PlanTechnique.objects.filter(is_alternative=False).select_related("technique")
    )
    exercises = Prefetch("phases__planexercises", PlanExercise.objects.select_related("exercise"))
    found: PlanVersion | None = (
        PlanVersion.objects.filter(
            plan__episode__patient=patient, plan__state=Plan.State.ACTIVE, state=PlanVersion.State.SIGNED
        )
        .select_related("plan", "signed_by__user")
        .prefetch_related(progress, "causes", planned, exercises, "phases__criteria", "phases__education__topic")
        .annotate(is_checked_anew=has_unsettled_facts("plan__episode__patient"))
        .order_by("-signed_at", "-id")
        .first()
    )
    return found


def _explanations(causes: Iterable[PlanCause]) -> list[str]:
    """Why it hurts, in the words of the causes that the plan is built on."""
    used = [c for c in causes if c.decision != PlanCause.Decision.REJECTED and c.state in ("selected", "secondary")]
    return [cause.patient_text or cause.explanation or cause.title for cause in used]


def _station(phase: PlanPhase, current: int, entered_on: date | None, held: Held | None) -> Station:
    """``held``: what is not to be done now; None holds everything."""
    exercises = [item.exercise.name for item in phase.planexercises.all() if held and item.pk not in held.exercises]
    treatments = [item.technique.name for item in phase.plantechniques.all() if held and item.pk not in held.techniques]
    state = "here" if phase.number == current else "past" if phase.number < current else "ahead"
    return Station(
        number=phase.number,
        state=state,
        entered_on=entered_on,
        is_locked=phase.is_locked,
        exercises=tuple(exercises),
        treatments=tuple(treatments),
        criteria=tuple(CriterionLine(c.key, c.kind, c.text, c.baseline, c.target) for c in phase.criteria.all()),
        topics=tuple(
            TopicLine(row.topic.key, row.topic.title, tuple(row.topic.messages)) for row in phase.education.all()
        ),
    )


def flare_plan_of(patient: Patient) -> Discharge | None:
    """The latest signed discharge: what the patient does if it comes back."""
    return Discharge.objects.for_page().filter(plan__episode__patient=patient).first()

"""What is new in a patient's programme since they last said that they had seen it. Nothing that the plan page hides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone

from clinic.models import Patient
from clinic.pieces import Piece, ask
from plans.holds import held_items
from plans.models import PlanEdit, PlanExercise, PlanTechnique, PlanVersion, SeenVersion


@dataclass(frozen=True, slots=True)
class Moved:
    """An exercise that stays with another dose: the rows before and after."""

    before: PlanExercise
    after: PlanExercise


@dataclass(frozen=True, slots=True)
class News:
    """What came, went and changed at home, what else the clinic does, and who signed it when."""

    signed_at: datetime
    signed_by: str
    phase_before: int
    phase: int
    new: tuple[PlanExercise, ...]
    instead: tuple[tuple[PlanExercise, str], ...]
    moved: tuple[Moved, ...]
    gone: tuple[str, ...]
    treatments_new: tuple[str, ...]
    treatments_gone: tuple[str, ...]
    words: str

    @property
    def is_empty(self) -> bool:
        """True when the patient would notice nothing."""
        lists = (self.new, self.instead, self.moved, self.gone, self.treatments_new, self.treatments_gone)
        return self.phase_before == self.phase and not self.words and not any(lists)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the patient's running plan stands and what they last said that they had seen; ids and phase numbers."""

    plan: int
    version: int
    based_on: int | None
    start_phase: int | None
    phase: int | None
    seen_version: int | None
    seen_phase: int | None
    is_checked: bool  # a new fact waits to be screened

    @property
    def may_be_news(self) -> bool:
        """Whether there is anything to compare."""
        if self.phase is None or self.is_checked:
            return False  # nothing is said of exercises while a new fact waits to be screened
        if self.seen_version is not None:
            return (self.seen_version, self.seen_phase) != (self.version, self.phase)
        # The first version in its first phase: that is the programme, not news.
        return self.based_on is not None or self.phase != self.start_phase


# Parameter: ``patient``. None when no signed plan is running.
STANDING = Piece(
    """SELECT json_build_array(p.id, v.id, v.based_on_id, v.start_phase, p.current_phase, s.version_id, s.phase,
                EXISTS (SELECT 1 FROM clinic_factchange f WHERE f.patient_id = e.patient_id AND f.settled_at IS NULL))
         FROM plans_planversion v
         JOIN plans_plan p ON p.id = v.plan_id
         JOIN clinic_episode e ON e.id = p.episode_id
         LEFT JOIN plans_seenversion s ON s.plan_id = p.id
        WHERE e.patient_id = %(patient)s AND p.state = 'active' AND v.state = 'signed'
        ORDER BY v.signed_at DESC, v.id DESC LIMIT 1""",
    lambda value: None if value is None else Standing(*value),
)


def news_for(patient: Patient) -> News | None:
    """What the patient has not acknowledged; None when nothing changed. One query as long as nothing did."""
    standing: Standing | None = ask({"plan": STANDING}, patient=patient.pk)["plan"]
    return news_since(standing)


def news_since(standing: Standing | None) -> News | None:
    """The same from a standing that was read already; no query as long as nothing changed."""
    if standing is None or not standing.may_be_news:
        return None
    current = PlanVersion.objects.select_related("plan", "signed_by__user").defer("facts", "draft")
    found = _news(current.get(pk=standing.version), standing)
    return None if found is None or found.is_empty else found


def _news(current: PlanVersion, standing: Standing) -> News | None:
    before = _before(current, standing)
    if before is None or current.plan.current_phase is None or current.signed_at is None:
        return None
    old_version, old_phase = before
    number = current.plan.current_phase
    was, now = _phase_rows(old_version, old_phase), _phase_rows(current, number)
    held = held_items(current.plan_id)
    swaps = _swaps(old_version, current, number) if old_phase == number else {}
    open_rows = {key: row for key, row in now[0].items() if row.pk not in held.exercises}
    fresh = [row for key, row in open_rows.items() if key not in was[0]]
    replaced = {row.exercise.key: swaps[row.exercise.key] for row in fresh if swaps.get(row.exercise.key) in was[0]}
    gone = [row.exercise.name for key, row in was[0].items() if key not in now[0] and key not in replaced.values()]
    return News(
        signed_at=current.signed_at,
        signed_by=current.signed_by.user.name if current.signed_by else "",
        phase_before=old_phase,
        phase=number,
        new=tuple(row for row in fresh if row.exercise.key not in replaced),
        instead=tuple((r, was[0][replaced[r.exercise.key]].exercise.name) for r in fresh if r.exercise.key in replaced),
        moved=tuple(_moved(was[0], open_rows)),
        gone=tuple(gone),
        treatments_new=tuple(t for t, key in now[1].items() if t not in was[1] and key not in held.techniques),
        treatments_gone=tuple(name for name in was[1] if name not in now[1]),
        words=current.summary_for_patient if current.summary_for_patient != old_version.summary_for_patient else "",
    )


def _before(current: PlanVersion, standing: Standing) -> tuple[PlanVersion, int] | None:
    """The version and phase that the patient knows: the one acknowledged, else the first one that was signed."""
    if standing.seen_version is not None and standing.seen_phase is not None:
        return PlanVersion.objects.get(pk=standing.seen_version), standing.seen_phase
    signed = PlanVersion.objects.filter(plan=current.plan).exclude(state=PlanVersion.State.DRAFT)
    first: PlanVersion | None = signed.order_by("number").first()
    return (first, first.start_phase) if first is not None and first.start_phase else None


def _phase_rows(version: PlanVersion, number: int) -> tuple[dict[str, PlanExercise], dict[str, int]]:
    planned = PlanTechnique.objects.filter(is_alternative=False).select_related("technique")
    phase = (
        version.phases.filter(number=number)
        .prefetch_related(
            Prefetch("planexercises", PlanExercise.objects.select_related("exercise")),
            Prefetch("plantechniques", planned),
        )
        .first()
    )
    if phase is None:
        return {}, {}
    rows = {row.exercise.key: row for row in phase.planexercises.all()}
    return rows, {row.technique.name: row.pk for row in phase.plantechniques.all()}


def _swaps(old: PlanVersion, new: PlanVersion, number: int) -> dict[str, str]:
    """Key now -> key before, over swaps that were made since and not taken back."""
    rows = PlanEdit.objects.filter(
        version__plan_id=new.plan_id,
        version__number__gt=old.number,
        version__number__lte=new.number,
        phase=number,
        action="swap",
        undone_by__isnull=True,
    )
    first: dict[str, str] = {}
    for was, after in rows.order_by("id").values_list("item", "after"):
        first[(after or {}).get("key", "")] = first.pop(was, was)
    return first


DOSE = ("sets", "reps", "hold_s", "duration_min", "per_day", "days_per_week", "rpe_low", "rpe_high", "rest_s", "side")


def _moved(was: dict[str, PlanExercise], now: dict[str, PlanExercise]) -> Iterable[Moved]:
    for key, row in now.items():
        old = was.get(key)
        if old is not None and any(getattr(old, name) != getattr(row, name) for name in DOSE):
            yield Moved(old, row)


@transaction.atomic
def acknowledge(patient: Patient) -> None:
    """The patient has seen the programme as it is now; twice is once."""
    standing: Standing | None = ask({"plan": STANDING}, patient=patient.pk)["plan"]
    if standing is None or standing.phase is None:
        return
    SeenVersion.objects.update_or_create(
        plan_id=standing.plan,
        defaults={"version_id": standing.version, "phase": standing.phase, "at": timezone.now()},
    )

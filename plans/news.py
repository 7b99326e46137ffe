"""What is new in a patient's programme since they last said that they had seen it. Nothing that the plan page hides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone

from clinic.models import Patient
from clinic.readers import has_unsettled_facts
from plans.holds import held_items
from plans.models import Plan, PlanEdit, PlanExercise, PlanTechnique, PlanVersion, SeenVersion


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


def news_for(patient: Patient) -> News | None:
    """What the patient has not acknowledged; None when nothing changed. One query as long as nothing did."""
    current = _current(patient)
    if current is None or current.plan.current_phase is None:
        return None
    if getattr(current, "is_checked_anew", False):
        return None  # nothing is said of exercises while a new fact waits to be screened
    seen = getattr(current.plan, "seen", None)
    if seen is not None and (seen.version_id, seen.phase) == (current.pk, current.plan.current_phase):
        return None
    if seen is None and current.based_on_id is None and current.plan.current_phase == current.start_phase:
        return None  # the first version in its first phase: that is the programme, not news
    found = _news(current, seen)
    return None if found is None or found.is_empty else found


def _current(patient: Patient) -> PlanVersion | None:
    rows = PlanVersion.objects.filter(
        plan__episode__patient=patient, plan__state=Plan.State.ACTIVE, state=PlanVersion.State.SIGNED
    )
    light = rows.select_related("plan__seen", "signed_by__user").defer("facts", "draft")
    light = light.annotate(is_checked_anew=has_unsettled_facts("plan__episode__patient"))
    newest: PlanVersion | None = light.order_by("-signed_at", "-id").first()
    return newest


def _news(current: PlanVersion, seen: SeenVersion | None) -> News | None:
    before = _before(current, seen)
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


def _before(current: PlanVersion, seen: SeenVersion | None) -> tuple[PlanVersion, int] | None:
    """The version and phase that the patient knows: the one acknowledged, else the first one that was signed."""
    if seen is not None:
        return PlanVersion.objects.get(pk=seen.version_id), seen.phase
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
    current = _current(patient)
    if current is None or current.plan.current_phase is None:
        return
    SeenVersion.objects.update_or_create(
        plan=current.plan,
        defaults={"version": current, "phase": current.plan.current_phase, "at": timezone.now()},
    )

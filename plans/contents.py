"""The content of a version as plain values, for telling versions apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from exercises.models import Exercise
from exercises.sides import side_to_say
from plans.actions.editing import dose_of
from plans.difference import Difference, ItemContent, PhaseContent, VersionContent, difference
from plans.engine.knowledge import Knowledge
from plans.models import PlanEdit, PlanExercise, PlanPhase, PlanTechnique, PlanVersion
from plans.wording import goal_sentence, place, symbols, technique_dose


def content_of(version: PlanVersion, knowledge: Knowledge) -> VersionContent:
    """Everything that a reader of the version sees (``version`` with its page rows)."""
    return VersionContent(
        number=version.number,
        phases=tuple(_phase(phase, knowledge) for phase in version.phases.all()),
        causes={c.title: f"{c.label}, {c.get_decision_display().lower()}" for c in version.causes.all()},
        goals=tuple(goal_sentence(g.metric, g.op, g.target, g.side, g.by) for g in version.goals.all()),
        words=version.summary_for_patient,
        assessed_on=f"{version.assessment.assessed_on:%d %b %Y}",
        knowledge=version.knowledge_revision,
    )


def _phase(phase: PlanPhase, knowledge: Knowledge) -> PhaseContent:
    planned = [t for t in phase.plantechniques.all() if not t.is_alternative]
    return PhaseContent(
        number=phase.number,
        items=(*(_technique(t, knowledge) for t in planned), *map(exercise_content, phase.planexercises.all())),
        criteria={c.key: symbols(c.text) for c in phase.criteria.all()},
        topics=tuple(row.topic.title for row in phase.education.all()),
        is_scheduled=phase.is_scheduled,
        is_locked=phase.is_locked,
    )


def _technique(item: PlanTechnique, knowledge: Knowledge) -> ItemContent:
    technique = item.technique
    said: dict[str, Any] = dict(technique_dose(item.dose, technique.key, knowledge))
    return ItemContent("technique", technique.key, technique.name, place(item.region, item.side), said)


def exercise_content(item: PlanExercise) -> ItemContent:
    """One exercise; the side only where it works one side at a time."""
    exercise = item.exercise
    return ItemContent("exercise", exercise.key, exercise.name, place(item.region, said_side(item)), dose_of(item))


def said_side(item: PlanExercise) -> str:
    """The side to name."""
    exercise: Exercise = item.exercise
    return side_to_say(
        item.side,
        technique=exercise.technique,
        region=exercise.region,
        position=exercise.position,
        load_tags=exercise.load_tags,
    )


def compare(old: PlanVersion, new: PlanVersion, knowledge: Knowledge) -> Difference:
    """What changed from one version of a plan to another (both with their page rows)."""
    return difference(content_of(old, knowledge), content_of(new, knowledge), swaps_between(old, new))


def swaps_between(old: PlanVersion, new: PlanVersion) -> Iterable[tuple[int, str, str]]:
    """Swaps that people made after the old version and up to the new one, and did not take back."""
    rows = PlanEdit.objects.filter(
        version__plan_id=new.plan_id, version__number__gt=old.number, version__number__lte=new.number, action="swap"
    )
    found = rows.filter(undone_by__isnull=True).order_by("id").values_list("phase", "item", "after")
    return [(phase or 0, was, (after or {}).get("key", "")) for phase, was, after in found]

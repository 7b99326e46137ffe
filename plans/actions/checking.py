"""Safety checks as rows: one per screening of an item, in bulk where a whole version is screened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clinic.models import User
from plans.engine.facts import Site
from plans.models import PlanExercise, PlanTechnique, PlanVersion, SafetyCheck
from plans.screening import Checker, Verdict
from plans.snapshot import plain

Item = PlanTechnique | PlanExercise
RestsOn = tuple[str, str]  # hash of the facts, revision of the knowledge


def items_of(version: PlanVersion) -> list[Item]:
    """Every technique and exercise of a version, alternatives too, with its knowledge row and phase."""
    techniques = PlanTechnique.objects.filter(phase__version=version).select_related("technique", "phase")
    exercises = PlanExercise.objects.filter(phase__version=version).select_related("exercise", "phase")
    return [*techniques, *exercises]


def item_key(item: Item) -> str:
    """Key of the technique or exercise of an item."""
    return item.technique.key if isinstance(item, PlanTechnique) else item.exercise.key


def verdict_on(item: Item, checker: Checker) -> Verdict:
    """What the rules say about an item as it stands."""
    if isinstance(item, PlanExercise):
        return checker.exercise(item.exercise.key, item.phase.number)
    site = Site(item.region, item.side)  # type: ignore[arg-type] # stored with the sides of Site
    return checker.technique(item.technique.key, item.phase.number, site)


def check_row(version: PlanVersion, item: Item, *, key: str, phase: int, rests_on: RestsOn, **said: Any) -> SafetyCheck:
    """The check of an item as it stands, not yet written."""
    target = {"technique_item": item} if isinstance(item, PlanTechnique) else {"exercise_item": item}
    return SafetyCheck(
        version=version,
        key=key,
        region=item.region,
        side=item.side,
        phase=phase,
        facts_hash=rests_on[0],
        knowledge_revision=rests_on[1],
        **target,
        **said,
    )


def screen(
    version: PlanVersion, items: Iterable[Item], checker: Checker, *, facts_hash: str, by: User | None
) -> list[Verdict]:
    """Screen the items and write one check each; the items themselves stay as they are. One verdict per item.

    ``facts_hash`` is that of the facts the checker knows.
    """
    rows = list(items)
    verdicts = [verdict_on(item, checker) for item in rows]
    basis = (facts_hash, checker.knowledge.revision)
    SafetyCheck.objects.bulk_create(
        check_row(
            version,
            item,
            key=item_key(item),
            phase=item.phase.number,
            rests_on=basis,
            verdict=verdict.safety,
            rule=verdict.rule,
            reasons=plain(verdict.reasons),
            by=by,
        )
        for item, verdict in zip(rows, verdicts, strict=True)
    )
    return verdicts


def screen_draft(version: PlanVersion, items: Iterable[Item], checker: Checker, *, by: User | None) -> list[Verdict]:
    """Screen items of a draft on its own facts, write the checks and put each verdict on its item."""
    rows = list(items)
    verdicts = screen(version, rows, checker, facts_hash=version.facts_hash, by=by)
    for item, verdict in zip(rows, verdicts, strict=True):
        if item.safety != verdict.safety:
            item.safety = verdict.safety
            item.save(update_fields=["safety"])
    return verdicts
